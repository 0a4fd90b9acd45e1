"""Mailboxes that want XOAUTH2: a real Dovecot asks the giver of tokens whether one is good."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from engine.bench.ports import free_port
from engine.model.mail_channel import OAuth
from tests.dovecot import Dovecot, running_dovecot
from tests.integration.channels.email.imap.house import House, mail, open_house
from tests.records import migrated_file
from tests.servers import eventually

USER = "shop@tea.example"


class TokenServer:
    """Give out tokens, and say which are good."""

    def __init__(self) -> None:
        self.good: set[str] = set()
        self.asked: list[dict[str, str]] = []
        self.answer: tuple[int, dict[str, object]] | None = None  # in place of a token
        self.rotates = False
        self._server: asyncio.Server | None = None

    async def start(self, port: int) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)

    async def stop(self) -> None:
        """Stop listening."""
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        fields = dict(line.split(": ", 1) for line in head.lower().split("\r\n")[1:] if ": " in line)
        body = (await reader.readexactly(int(fields.get("content-length", 0)))).decode()
        if head.startswith("POST"):
            status, answer = self._token({name: values[0] for name, values in parse_qs(body).items()})
        else:
            token = head.partition("uthorization: Bearer ")[2].partition("\r\n")[0]
            status, answer = 200, {"active": str(token in self.good).lower(), "username": USER}
        text = json.dumps(answer)
        writer.write(f"HTTP/1.1 {status} -\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n{text}".encode())
        await writer.drain()
        writer.close()

    def _token(self, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        self.asked.append(form)
        if self.answer is not None:
            return self.answer
        token = f"token-{len(self.asked)}"
        self.good = {token}
        more = {"refresh_token": f"refresh-{len(self.asked)}"} if self.rotates else {}
        return 200, {"access_token": token, "expires_in": 3_600, **more}


@pytest.fixture(scope="module")
def port() -> int:
    """Return the port that tokens are had and checked at."""
    return free_port()


@pytest.fixture(scope="module")
def asking(port: int) -> Iterator[Dovecot]:
    """Run a Dovecot that asks whether tokens are good."""
    with running_dovecot(introspection_url=f"http://127.0.0.1:{port}/introspect") as server:
        yield server


@pytest.fixture
async def tokens(port: int) -> AsyncIterator[TokenServer]:
    """Run the giver of tokens."""
    server = TokenServer()
    await server.start(port)
    yield server
    await server.stop()


@pytest.fixture
async def house(asking: Dovecot, tokens: TokenServer, port: int, tmp_path: Path, org: str) -> AsyncIterator[House]:
    """Return a mailbox that wants a token, and its poller's refresh token."""
    async with open_house(asking, migrated_file(tmp_path / "record.db"), tmp_path, org) as opened:
        oauth = OAuth(token_url=f"http://127.0.0.1:{port}/token", client_id="cordboard", scope="mail")
        opened.change(login=USER, oauth=oauth)
        opened.put_secret("refresh_token = first\nclient_secret = hush\n")
        tokens.good = set()
        yield opened


async def taken(house: House, subject: str) -> bool:
    return subject in await house.subjects()


async def fault(house: House) -> str:
    known = (await house.store.mailboxes.folders(house.key)).get("")
    return known.fault if known else ""


async def test_a_refresh_token_opens_the_mailbox(house: House, tokens: TokenServer) -> None:
    await asyncio.to_thread(house.dovecot.deliver, USER, mail(1))
    async with house.polled():
        await eventually(lambda: taken(house, "Tea 1"), within_s=30)
    assert tokens.asked == [
        {
            "grant_type": "refresh_token", "client_id": "cordboard", "scope": "mail",
            "refresh_token": "first", "client_secret": "hush",
        }
    ]  # fmt: skip


async def test_an_application_opens_it_with_its_own_secret(house: House, tokens: TokenServer, port: int) -> None:
    url = f"http://127.0.0.1:{port}/token"
    house.change(oauth=OAuth(token_url=url, client_id="cordboard", grant="client_credentials"))
    house.put_secret("hush")
    await asyncio.to_thread(house.dovecot.deliver, USER, mail(2))
    async with house.polled():
        await eventually(lambda: taken(house, "Tea 2"), within_s=30)
    assert tokens.asked[0] == {"grant_type": "client_credentials", "client_id": "cordboard", "client_secret": "hush"}


async def test_a_token_is_kept_and_one_that_is_refused_is_fetched_anew(house: House, tokens: TokenServer) -> None:
    async with house.polled():
        await asyncio.to_thread(house.dovecot.deliver, USER, mail(3))
        await eventually(lambda: taken(house, "Tea 3"), within_s=30)
        await asyncio.to_thread(house.dovecot.stop)
        await asyncio.to_thread(house.dovecot.start)
        await asyncio.to_thread(house.dovecot.deliver, USER, mail(4))
        await eventually(lambda: taken(house, "Tea 4"), within_s=30)
        assert len(tokens.asked) == 1
        tokens.good = set()
        await asyncio.to_thread(house.dovecot.stop)
        await asyncio.to_thread(house.dovecot.start)
        await asyncio.to_thread(house.dovecot.deliver, USER, mail(5))
        await eventually(lambda: taken(house, "Tea 5"), within_s=30)
    assert len(tokens.asked) == 2


async def test_a_refresh_token_that_was_exchanged_is_kept(house: House, tokens: TokenServer) -> None:
    tokens.rotates = True
    await asyncio.to_thread(house.dovecot.deliver, USER, mail(6))
    async with house.polled():
        await eventually(lambda: taken(house, "Tea 6"), within_s=30)
    path = house.data / "secrets" / house.org / house.source.secret
    assert path.read_text() == "refresh_token=refresh-1\nclient_secret=hush\n"
    assert [one.name for one in path.parent.iterdir()] == [path.name]


async def test_who_gets_no_token_says_why(house: House, tokens: TokenServer) -> None:
    tokens.answer = (400, {"error": "invalid_grant", "error_description": "it was withdrawn"})
    async with house.polled():
        await eventually(lambda: _is(house, "token"), within_s=30)
        known = (await house.store.mailboxes.folders(house.key))[""]
        assert known.detail == "invalid_grant: it was withdrawn"
        tokens.answer = (503, {})
        await eventually(lambda: _is(house, "unreachable"), within_s=30)


async def _is(house: House, wanted: str) -> bool:
    return await fault(house) == wanted
