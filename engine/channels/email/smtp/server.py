"""Listen for mail over SMTP and LMTP, and stop without losing what is on its way in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import structlog

from engine.channels.email.addresses import AddressBook
from engine.channels.email.inlet import Inlet
from engine.channels.email.smtp.door import Door
from engine.channels.email.smtp.gate import Gate
from engine.channels.email.smtp.session import LmtpSession, SmtpSession
from engine.channels.email.smtp.settings import MailServerSettings
from engine.channels.email.smtp.watched import Certificate, Users
from engine.clock import Clock
from engine.errors import ConfigurationError

log = structlog.get_logger(__name__)

CUT_S = 1.0
"""What is cut off has so long to notice."""


class MailServer:
    """Receive mail where the settings say; nowhere is fine too."""

    def __init__(
        self,
        *,
        settings: MailServerSettings,
        book: AddressBook,
        inlet: Inlet,
        clock: Clock,
        count: Callable[[str, str], None],
    ) -> None:
        """``count`` is told what became of each mail (accepted, repeated or refused) and why."""
        self._settings = settings
        self._certificate = Certificate(settings.certificate, settings.key) if settings.certificate else None
        self._gate = Gate(
            settings=settings,
            book=book,
            inlet=inlet,
            door=Door(
                connections=settings.connections,
                per_address=settings.connections_per_address,
                rate=settings.rate,
                networks=settings.networks,
            ),
            users=Users(settings.users) if settings.users else None,
            clock=clock,
            count=count,
        )
        self._servers: list[asyncio.Server] = []

    def connections(self) -> int:
        """Return how many connections there are now."""
        return self._gate.door.inside

    @property
    def ports(self) -> list[int]:
        """Return the TCP ports it listens on, SMTP's first."""
        sockets = [one for server in self._servers for one in server.sockets]
        return [one.getsockname()[1] for one in sockets if isinstance(one.getsockname(), tuple)]

    async def start(self) -> None:
        """Listen.

        Raises:
            ConfigurationError: an address that cannot be listened on, or a file that cannot be used.
        """
        logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd's own: every command, with addresses
        if self._settings.smtp and self._certificate:
            self._certificate.current()
        if self._settings.smtp and self._gate.users:
            if self._certificate is None:
                raise ConfigurationError(
                    "smtp_users without smtp_certificate.", mend="Passwords are taken over TLS only."
                )
            self._gate.users.current()
        for setting, where, kind in (
            ("smtp_listen", self._settings.smtp, SmtpSession),
            ("lmtp_listen", self._settings.lmtp, LmtpSession),
        ):
            if where:
                self._servers.append(await self._listen(setting, where, kind))
                log.info("mail is received", over=kind.source.value, at=where)

    async def _listen(self, setting: str, where: str, kind: type[SmtpSession]) -> asyncio.Server:
        loop = asyncio.get_running_loop()

        def session() -> SmtpSession:
            return kind(self._gate, loop=loop, tls=self._certificate.current() if self._certificate else None)

        try:
            if where.startswith("/"):
                server = await loop.create_unix_server(session, where)
                await asyncio.to_thread(Path(where).chmod, 0o666)  # its directory says who may
                return server
            host, _, port = where.rpartition(":")
            return await loop.create_server(session, host.strip("[]"), int(port))
        except OSError as error:
            raise ConfigurationError(
                f"cannot listen for mail on {where}: {error.strerror or error}.",
                mend=f"Change {setting}, or see who listens there; ports below 1,024 need a privilege.",
            ) from error

    async def stop(self) -> None:
        """Take no more connections, let mails on their way in finish, then cut off. Safe to call twice."""
        servers, self._servers = self._servers, []
        for server in servers:
            server.close()
        for session in tuple(self._gate.sessions):
            session.end()
        await self._wait(self._settings.drain_s)
        for session in tuple(self._gate.sessions):
            session.abort()
        for transaction in tuple(self._gate.transactions):
            transaction.cancel()
        await self._wait(CUT_S)

    async def _wait(self, most_s: float) -> None:
        handlers = {session.handler for session in self._gate.sessions if session.handler is not None}
        tasks = handlers | self._gate.transactions
        if tasks:
            await asyncio.wait(tasks, timeout=most_s)
