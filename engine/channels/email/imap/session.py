"""A session with an IMAP server: signed in, a folder chosen, its mails looked for, fetched and done with."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from engine.channels.email.imap.connection import Connection, Heed, nothing
from engine.channels.email.imap.faults import Fault, Faulty, printable
from engine.channels.email.imap.wire import (
    Response,
    Value,
    folder_name,
    items,
    moment_ms,
    number_set,
    numbers,
    plain,
    quoted,
    xoauth2,
)
from engine.model.mail_channel import MailboxSource, Security

IDLE_S = 28 * 60.0
"""A server may take a client for dead after 29 minutes in IDLE (RFC 2177)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Selected:
    """A folder as it was chosen."""

    uid_validity: int
    uid_next: int = 0  # 0 = the server did not say


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """The beginning of a mail."""

    uid: int
    at_ms: int  # when it came to the mailbox
    size: int  # as the server believes
    data: bytes


class Session:
    """What is said with one connection. What raises Faulty leaves it of no more use."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._can: frozenset[str] = frozenset()
        self._news = False
        self._signed_in = False

    @classmethod
    async def open(cls, source: MailboxSource, *, tls: ssl.SSLContext, timeout_s: float) -> Session:
        """Connect, read the greeting and protect the connection as configured. Raises Faulty."""
        first = tls if source.security is Security.TLS else None
        connection = await Connection.open(source.server, source.port, tls=first, timeout_s=timeout_s)
        session = cls(connection)
        try:
            await session._greet(source, tls, timeout_s)
        except BaseException:
            connection.close()
            raise
        return session

    async def _greet(self, source: MailboxSource, tls: ssl.SSLContext, timeout_s: float) -> None:
        try:
            greeting = await self._connection.response(timeout_s=timeout_s)
        except TimeoutError as error:
            raise Faulty(Fault.UNREACHABLE, "the server does not greet") from error
        if greeting.kind not in ("OK", "PREAUTH"):
            raise Faulty(Fault.UNREACHABLE, f"the server does not want to talk: {greeting.text}")
        self._signed_in = greeting.kind == "PREAUTH"
        if source.security is Security.STARTTLS:
            await self.command("STARTTLS", fault=Fault.TLS)
            await self._connection.upgrade(source.server, tls)
        await self._ask_what_it_can()

    def close(self) -> None:
        """Cut the connection. Safe to call twice."""
        self._connection.close()

    async def log_in(self, source: MailboxSource, secret: str) -> None:
        """Sign in with a password or, where OAuth is configured, an access token. Raises Faulty."""
        if self._signed_in:
            return
        if source.oauth is not None:
            await self._authenticate("XOAUTH2", xoauth2(source.login, secret))
        elif "AUTH=PLAIN" in self._can:
            await self._authenticate("PLAIN", plain(source.login, secret))
        else:
            await self._log_in_plainly(source.login, secret)
        await self._ask_what_it_can()
        if "ID" in self._can:  # some providers let no unknown program in: RFC 2971
            await self.command('ID ("name" "Cordboard")', fault=None)

    async def select(self, folder: str) -> Selected:
        """Choose a folder. Raises Faulty (``folder``)."""
        said: dict[str, str] = {}

        def heed(response: Response) -> None:
            said[response.code] = response.argument

        await self.command(f"SELECT {folder_name(folder)}", fault=Fault.FOLDER, heed=heed)
        if not _number(said, "UIDVALIDITY"):
            raise Faulty(Fault.FOLDER, f"the server keeps no numbers of mails in {folder}")
        self._news = False
        return Selected(uid_validity=_number(said, "UIDVALIDITY"), uid_next=_number(said, "UIDNEXT"))

    async def search(self, criteria: str) -> list[int]:
        """Return the numbers (UIDs) of the chosen folder's mails that fit, ascending. Raises Faulty."""
        found: list[int] = []

        def heed(response: Response) -> None:
            if response.kind == "SEARCH":
                found.extend(numbers(response.values))

        self._news = False
        await self.command(f"UID SEARCH {criteria}", fault=Fault.FOLDER, heed=heed)
        return sorted(set(found))

    async def beginnings(self, uids: Sequence[int], most_bytes: int) -> dict[int, Fetched]:
        """Return at most ``most_bytes`` of each mail that the server gives out, by number. Raises Faulty."""
        found: dict[int, Fetched] = {}

        def heed(response: Response) -> None:
            one = _fetched(response)
            if one is not None and one.uid in uids:
                found[one.uid] = one
                if len(one.data) > most_bytes:
                    raise Faulty(Fault.PROTOCOL, "the server sends more of a mail than was asked for")

        parts = f"(UID INTERNALDATE RFC822.SIZE BODY.PEEK[]<0.{most_bytes}>)"
        await self.command(f"UID FETCH {number_set(uids)} {parts}", fault=None, heed=heed)
        return found

    async def whole(self, uid: int, *, most_bytes: int) -> AsyncGenerator[bytes, None]:
        """Yield a mail as it comes from the server.

        Raises Faulty, also when it has gone or is another; TooLong; Unreadable. Whoever does not read to the end must
        close the session.
        """
        seen, given = 0, False

        def sized(size: int) -> None:
            nonlocal given
            given = True
            if size > most_bytes:
                raise TooLong(size)

        def heed(response: Response) -> None:
            nonlocal seen
            seen = _uid(response) or seen

        command = f"UID FETCH {uid} (UID BODY.PEEK[])"
        async for chunk in self._connection.stream(command, heed=heed, sized=sized):
            yield chunk
        if not given:  # nothing, or NIL
            raise Unreadable
        if seen != uid:
            raise Faulty(Fault.UNREACHABLE, "a mail has gone while it was fetched")

    async def mark_seen(self, uids: Sequence[int]) -> None:
        """Mark mails as read. Raises Faulty (``after``)."""
        await self.command(f"UID STORE {number_set(uids)} +FLAGS.SILENT (\\Seen)", fault=Fault.AFTER)

    async def move(self, uids: Sequence[int], folder: str) -> None:
        """Move mails to another folder, which is made where it is missing. Raises Faulty (``after``)."""
        verb = "UID MOVE" if "MOVE" in self._can else "UID COPY"
        command = f"{verb} {number_set(uids)} {folder_name(folder)}"
        response = await self._connection.run(command, heed=self._heard(nothing))
        if response.kind == "NO" and response.code == "TRYCREATE":
            await self.command(f"CREATE {folder_name(folder)}", fault=Fault.AFTER)
            response = await self._connection.run(command, heed=self._heard(nothing))
        _require(response, Fault.AFTER)
        if verb == "UID COPY":
            await self.delete(uids)

    async def delete(self, uids: Sequence[int]) -> None:
        """Delete mails, and no others. Raises Faulty (``after``)."""
        await self.command(f"UID STORE {number_set(uids)} +FLAGS.SILENT (\\Deleted)", fault=Fault.AFTER)
        if "UIDPLUS" in self._can:
            await self.command(f"UID EXPUNGE {number_set(uids)}", fault=Fault.AFTER)
        elif set(await self.search("DELETED")) <= set(uids):  # else it would throw away what others have marked
            await self.command("EXPUNGE", fault=Fault.AFTER)

    async def wait(self, seconds: float) -> None:
        """Wait until the chosen folder has news, ``seconds`` at most. Raises Faulty."""
        if "IDLE" in self._can:
            if not self._news:
                await self._idle(min(seconds, IDLE_S))
            return
        await asyncio.sleep(seconds)
        await self.command("NOOP", fault=Fault.UNREACHABLE)

    async def command(
        self, text: str, *, fault: Fault | None, heed: Heed = nothing, answers: tuple[str, ...] = ()
    ) -> Response:
        """Say a command; raise Faulty, as ``fault`` where the server refuses it. None: it may."""
        response = await self._connection.run(text, heed=self._heard(heed), answers=answers)
        if fault is not None:
            _require(response, fault)
        return response

    def _heard(self, heed: Heed) -> Heed:
        def hear(response: Response) -> None:
            self._news = self._news or response.kind in ("EXISTS", "RECENT")
            heed(response)

        return hear

    async def _ask_what_it_can(self) -> None:
        can: set[str] = set()

        def heed(response: Response) -> None:
            if response.kind == "CAPABILITY":
                can.update(str(value).upper() for value in response.values if isinstance(value, str))

        await self.command("CAPABILITY", fault=Fault.PROTOCOL, heed=heed)
        self._can = frozenset(can)

    async def _authenticate(self, mechanism: str, answer: str) -> None:
        """Sign in; to a challenge, which tells a failure, an empty line is the answer."""
        if "SASL-IR" in self._can:
            await self.command(f"AUTHENTICATE {mechanism} {answer}", fault=Fault.REFUSED)
        else:
            await self.command(f"AUTHENTICATE {mechanism}", fault=Fault.REFUSED, answers=(answer,))

    async def _log_in_plainly(self, login: str, password: str) -> None:
        if "LOGINDISABLED" in self._can:
            raise Faulty(Fault.REFUSED, "the server takes no passwords on this connection: use security: tls")
        if login.isascii() and password.isascii() and (login + password).isprintable():
            await self.command(f"LOGIN {quoted(login)} {quoted(password)}", fault=Fault.REFUSED)
            return
        sizes = [len(one.encode()) for one in (login, password)]
        answers = (f"{login} {{{sizes[1]}}}", password)
        await self.command(f"LOGIN {{{sizes[0]}}}", fault=Fault.REFUSED, answers=answers)

    async def _idle(self, seconds: float) -> None:
        """Wait in IDLE for news of the folder (RFC 2177)."""
        connection = self._connection
        tag = connection.next_tag()
        await connection.send(f"{tag} IDLE")
        deadline = asyncio.get_running_loop().time() + seconds
        while not self._news and (left := deadline - asyncio.get_running_loop().time()) > 0:
            try:
                response = await connection.response(timeout_s=left)
            except TimeoutError:
                break
            if response.tag == tag or response.kind == "BYE":
                raise Faulty(Fault.UNREACHABLE, f"the server ended the wait: {response.text}")
            self._news = response.kind in ("EXISTS", "RECENT")
        await connection.send("DONE")
        while (response := await connection.response()).tag != tag:
            self._heard(nothing)(response)


