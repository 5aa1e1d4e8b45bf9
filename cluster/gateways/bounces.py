"""Returned letters: delivery status notifications (RFC 3464) in an mbox file, a Maildir or a folder of *.eml, read warily.

What arrives in a mailbox was written by strangers: no message stops the reading, none is read beyond `LARGEST_MESSAGE`, and
none is believed further than the Message-ID that it returns.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message
from pathlib import Path
from uuid import UUID

from django.utils.translation import gettext_noop as _

from cluster.domain.errors import DomainError

LARGEST_MESSAGE = 1024 * 1024
LONGEST_DIAGNOSTIC = 1000
_LONGEST_LINE = 64 * 1024
_MESSAGE_ID = re.compile(r"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@")
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
# What returns a letter; a message that was delivered, relayed or handed on is no return.
_RETURNED = ("failed", "delayed")


@dataclass(frozen=True, slots=True)
class Returned:
    """One returned letter: `message_ids` are those that the notification names, the returned letter's own first.

    `is_hard`: it was given up, and for no cause that passes. `code` is the status (5.1.1), `key` the SHA-256 of the message.
    """

    key: str
    message_ids: tuple[UUID, ...]
    recipient: str
    is_hard: bool
    code: str
    diagnostic: str


def messages_in(mailbox: Path) -> Iterator[bytes]:
    """Each message of a mailbox as far as it is read; DomainError when it is not there or cannot be opened."""
    try:
        if mailbox.is_dir():
            folders = [mailbox / "new", mailbox / "cur"]
            files = [file for folder in folders if folder.is_dir() for file in folder.iterdir()] or list(mailbox.glob("*.eml"))
            for file in sorted(files):
                if file.is_file():
                    with file.open("rb") as message:
                        yield message.read(LARGEST_MESSAGE)
        else:
            yield from _mbox(mailbox)
    except OSError as error:
        raise DomainError(
            _("The mailbox of returned letters cannot be read: {reason}."), field="BOUNCE_MAILBOX", reason=error.strerror or "?"
        ) from error


def _mbox(file: Path) -> Iterator[bytes]:
    """The messages of an mbox file: each begins with a line `From ` after an empty one. No line and no message is held whole."""
    with file.open("rb") as lines:
        taken: list[bytes] = []
        size, after_empty, at_start = 0, True, True
        while piece := lines.readline(_LONGEST_LINE):
            if at_start and after_empty and piece.startswith(b"From "):
                if taken:
                    yield b"".join(taken)
                taken, size = [], 0
            elif size < LARGEST_MESSAGE:
                taken.append(piece)
                size += len(piece)
            after_empty, at_start = at_start and not piece.strip(b"\r\n"), piece.endswith(b"\n")
        if taken:
            yield b"".join(taken)


def key_of(message: bytes) -> str:
    """By which a message is known again."""
    return hashlib.sha256(message).hexdigest()


def read_returned(message: bytes) -> Returned | None:
    """What a message says of a returned letter; None when it is none. Whatever else is wrong with it raises some error or other."""
    parsed = message_from_bytes(message)
    parts = list(parsed.walk())
    fields = next((found for part in parts if part.get_content_type() == "message/delivery-status" and (found := _returned(part))), None)
    if fields is None:
        return None
    action = _field(fields, "Action").lower()
    code = _STATUS.search(_field(fields, "Status")) or _STATUS.search(_field(fields, "Diagnostic-Code"))
    status = code[1] if code else ""
    return Returned(
        key=key_of(message),
        message_ids=tuple(_message_ids(parsed, parts)),
        recipient=_address(_field(fields, "Original-Recipient") or _field(fields, "Final-Recipient")),
        is_hard=action == "failed" and not status.startswith("4"),
        code=status,
        diagnostic=_field(fields, "Diagnostic-Code")[:LONGEST_DIAGNOSTIC],
    )


def _returned(part: Message) -> Message | None:
    """The fields of the recipient whose letter was returned; those of the message as a whole have no action."""
    payload = part.get_payload()
    # A part that was encoded, which the standard forbids, is not taken apart by the parser.
    blocks = payload if isinstance(payload, list) else _blocks(part)
    return next((block for block in blocks if isinstance(block, Message) and _field(block, "Action").lower() in _RETURNED), None)


def _blocks(part: Message) -> list[Message]:
    raw = part.get_payload(decode=True)
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""
    return [message_from_string(block) for block in re.split(r"\r?\n[ \t]*\r?\n", text)]


def _message_ids(parsed: Message, parts: list[Message]) -> Iterator[UUID]:
    """Ids of the form that our letters have: in the returned letter or its headers, else in what the notification answers to."""
    for part in parts:
        if part.get_content_type() in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers"):
            for inner in _letters(part):
                yield from _ids(_field(inner, "Message-ID"))
    for name in ("In-Reply-To", "References", "X-Failed-Message-ID"):
        yield from _ids(_field(parsed, name))


def _letters(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [inner for inner in payload if isinstance(inner, Message)] if isinstance(payload, list) else _blocks(part)[:1]


def _ids(text: str) -> Iterator[UUID]:
    for match in _MESSAGE_ID.finditer(text.lower()):
        with suppress(ValueError):
            yield UUID(match[1])


def _field(block: Message, name: str) -> str:
    """A header in one line, without what no text can have."""
    return " ".join(str(block.get(name, "")).replace("\0", "").split())


def _address(text: str) -> str:
    """The address of `rfc822; person@example.org`."""
    return text.rpartition(";")[2].strip().strip("<>")[:320]
