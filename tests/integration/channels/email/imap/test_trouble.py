"""What goes wrong with a mailbox: seen, told, survived; nothing lost, nothing doubled, nobody else held up."""

import asyncio
from collections.abc import AsyncIterator
from ssl import create_default_context

import pytest

from engine import failpoints
from engine.channels.email.imap.faults import Fault, Faulty
from engine.channels.email.imap.session import Session
from engine.channels.email.inlet import Taken
from engine.errors import Unavailable
from engine.model.mail_channel import Security, SeenMail
from engine.model.mail_record import Envelope
from tests.dovecot import PASSWORD, Dovecot
from tests.integration.channels.email.imap.house import House, mail
from tests.servers import eventually

LONG_MS = 3_600_000


async def taken(house: House, *numbers: int) -> bool:
    return await house.subjects() == sorted(f"Tea {number}" for number in numbers)


async def fault(house: House, folder: str = "") -> str:
    known = (await house.store.mailboxes.folders(house.key)).get(folder)
    return known.fault if known else ""


async def test_the_server_restarts_while_it_is_waited_for(house: House) -> None:
    house.change(poll_ms=LONG_MS)
    await house.deliver(mail(1))
    async with house.polled():
        await eventually(lambda: taken(house, 1), within_s=30)
        await asyncio.to_thread(house.dovecot.stop)
        await eventually(lambda: _is(house, "unreachable"), within_s=30)
        await asyncio.to_thread(house.dovecot.start)
        await house.deliver(mail(2))
        await eventually(lambda: taken(house, 1, 2), within_s=30)
        await eventually(lambda: _is(house, ""), within_s=30)


async def _is(house: House, wanted: str, folder: str = "") -> bool:
    return await fault(house, folder) == wanted


async def test_a_wrong_password_is_told_once_and_counts_when_it_is_mended(house: House) -> None:
    house.put_secret("wrong")
    await house.deliver(mail(1))
    async with house.polled() as poller:
        await eventually(lambda: _is(house, "refused"), within_s=30)
        assert poller.fault is Fault.REFUSED
        house.put_secret()
        await eventually(lambda: taken(house, 1), within_s=30)
        await eventually(lambda: _is(house, ""), within_s=30)
    assert await house.alerts() == [("mailbox-fault", "refused")]


async def test_a_secret_that_is_missing_is_told(house: House) -> None:
    house.change(secret="no-such-file")
    async with house.polled():
        await eventually(lambda: _is(house, "secret"), within_s=30)
    assert await house.alerts() == [("mailbox-fault", "secret")]


async def test_a_folder_that_is_missing_holds_up_no_other(house: House) -> None:
    house.change(folders=("Nowhere", "INBOX"), poll_ms=100)
    await house.deliver(mail(1))
    async with house.polled():
        await eventually(lambda: taken(house, 1), within_s=30)
        await eventually(lambda: _is(house, "folder", "Nowhere"), within_s=30)
        await house.deliver(mail(2), folder="Nowhere")
        await eventually(lambda: taken(house, 1, 2), within_s=30)
        await eventually(lambda: _is(house, "", "Nowhere"), within_s=30)
    assert await house.alerts() == [("mailbox-fault", "folder")]


async def test_mails_that_cannot_be_moved_are_taken_all_the_same(house: House) -> None:
    house.change(after=SeenMail.MOVE, move_to="a..b", poll_ms=100)
    await house.deliver(mail(1))
    async with house.polled():
        await eventually(lambda: taken(house, 1), within_s=30)
        await eventually(lambda: _is(house, "after", "INBOX"), within_s=30)
        await house.deliver(mail(2))
        await eventually(lambda: taken(house, 1, 2), within_s=30)
    assert set(house.counted) == {"taken"}
    assert len(await house.flags()) == 2


async def test_a_certificate_of_somebody_else_gets_no_password(house: House) -> None:
    house.change(security=Security.TLS, port=house.dovecot.tls_port)
    async with house.polled(tls=create_default_context):
        await eventually(lambda: _is(house, "tls"), within_s=30)


