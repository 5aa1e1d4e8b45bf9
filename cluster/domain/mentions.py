"""People named in a text as `@username`."""

import re
from collections.abc import Iterator

MOST_MENTIONS = 20
# A name follows an `@` that nothing precedes: not the one inside of a mail address or of a web address.
_MENTION = re.compile(r"(?<![\w.@+/-])@([\w.@+-]*\w)")


def mentioned_in(text: str) -> list[str]:
    """The names mentioned, in small letters, each once, in their order."""
    return list(dict.fromkeys(match[1].lower() for match in _MENTION.finditer(text)))


def pieces_of(text: str) -> Iterator[tuple[str, bool]]:
    """The text in pieces, in order: each with whether it is a mention, with its `@`."""
    end = 0
    for match in _MENTION.finditer(text):
        yield text[end : match.start()], False
        yield match[0], True
        end = match.end()
    yield text[end:], False
