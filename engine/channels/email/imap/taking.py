"""Take the mails of one folder: fetch, hand in, and only then mark, move or delete them.

Small mails are fetched several at once and handed in side by side; a large one is streamed by itself. What is held in
memory is bounded by ``GROUP`` times ``SMALL_BYTES``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

import structlog

from engine.channels.email.imap.contract import FolderRecord, Inlet
from engine.channels.email.imap.doubts import Doubts
from engine.channels.email.imap.faults import Fault, Faulty
from engine.channels.email.imap.marks import criteria, renewed, too_old
from engine.channels.email.imap.session import Fetched, Selected, Session, TooLong, Unreadable
from engine.clock import Clock
from engine.errors import InvalidInput
from engine.failpoints import failpoint
from engine.model.mail_channel import MailboxSource, SeenMail
from engine.model.mail_record import Envelope, Source
from engine.model.polled_folder import FolderKey, PolledFolder

log = structlog.get_logger(__name__)

GROUP = 16
SMALL_BYTES = 262_144
VISIT = 480
"""Mails that are taken from a folder before the others have their turn."""
TOO_LARGE = "too-large"
UNREADABLE = "unreadable"

Count = Callable[[str, str], None]
"""Count a mail of an organisation: taken, repeated, or left."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TakingParts:
    """What mails are taken with."""

    inlet: Inlet
    record: FolderRecord
    clock: Clock
    count: Count
    most_bytes: int