async def test_what_dies_between_taking_and_marking_takes_it_again_and_has_it_once(house: House) -> None:
    failpoints.arm("imap.after-take=raise,imap.after-finish=raise")
    try:
        await house.deliver(mail(1), mail(2))
        async with house.polled():
            await eventually(lambda: len(house.counted) >= 6, within_s=30)
            await eventually(lambda: taken(house, 1, 2), within_s=30)
            await eventually(lambda: _seen(house, 2), within_s=30)
    finally:
        failpoints.arm("")
    assert house.counted == ["taken"] * 2 + ["repeated"] * 4


async def _seen(house: House, many: int) -> bool:
    return sum("\\Seen" in one for one in await house.flags()) == many and (await house.folder()).last_uid == many


class Away:
    """A disk that is full for a while."""

    def __init__(self, house: House, times: int) -> None:
        self._house, self.times = house, times
        self._inlet = house.inlet

    async def take(self, envelope: Envelope, chunks: AsyncIterator[bytes], *, most_bytes: int) -> Taken:
        if self.times:
            self.times -= 1
            raise Unavailable("the disk is full")
        return await self._inlet.take(envelope, chunks, most_bytes=most_bytes)


async def test_what_cannot_be_kept_stays_unmarked_until_it_can(house: House) -> None:
    house.inlet = Away(house, 5)  # type: ignore[assignment] # an inlet all the same
    await house.deliver(mail(1), mail(2))
    async with house.polled():
        await eventually(lambda: taken(house, 1, 2), within_s=30)
        await eventually(lambda: _seen(house, 2), within_s=30)
    assert sorted(set(house.counted)) in (["taken"], ["repeated", "taken"])


async def test_expunged_between_search_and_fetch_it_has_gone(house: House) -> None:
    await house.deliver(mail(1), mail(2))
    session = await Session.open(house.source, tls=create_default_context(), timeout_s=20)
    try:
        await session.log_in(house.source, PASSWORD)
        await session.select("INBOX")
        assert await session.search("ALL") == [1, 2]
        with house.dovecot.client(house.user) as person:
            person.store("1", "+FLAGS", "\\Deleted")
            person.expunge()
        assert list(await session.beginnings([1, 2], 1_000)) == [2]
        assert await session.search("UID 1") == []
        await session.mark_seen([1, 2])
    finally:
        session.close()


@pytest.mark.parametrize(
    "greeting", [b"", b"* OK ready\r\n", b"* BYE too many of you\r\n", b"HTTP/1.1 400 Bad\r\n\r\n"]
)
async def test_a_server_that_falls_silent_or_talks_nonsense_is_given_up(house: House, greeting: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    house.change(port=server.sockets[0].getsockname()[1], server="127.0.0.1")
    with pytest.raises(Faulty) as wrong:
        await Session.open(house.source, tls=create_default_context(), timeout_s=0.2)
    assert wrong.value.fault in (Fault.UNREACHABLE, Fault.PROTOCOL)
    server.close()
    await server.wait_closed()


async def test_a_waiting_server_that_dies_without_a_word_is_noticed(house: House) -> None:
    """A connection that answers nothing any more, not even to the end of the wait."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK ready\r\n")
        while line := await reader.readline():
            tag, _, command = line.strip().partition(b" ")
            if command == b"CAPABILITY":
                writer.write(b"* CAPABILITY IMAP4rev1 IDLE\r\n" + tag + b" OK done\r\n")
            if command == b"IDLE":
                writer.write(b"+ idling\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    house.change(port=server.sockets[0].getsockname()[1], server="127.0.0.1")
    session = await Session.open(house.source, tls=create_default_context(), timeout_s=0.2)
    with pytest.raises(Faulty, match="does not answer"):
        await session.wait(0.05)
    session.close()
    server.close()
    await server.wait_closed()


async def test_one_mailbox_in_trouble_holds_up_no_other(house: House, dovecot: Dovecot) -> None:
    house.put_secret("wrong")
    async with house.polled():
        await eventually(lambda: _is(house, "refused"), within_s=30)
        house.put_secret()
        house.change(login=f"other-{house.user}")
        async with house.polled():
            await asyncio.to_thread(dovecot.deliver, house.user, mail(1))
            await eventually(lambda: taken(house, 1), within_s=30)
