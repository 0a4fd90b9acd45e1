"""The role that looks again at mails which joined work that is over: nobody's mail is lost between end and arrival."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from engine.channels.email.judging import filed_order
from engine.channels.email.parts import MailParts
from engine.channels.email.placing import place_in
from engine.clock import Clock
from engine.model.mail import MailNature
from engine.model.mail_filing import Joining, LateMail
from engine.model.mail_record import Mail

log = structlog.get_logger(__name__)

EVERY_S = 1.0
SHARE = 20
"""A look may take a twentieth of the time, however much is joined."""
LIMIT = 200


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

    async def step(self) -> float:
        """Settle a page; return the seconds to the next look. Raises Unavailable."""
        begun_s = self._seconds()
        found = await self._record.over(after=self._after, limit=LIMIT)
        took_s = self._seconds() - begun_s
        for one in found:
            org_id, mail_id = one.mail.received.envelope.org_id, one.mail.received.id
            if one.seen:
                await self._record.settle(org_id, mail_id)
            else:
                await self._again(one.mail)
        self._after = found[-1].mail.received.id if len(found) == LIMIT else ""
        return max(EVERY_S, took_s * SHARE)

    async def _again(self, mail: Mail) -> None:
        """Open new work for a mail that came too late for its old one."""
        received, summary = mail.received, mail.summary
        place = place_in(self._parts, received)
        if place is None or summary is None:
            log.error("mail without work", org=received.envelope.org_id, mail=received.id)
            return
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
