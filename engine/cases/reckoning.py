"""The role that has running milestones reckoned anew when hours, milestones or plans were configured otherwise.

The cases concerned are told in batches, each marked in the transaction that tells it; their clerk does the rest. Told
is only once every process has had time to adopt the configuration, so that no clerk reckons by the one before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from engine.cases.sweep import ServedOrganisations
from engine.clock import Clock
from engine.model.case_setup import OVER
from engine.model.organisation import Organisation

BATCH = 200
EVERY_S = 2.0
NEXT_S = 0.1
"""Between two batches: while cases wait for their clerk none is told, and looking must not keep the writer busy."""
SETTLE_MS = 5_000
"""Processes look for a new configuration every second."""


class ClockRecord(Protocol):
    """Tell cases that their clocks changed."""

    async def told(self, org_id: str, digest: str) -> bool:
        """Say whether all cases know of the clocks with this digest."""
        ...

    async def retell(
        self, org_id: str, digest: str, *, queues: Sequence[str], over: Sequence[str], now_ms: int, limit: int
    ) -> bool:
        """Tell the next batch of cases; say whether more are to be told."""
        ...


class Reckoning:
    """Tell the cases of each organisation when its clocks changed. One at a time, under a lease."""

    name = "case-reckoning"

    def __init__(self, *, record: ClockRecord, organisations: ServedOrganisations, clock: Clock) -> None:
        self._record = record
        self._organisations = organisations
        self._clock = clock
        self._held: dict[str, tuple[Organisation, str, int]] = {}  # with the digest, and since when it is known
        self._told: dict[str, str] = {}  # organisation → digest that all its cases know

    async def step(self) -> float:
        """Tell one batch per organisation; return the seconds to the next look."""
        more = False
        for organisation in self._organisations.all():
            more = await self._tell(organisation) or more
        return NEXT_S if more else EVERY_S

    async def _tell(self, organisation: Organisation) -> bool:
        now_ms = self._clock.now_ms()
        digest, since_ms = self._digest(organisation, now_ms)
        if self._told.get(organisation.id) == digest or now_ms - since_ms < SETTLE_MS:
            return False
        if await self._record.told(organisation.id, digest):
            self._told[organisation.id] = digest
            return False
        return await self._record.retell(
            organisation.id,
            digest,
            queues=[queue.key for queue in organisation.queues.values() if queue.plan],
            over=[status.key for status in organisation.case_statuses.values() if status.kind in OVER],
            now_ms=now_ms,
            limit=BATCH,
        )

    def _digest(self, organisation: Organisation, now_ms: int) -> tuple[str, int]:
        """Return the digest of the clocks and since when they are known here; reckoned once per configuration."""
        held = self._held.get(organisation.id)
        if held is None or held[0] is not organisation:
            digest = clocks_digest(organisation)
            since_ms = held[2] if held is not None and held[1] == digest else now_ms
            held = (organisation, digest, since_ms)
            self._held[organisation.id] = held
        return held[1], held[2]


def clocks_digest(organisation: Organisation) -> str:
    """Return the SHA-256 of all that clocks of cases run by: equal for equal configurations, in every process."""
    plans = {queue.key: queue.plan for queue in organisation.queues.values() if queue.plan}
    hours = {key: replace(one, holidays=dict(sorted(one.holidays.items()))) for key, one in organisation.hours.items()}
    milestones = [
        (rule.key, sorted(rule.starts), sorted(rule.met_by), rule.after, rule.repeats, sorted(rule.paused_in))
        for rule in organisation.milestones.values()
    ]
    statuses = [(status.key, status.kind.value) for status in organisation.case_statuses.values()]
    parts = (organisation.time_zone, plans, hours, milestones, organisation.plans, statuses)
    return hashlib.sha256(repr(parts).encode()).hexdigest()
