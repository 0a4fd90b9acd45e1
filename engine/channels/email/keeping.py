"""The role that forgets the sources of mails in time, and discards mails about which nobody decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from engine.clock import Clock
from engine.model.mail_channel import Email
from engine.model.organisation import Organisation

log = structlog.get_logger(__name__)

EVERY_S = 3_600.0
AGAIN_S = 0.5
"""While there is more than one step forgets."""


class Sources(Protocol):
    """Received mails and their sources (record)."""

    async def forget(self, org_id: str, channel: str, *, before_ms: int) -> int:
        """Forget some sources that are older; return how many."""
        ...

    async def discard(self, org_id: str, channel: str, *, before_ms: int, now_ms: int) -> int:
        """Discard some mails that have waited for somebody for longer; return how many."""
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

    def __init__(
        self, *, sources: Sources, organisations: Served, clock: Clock, count: Callable[[str, str], None]
    ) -> None:
        """``count`` is told what becomes of a mail, and why."""
        self._count = count
        self._sources = sources
        self._organisations = organisations
        self._clock = clock

    async def step(self) -> float:
        """See to some mails of each channel; return the seconds to the next look. Raises Unavailable. Idempotent."""
        seen_to = 0
        for organisation in self._organisations.all():
            for channel in organisation.channels.values():
                if channel.email is not None:
                    seen_to += await self._discard(organisation.id, channel.key, channel.email)
                    seen_to += await self._forget(organisation.id, channel.key, channel.email)
        return AGAIN_S if seen_to else EVERY_S

    async def _discard(self, org_id: str, channel: str, email: Email) -> int:
        """Discard what waits for longer than it may: nothing where it may wait for ever."""
        if not email.keep_undecided_ms:
            return 0
        now_ms = self._clock.now_ms()
        many = await self._sources.discard(org_id, channel, before_ms=now_ms - email.keep_undecided_ms, now_ms=now_ms)
        if many:
            log.warning("mails discarded: nobody decided about them", org=org_id, channel=channel, mails=many)
        for _ in range(many):
            self._count("discarded", "undecided")
        return many

    async def _forget(self, org_id: str, channel: str, email: Email) -> int:
        if not email.keep_raw_ms:
            return 0
        many = await self._sources.forget(org_id, channel, before_ms=self._clock.now_ms() - email.keep_raw_ms)
        if many:
            log.info("sources of mails forgotten", org=org_id, channel=channel, mails=many)
        return many
