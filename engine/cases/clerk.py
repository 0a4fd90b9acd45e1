"""The role that decides on cases to which something happened, or whose time has come.

Signals and timers are rows: whatever a crash interrupts, the next clerk finds again. Cases are decided side by side,
so that one commit of the record holds many of them. One that cannot be decided is left for a while and holds up no
other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

import structlog

from engine.cases.draft import CaseRules
from engine.cases.planner import planner
from engine.cases.sweep import ServedOrganisations
from engine.clock import Clock
from engine.errors import NotFound, Unavailable
from engine.failpoints import failpoint
from engine.ids import NewId
from engine.model.casework import Decide, Decided
from engine.model.organisation import Organisation

log = structlog.get_logger(__name__)

BATCH = 128
"""Cases decided side by side."""
EVERY_S = 0.2
REST_MS = 10_000
"""Between two looks at an organisation that watches no cases: it may have done so before, and left some to see to."""
PUT_OFF_MS = 30_000
PUT_OFF = 1_000
"""Cases remembered as not decidable; beyond that the first of them are tried again sooner."""


class CaseworkRecord(Protocol):
    """Find cases that need a decision, and write one; each method is one transaction."""

    async def attention(self, org_id: str, *, now_ms: int, limit: int) -> Sequence[tuple[str, int]]:
        """Return cases with signals or due timers, and since when, oldest first."""
        ...

    async def decide(self, org_id: str, case_id: str, decide: Decide, *, actor_id: str = "", now_ms: int) -> Decided:
        """Write what the pure function decides about the case."""
        ...


class Clerk:
    """See to the cases of organisations that watch theirs."""

    name = "case-clerk"
    safe_twice = True

    def __init__(
        self, *, record: CaseworkRecord, organisations: ServedOrganisations, clock: Clock, new_id: NewId
    ) -> None:
        self._record = record
        self._organisations = organisations
        self._clock = clock
        self._new_id = new_id
        self._lag_ms = 0
        self._put_off: dict[str, int] = {}
        self._rests: dict[str, int] = {}  # organisation → until when (ms)

    def lag_s(self) -> float:
        """Return how long the oldest case of the last round had waited to be decided, in seconds."""
        return self._lag_ms / 1000

    async def step(self) -> float:
        """Decide one batch per organisation; return the seconds to the next look, none when a batch was full."""
        full, oldest_ms = False, 0
        for organisation in self._organisations.all():
            if self._rests.get(organisation.id, 0) <= self._clock.now_ms():
                count, waited_ms = await self._see_to(organisation)
                full, oldest_ms = full or count >= BATCH, max(oldest_ms, waited_ms)
                self._let_rest(organisation, busy=count > 0)
        self._lag_ms = oldest_ms
        return 0.0 if full else EVERY_S

    def _let_rest(self, organisation: Organisation, *, busy: bool) -> None:
        if organisation.watches_cases or organisation.approvals or busy:
            self._rests.pop(organisation.id, None)
        else:
            self._rests[organisation.id] = self._clock.now_ms() + REST_MS

    async def _see_to(self, organisation: Organisation) -> tuple[int, int]:
        """Decide on a batch of cases; return how many there were, and how long the oldest had waited (ms)."""
        now_ms = self._clock.now_ms()
        limit = BATCH + len(self._put_off)
        found = await self._record.attention(organisation.id, now_ms=now_ms, limit=limit)
        ready = [one for one in found if self._put_off.get(one[0], 0) <= now_ms][:BATCH]
        if not ready:
            return 0, 0
        decide = planner(CaseRules(organisation=organisation, new_id=self._new_id))
        failpoint("clerk.before-commit")
        now_ms = self._clock.now_ms()  # what was found may have happened since
        outcomes = await asyncio.gather(
            *(self._record.decide(organisation.id, case_id, decide, now_ms=now_ms) for case_id, _ in ready),
            return_exceptions=True,
        )
        failpoint("clerk.after-commit")
        for (case_id, _), outcome in zip(ready, outcomes, strict=True):
            self._note(organisation.id, case_id, outcome)
        return len(ready), max(0, self._clock.now_ms() - ready[0][1])

    def _note(self, org_id: str, case_id: str, outcome: Decided | BaseException) -> None:
        """Put off a case whose decision failed; raise Unavailable, for which no case is to blame."""
        if not isinstance(outcome, BaseException):
            self._put_off.pop(case_id, None)
            return
        if isinstance(outcome, Unavailable) or not isinstance(outcome, Exception):
            raise outcome
        while len(self._put_off) >= PUT_OFF:
            self._put_off.pop(next(iter(self._put_off)))
        self._put_off[case_id] = self._clock.now_ms() + PUT_OFF_MS
        if not isinstance(outcome, NotFound):
            log.error("case not decided", org=org_id, case=case_id, exc_info=outcome)
