"""Mail comes to a mailbox in a real IMAP server, and is taken: once, in whatever way the mailbox is left behind."""

import asyncio
import hashlib
import time
from ssl import SSLContext, create_default_context

import pytest

from engine.channels.email.imap import taking
from engine.model.mail_channel import Security, SeenMail
from engine.model.mail_record import Source
from tests.integration.channels.email.imap.house import House, mail
from tests.servers import eventually

LONG_MS = 3_600_000


async def taken(house: House, *numbers: int) -> bool:
    return await house.subjects() == sorted(f"Tea {number}" for number in numbers)


async def test_a_mail_comes_by_idle_and_is_marked_as_read(house: House) -> None:
    house.change(poll_ms=LONG_MS)
    await house.deliver(mail(1))
    async with house.polled():
        await eventually(lambda: taken(house, 1), within_s=30)
        await house.deliver(mail(2))  # nobody looks by the clock
        await eventually(lambda: taken(house, 1, 2), within_s=30)
        await eventually(lambda: _all_seen(house, 2), within_s=30)
        await eventually(lambda: house.done_to(2), within_s=30)
    (first, second) = await house.received()
    envelope = second.received.envelope
    assert (envelope.source, envelope.channel, envelope.peer) == (Source.IMAP, "mail", "localhost")
    folder = await house.folder()
    assert envelope.mailbox == f"support/INBOX/{folder.uid_validity}/1"
    assert first.received.sha256 == hashlib.sha256(mail(2)).hexdigest()


async def _all_seen(house: House, many: int, folder: str = "INBOX") -> bool:
    flags = await house.flags(folder)
    return len(flags) == many and all("\\Seen" in one for one in flags)


async def test_mails_that_people_have_read_already_are_taken_too(house: House) -> None:
    await house.deliver(mail(1))
    with house.dovecot.client(house.user) as person:
        person.store("1", "+FLAGS", "\\Seen")
    async with house.polled():
        await eventually(lambda: taken(house, 1), within_s=30)


async def test_hundreds_of_mails_are_each_taken_once(house: House) -> None:
    await house.deliver(*(mail(number) for number in range(300)))
    async with house.polled():
        await eventually(lambda: taken(house, *range(300)), within_s=60)
        await eventually(lambda: _all_seen(house, 300), within_s=60)
    assert house.counted == ["taken"] * 300


async def test_left_alone_they_are_known_by_their_numbers(house: House) -> None:
    house.change(after=SeenMail.LEAVE)
    await house.deliver(mail(1), mail(2))
    async with house.polled():
        await eventually(lambda: house.done_to(2), within_s=30)
    await house.deliver(mail(3))
    async with house.polled():
        await eventually(lambda: house.done_to(3), within_s=30)
    assert await taken(house, 1, 2, 3)
    assert not await _all_seen(house, 3)
    assert house.counted == ["taken"] * 3


async def test_they_are_moved_to_a_folder_that_is_made(house: House) -> None:
    house.change(after=SeenMail.MOVE, move_to="Erledigt & Übernommen")
    await house.deliver(mail(1), mail(2))
    async with house.polled():
        await eventually(lambda: taken(house, 1, 2), within_s=30)
        await eventually(lambda: _moved(house), within_s=30)
    assert await house.alerts() == []


async def _moved(house: House) -> bool:
    return not await house.flags() and len(await house.flags('"Erledigt &- &ANw-bernommen"')) == 2


async def test_deleted_is_what_was_taken_and_nothing_else(house: House) -> None:
    house.change(after=SeenMail.DELETE, folders=("INBOX",))
    await house.deliver(mail(1), mail(2))
    await house.deliver(mail(9), folder="Kept")
    async with house.polled():
        await eventually(lambda: taken(house, 1, 2), within_s=30)
        await eventually(lambda: _empty(house), within_s=30)
    assert len(await house.flags("Kept")) == 1


async def _empty(house: House) -> bool:
    return not await house.flags()


async def test_several_folders_are_taken(house: House) -> None:
    house.change(folders=("INBOX", "Verkauf.Öffentlich"), poll_ms=200)
    await house.deliver(mail(1))
    await house.deliver(mail(2), folder='"Verkauf.&ANY-ffentlich"')
    async with house.polled():
        await eventually(lambda: taken(house, 1, 2), within_s=30)
        await house.deliver(mail(3), folder='"Verkauf.&ANY-ffentlich"')
        await eventually(lambda: taken(house, 1, 2, 3), within_s=30)