class TooLong(Exception):
    """Say that a mail has more bytes than are taken."""

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__(f"{size} bytes")


class Unreadable(Exception):
    """Say that a mail is there, and the server does not give it out."""


def _require(response: Response, fault: Fault) -> None:
    if response.kind == "OK":
        return
    passing = response.code in ("UNAVAILABLE", "INUSE", "SERVERBUG", "LIMIT")  # RFC 5530
    raise Faulty(Fault.UNREACHABLE if passing else fault, printable(response.text))


def _number(said: dict[str, str], code: str) -> int:
    text = said.get(code, "")
    return int(text) if text.isascii() and text.isdigit() else 0


def _uid(response: Response) -> int:
    if response.kind == "FETCH":
        for name, value in items(response.values):
            if name == "UID":
                return (numbers([value]) or [0])[0]
    return 0


def _fetched(response: Response) -> Fetched | None:
    if response.kind != "FETCH":
        return None
    said: dict[str, Value] = dict(items(response.values))
    body, at = said.get("BODY[]"), said.get("INTERNALDATE")
    size = (numbers([said.get("RFC822.SIZE")]) or [0])[0]
    if not isinstance(body, bytes) or (size and not body):
        return None
    return Fetched(
        uid=_uid(response),
        at_ms=moment_ms(at) if isinstance(at, bytes) else 0,
        size=size,
        data=body,
    )
