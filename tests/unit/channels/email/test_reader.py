"""The reader of mail: a record that goes away ends its step, and a channel may be newer than a process knows."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from engine.channels.email.parts import MailParts
from engine.channels.email.placing import place_in
from engine.channels.email.reader import READ_TRIES, MailReader
from engine.clock import SystemClock
from engine.errors import NotFound, Unavailable
from engine.model.case_setup import Filing
from engine.model.mail_channel import Email
from engine.model.mail_record import Envelope, ReceivedMail, Source


def received(mail_id: str, *, tries: int = 0, org_id: str = "o") -> ReceivedMail:
    return ReceivedMail(
        id=mail_id,
        envelope=Envelope(org_id=org_id, channel="new", source=Source.SMTP),
        fingerprint=mail_id,
        sha256="",
        size=1,
        received_ms=1,
        tries=tries,
    )


class Record:
    """Mails that wait; it is away after so many looks."""

    def __init__(self, *mails: ReceivedMail, looks: int = 100) -> None:
        self.waiting = {one.id: one for one in mails}
        self.looks = looks
        self.became: dict[str, str] = {}

    async def unread(self, *, now_ms: int, limit: int) -> Sequence[ReceivedMail]:
        assert now_ms
        self.looks -= 1
        if self.looks < 0:
            raise Unavailable("the record is away")
        return list(self.waiting.values())[:limit]

    async def put_off(self, _org_id: str, mail_id: str, *, why: str, next_ms: int) -> None:
        assert next_ms
        del self.waiting[mail_id]
        self.became[mail_id] = f"later: {why}"

    async def quarantine(self, _org_id: str, mail_id: str, *, why: str, now_ms: int) -> bool:
        assert now_ms
        del self.waiting[mail_id]
        self.became[mail_id] = why
        return True


class Parts:
    """What the role is handed, as far as it comes."""

    def __init__(self, mails: Record) -> None:
        self.mails = mails
        self.organisations = self
        self.places: dict[tuple[str, str], Any] = {}

    def get(self, org_id: str) -> Any:
        raise NotFound(f"there is no organisation {org_id}", slug="unknown-organisation")

    def count(self, state: str, nature: str) -> None:
        assert (state, nature) == ("quarantined", "unknown-channel")


def reader(record: Record) -> MailReader:
    return MailReader(parts=cast("MailParts", Parts(record)), clock=SystemClock())


async def test_a_channel_that_is_not_known_yet_is_waited_for() -> None:
    record = Record(received("a"), received("b", tries=READ_TRIES - 1))
    assert await reader(record).step() == 0.0
    assert record.became == {"a": "later: unknown-channel", "b": "unknown-channel"}


async def test_organisations_take_turns() -> None:
    flood = [received(f"a{number:03}", tries=READ_TRIES, org_id="a") for number in range(100)]
    record = Record(*flood, received("b", tries=READ_TRIES, org_id="b"))
    assert await reader(record).step() == 0.0
    assert list(record.became)[1] == "b"
    assert list(record.became)[2:] == [one.id for one in flood[1:]]  # and within one the order stays


async def test_a_record_that_goes_away_is_no_defect() -> None:
    with pytest.raises(Unavailable):
        await reader(Record(received("a"), received("b"), looks=1)).step()


class Rush(Record):
    """Further mails come while the first is in work; none is done before all are in work."""

    def __init__(self, first: ReceivedMail, *others: ReceivedMail) -> None:
        super().__init__(first)
        self.others = others
        self.at_once = 0
        self.all_in_work = asyncio.Event()

    async def put_off(self, org_id: str, mail_id: str, *, why: str, next_ms: int) -> None:
        self.waiting.update({one.id: one for one in self.others})
        self.at_once += 1
        if self.at_once == 1 + len(self.others):
            self.all_in_work.set()
        await self.all_in_work.wait()
        await super().put_off(org_id, mail_id, why=why, next_ms=next_ms)
        self.others = ()


async def test_what_comes_while_a_mail_is_in_work_is_seen_to_beside_it() -> None:
    record = Rush(*(received(name) for name in "abcde"))
    async with asyncio.timeout(60):
        assert await reader(record).step() == 0.0
    assert sorted(record.became) == list("abcde")


async def test_where_a_mail_came_in_is_worked_out_once_for_each_configuration() -> None:
    def organisation(**channels: Any) -> Any:
        return SimpleNamespace(id="o", channels=channels, agents={}, filing=Filing())

    channel = SimpleNamespace(key="new", email=Email(address="a@b.example"))
    now = organisation(new=channel)

    class Book(Parts):
        def get(self, org_id: str) -> Any:
            return {"o": now}[org_id]

        def classify(self) -> None: ...

        def reopen(self, organisation: Any) -> None: ...

    parts: Any = Book(Record())
    first = place_in(parts, received("a"))
    assert first is not None
    assert place_in(parts, received("b")) is first
    now = organisation(new=channel)
    second = place_in(parts, received("c"))
    assert second is not None
    assert second is not first
    now = organisation()
    assert place_in(parts, received("d")) is None
    assert not parts.places
