"""The only sender of e-mail: hands one letter to Django's mail backend and says for certain, or that it is not certain, what came of it."""

import logging
import smtplib
from dataclasses import dataclass
from typing import Any

from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.smtp import EmailBackend

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Letter:
    """One e-mail: plain text with its HTML twin. `message_id` stays the same over every try."""

    message_id: str
    recipient: str
    subject: str
    text: str
    html: str
    language: str


class NotSent(Exception):
    """The letter was certainly not accepted. `for_good` when the server says that it never will be."""

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        super().__init__(reason)
        self.for_good = for_good


class Uncertain(Exception):
    """The connection was lost after the body had begun: the letter may have been accepted, or not."""


class _StagedMixin:
    """Notes when the body of the letter begins to go out: from then on a lost connection leaves the outcome open."""

    in_data = body_began = False

    def data(self, msg: Any) -> Any:
        self.in_data = True
        return super().data(msg)  # type: ignore[misc]

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


def send(letter: Letter) -> None:
    """Send one letter. Returns when it was accepted; raises NotSent or Uncertain otherwise."""
    message = EmailMultiAlternatives(
        letter.subject,
        letter.text,
        to=[letter.recipient],
        headers={
            "Message-ID": letter.message_id,
            "Auto-Submitted": "auto-generated",
            "Content-Language": letter.language,
        },
    )
    message.attach_alternative(letter.html, "text/html")
    backend = get_connection()
    try:
        backend.open()
        accepted = backend.send_messages([message])
    except (smtplib.SMTPException, OSError) as error:
        raise _outcome(error, body_began=getattr(backend, "body_began", False)) from error
    except ValueError as error:
        raise NotSent(str(error), for_good=True) from error
    finally:
        _close(backend)
    if not accepted:
        raise NotSent("the mail backend did not take the letter")


def _outcome(error: Exception, *, body_began: bool) -> NotSent | Uncertain:
    """What an error of the conversation means for the letter."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, answer = next(iter(error.recipients.values()))
        return NotSent(f"{code} {_text(answer)}", for_good=code >= 500)
    if isinstance(error, smtplib.SMTPResponseException) and _is_answer(error, body_began=body_began):
        # A refused login or greeting is the installation's fault, not the letter's: it is tried again.
        of_the_letter = isinstance(error, smtplib.SMTPSenderRefused | smtplib.SMTPDataError)
        return NotSent(f"{error.smtp_code} {_text(error.smtp_error)}", for_good=of_the_letter and error.smtp_code >= 500)
    # No answer that can be understood: after the body that leaves it open whether the letter was taken.
    reason = str(error) or type(error).__name__
    return Uncertain(reason) if body_began else NotSent(reason)


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
