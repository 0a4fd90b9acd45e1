import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from engine import failpoints
from engine.channels.email.inlet import Inlet, Taken
from engine.clock import SystemClock
from engine.errors import InvalidInput, Unavailable
from engine.ids import id_source
from engine.model.mail_record import Envelope, MailState, ReceivedMail, Source
from engine.store.disk import Disk
from tests.integration.receiving.house import MAIL, House, pieces

DESK = Envelope(org_id="acme", channel="desk", source=Source.SMTP, sender="ada@customer.example", peer="[::1] x")
MOST = 1_000_000


async def test_a_mail_that_was_taken_is_durable_and_wakes_its_reader(house: House) -> None:
    woken: list[str] = []
    house.inlet.taken = lambda: woken.append("reader")
    taken = await house.inlet.take(DESK, pieces(MAIL), most_bytes=MOST)
    (mail,) = await house.mails()
    assert (mail.received.id, mail.state, mail.received.envelope) == (taken.mail_id, MailState.RECEIVED, DESK)
    assert (mail.received.sha256, mail.received.size) == (taken.sha256, len(MAIL))
    assert await house.source(mail) == MAIL
    assert woken == ["reader"]


async def test_a_repeat_is_answered_like_the_first_and_changes_nothing(house: House) -> None:
    first = await house.inlet.take(DESK, pieces(MAIL), most_bytes=MOST)
    again = await house.inlet.take(
        replace(DESK, source=Source.IMAP, mailbox="desk/INBOX/1/1"),
        pieces(b"Received: from elsewhere\r\n" + MAIL),
        most_bytes=MOST,
    )
    assert (again.mail_id, again.repeated, first.repeated) == (first.mail_id, True, False)
    assert [mail.received.envelope for mail in await house.mails()] == [DESK]


async def test_the_same_mail_at_once_is_one(house: House) -> None:
    takes = [house.inlet.take(DESK, pieces(MAIL), most_bytes=MOST) for _ in range(10)]
    taken = await asyncio.gather(*takes)
    assert sorted(one.repeated for one in taken) == [False] + [True] * 9
    assert len({one.mail_id for one in taken}) == 1
    assert len(await house.mails()) == 1


async def test_organisations_each_get_their_own(house: House) -> None:
    both = (DESK, replace(DESK, org_id="zeta", channel="post"))
    outcomes = await house.inlet.take_each(both, pieces(MAIL), most_bytes=MOST)
    assert [isinstance(one, Taken) and not one.repeated for one in outcomes] == [True, True]
    assert [len(await house.mails(org)) for org in ("acme", "zeta")] == [1, 1]
    assert len(house.files()) == 1


async def test_too_large_keeps_nothing(house: House) -> None:
    with pytest.raises(InvalidInput) as caught:
        await house.inlet.take(DESK, pieces(MAIL), most_bytes=len(MAIL) - 1)
    assert caught.value.slug == "too-large"
    assert await house.mails() == []
    assert house.files() == []


async def test_a_mail_that_goes_in_circles_is_refused(house: House) -> None:
    with pytest.raises(InvalidInput) as caught:
        await house.inlet.take(DESK, pieces(b"Received: from a\r\n" * 51 + MAIL), most_bytes=MOST)
    assert caught.value.slug == "mail-loop"
    assert await house.mails() == []
    await house.inlet.take(DESK, pieces(b"Received: from a\r\n" * 50 + MAIL), most_bytes=MOST)
    assert len(await house.mails()) == 1


async def test_a_hand_over_that_breaks_off_keeps_nothing(house: House) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield MAIL
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await house.inlet.take(DESK, broken(), most_bytes=MOST)
    assert await house.mails() == []
    assert house.files() == []


async def test_a_disk_that_is_away_is_told(house: House) -> None:
    (house.directory / "attachments").write_text("a file where the directory should be")
    with pytest.raises(Unavailable) as caught:
        await house.inlet.take(DESK, pieces(MAIL), most_bytes=MOST)
    assert caught.value.slug == "storage-away"
    assert await house.mails() == []


async def test_a_disk_that_is_nearly_full_takes_nothing_until_there_is_room(house: House) -> None:
    free = 999
    disk = Disk(house.directory, reserve=1_000, free=lambda _directory: free, look_s=0)
    clock = SystemClock()
    inlet = Inlet(sources=house.blobs, received=house.store.mails, clock=clock, new_id=id_source(clock), disk=disk)
    with pytest.raises(Unavailable) as caught:
        await inlet.take(DESK, pieces(MAIL), most_bytes=MOST)
    assert caught.value.slug == "storage-away"
    assert (await house.mails(), house.files()) == ([], [])
    free = 1_000
    await inlet.take(DESK, pieces(MAIL), most_bytes=MOST)
    assert len(await house.mails()) == 1


async def test_a_disk_that_fills_up_within_a_mail_keeps_nothing_of_it(house: House) -> None:
    left = iter([2_000, 500])
    disk = Disk(house.directory, reserve=1_000, free=lambda _directory: next(left), look_s=0)
    clock = SystemClock()
    inlet = Inlet(sources=house.blobs, received=house.store.mails, clock=clock, new_id=id_source(clock), disk=disk)
    with pytest.raises(Unavailable):
        await inlet.take(DESK, pieces(MAIL, 100), most_bytes=MOST)
    assert (await house.mails(), house.files()) == ([], [])


async def test_a_disk_that_cannot_be_asked_or_has_no_reserve_is_not_full(house: House) -> None:
    assert not await Disk(house.directory / "gone", reserve=1).full()
    assert not await Disk(house.directory, reserve=0, free=lambda _directory: 0).full()
    assert await Disk(house.directory, reserve=2**60).full()


@pytest.mark.parametrize("place", ["mail.after-blob", "mail.after-receive"])
async def test_what_fails_in_between_is_handed_over_again_and_is_there_once(house: House, place: str) -> None:
    failpoints.arm(f"{place}=raise")
    with pytest.raises(Unavailable):
        await house.inlet.take(DESK, pieces(MAIL), most_bytes=MOST)
    await house.inlet.take(DESK, pieces(MAIL), most_bytes=MOST)
    assert [await house.source(mail) for mail in await house.mails()] == [MAIL]


async def test_a_record_that_is_away_for_one_organisation_is_told_for_that_one(house: House) -> None:
    class HalfAway:
        """The record, as it is while one organisation's part cannot be written."""

        async def receive(self, mail: ReceivedMail) -> bool:
            if mail.envelope.org_id == "zeta":
                raise Unavailable("the record is away")
            return await house.store.mails.receive(mail)

        async def known(self, org_id: str, fingerprint: str) -> str:
            return await house.store.mails.known(org_id, fingerprint)

    clock = SystemClock()
    inlet = Inlet(sources=house.blobs, received=HalfAway(), clock=clock, new_id=id_source(clock))
    both = (replace(DESK, org_id="zeta"), DESK)
    away, taken = await inlet.take_each(both, pieces(MAIL), most_bytes=MOST)
    assert isinstance(away, Unavailable)
    assert isinstance(taken, Taken)
    assert len(await house.mails()) == 1
