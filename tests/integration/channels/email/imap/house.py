"""A mailbox in a real Dovecot, a real record, and what polls the one into the other."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from ssl import SSLContext, create_default_context

from engine.channels.email.imap.poller import MailboxPoller, Patience, PollerParts
from engine.channels.email.imap.taking import TakingParts
from engine.channels.email.inlet import Inlet
from engine.channels.email.secret_files import SecretFiles
from engine.clock import SystemClock
from engine.ids import id_source
from engine.loops import Loop
from engine.model.mail_channel import MailboxSource, Security, SeenMail
from engine.model.mail_record import Mail
from engine.model.polled_folder import FolderKey, PolledFolder
from engine.store.blobs import Blobs
from engine.store.store import Store
from tests.dovecot import PASSWORD, Dovecot

CHANNEL, MAILBOX = "mail", "support"
QUICK = Patience(first_s=0.05, refused_s=0.05, longest_s=1.0, timeout_s=20.0, look_s=0.1)


def mail(number: int, *, size: int = 0) -> bytes:
    """Return a mail that no other is like."""
    head = f"From: vera{number}@example.com\r\nMessage-ID: <{number}@example.com>\r\nSubject: Tea {number}\r\n\r\n"
    return head.encode() + b"It drips.\r\n" + (b"x" * 70 + b"\r\n") * (size // 72)


@dataclass(kw_only=True)
class House:
    """One mailbox, its user's name being its address, and the record that its mails go to."""

    dovecot: Dovecot
    store: Store
    data: Path
    org: str
    source: MailboxSource
    inlet: Inlet
    most_bytes: int = 100_000_000
    counted: list[str] = field(default_factory=list)

    @property
    def user(self) -> str:
        """Return who the mailbox belongs to."""
        return self.source.login

    @property
    def key(self) -> FolderKey:
        """Return the mailbox."""
        return FolderKey(self.org, CHANNEL, MAILBOX)

    def change(self, **changes: object) -> None:
        """Configure the mailbox otherwise; counts for pollers made later."""
        self.source = replace(self.source, **changes)  # type: ignore[arg-type] # fields are checked where they are used

    def put_secret(self, text: str = PASSWORD) -> None:
        """Write the mailbox's secret."""
        path = self.data / "secrets" / self.org / self.source.secret
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def parts(self, *, tls: Callable[[], SSLContext] = create_default_context) -> PollerParts:
        """Return what mailboxes are polled with."""
        taking = TakingParts(
            inlet=self.inlet,
            record=self.store.mailboxes,
            clock=SystemClock(),
            count=lambda _, outcome: self.counted.append(outcome),
            most_bytes=self.most_bytes,
        )
        secrets = SecretFiles(directory=self.data / "secrets")
        return PollerParts(taking=taking, secrets=secrets, tls=tls, patience=QUICK)

    def poller(self, *, tls: Callable[[], SSLContext] = create_default_context) -> MailboxPoller:
        """Return a role that polls the mailbox."""
        return MailboxPoller(parts=self.parts(tls=tls), key=self.key, source=self.source)

    @asynccontextmanager
    async def polled(self, *, tls: Callable[[], SSLContext] = create_default_context) -> AsyncIterator[MailboxPoller]:
        """Poll the mailbox meanwhile."""
        poller = self.poller(tls=tls)
        loop = Loop(poller)
        loop.start()
        try:
            yield poller
        finally:
            await loop.stop()

    async def deliver(self, *mails: bytes, folder: str = "INBOX", at_s: float = 0) -> None:
        """Let mails come to the mailbox."""
        await asyncio.to_thread(self.dovecot.deliver, self.user, *mails, folder=folder, at_s=at_s)

    async def flags(self, folder: str = "INBOX") -> list[str]:
        """Return the flags of each mail that is in a folder."""
        return await asyncio.to_thread(self.dovecot.flags, self.user, folder)

    async def received(self) -> list[Mail]:
        """Return the mails on the record."""
        return list(await self.store.mails.list(self.org, limit=1_000))

    async def subjects(self) -> list[str]:
        """Return the subjects of the mails on the record, each as often as it is there."""
        return sorted([self._subject(one) for one in await self.received()])

    def _subject(self, one: Mail) -> str:
        sha256 = one.received.sha256
        source = (self.data / "blobs" / sha256[:2] / sha256[2:4] / sha256).read_bytes()
        return source.partition(b"Subject: ")[2].partition(b"\r\n")[0].decode()

    async def folder(self, name: str = "INBOX") -> PolledFolder:
        """Return what is known of a folder."""
        return (await self.store.mailboxes.folders(self.key))[name]

    async def done_to(self, uid: int, name: str = "INBOX") -> bool:
        """Say whether mails up to this number are done with, which is remembered last of all."""
        known = (await self.store.mailboxes.folders(self.key)).get(name)
        return known is not None and known.last_uid == uid

    async def alerts(self) -> list[tuple[str, object]]:
        """Return kinds of alerts with what each is about, oldest first."""
        found = reversed(await self.store.alerts.list(self.org))
        return [(one.kind, one.data.get("fault") or one.data.get("reason")) for one in found]


@asynccontextmanager
async def open_house(dovecot: Dovecot, url: str, data: Path, org: str) -> AsyncIterator[House]:
    """Make an empty mailbox whose mails are taken."""
    clock = SystemClock()
    new_id = id_source(clock)
    store = Store(url=url, clock=clock, new_id=new_id)
    await store.start()
    source = MailboxSource(
        key=MAILBOX,
        server="localhost",
        port=dovecot.port,
        security=Security.NONE,
        login=f"{org}@tea.example",
        secret="support-mailbox",
        after=SeenMail.SEEN,
    )
    blobs = Blobs(directory=data / "blobs", new_id=new_id)
    inlet = Inlet(sources=blobs, received=store.mails, clock=clock, new_id=new_id)
    house = House(dovecot=dovecot, store=store, data=data, org=org, source=source, inlet=inlet)
    house.put_secret()
    try:
        yield house
    finally:
        await store.stop()
