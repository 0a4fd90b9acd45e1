"""The role that moves on what merges of many rows have begun, and looks for rows that came late.

A merge whose piece fails is left for a while and holds up no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import structlog

from engine.clock import Clock
from engine.errors import Unavailable
from engine.failpoints import failpoint
from engine.model.organisation import Organisation

log = structlog.get_logger(__name__)

EVERY_S = 1.0
NEXT_S = 0.02
"""Between two pieces: others write meanwhile."""
PUT_OFF_MS = 30_000


class MovingRecord(Protocol):
    """Move rows in SQL."""

    async def due(self, org_id: str, *, now_ms: int) -> Sequence[str]:
        """Return merges that are to be gone on with."""
        ...

    async def go_on(self, org_id: str, merge_id: str, *, now_ms: int) -> bool:
        """Move the next rows of a merge, there or back; say whether more are on their way."""
        ...

    async def put_off(self, org_id: str, merge_id: str, *, until_ms: int) -> None:
        """Let a merge not be due before then."""
        ...


class ServedOrganisations(Protocol):
    """Know the organisations this process serves."""

    def all(self) -> Sequence[Organisation]:
        """Return the configuration in force of each."""
        ...


class MergeMover:
    """Move a piece of each merge, in turn. Safe in several processes, since each piece is a transaction."""

    name = "merge-mover"

    def __init__(self, *, record: MovingRecord, organisations: ServedOrganisations, clock: Clock) -> None:
        self._record = record
        self._organisations = organisations
        self._clock = clock

    async def step(self) -> float:
        """Move a piece of each merge that is due; return the seconds to the next look."""
        more = False
        for organisation in self._organisations.all():
            for merge_id in await self._record.due(organisation.id, now_ms=self._clock.now_ms()):
                more = await self._go_on(organisation.id, merge_id) or more
        return NEXT_S if more else EVERY_S

    async def _go_on(self, org_id: str, merge_id: str) -> bool:
        failpoint("merge.before-piece")
        try:
            more = await self._record.go_on(org_id, merge_id, now_ms=self._clock.now_ms())
        except Unavailable:  # for which no merge is to blame
            raise
        except Exception:  # whatever it is, others go on
            log.exception("merge not moved on", org=org_id, merge=merge_id)
            await self._record.put_off(org_id, merge_id, until_ms=self._clock.now_ms() + PUT_OFF_MS)
            return False
        failpoint("merge.after-piece")
        return more
