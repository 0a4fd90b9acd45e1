"""Connections to mail relays: several to each, kept for the next mail, none tried while the relay is away.

One mail is one transaction (RFC 5321, section 3.3) for all its recipients, each with his own answer. What breaks
before the content was sent is tried over a fresh connection at once, since a relay may have closed one that lay idle.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiosmtplib

from engine.channels.email.retrying import TAKEN, Reply
from engine.errors import Unavailable
from engine.model.relay import FOLDER, Relay

IDLE_S = 20.0
"""A connection that lay idle for longer is not used again."""
MAILS = 100
"""Mails over one connection."""
AWAY_S = 30.0
"""A relay that cannot be reached is left alone so long."""
LONGEST_SAID = 300


class RelayAway(Unavailable):
    """Say that nothing was handed over, because the relay cannot be reached or will not have us."""


@dataclass(kw_only=True, slots=True)
class _Connection:
    smtp: aiosmtplib.SMTP
    mails: int = 0
    idle_since: float = 0.0


@dataclass(kw_only=True, slots=True)
class _Line:
    """One relay."""

    turns: asyncio.Semaphore
    idle: list[_Connection] = field(default_factory=list)
    away_until: float = 0.0
    fault: str = ""


class Relays:
    """Hand mails over."""

    def __init__(
        self,
        *,
        timeout_s: float,
        connections: int,
        name: str = "",
        tls: ssl.SSLContext | None = None,
        away_s: float = AWAY_S,
    ) -> None:
        """``connections`` to each relay at most; ``name`` is said in EHLO; ``tls``: in place of the usual trust."""
        self._timeout_s = timeout_s
        self._connections = connections
        self._name = name or None
        self._tls = tls
        self._away_s = away_s
        self._lines: dict[Relay, _Line] = {}

    def away(self, relay: Relay) -> str:
        """Return why a relay is left alone for now, "" when it may be tried."""
        line = self._line(relay)
        return line.fault if _now() < line.away_until else ""

    async def send(self, relay: Relay, name: str, sender: str, to: Sequence[str], source: bytes) -> Mapping[str, Reply]:
        """Hand a mail over; return the answer for each recipient. ``name`` tells mails in a folder apart.

        Raises RelayAway; then nobody has it. A broken connection is an answer with code 0: somebody may have it.
        """
        if relay.scheme == FOLDER:
            await asyncio.to_thread(_file, Path(relay.folder), f"{name}.eml", source)
            return {one: Reply(code=250, said="written into a folder") for one in to}
        line = self._line(relay)
        async with line.turns:
            for idle in (_idle(line), None):
                connection = idle or await self._connect(relay, line)
                replies = await _transact(connection, sender, to, source)
                if replies is not None:
                    await self._put_back(line, connection)
                    return replies
        raise RelayAway(f"{relay.name} closes its connections")

    async def close(self) -> None:
        """Close all connections. Safe to call twice."""
        lines, self._lines = list(self._lines.values()), {}
        for connection in [one for line in lines for one in line.idle]:
            connection.smtp.close()

    def _line(self, relay: Relay) -> _Line:
        line = self._lines.get(relay)
        if line is None:
            line = self._lines[relay] = _Line(turns=asyncio.Semaphore(self._connections))
        return line

    async def _connect(self, relay: Relay, line: _Line) -> _Connection:
        if fault := self.away(relay):
            raise RelayAway(fault)
        smtp = aiosmtplib.SMTP(
            hostname=relay.host,
            port=relay.port,
            username=relay.user or None,
            password=relay.password or None,
            use_tls=relay.scheme == "smtps",
            start_tls=relay.scheme == "smtp",
            timeout=self._timeout_s,
            local_hostname=self._name,
            tls_context=self._tls,
        )
        try:
            await smtp.connect()
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            smtp.close()
            line.fault = f"the relay {relay.name}: {_said(error)}"
            line.away_until = _now() + self._away_s
            raise RelayAway(line.fault) from error
        line.away_until = 0.0
        return _Connection(smtp=smtp)

    async def _put_back(self, line: _Line, connection: _Connection) -> None:
        connection.mails += 1
        connection.idle_since = _now()
        if connection.mails < MAILS and connection.smtp.is_connected:
            line.idle.append(connection)
            return
        with contextlib.suppress(aiosmtplib.SMTPException, OSError):
            await connection.smtp.quit()
        connection.smtp.close()


def _idle(line: _Line) -> _Connection | None:
    """Return a connection that lay idle and may still be good."""
    while line.idle:
        connection = line.idle.pop()
        if connection.smtp.is_connected and _now() - connection.idle_since < IDLE_S:
            return connection
        connection.smtp.close()
    return None


async def _transact(
    connection: _Connection, sender: str, to: Sequence[str], source: bytes
) -> Mapping[str, Reply] | None:
    """Return the answers; None when the connection broke before anything of the content was sent."""
    smtp = connection.smtp
    try:
        replies = await _envelope(smtp, sender, to)
    except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError, OSError):
        smtp.close()
        return None
    except BaseException:  # cancelled in mid-exchange: nobody may use it any more
        smtp.close()
        raise
    taken = [one for one in to if replies[one].code in TAKEN]
    if taken:
        said = await _content(smtp, source)
        replies |= dict.fromkeys(taken, said)
    if smtp.is_connected and not (taken and all(one.code in TAKEN for one in replies.values())):
        try:
            await smtp.rset()
        except (aiosmtplib.SMTPException, OSError):  # its answer may still come, and is not the next mail's
            smtp.close()
    return replies


async def _envelope(smtp: aiosmtplib.SMTP, sender: str, to: Sequence[str]) -> dict[str, Reply]:
    try:
        await smtp.mail(sender)
    except aiosmtplib.SMTPResponseException as error:
        return dict.fromkeys(to, _reply(error))
    replies = {}
    for one in to:
        try:
            answer = await smtp.rcpt(one)
            replies[one] = Reply(code=answer.code, said=answer.message[:LONGEST_SAID])
        except aiosmtplib.SMTPResponseException as error:
            replies[one] = _reply(error)
        except ValueError as error:
            replies[one] = Reply(code=553, said=str(error)[:LONGEST_SAID])  # no address for the wire
    return replies


async def _content(smtp: aiosmtplib.SMTP, source: bytes) -> Reply:
    """Send the content; a connection that breaks here leaves open whether the relay has the mail."""
    try:
        answer = await smtp.data(source)
        return Reply(code=answer.code, said=answer.message[:LONGEST_SAID])
    except aiosmtplib.SMTPResponseException as error:
        return _reply(error)
    except (aiosmtplib.SMTPException, OSError) as error:
        smtp.close()
        return Reply(code=0, said=_said(error))
    except BaseException:
        smtp.close()
        raise


def _reply(error: aiosmtplib.SMTPResponseException) -> Reply:
    return Reply(code=error.code, said=str(error.message)[:LONGEST_SAID])


def _said(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:LONGEST_SAID]


def _file(folder: Path, name: str, source: bytes) -> None:
    """Write a mail into a folder, whole or not at all; the same one again replaces itself."""
    folder.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(dir=folder, prefix=".new-")
    with os.fdopen(handle, "wb") as file:
        file.write(source)
    Path(beside).replace(folder / name)


def _now() -> float:
    return asyncio.get_running_loop().time()
