"""The role that opens cases which a crash left unopened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from engine.cases.lifecycle import Cases
from engine.clock import Clock
from engine.model.conversation import Interaction
from engine.model.organisation import CasePolicy, Organisation

LOOK_BACK_MS = 7 * 86_400_000
"""An interaction that ended longer ago than this is left alone."""
BATCH = 100
EVERY_S = 5.0


class UnfiledRecord(Protocol):
    """Find ended interactions without a case."""

    async def closed_without_case(
        self, org_id: str, *, channels: Sequence[str], since_ms: int, limit: int
    ) -> Sequence[Interaction]:
        """Return up to ``limit`` interactions of ``channels`` that ended since and have no case."""
        ...


class ServedOrganisations(Protocol):
    """Know the organisations this process serves."""

    def all(self) -> Sequence[Organisation]:
        """Return the configuration in force of each."""
        ...


class CaseSweeper:
    """Open what is missing; safe to run in several processes, since opening is idempotent."""

    name = "case-sweep"

    def __init__(
        self,
        *,
        record: UnfiledRecord,
        cases: Cases,
        organisations: ServedOrganisations,
        clock: Clock,
    ) -> None:
        self._record = record
        self._cases = cases
        self._organisations = organisations
        self._clock = clock

    async def step(self) -> float:
        """Open one batch per organisation; return the seconds to the next look."""
        full = False
        for organisation in self._organisations.all():
            full = await self._sweep(organisation) or full
        return 0.0 if full else EVERY_S

    async def _sweep(self, organisation: Organisation) -> bool:
        channels = [key for key, channel in organisation.channels.items() if channel.case_policy is CasePolicy.END]
        if not channels:
            return False
        found = await self._record.closed_without_case(
            organisation.id,
            channels=channels,
            since_ms=self._clock.now_ms() - LOOK_BACK_MS,
            limit=BATCH,
        )
        for interaction in found:
            await self._cases.open_at_end(interaction)
        return len(found) == BATCH
