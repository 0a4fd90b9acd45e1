"""How mail comes in: the one inlet of a process, and its mail server where the settings ask for one."""

import asyncio
import socket
from collections.abc import Callable

from engine.api.metrics import Metrics
from engine.channels.email.addresses import AddressBook
from engine.channels.email.inlet import Inlet
from engine.channels.email.smtp.server import MailServer
from engine.channels.email.smtp.settings import MailServerSettings
from engine.clock import Clock
from engine.ids import NewId
from engine.settings import Settings
from engine.store.blobs import Blobs
from engine.store.disk import Disk
from engine.store.store import Store
from engine.wiring.organisations import OrganisationBook

READER = "mail-reader"
"""Name of the role that reads what was taken."""


class MailReception:
    """Take mail in this process."""

    def __init__(
        self, settings: Settings, store: Store, book: OrganisationBook, *, blobs: Blobs, clock: Clock, new_id: NewId
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._server: MailServer | None = None
        self.addresses = AddressBook(book)
        self._disk = Disk(settings.data, reserve=settings.mail_reserve)
        self.inlet = Inlet(sources=blobs, received=store.mails, clock=clock, new_id=new_id, disk=self._disk)

    @property
    def ports(self) -> list[int]:
        """Return the TCP ports on which mail is received, SMTP's first."""
        return self._server.ports if self._server else []

    async def start(self, metrics: Metrics, wake: Callable[[str], None]) -> None:
        """Listen where the settings say; ``wake`` cuts short the wait of the role that is named to it.

        Raises:
            ConfigurationError: a setting that cannot be followed.
        """
        self.inlet.taken = lambda: wake(READER)
        settings = self._settings
        if not (settings.smtp_listen or settings.lmtp_listen):
            return
        name = settings.smtp_name or ("localhost" if settings.demo else await asyncio.to_thread(socket.getfqdn))
        self._server = MailServer(
            settings=server_settings(settings, name),
            book=self.addresses,
            inlet=self.inlet,
            clock=self._clock,
            count=metrics.mail,
        )
        metrics.watch("mail_connections", "Connections over which mail may come.", self._server.connections)
        await self._server.start()

    async def stop(self) -> None:
        """Let mails on their way in finish, and take no more. Safe to call twice."""
        if self._server is not None:
            await self._server.stop()


def server_settings(settings: Settings, name: str) -> MailServerSettings:
    """Return what a mail server called ``name`` is told."""
    return MailServerSettings(
        name=name,
        smtp=settings.smtp_listen,
        lmtp=settings.lmtp_listen,
        certificate=settings.smtp_certificate,
        key=settings.smtp_key,
        users=settings.smtp_users,
        networks=settings.smtp_networks,
        most_bytes=settings.smtp_bytes,
        connections=settings.smtp_connections,
        connections_per_address=settings.smtp_connections_per_address,
        rate=settings.smtp_rate,
        drain_s=settings.drain_ms / 1000,
    )