class Folder:
    """Take one folder's mails in one session."""

    def __init__(
        self, *, parts: TakingParts, session: Session, source: MailboxSource, key: FolderKey, doubts: Doubts
    ) -> None:
        """``doubts`` outlive the session."""
        self._parts = parts
        self._session = session
        self._source = source
        self._key = key
        self._doubts = doubts
        self._fault: Faulty | None = None  # what could not be done with taken mails

    async def visit(self, known: PolledFolder) -> bool:
        """Take what is new, up to ``VISIT`` mails; say whether there is more.

        What is known is remembered in the record. Raises Faulty, also when mails were taken and could not be marked;
        Unavailable.
        """
        selected = await self._select(known)
        if known.uid_validity != selected.uid_validity:
            known = renewed(known, selected, now_ms=self._parts.clock.now_ms())
            await self._parts.record.advance(known)
        since_ms = self._source.since_ms
        found = await self._session.search(criteria(known, since_ms=since_ms))
        new = [uid for uid in found if uid > known.last_uid]
        places = [self._place(known, uid) for uid in new[:VISIT]]
        left = new
        for many in self._doubts.groups(places, GROUP):
            known = await self._take(known, left[:many])
            left = left[many:]
        if not new and known.last_uid + 1 < known.first_uid:  # what lies there since the beginning is too old
            await self._parts.record.advance(replace(known, last_uid=known.first_uid - 1))
        if self._fault is not None:
            raise self._fault
        await self._parts.record.polled(self._key, now_ms=self._parts.clock.now_ms())
        return len(new) > VISIT

    async def _select(self, known: PolledFolder) -> Selected:
        selected = await self._session.select(self._key.folder)
        if selected.uid_next or known.uid_validity == selected.uid_validity:
            return selected
        highest = max(await self._session.search("ALL"), default=0)  # servers of old do not foretell it
        return replace(selected, uid_next=highest + 1)

    async def _take(self, known: PolledFolder, uids: Sequence[int]) -> PolledFolder:
        """Take a group; return what is known then. Raises Faulty, Unavailable, with what came before remembered."""
        found = await self._fetch(known, uids)
        missing = [uid for uid in uids if uid not in found]
        if missing:  # expunged by others, or not given out
            await self._leave(await self._there(missing), UNREADABLE)
        since_ms = self._source.since_ms
        wanted = [one for one in found.values() if not too_old(known, one.uid, one.at_ms, since_ms=since_ms)]
        small = [one for one in wanted if len(one.data) < SMALL_BYTES]
        taken = await self._take_small(known, small)
        for one in wanted:
            if len(one.data) >= SMALL_BYTES and await self._take_large(known, one):
                taken.append(one.uid)
        failpoint("imap.after-take")
        await self._finish(sorted(taken))
        failpoint("imap.after-finish")
        known = replace(known, last_uid=max(uids))
        self._doubts.passed([self._place(known, uid) for uid in uids])
        await self._parts.record.advance(known)
        return known

    async def _fetch(self, known: PolledFolder, uids: Sequence[int]) -> dict[int, Fetched]:
        """Return the beginnings of mails; nothing for one that was asked for in vain too often."""
        places = [self._place(known, uid) for uid in uids]
        if len(places) == 1 and self._doubts.hopeless(places[0]):
            return {}
        try:
            return await self._session.beginnings(uids, SMALL_BYTES)
        except Faulty as fault:
            self._doubts.failed(places, fault)
            raise

    async def _there(self, missing: Sequence[int]) -> list[int]:
        """Return which of the mails that were not given out are still in the folder."""
        wanted = ",".join(str(uid) for uid in missing)
        return [uid for uid in await self._session.search(f"UID {wanted}") if uid in missing]

    async def _take_small(self, known: PolledFolder, mails: Sequence[Fetched]) -> list[int]:
        """Hand mails in side by side; return the numbers of those taken; when all are done, raise the first error."""
        tasks = [asyncio.create_task(self._hand_in(known, one.uid, _chunks(one.data))) for one in mails]
        try:
            answers = await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            for task in tasks:
                task.cancel()
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        return [one.uid for one, answer in zip(mails, answers, strict=True) if answer is True]

    async def _take_large(self, known: PolledFolder, mail: Fetched) -> bool:
        most = self._parts.most_bytes
        place = self._place(known, mail.uid)
        if mail.size > most or self._doubts.too_long(place):
            await self._leave([mail.uid], TOO_LARGE)
            return False
        try:
            async with aclosing(self._session.whole(mail.uid, most_bytes=most)) as chunks:
                return await self._hand_in(known, mail.uid, chunks)
        except Faulty as fault:
            self._doubts.failed([place], fault)
            raise
        except Unreadable:
            await self._leave(await self._there([mail.uid]), UNREADABLE)
            return False
        except TooLong as error:  # the server had said otherwise; of what it sends now there is no end
            self._doubts.longer(place)
            raise Faulty(Fault.UNREACHABLE, "a mail is too large") from error

    async def _hand_in(self, known: PolledFolder, uid: int, chunks: AsyncIterator[bytes]) -> bool:
        """Make a mail durable; say whether it is. Raises Faulty, Unavailable."""
        key = self._key
        envelope = Envelope(
            org_id=key.org_id,
            channel=key.channel,
            source=Source.IMAP,
            mailbox=self._place(known, uid),
            peer=self._source.server,
        )
        try:
            taken = await self._parts.inlet.take(envelope, chunks, most_bytes=self._parts.most_bytes)
        except InvalidInput as error:
            await self._leave([uid], error.slug)
            return False
        self._parts.count(key.org_id, "repeated" if taken.repeated else "taken")
        return True

    def _place(self, known: PolledFolder, uid: int) -> str:
        return f"{self._key.mailbox}/{self._key.folder}/{known.uid_validity}/{uid}"

    async def _leave(self, uids: Sequence[int], reason: str) -> None:
        """Tell people that mails are left where they are."""
        for uid in uids:
            log.warning("a mail is left in its mailbox", **self._key._asdict(), uid=uid, reason=reason)
            self._parts.count(self._key.org_id, "left")
            await self._parts.record.left(self._key, uid=uid, reason=reason, now_ms=self._parts.clock.now_ms())

    async def _finish(self, taken: Sequence[int]) -> None:
        """Do with taken mails what is configured; where that is refused, they stay, and what comes goes on."""
        try:
            if taken and self._source.after is SeenMail.SEEN:
                await self._session.mark_seen(taken)
            elif taken and self._source.after is SeenMail.MOVE:
                await self._session.move(taken, self._source.move_to)
            elif taken and self._source.after is SeenMail.DELETE:
                await self._session.delete(taken)
        except Faulty as fault:
            if fault.fault is not Fault.AFTER:
                raise
            self._fault = fault


async def _chunks(data: bytes) -> AsyncIterator[bytes]:
    yield data
