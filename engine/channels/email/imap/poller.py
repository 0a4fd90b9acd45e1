"""The role that polls one mailbox: stays connected, takes what comes, and waits longer and longer when that fails."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from engine.channels.email.imap.contract import FolderRecord
from engine.channels.email.imap.doubts import Doubts
from engine.channels.email.imap.faults import PATIENT, Fault, Faulty
from engine.channels.email.imap.oauth import Tokens
from engine.channels.email.imap.session import Session
from engine.channels.email.imap.taking import Folder, TakingParts
from engine.channels.email.secret_files import SecretFiles
from engine.errors import NotFound, Unavailable
from engine.model.mail_channel import MailboxSource
from engine.model.polled_folder import FolderKey, PolledFolder

log = structlog.get_logger(__name__)

TELL_AFTER = 5
"""Faults that pass by themselves are told to people when so many tries in a row have failed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How long a failing mailbox waits for its next try; each time twice as long."""

    first_s: float = 1.0
    refused_s: float = 30.0  # who tries wrong passwords too often is locked out
    longest_s: float = 300.0
    timeout_s: float = 60.0  # of every answer of the server
    look_s: float = 5.0  # a secret that was refused may have been mended

    def wait_s(self, fault: Fault, tries: int) -> float:
        """Return the wait after ``tries`` failures in a row, a good half of it by chance."""
        first = self.first_s if fault in PATIENT else self.refused_s
        whole = min(self.longest_s, first * 2.0 ** min(tries - 1, 20))
        return whole * random.uniform(0.5, 1.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class PollerParts:
    """What a mailbox is polled with."""

    taking: TakingParts
    secrets: SecretFiles
    tls: Callable[[], ssl.SSLContext] = ssl.create_default_context
    patience: Patience = Patience()

    @property
    def record(self) -> FolderRecord:
        """Return where it is kept how far folders are taken."""
        return self.taking.record


class MailboxPoller:
    """Poll one mailbox of one organisation."""

    def __init__(self, *, parts: PollerParts, key: FolderKey, source: MailboxSource) -> None:
        """``key``: of the mailbox as a whole."""
        self._parts = parts
        self._key = key
        self._source = source
        self._tokens = Tokens(org_id=key.org_id, source=source, secrets=parts.secrets, clock=parts.taking.clock)
        self._failures = 0
        self._logged: dict[str, Fault] = {}  # by folder
        self._doubts = Doubts()
        self.fault: Fault | None = None

    @property
    def name(self) -> str:
        """Name the role: one lease for each mailbox."""
        return f"mailbox:{self._key.org_id}:{self._key.channel}:{self._key.mailbox}"

    async def step(self) -> float:
        """Poll until something goes wrong, then wait before the next try; the lease is kept meanwhile.

        Cancelled, it cuts its connection; nothing is lost by that.
        """
        try:
            await self._poll()
        except Faulty as fault:
            await self._note(self._key, fault)
            await self._rest(fault)
        except Unavailable as error:  # what is ours is away: the mails are safe where they are
            self._failures += 1
            log.warning("mail cannot be taken", **self._key._asdict(), reason=str(error))
            await asyncio.sleep(self._parts.patience.wait_s(Fault.UNREACHABLE, self._failures))
        return 0.0

    async def _poll(self) -> None:
        session = await self._enter()
        try:
            while True:
                await self._round(session)
        finally:
            session.close()

    async def _round(self, session: Session) -> None:
        """Visit every folder, then wait for news. Raises Faulty, Unavailable."""
        more, faults = False, 0
        known = await self._parts.record.folders(self._key)
        watched, *others = self._source.folders
        for folder in (*others, watched):  # the last one is open while we wait
            key = self._key._replace(folder=folder)
            visit = Folder(parts=self._parts.taking, session=session, source=self._source, key=key, doubts=self._doubts)
            try:
                more |= await visit.visit(known.get(folder) or PolledFolder(key=key))
            except Faulty as fault:
                if fault.fault not in (Fault.FOLDER, Fault.AFTER):
                    raise
                await self._note(key, fault)
                faults += 1
        if not faults:
            await self._well()
        if not more:
            await session.wait(self._source.poll_ms / 1_000)

    async def _enter(self) -> Session:
        """Connect and sign in; a token that is refused is fetched anew, once. Raises Faulty."""
        again = self._tokens.kept
        try:
            return await self._sign_in()
        except Faulty as fault:
            self._tokens.forget()
            if not (again and fault.fault is Fault.REFUSED):
                raise
        return await self._sign_in()

    async def _sign_in(self) -> Session:
        source = self._source
        secret = await (self._tokens.get(source.oauth) if source.oauth else self._secret())
        session = await Session.open(source, tls=self._parts.tls(), timeout_s=self._parts.patience.timeout_s)
        try:
            await session.log_in(source, secret)
        except BaseException:
            session.close()
            raise
        return session

    async def _secret(self) -> str:
        try:
            return await asyncio.to_thread(self._parts.secrets.read, self._key.org_id, self._source.secret)
        except NotFound as error:
            raise Faulty(Fault.SECRET, error.detail) from error

    async def _well(self) -> None:
        if self._failures or self._logged:
            log.info("a mailbox is polled again", **self._key._asdict())
        self._failures, self._logged, self.fault = 0, {}, None
        await self._parts.record.polled(self._key, now_ms=self._parts.taking.clock.now_ms())

    async def _note(self, key: FolderKey, fault: Faulty) -> None:
        """Show what is wrong; log it once, and tell people when it does not pass by itself."""
        self._failures += 1
        self.fault = fault.fault
        if self._logged.get(key.folder) is not fault.fault:
            log.warning("a mailbox cannot be polled", **key._asdict(), fault=fault.fault.value, detail=fault.detail)
            self._logged[key.folder] = fault.fault
        tell = fault.fault not in PATIENT or self._failures >= TELL_AFTER
        await self._parts.record.faulty(
            key,
            fault=fault.fault.value,
            detail=fault.detail,
            now_ms=self._parts.taking.clock.now_ms(),
            tell=tell,
        )

    async def _rest(self, fault: Faulty) -> None:
        """Wait before the next try, not longer than until somebody has mended the secret."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._parts.patience.wait_s(fault.fault, self._failures)
        before = await self._glance()
        while (left := deadline - loop.time()) > 0:
            await asyncio.sleep(min(left, self._parts.patience.look_s))
            if fault.fault in (Fault.SECRET, Fault.REFUSED, Fault.TOKEN) and await self._glance() != before:
                self._tokens.forget()
                return

    async def _glance(self) -> str:
        try:
            return await asyncio.to_thread(self._parts.secrets.read, self._key.org_id, self._source.secret)
        except NotFound:
            return ""
