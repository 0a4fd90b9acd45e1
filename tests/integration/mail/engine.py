"""An engine with an e-mail channel, and mail that comes to it without a server."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from engine.app import Application
from engine.ids import id_source
from engine.model.mail_channel import Email
from engine.model.mail_record import Envelope, Mail, MailState, ReceivedMail, Source
from engine.model.organisation import (
    CapacityProfile,
    Channel,
    ChannelCapacity,
    Organisation,
    PresenceStatus,
    StatusKind,
)
from engine.settings import Settings
from engine.store.blobs import Blobs
from tests.integration.api.engine_under_test import Engine, keep_organisations, staffed_organisation
from tests.records import Ticking, migrated_file
from tests.servers import eventually

ADDRESS = "support@kettle.example"
BOTH = pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)
"""Mark of tests that run on both databases."""
T = TypeVar("T")
_new_id = id_source(Ticking())


def mail_organisation(org_id: str, **changes: object) -> Organisation:
    """Return an organisation with the mailbox ``support``; ``changes`` are its e-mail side's."""
    channel = Channel(
        key="support-mail",
        kind="email",
        name="Kettle & Crane",
        queue="support",
        email=Email(address=ADDRESS, **changes),  # type: ignore[arg-type] # fields are checked where they are used
    )
    status = PresenceStatus(
        key="available", name="Available", kind=StatusKind.AVAILABLE, channels=frozenset({"chat", "email"})
    )
    organisation = staffed_organisation(
        org_id,
        profiles={
            "standard": CapacityProfile(
                key="standard", units=3, channels={"chat": ChannelCapacity(), "email": ChannelCapacity()}
            )
        },
    )
    return replace(
        organisation,
        channels={**organisation.channels, "support-mail": channel},
        statuses={**organisation.statuses, "available": status},
    )


@asynccontextmanager
async def mail_engine(
    directory: Path, valkey: str, organisation: Organisation, *, database: str = ""
) -> AsyncIterator["MailEngine"]:
    """Run an engine that serves an organisation, on the database named, else on SQLite."""
    directory.mkdir(parents=True, exist_ok=True)
    url = database or migrated_file(directory.absolute() / "cordboard.sqlite3")
    await keep_organisations(url, [organisation])
    application = Application(Settings(data=directory, valkey_url=valkey, database_url=url, mail_readers=1))
    try:
        await application.start()
        yield MailEngine(application, organisation.id)
    finally:
        await application.stop()


class MailEngine(Engine):
    """An engine, and mail for it."""

    def __init__(self, application: Application, org_id: str) -> None:
        super().__init__(application, login_failure_ms=0, public_rate=10_000, public_burst=10_000)
        self.org_id = org_id
        self.store = application.store
        self._blobs = Blobs(directory=application._settings.data / "attachments", new_id=_new_id)

    async def receive(
        self, source: str | bytes, *, sender: str = "vera@example.com", to: str = ADDRESS, lost: bool = False
    ) -> str:
        """Keep a mail as a server does that takes it; return its id. ``lost``: its source is gone."""
        raw = source.encode() if isinstance(source, str) else source

        async def chunks() -> AsyncIterator[bytes]:
            yield raw

        blob = await self._blobs.write(chunks(), most_bytes=200_000_000)
        mail = ReceivedMail(
            id=_new_id(),
            envelope=Envelope(
                org_id=self.org_id,
                channel="support-mail",
                source=Source.SMTP,
                sender=sender,
                recipients=(to,),
                peer="198.51.100.7",
            ),
            fingerprint=hashlib.sha256(raw).hexdigest(),
            sha256="0" * 64 if lost else blob.sha256,
            size=blob.size,
            received_ms=Ticking().now_ms(),
        )
        assert await self.store.mails.receive(mail)
        self.application._loops.wake("mail-reader")
        return mail.id

    async def read(self, source: str | bytes, *, sender: str = "vera@example.com", to: str = ADDRESS) -> Mail:
        """Keep a mail and wait until it is read; return what became of it."""
        return await self.settled(await self.receive(source, sender=sender, to=to))

    async def settled(self, mail_id: str) -> Mail:
        """Return a mail once it is read."""

        async def done() -> Mail | None:
            mail = await self.store.mails.get(self.org_id, mail_id)
            return None if mail.state is MailState.RECEIVED else mail

        return await found(done)

    async def cases(self) -> list[dict[str, Any]]:
        sue = await self.signed_in("sue", self.org_id)
        items: list[dict[str, Any]] = (await sue.get("/cases")).json()["items"]
        return items


async def found(look: Callable[[], Awaitable[T | None]]) -> T:
    """Wait until ``look`` returns something; return it."""
    got: list[T] = []

    async def there() -> bool:
        one = await look()
        if one:
            got.append(one)
        return bool(one)

    await eventually(there, within_s=30)
    return got[0]


def mail_text(
    subject: str = "My kettle",
    body: str = "It drips.",
    *,
    sender: str = "Vera <vera@example.com>",
    to: str = ADDRESS,
    message_id: str = "",
    **headers: str,
) -> str:
    """Return a mail's source; ``headers`` with underscores for hyphens."""
    lines = {
        "From": sender,
        "To": to,
        "Subject": subject,
        "Date": "Sun, 22 Nov 2026 10:00:00 +0000",
        "Message-ID": f"<{message_id or _new_id()}@example.com>",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + f"\r\n{body}\r\n"
