"""The role that forgets the sources of mails once they need not be kept any longer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import structlog

from engine.clock import Clock
from engine.model.organisation import Organisation

log = structlog.get_logger(__name__)

EVERY_S = 3_600.0
AGAIN_S = 0.5
"""While there is more than one step forgets."""


class Sources(Protocol):
    """The sources of mails (record)."""

    async def forget(self, org_id: str, channel: str, *, before_ms: int) -> int:
        """Forget some that are older; return how many."""
        ...


class Served(Protocol):
    """The configuration in force."""

    def all(self) -> Sequence[Organisation]:
        """Return every organisation."""
        ...


class SourceKeeping:
    """Look once an hour; safe in several processes."""

    name = "mail-keeping"
    safe_twice = True

    def __init__(self, *, sources: Sources, organisations: Served, clock: Clock) -> None:
        self._sources = sources
        self._organisations = organisations
        self._clock = clock

    async def step(self) -> float:
        """Forget some of each channel; return the seconds to the next look. Raises Unavailable. Idempotent."""
        forgotten = 0
        for organisation in self._organisations.all():
            for channel in organisation.channels.values():
                if channel.email is not None and channel.email.keep_raw_ms:
                    before_ms = self._clock.now_ms() - channel.email.keep_raw_ms
                    forgotten += await self._sources.forget(organisation.id, channel.key, before_ms=before_ms)
        if forgotten:
            log.info("sources of mails forgotten", mails=forgotten)
        return AGAIN_S if forgotten else EVERY_S
