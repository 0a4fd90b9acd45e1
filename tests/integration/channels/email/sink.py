"""A mail server that takes mail, and fails in ways that a test chooses."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from aiosmtpd.smtp import SMTP, Envelope, Session

CLOSE = "close"
"""An answer that is none: the connection is closed instead."""


@dataclass(frozen=True)
class Delivered:
    """A mail that the server took."""

    sender: str
    to: tuple[str, ...]
    source: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.source, policy=default)

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"])


@dataclass
class Sink:
    """What it took and how it answers; ``port`` while it runs."""

    port: int = 0
    taken: list[Delivered] = field(default_factory=list)
    refuse: dict[str, list[str]] = field(default_factory=dict)  # recipient → answers, one for each time; then 250
    content: list[str] = field(default_factory=list)  # answers to the content, one for each time; then 250
    pause_s: float = 0.0
    at_once: int = 0
    most_at_once: int = 0
    connections: int = 0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answers = self.refuse.get(address.lower(), [])
        if answers:
            return answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.pause_s)
            answer = self.content.pop(0) if self.content else "250 queued"
            if answer.startswith(("250", CLOSE)):
                source = cast("bytes", envelope.original_content)
                self.taken.append(Delivered(envelope.mail_from or "", tuple(envelope.rcpt_tos), source))
            if answer == CLOSE:
                cast("Any", server).transport.abort()
            return answer
        finally:
            self.at_once -= 1

    @contextlib.asynccontextmanager
    async def running(self, tls: ssl.SSLContext | None = None, *, port: int = 0) -> AsyncIterator[Sink]:
        clients: list[SMTP] = []

        def connected() -> SMTP:
            self.connections += 1
            client = SMTP(self, hostname="sink.test", tls_context=tls, require_starttls=tls is not None)
            clients.append(client)
            return client

        server = await asyncio.get_running_loop().create_server(connected, "127.0.0.1", port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for client in clients:
                if client.transport is not None:
                    client.transport.close()
            await asyncio.sleep(0.05)  # they close in the loop's next round
