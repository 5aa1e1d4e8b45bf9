"""A real SMTP server for tests, which accepts, refuses, or hangs up at a chosen point of the conversation."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from ssl import SSLContext
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


class Post:
    """What the server does with letters: `behaviour` is accept, 4xx, 5xx, refuse_data, cut_before_data, cut_after_data, hang or slow.

    `refused` and `cut` (after the body) are addresses; `faults` gives a behaviour for an address, and is asked for each try.
    """

    def __init__(self) -> None:
        self.behaviour = "accept"
        self.refused: set[str] = set()
        self.cut: set[str] = set()
        self.faults: Callable[[str], str] | None = None
        self.letters_per_connection = 0
        self.connections = 0
        self.received: list[Message] = []
        self.controller: Controller | None = None

    @contextmanager
    def away(self) -> Iterator[None]:
        """Nobody listens meanwhile: who connects is refused; conversations go on."""
        controller: Any = self.controller
        controller.loop.call_soon_threadsafe(controller.server.close)
        try:
            yield
        finally:
            controller.server = asyncio.run_coroutine_threadsafe(controller._create_server(), controller.loop).result(10)

    def _behaviour(self, address: str) -> str:
        if self.faults is not None:
            return self.faults(address)
        if address in self.refused:
            return "5xx"
        return "cut_after_data" if address in self.cut else self.behaviour

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        session.letters = getattr(session, "letters", 0) + 1
        if self.letters_per_connection and session.letters > self.letters_per_connection:
            return "421 enough for one connection"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        envelope.behaviour = self._behaviour(address)
        if envelope.behaviour == "5xx":
            return "550 no such mailbox"
        if envelope.behaviour == "4xx":
            return "451 try again later"
        if envelope.behaviour == "cut_before_data":
            server.transport.abort()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if envelope.behaviour == "refuse_data":
            return "552 too large"
        if envelope.behaviour == "slow":
            await asyncio.sleep(3)
        self.received.append(message_from_bytes(envelope.content))
        if envelope.behaviour == "hang":
            await asyncio.sleep(30)
        if envelope.behaviour == "cut_after_data":
            server.transport.abort()
        return "250 OK"


class _Controller(Controller):
    # For STARTTLS, without which no letter is taken.
    tls_context: SSLContext | None = None

    def factory(self) -> SMTP:
        self.handler.connections += 1
        secured = self.tls_context is not None
        return SMTP(self.handler, enable_SMTPUTF8=False, tls_context=self.tls_context, require_starttls=secured)

    def _trigger_server(self) -> None:
        """Port 0 was asked for: the first conversation goes to the one that the system chose."""
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def mail_server(settings: Any, *, starttls: SSLContext | None = None, tls: SSLContext | None = None) -> Iterator[Post]:
    """The server on a free port, with the project's mail settings pointed at it. `starttls` or, from the first byte, `tls`: its side of
    an encrypted conversation.
    """
    post = Post()
    # It would log every command.
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    controller = _Controller(post, hostname="127.0.0.1", port=0, ssl_context=tls)
    controller.tls_context = starttls
    controller.start()
    post.controller = controller
    # The controller looks whether its server answers.
    post.connections = 0
    try:
        settings.EMAIL_BACKEND = "cluster.gateways.mail.SmtpBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = controller.hostname, controller.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_TIMEOUT = 1
        yield post
    finally:
        controller.stop()
