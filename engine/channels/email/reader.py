"""The role that reads received mails and files them, several at once, in the order they came as far as that matters.

A mail stays received until the transaction that files it: whatever dies in between, the next reader finds it again.
One that cannot be read is tried again later, then put aside with its reason; it is in nobody's way. Who answers a
mail that came just before waits until that one is filed.

Organisations take turns, so that a flood of one holds up no other's mail; within one the order stays, since an answer
may follow what it answers. A flood of one sender is bounded where mail is taken (``smtp_rate``).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from engine.channels.email.joining import Clue
from engine.channels.email.judging import (
    Judged,
    Place,
    clues_of,
    judge,
    order_of,
    own_tokens,
    sought_of,
    summary_of,
)
from engine.channels.email.parts import MailParts
from engine.channels.email.placing import place_in
from engine.channels.email.reading.pool import Unreadable
from engine.channels.email.reading.shares import in_turn
from engine.channels.email.reading.worker import GONE, NO_ROOM
from engine.clock import Clock
from engine.errors import CordboardError, Unavailable
from engine.failpoints import failpoint
from engine.model.mail import MailBody, ParsedMail
from engine.model.mail_filing import FiledMail, Threads
from engine.model.mail_record import MailFile, ReceivedMail

log = structlog.get_logger(__name__)

EVERY_S = 1.0
"""Between looks where nobody wakes the role: mail that another process received."""
SIDE_BY_SIDE = 32
"""Mails in work at once: more than there are readers, so that one commit of the record holds several."""
LOOK_AGAIN_S = 0.1
PAGE = 200
READ_TRIES = 3
FILE_TRIES = 5
LATER_MS = (5_000, 60_000, 300_000, 600_000)
"""Between tries."""
EARLIER_S = 45.0
"""A mail waits so long for one that came before it, at most."""
HTML = "text/html"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Said:
    """A mail that was read, its files kept."""

    mail: ParsedMail
    body: MailBody
    files: tuple[MailFile, ...]
    html_sha256: str


class MailReader:
    """Read and file mails until there are none."""

    name = "mail-reader"
    safe_twice = True

    def __init__(self, *, parts: MailParts, clock: Clock) -> None:
        self._parts = parts
        self._clock = clock
        self._waiting: deque[ReceivedMail] = deque()
        self._taken: dict[str, asyncio.Event] = {}  # mails in work, oldest first
        self._looking = asyncio.Lock()
        self._done = True
        self._looked_s = 0.0

    async def step(self) -> float:
        """File what there is; return the seconds to the next look. Raises Unavailable. Safe to cancel."""
        self._waiting.clear()
        self._taken.clear()
        self._done = False
        await self._look()
        if not self._waiting:
            return EVERY_S
        faults: list[Unavailable] = []
        async with asyncio.TaskGroup() as group:
            for _ in range(SIDE_BY_SIDE):  # also where few wait now: a step goes on while others come
                group.create_task(self._work(faults))
        if faults:
            raise faults[0]
        return 0.0

    async def _work(self, faults: list[Unavailable]) -> None:
        """See to one mail after the other; where a part is away, all stop."""
        try:
            while not faults and (mail := await self._next()) is not None:
                await self._attempt(mail)
        except Unavailable as error:
            faults.append(error)

    async def _attempt(self, mail: ReceivedMail) -> None:
        """See to a mail, whatever is wrong with it. Raises Unavailable."""
        done = self._taken[mail.id] = asyncio.Event()
        try:
            await self._see_to(mail)
        except Unavailable:
            raise
        except CordboardError as error:
            await self._not_filed(mail, str(error))
        except Exception:
            log.exception("mail not filed", org=mail.envelope.org_id, mail=mail.id)
            await self._not_filed(mail, "a defect of the engine")
        finally:
            done.set()
            self._taken.pop(mail.id, None)

    async def _next(self) -> ReceivedMail | None:
        """Return the next mail; None when all is done: while somebody is at a slow one, others may come."""
        async with self._looking:
            if self._waiting and _now() - self._looked_s > EVERY_S:  # others' may have come, whose turn it is
                await self._look()
            while not self._waiting and not self._done:
                await self._look()
                if not self._waiting:
                    self._done = not self._taken
                    await asyncio.sleep(0 if self._done else LOOK_AGAIN_S)
            return self._waiting.popleft() if self._waiting else None

    async def _look(self) -> None:
        found = await self._parts.mails.unread(now_ms=self._clock.now_ms(), limit=PAGE + len(self._taken))
        lines: dict[str, list[ReceivedMail]] = {}
        for one in found:
            if one.id not in self._taken:
                lines.setdefault(one.envelope.org_id, []).append(one)
        self._waiting = deque(in_turn(lines))
        self._looked_s = _now()

    async def _see_to(self, received: ReceivedMail) -> None:
        org_id = received.envelope.org_id
        place = place_in(self._parts, received)
        if place is None:  # gone, or so new that this process does not know it yet
            await self._unreadable(received, "unknown-channel")
            return
        try:
            said = await self._read(received)
        except Unreadable as error:
            await self._unreadable(received, error.why)
            return
        read_token = own_tokens(await self._parts.secret(org_id), org_id)
        clues = clues_of(said.mail, received, read_token)
        threads = await self._threads(received, said.mail, clues)
        judged = judge(said.mail, received, place, clues, threads)
        filed = await self._file(received, place, judged, said)
        if not filed.repeated:
            self._parts.count(filed.state.value, judged.nature.kind.value)
            await self._tell(org_id, filed)

    async def _read(self, received: ReceivedMail) -> _Said:
        """Read a mail and keep its files; raise Unreadable."""
        path = self._parts.files.place(received.sha256)
        async with self._parts.readers.reading(path, whose=received.envelope.org_id) as read:
            parts = read.mail.parts
            hashes = [*([read.html_sha256] if read.html_sha256 else []), *(one.sha256 for one in parts)]
            taken = self._parts.files.aside(read.directory, hashes)
        if taken:  # the reader is at the next mail meanwhile
            await self._adopt(taken)
        files = [
            MailFile(
                mail_id=received.id,
                position=one.number,
                name=one.name,
                media_type=self._parts.media_type(one.content_type),
                size=one.size,
                sha256=one.sha256,
                content_id=one.content_id,
                inline=one.inline,
            )
            for one in parts
        ]
        if read.html_sha256:
            files.insert(0, _html(received.id, read.html_sha256, read.html_size))
        return _Said(mail=read.mail, body=read.body, files=tuple(files), html_sha256=read.html_sha256)

    async def _adopt(self, taken: Mapping[str, str]) -> None:
        """Keep files; raise Unavailable where there is no room, which is no fault of their mail."""
        try:
            await self._parts.files.adopt(taken)
        except OSError as error:
            if error.errno in NO_ROOM:
                raise Unavailable(f"files cannot be kept: {error.strerror}", slug="storage-away") from error
            raise

    async def _threads(self, received: ReceivedMail, mail: ParsedMail, clues: tuple[Clue, ...]) -> Threads:
        """Look up what a mail names; what it answers may have come just before it, and be in work still."""
        org_id, sought = received.envelope.org_id, sought_of(clues, mail)
        threads = await self._parts.threads.find(org_id, sought)
        unknown = [one for one in sought.message_ids if one not in threads.by_message]
        earlier = [done for mail_id, done in self._taken.items() if mail_id < received.id]
        if not unknown or not earlier:
            return threads
        try:
            async with asyncio.timeout(EARLIER_S):
                for done in earlier:
                    await done.wait()
        except TimeoutError:
            log.warning("not waited for any longer", org=org_id, mail=received.id, earlier=len(earlier))
        return await self._parts.threads.find(org_id, sought)

    async def _file(self, received: ReceivedMail, place: Place, judged: Judged, said: _Said) -> FiledMail:
        summary = summary_of(said.mail, said.body, place, judged, html_sha256=said.html_sha256)
        order = order_of(
            received,
            place,
            judged,
            summary,
            said.files,
            acknowledging=await self._parts.acknowledge(place, judged, said.mail, summary, received),
            now_ms=self._clock.now_ms(),
        )
        failpoint("mail.before-file")
        filed = await self._parts.filing.file(order)
        failpoint("mail.after-file")
        return filed

    async def _tell(self, org_id: str, filed: FiledMail) -> None:
        if filed.entries:
            self._parts.publish.publish(filed.entries, org_id=org_id)
        if filed.item is not None:
            await self._parts.enter(filed.item)

    async def _unreadable(self, received: ReceivedMail, why: str) -> None:
        if received.tries + 1 >= READ_TRIES or why == GONE:
            await self._quarantine(received, why)
        else:
            await self._put_off(received, why)

    async def _not_filed(self, received: ReceivedMail, why: str) -> None:
        if received.tries + 1 >= FILE_TRIES:
            await self._quarantine(received, "not-filed")
        else:
            await self._put_off(received, why)

    async def _put_off(self, received: ReceivedMail, why: str) -> None:
        next_ms = self._clock.now_ms() + LATER_MS[min(received.tries, len(LATER_MS) - 1)]
        log.warning("mail put off", org=received.envelope.org_id, mail=received.id, why=why, tries=received.tries + 1)
        await self._parts.mails.put_off(received.envelope.org_id, received.id, why=why[:200], next_ms=next_ms)

    async def _quarantine(self, received: ReceivedMail, why: str) -> None:
        log.warning("mail put aside", org=received.envelope.org_id, mail=received.id, why=why)
        org_id = received.envelope.org_id
        if await self._parts.mails.quarantine(org_id, received.id, why=why, now_ms=self._clock.now_ms()):
            self._parts.count("quarantined", why)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _html(mail_id: str, sha256: str, size: int) -> MailFile:
    return MailFile(mail_id=mail_id, position=0, name="", media_type=HTML, size=size, sha256=sha256, inline=True)
