"""A real SMTP server that keeps what it is handed, and answers as told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class Box:
    """What came, and how to answer."""

    came: list[EmailMessage] = field(default_factory=list)
    to: list[list[str]] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)  # recipient → answer
    answer: str = "250 OK"
    tls: list[bool] = field(default_factory=list)
    users: list[str] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd calls it so
        self, _server: object, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: object, session: Session, envelope: Envelope) -> str:  # noqa: N802 -- as above
        if self.answer.startswith("250"):
            content = envelope.content
            assert isinstance(content, bytes)
            self.came.append(message_from_bytes(content, policy=policy.default))
            self.to.append([str(one) for one in envelope.rcpt_tos])
            self.tls.append(session.ssl is not None)
        return self.answer

    def login(
        self, _server: object, _session: Session, _envelope: Envelope, _mechanism: str, data: object
    ) -> AuthResult:
        """Let everybody in who knows the word."""
        assert isinstance(data, LoginPassword)
        self.users.append(data.login.decode())
        return AuthResult(success=data.password == b"p@ss", handled=False)


@asynccontextmanager
async def relaying(box: Box, **more: Any) -> AsyncIterator[int]:
    """Run a server on a free port, and yield the port."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, loop=loop, **more), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()
