"""Give mail back to its queue whose agent has been away for too many open hours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import structlog

from engine.clock import Clock
from engine.errors import CordboardError
from engine.intake.contract import Recorder
from engine.model.mail_filing import HeldWork
from engine.model.organisation import Organisation, StatusKind
from engine.model.work import Reply, Requirement
from engine.skills import business_time
from engine.skills.hours import of_queue

log = structlog.get_logger(__name__)

EVERY_S = 30.0
LIMIT = 500
NOTE = "away"
"""What the transcript says of why it was handed back."""


class HeldMail(Protocol):
    """Mail that agents hold (SQL)."""

    async def holding(self, org_id: str, *, after: str, limit: int) -> Sequence[HeldWork]:
        """Return it by id, from behind ``after``."""
        ...


class Board(Protocol):
    """The board as far as this needs it."""

    async def transfer(
        self,
        org_id: str,
        item_id: str,
        agent_id: str,
        assignment: int,
        *,
        queue: str,
        requirement: Requirement,
        note: str = "",
    ) -> Reply:
        """Put an active item back into its queue. Raises Unavailable."""
        ...


class Served(Protocol):
    """The configuration in force."""

    def all(self) -> Sequence[Organisation]:
        """Return every organisation."""
        ...


class AbsentReturns:
    """Look twice a minute (a role; one at a time, under a lease)."""

    name = "mail-returns"

    def __init__(
        self, *, held: HeldMail, board: Board, recorder: Recorder, organisations: Served, clock: Clock
    ) -> None:
        self._held = held
        self._board = board
        self._recorder = recorder
        self._organisations = organisations
        self._clock = clock

    async def step(self) -> float:
        """Give back what is due; return the seconds to the next look. Idempotent."""
        for organisation in self._organisations.all():
            if any(one.email and one.email.return_after_ms for one in organisation.channels.values()):
                try:
                    await self._look(organisation)
                except CordboardError as error:  # a board that is away holds up no other organisation's
                    log.warning("mail of absent agents not looked at", org=organisation.id, why=str(error))
        return EVERY_S

    async def _look(self, organisation: Organisation) -> None:
        after = ""
        while True:
            page = await self._held.holding(organisation.id, after=after, limit=LIMIT)
            for one in page:
                if due(organisation, one, self._clock.now_ms()):
                    await self._give_back(one)
            if len(page) < LIMIT:
                return
            after = page[-1].item.id

    async def _give_back(self, one: HeldWork) -> None:
        item = one.item
        reply = await self._board.transfer(
            item.org_id, item.id, item.agent_id, item.assignment, queue="", requirement=item.requirement, note=NOTE
        )
        log.info("given back for its agent is away", org=item.org_id, item=item.id, agent=item.agent_id, ok=reply.ok)
        if reply.ok:
            await self._recorder.record(reply.events)


def due(organisation: Organisation, one: HeldWork, now_ms: int) -> bool:
    """Say whether mail is to go back: its agent is signed out, for the channel's open hours of its queue. Pure."""
    channel = organisation.channels.get(one.channel)
    status = organisation.statuses.get(one.status)
    if channel is None or channel.email is None or not channel.email.return_after_ms or not one.since_ms:
        return False
    if status is None or status.kind is not StatusKind.OFFLINE or one.item.queue not in organisation.queues:
        return False
    calendar = of_queue(organisation, one.item.queue)
    away_ms = business_time.elapsed(calendar, one.since_ms, now_ms)
    return away_ms >= channel.email.return_after_ms and business_time.is_open(calendar, now_ms)
