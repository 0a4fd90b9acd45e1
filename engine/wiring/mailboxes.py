"""The role that has every configured mailbox polled: a loop for each, under a lease of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from engine.api.metrics import Metrics
from engine.channels.email.imap.overview import configured
from engine.channels.email.imap.poller import MailboxPoller, PollerParts
from engine.channels.email.imap.taking import TakingParts
from engine.channels.email.inlet import Inlet
from engine.channels.email.secret_files import SecretFiles
from engine.clock import Clock
from engine.model.mail_channel import MailboxSource
from engine.model.organisation import Organisation
from engine.model.polled_folder import FolderKey
from engine.settings import Settings
from engine.store.store import Store
from engine.wiring.following import Following
from engine.wiring.leased import Leases
from engine.wiring.organisations import OrganisationBook

Polled = tuple[FolderKey, MailboxSource]


class Mailboxes(Following[Polled, MailboxPoller]):
    """Have mailboxes polled, each by the process that holds its lease."""

    def __init__(
        self, *, organisations: Callable[[], Iterable[Organisation]], parts: PollerParts, leases: Leases
    ) -> None:
        super().__init__(
            name="mailboxes",
            wanted=lambda: (polled for organisation in organisations() for polled in configured(organisation)),
            role_of=lambda polled: MailboxPoller(parts=parts, key=polled[0], source=polled[1]),
            leases=leases,
        )


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
