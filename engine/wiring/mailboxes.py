"""The role that has every configured mailbox polled: a loop for each, under a lease of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable

import structlog

from engine.api.metrics import Metrics
from engine.channels.email.imap.overview import configured
from engine.channels.email.imap.poller import MailboxPoller, PollerParts
from engine.channels.email.imap.taking import TakingParts
from engine.channels.email.inlet import Inlet
from engine.channels.email.secret_files import SecretFiles
from engine.clock import Clock
from engine.errors import CordboardError
from engine.loops import Loop
from engine.model.mail_channel import MailboxSource
from engine.model.organisation import Organisation
from engine.model.polled_folder import FolderKey
from engine.settings import Settings
from engine.store.store import Store
from engine.wiring.leased import Leased, Leases
from engine.wiring.organisations import OrganisationBook

log = structlog.get_logger(__name__)

EVERY_S = 1.0

Polled = tuple[FolderKey, MailboxSource]


class Polling:
    """One mailbox being polled, or stood by for while another process does it."""

    def __init__(self, *, parts: PollerParts, leases: Leases, polled: Polled) -> None:
        key, source = polled
        self.poller = MailboxPoller(parts=parts, key=key, source=source)
        self._leased = Leased(role=self.poller, leases=leases)
        self._loop = Loop(self._leased)

    def start(self) -> None:
        """Start the loop."""
        self._loop.start()

    async def stop(self) -> None:
        """Stop it, and let others poll the mailbox at once. Safe to call twice."""
        await self._loop.stop()
        with contextlib.suppress(CordboardError):  # then it lapses
            await self._leased.give_back()


class Mailboxes:
    """Follow the configuration: what is new or changed is polled, what is gone is not any more.

    Any number of processes do this; each mailbox is polled by the one that holds its lease.
    """

    name = "mailboxes"

    def __init__(
        self, *, organisations: Callable[[], Iterable[Organisation]], parts: PollerParts, leases: Leases
    ) -> None:
        self._organisations = organisations
        self._parts = parts
        self._leases = leases
        self._running: dict[Polled, Polling] = {}

    def faults(self) -> float:
        """Return how many mailboxes this process polls in vain."""
        return sum(one.poller.fault is not None for one in self._running.values())

    async def step(self) -> float:
        """Follow the configuration until cancelled; then stop everything."""
        try:
            while True:
                await self._follow()
                await asyncio.sleep(EVERY_S)
        finally:
            running, self._running = list(self._running.values()), {}
            await asyncio.gather(*(one.stop() for one in running))

    async def _follow(self) -> None:
        wanted = {polled for organisation in self._organisations() for polled in configured(organisation)}
        gone = self._running.keys() - wanted
        await asyncio.gather(*(self._running.pop(polled).stop() for polled in gone))
        for polled in wanted - self._running.keys():
            one = self._running[polled] = Polling(parts=self._parts, leases=self._leases, polled=polled)
            one.start()


def mailboxes_of(
    settings: Settings,
    store: Store,
    book: OrganisationBook,
    *,
    inlet: Inlet,
    leases: Leases,
    metrics: Metrics,
    clock: Clock,
) -> Mailboxes:
    """Build the role."""
    taking = TakingParts(
        inlet=inlet, record=store.mailboxes, clock=clock, count=metrics.polled_mail, most_bytes=settings.smtp_bytes
    )
    parts = PollerParts(taking=taking, secrets=SecretFiles(directory=settings.mail_secret_files))
    role = Mailboxes(organisations=book.all, parts=parts, leases=leases)
    metrics.watch("mailbox_faults", "Mailboxes that this process polls in vain.", role.faults)
    return role
