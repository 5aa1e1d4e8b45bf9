"""A real SMTP server for tests, which accepts, refuses, or hangs up at a chosen point of the conversation."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


class Post:
    """What the server does with letters: `behaviour` is accept, 4xx, 5xx, cut_before_data, cut_after_data or slow."""

    def __init__(self) -> None:
        self.behaviour = "accept"
        self.received: list[Message] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.behaviour == "5xx":
            return "550 no such mailbox"
        if self.behaviour == "4xx":
            return "451 try again later"
        if self.behaviour == "cut_before_data":
            server.transport.abort()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.behaviour == "refuse_data":
            return "552 too large"
        if self.behaviour == "slow":
            await asyncio.sleep(3)
        self.received.append(message_from_bytes(envelope.content))
        if self.behaviour == "cut_after_data":
            server.transport.abort()
        return "250 OK"


class _Controller(Controller):
    def factory(self) -> SMTP:
        return SMTP(self.handler, enable_SMTPUTF8=False)

    def _trigger_server(self) -> None:
        """Port 0 was asked for: the first conversation goes to the one that the system chose."""
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def mail_server(settings: Any) -> Iterator[Post]:
    """The server on a free port, with the project's mail settings pointed at it."""
    post = Post()
    controller = _Controller(post, hostname="127.0.0.1", port=0)
    controller.start()
    try:
        settings.EMAIL_BACKEND = "cluster.gateways.mail.SmtpBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = controller.hostname, controller.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_TIMEOUT = 1
        yield post
    finally:
        controller.stop()
