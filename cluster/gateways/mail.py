"""The only sender of e-mail: hands one letter to Django's mail backend and says for certain, or that it is not certain, what came of it."""

import logging
import smtplib
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.mime.image import MIMEImage
from typing import Any, Self

from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.smtp import EmailBackend

# How the HTML names the chart that comes with it.
CHART_CID = "chart"
# The server says that it closes the connection.
_CLOSING = 421
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Letter:
    """One e-mail: plain text with its HTML twin, which shows `chart`, a PNG, as `cid:chart`. `message_id` stays the same over every try."""

    message_id: str
    recipient: str
    subject: str
    text: str
    html: str
    language: str
    chart: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class NotSent(Exception):
    """The letter was certainly not accepted. `for_good` when the server says that it never will be."""

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        super().__init__(reason)
        self.for_good = for_good


class _HungUp(NotSent):
    """The server ended the conversation before the body."""


class Uncertain(Exception):
    """The connection was lost after the body had begun: the letter may have been accepted, or not."""


class _StagedMixin:
    """Notes when the body of the letter begins to go out: from then on a lost connection leaves the outcome open."""

    in_data = body_began = False
    answer = ""

    def begin(self) -> None:
        """A new letter: nothing of it has gone out."""
        self.in_data = self.body_began = False
        self.answer = ""

    def data(self, msg: Any) -> Any:
        self.in_data = True
        code, said = super().data(msg)  # type: ignore[misc]
        self.answer = f"{code} {_text(said)}"
        return code, said

    def send(self, s: Any) -> None:
        # Commands are sent as text, the body as bytes.
        if self.in_data and isinstance(s, bytes):
            self.body_began = True
        super().send(s)  # type: ignore[misc]


class _StagedSMTP(_StagedMixin, smtplib.SMTP):
    pass


class _StagedSMTPOverTLS(_StagedMixin, smtplib.SMTP_SSL):
    pass


class SmtpBackend(EmailBackend):
    """Django's SMTP backend over connections that know how far they got."""

    @property
    def connection_class(self) -> Any:
        """The connection to open."""
        return _StagedSMTPOverTLS if self.use_ssl else _StagedSMTP

    @property
    def body_began(self) -> bool:
        """Whether the body of the letter had begun to go out."""
        return bool(getattr(self.connection, "body_began", False))

    @property
    def answer(self) -> str:
        """What the server said to the letter that it accepted."""
        return str(self.connection.answer)  # type: ignore[union-attr]

    def begin(self) -> None:
        """A new letter goes over the open connection."""
        self.connection.begin()  # type: ignore[union-attr]


class Sender:
    """Sends letters one after the other, over one SMTP connection as long as all goes well. Use it in a `with` block.

    After anything but an acceptance the connection is dropped, so that what went wrong with one letter cannot blur the next.
    """

    def __init__(self) -> None:
        self._backend: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._drop()

    def send(self, letter: Letter) -> str:
        """Send one letter. Returns what the server said when it accepted it; raises NotSent or Uncertain otherwise."""
        was_open = self._backend is not None
        try:
            return self._attempt(letter)
        except _HungUp:
            # A server may close a connection that has served its time: nothing of this letter went out, a fresh one is asked.
            if not was_open:
                raise
            return self._attempt(letter)

    def _attempt(self, letter: Letter) -> str:
        message = _message(letter)
        if self._backend is None:
            self._backend = get_connection()
        backend = self._backend
        try:
            backend.open()
            if isinstance(backend, SmtpBackend):
                backend.begin()
            accepted = backend.send_messages([message])
        except (smtplib.SMTPException, OSError) as error:
            outcome = _outcome(error, body_began=getattr(backend, "body_began", False))
            self._drop()
            raise outcome from error
        except ValueError as error:
            self._drop()
            raise NotSent(str(error), for_good=True) from error
        if not accepted:
            self._drop()
            raise NotSent("the mail backend did not take the letter")
        if isinstance(backend, SmtpBackend):
            return backend.answer
        # Other backends keep one letter to an opening: a captured letter is a file.
        self._drop()
        return ""

    def _drop(self) -> None:
        backend, self._backend = self._backend, None
        if backend is not None:
            _close(backend)


def _message(letter: Letter) -> EmailMultiAlternatives:
    headers = {
        "Message-ID": letter.message_id,
        "Auto-Submitted": "auto-generated",
        "Content-Language": letter.language,
        **letter.headers,
    }
    message = EmailMultiAlternatives(letter.subject, letter.text, to=[letter.recipient], headers=headers)
    message.attach_alternative(letter.html, "text/html")
    if letter.chart:
        message.mixed_subtype = "related"  # type: ignore[attr-defined]
        image = MIMEImage(letter.chart, "png")
        image["Content-ID"], image["Content-Disposition"] = f"<{CHART_CID}>", "inline"
        message.attach(image)
    return message


def _outcome(error: Exception, *, body_began: bool) -> NotSent | Uncertain:
    """What an error of the conversation means for the letter."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, answer = next(iter(error.recipients.values()))
        return NotSent(f"{code} {_text(answer)}", for_good=code >= 500)
    if isinstance(error, smtplib.SMTPResponseException) and _is_answer(error, body_began=body_began):
        # A refused login or greeting is the installation's fault, not the letter's: it is tried again.
        of_the_letter = isinstance(error, smtplib.SMTPSenderRefused | smtplib.SMTPDataError)
        kind = _HungUp if error.smtp_code == _CLOSING and not body_began else NotSent
        return kind(f"{error.smtp_code} {_text(error.smtp_error)}", for_good=of_the_letter and error.smtp_code >= 500)
    # No answer that can be understood: after the body that leaves it open whether the letter was taken.
    reason = str(error) or type(error).__name__
    if body_began:
        return Uncertain(reason)
    return _HungUp(reason) if isinstance(error, smtplib.SMTPServerDisconnected | ConnectionError) else NotSent(reason)


def _is_answer(error: smtplib.SMTPResponseException, *, body_began: bool) -> bool:
    """Whether the server refused in so many words; a garbled line after the body is none."""
    return error.smtp_code >= 400 and (isinstance(error, smtplib.SMTPDataError) or not body_began)


def _text(answer: bytes | str) -> str:
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer


def _close(backend: Any) -> None:
    """What goes wrong after the server's answer changes nothing about it."""
    try:
        backend.close()
    except (smtplib.SMTPException, OSError) as error:
        _log.info("Closing the mail connection: %s", error)
