"""Servers that can do little: no IDLE, no MOVE, no UIDPLUS, no first answers; and what else they differ in."""

import asyncio
import base64
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from ssl import create_default_context

import pytest

from engine.channels.email.imap.session import Session, Unreadable
from engine.model.mail_channel import SeenMail
from tests.dovecot import Dovecot, running_dovecot
from tests.integration.channels.email.imap.house import House, mail, open_house
from tests.records import migrated_file
from tests.servers import eventually


@pytest.fixture(scope="module")
def plain_dovecot() -> Iterator[Dovecot]:
    """Run a Dovecot that says it can do nothing but the protocol itself."""
    with running_dovecot(capability="IMAP4rev1") as server:
        yield server


@pytest.fixture
async def house(plain_dovecot: Dovecot, tmp_path: Path, org: str) -> AsyncIterator[House]:
    """Return an empty mailbox there."""
    async with open_house(plain_dovecot, migrated_file(tmp_path / "record.db"), tmp_path, org) as opened:
        opened.change(poll_ms=100)
        yield opened


async def taken(house: House, *numbers: int) -> bool:
    return await house.subjects() == sorted(f"Tea {number}" for number in numbers)


async def test_a_server_that_cannot_tell_is_asked(house: House) -> None:
    async with house.polled():
        await house.deliver(mail(1))
        await eventually(lambda: taken(house, 1), within_s=30)
        await house.deliver(mail(2))
        await eventually(lambda: taken(house, 1, 2), within_s=30)


async def test_moved_is_copied_and_deleted(house: House) -> None:
    house.change(after=SeenMail.MOVE, move_to="Done")
    await house.deliver(mail(1), mail(2))
    async with house.polled():
        await eventually(lambda: taken(house, 1, 2), within_s=30)
        await eventually(lambda: _moved(house), within_s=30)
    assert len(await house.flags("Done")) == 2


async def _moved(house: House) -> bool:
    return not await house.flags()


async def test_what_others_have_marked_as_deleted_is_not_thrown_away(house: House) -> None:
    house.change(after=SeenMail.DELETE)
    await house.deliver(mail(1))
    async with house.polled():
        await eventually(lambda: _moved(house), within_s=30)
        await eventually(lambda: house.done_to(1), within_s=30)
    await house.deliver(mail(2))
    with house.dovecot.client(house.user) as person:
        person.store("1", "+FLAGS", "\\Deleted")
    house.change(after=SeenMail.LEAVE)
    async with house.polled():
        await eventually(lambda: house.done_to(2), within_s=30)
    await house.deliver(mail(3))
    house.change(after=SeenMail.DELETE)
    async with house.polled():
        await eventually(lambda: house.done_to(3), within_s=30)
    assert len(await house.flags()) == 2


@pytest.mark.parametrize("greeting", ["IMAP4rev1", "IMAP4rev1 AUTH=PLAIN", "IMAP4rev1 AUTH=PLAIN SASL-IR"])
async def test_a_password_is_said_in_every_way(house: House, greeting: str) -> None:
    """Letters beyond ASCII too: as a literal, or encoded."""
    heard: list[bytes] = []
    for password in ("tea & 'milk' \"hot\" \\", "Käsekuchen 奶酪"):
        heard.clear()
        server = await asyncio.start_server(lambda r, w: _listen(r, w, greeting, heard), "127.0.0.1", 0)
        house.change(port=server.sockets[0].getsockname()[1], server="127.0.0.1", login="vera")
        session = await Session.open(house.source, tls=create_default_context(), timeout_s=20)
        await session.log_in(house.source, password)
        session.close()
        server.close()
        await server.wait_closed()
        assert _password_in(b"".join(heard)) == password


def _password_in(said: bytes) -> str:
    encoded = re.search(rb"^(?:C\d+ AUTHENTICATE PLAIN )?([A-Za-z0-9+/]{12,}=*)\r$", said, re.MULTILINE)
    if encoded:
        return base64.b64decode(encoded.group(1)).split(b"\0")[2].decode()
    quoted = re.search(rb'LOGIN "vera" "(.*)"\r\n', said)
    if quoted:
        return re.sub(rb"\\(.)", rb"\1", quoted.group(1)).decode()
    literal = re.search(rb"vera \{(\d+)\}\r\n(.*)\r\n", said)
    assert literal is not None, said
    assert len(literal.group(2)) == int(literal.group(1))
    return literal.group(2).decode()


async def _listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, can: str, heard: list[bytes]) -> None:
    """Take whatever log-in comes, as a server that can do no more than it says."""
    writer.write(b"* OK ready\r\n")
    tag = b""
    while line := await reader.readline():
        heard.append(line)
        words = line.split()
        if len(words) > 1 and words[1] in (b"CAPABILITY", b"LOGIN", b"AUTHENTICATE"):
            tag = words[0]
        if b" CAPABILITY" in line:
            writer.write(f"* CAPABILITY {can}\r\n".encode() + tag + b" OK done\r\n")
        elif line.rstrip().endswith(b"}") or line.rstrip().endswith(b"AUTHENTICATE PLAIN"):
            writer.write(b"+ go on\r\n")
        else:
            writer.write(tag + b" OK let in\r\n")
    writer.close()


async def test_a_mail_on_which_the_server_hangs_up_is_left_and_told_and_holds_up_nobody(house: House) -> None:
    await house.deliver(mail(1), mail(2), mail(3))
    broken, *_ = (
        path for path in house.dovecot.directory.glob(f"mail/{house.user}/**/*") if b"Tea 2" in _content(path)
    )
    broken.chmod(0)
    async with house.polled():
        await eventually(lambda: taken(house, 1, 3), within_s=60)
        await house.deliver(mail(4))
        await eventually(lambda: house.done_to(4), within_s=30)
    assert await taken(house, 1, 3, 4)
    assert ("mail-left", "unreadable") in await house.alerts()


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


GIVEN = [b"", b"* 1 FETCH (UID 7 BODY[] NIL)\r\n", b"* 1 FETCH (FLAGS (\\Seen) UID 7)\r\n"]


@pytest.mark.parametrize("given", GIVEN, ids=["nothing", "nil", "flags"])
async def test_what_is_not_given_out_is_never_an_empty_mail(house: House, given: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK ready\r\n")
        while line := await reader.readline():
            writer.write((given if b"FETCH" in line else b"") + line.split()[0] + b" OK done\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    house.change(port=server.sockets[0].getsockname()[1], server="127.0.0.1")
    session = await Session.open(house.source, tls=create_default_context(), timeout_s=20)
    assert await session.beginnings([7], 1_000) == {}
    with pytest.raises(Unreadable):
        _ = [chunk async for chunk in session.whole(7, most_bytes=1_000)]
    session.close()
    server.close()
    await server.wait_closed()
