"""Text that may be stored and shown: without control characters and without those that turn its direction."""

import unicodedata

_LINE_ENDS_AND_TABS = "\t\n\r"
# What turns the direction of the text that follows, so that a reader sees another order than is stored.
_BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def is_plain(text: str) -> bool:
    """Whether `text` is free of control characters, of characters that turn its direction, and of lone surrogates."""
    return not any(c in _BIDI or (unicodedata.category(c) in ("Cc", "Cs") and c not in _LINE_ENDS_AND_TABS) for c in text)


def printable(text: str, longest: int = 60) -> str:
    """`text` as it may be repeated in an answer: its odd characters replaced, cut to `longest`."""
    return "".join(c if is_plain(c) else "\ufffd" for c in text[:longest])
