"""The role that looks again at mails which joined work that is over: nobody's mail is lost between end and arrival."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from engine.channels.email.judging import filed_order
from engine.channels.email.parts import MailParts
from engine.channels.email.placing import place_in
from engine.clock import Clock
from engine.errors import CordboardError, NotFound, Unavailable
from engine.model.mail import MailNature
from engine.model.mail_filing import Joining, LateMail
from engine.model.mail_record import Mail

log = structlog.get_logger(__name__)

EVERY_S = 1.0
SHARE = 20
"""A look may take a twentieth of the time, however much is joined."""
LIMIT = 200
PUT_OFF_S = 60.0
PUT_OFF = 1_000
"""Mails remembered for which no work can be opened now; beyond that the first of them are tried again sooner."""


class LateRecord(Protocol):
    """Mails whose work is over (record)."""

    async def over(self, *, after: str, limit: int) -> Sequence[LateMail]:
        """Return them by id, from behind ``after``."""
        ...

    async def settle(self, org_id: str, mail_id: str) -> None:
        """Note that a mail is filed for good."""
        ...


class LateMailRole:
    """File what was seen; open new work for what was not. Idempotent."""

    name = "mail-late"
    safe_twice = True

    def __init__(self, *, record: LateRecord, parts: MailParts, clock: Clock, seconds: Callable[[], float]) -> None:
        """``seconds`` is a clock that never goes back, to see how long a look takes."""
        self._record = record
        self._parts = parts
        self._clock = clock
        self._seconds = seconds
        self._after = ""
        self._put_off: dict[str, float] = {}  # mail → until when

    async def step(self) -> float:
        """Settle a page; return the seconds to the next look. Raises Unavailable."""
        begun_s = self._seconds()
        found = await self._record.over(after=self._after, limit=LIMIT)
        took_s = self._seconds() - begun_s
        for one in found:
            org_id, mail_id = one.mail.received.envelope.org_id, one.mail.received.id
            if one.seen:
                await self._record.settle(org_id, mail_id)
            elif self._put_off.get(mail_id, 0.0) <= begun_s:
                await self._try(one.mail)
        self._after = found[-1].mail.received.id if len(found) == LIMIT else ""
        return max(EVERY_S, took_s * SHARE)

    async def _try(self, mail: Mail) -> None:
        """Open new work for a mail; one for which that cannot be done holds up no other. Raises Unavailable."""
        try:
            await self._again(mail)
            self._put_off.pop(mail.received.id, None)
        except Unavailable:
            raise
        except CordboardError as error:
            while len(self._put_off) >= PUT_OFF:
                self._put_off.pop(next(iter(self._put_off)))
            self._put_off[mail.received.id] = self._seconds() + PUT_OFF_S
            log.warning("mail without work", org=mail.received.envelope.org_id, mail=mail.received.id, why=str(error))

    async def _again(self, mail: Mail) -> None:
        """Open new work for a mail that came too late for its old one."""
        received, summary = mail.received, mail.summary
        place = place_in(self._parts, received)
        if place is None or summary is None:
            raise NotFound("its channel is configured no more", slug="unknown-channel")
        org_id = received.envelope.org_id
        order = filed_order(
            received,
            place,
            summary,
            tuple(await self._parts.mails.files(org_id, received.id)),
            joining=Joining(case_id=mail.case_id, clue=mail.clue, confidence=mail.confidence),
            nature=MailNature.PERSON,
            now_ms=self._clock.now_ms(),
        )
        filed = await self._parts.filing.file(order)
        if not filed.repeated:
            log.info("new work for a mail whose old work was over", org=org_id, mail=received.id)
            self._parts.publish.publish(filed.entries, org_id=org_id)
            if filed.item is not None:
                await self._parts.enter(filed.item)