async def test_of_what_lay_there_at_first_the_old_is_left(house: House) -> None:
    house.change(since_ms=86_400_000)
    await house.deliver(mail(1), at_s=time.time() - 30 * 86_400)
    await house.deliver(mail(2), at_s=time.time() - 3_600)
    async with house.polled():
        await eventually(lambda: taken(house, 2), within_s=30)
        await house.deliver(mail(3), at_s=time.time() - 20 * 86_400)  # somebody moves an old one there
        await eventually(lambda: house.done_to(3), within_s=30)
    assert await taken(house, 2, 3)


async def test_numbers_that_begin_anew_lose_nothing_and_double_nothing(house: House) -> None:
    house.change(folders=("Box",), after=SeenMail.LEAVE, poll_ms=200)
    await house.deliver(mail(1), mail(2), folder="Box")
    async with house.polled():
        await eventually(lambda: house.done_to(2, "Box"), within_s=30)
        before = (await house.folder("Box")).uid_validity
        with house.dovecot.client(house.user) as person:
            person.delete("Box")
        await house.deliver(mail(1), mail(2), mail(3), folder="Box")
        await eventually(lambda: taken(house, 1, 2, 3), within_s=30)
        await eventually(lambda: house.done_to(3, "Box"), within_s=30)
    assert (await house.folder("Box")).uid_validity != before
    assert sorted(house.counted) == ["repeated", "repeated", "taken", "taken", "taken"]


async def test_large_mails_are_streamed(house: House) -> None:
    large = mail(1, size=5_000_000)
    await house.deliver(large, mail(2), mail(3, size=taking.SMALL_BYTES))
    async with house.polled():
        await eventually(lambda: taken(house, 1, 2, 3), within_s=30)
        await eventually(lambda: _all_seen(house, 3), within_s=30)
    first = (await house.received())[-1].received
    assert {one.received.size for one in await house.received()} >= {len(large)}
    assert first.size > 0


async def test_a_mail_that_is_too_large_is_left_and_told_and_holds_up_nobody(house: House) -> None:
    house.most_bytes = 400_000
    await house.deliver(mail(1, size=600_000), mail(2))
    async with house.polled():
        await eventually(lambda: taken(house, 2), within_s=30)
        await eventually(house.alerts, within_s=30)
        await house.deliver(mail(3))
        await eventually(lambda: house.done_to(3), within_s=30)
    assert await taken(house, 2, 3)
    assert await house.alerts() == [("mail-left", "too-large")]
    assert sum("\\Seen" in one for one in await house.flags()) == 2


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
async def test_connections_are_protected(house: House, security: Security) -> None:
    def trusting() -> SSLContext:
        return create_default_context(cafile=str(house.dovecot.certificate))

    port = house.dovecot.tls_port if security is Security.TLS else house.dovecot.port
    house.change(security=security, port=port, poll_ms=LONG_MS)
    async with house.polled(tls=trusting):
        await house.deliver(mail(1))
        await eventually(lambda: taken(house, 1), within_s=30)
        await house.deliver(mail(2))
        await eventually(lambda: taken(house, 1, 2), within_s=30)


async def test_several_clients_change_the_mailbox_meanwhile(house: House) -> None:
    """Others flag and expunge while mail is taken: what they throw away first is theirs, the rest is taken once."""

    def throw_away() -> None:
        with house.dovecot.client(house.user) as person:
            for number in range(0, 60, 3):
                person.uid("STORE", str(number + 1), "+FLAGS", "(\\Deleted \\Flagged)")
            person.expunge()

    await house.deliver(*(mail(number) for number in range(60)))
    async with house.polled():
        await asyncio.gather(*(asyncio.to_thread(throw_away) for _ in range(2)), house.deliver(mail(100)))
        await eventually(lambda: _has(house, "Tea 100"), within_s=30)
        await house.deliver(mail(101))
        await eventually(lambda: _has(house, "Tea 101"), within_s=30)
    subjects = await house.subjects()
    assert len(subjects) == len(set(subjects))
    left = await house.flags()
    assert len(left) <= len(subjects)
    assert await house.alerts() == []


async def _has(house: House, subject: str) -> bool:
    return subject in await house.subjects()
