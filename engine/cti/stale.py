"""End calls whose hang-up was never told: nothing was heard of them for longer than the channel says."""

from __future__ import annotations

from engine.clock import Clock
from engine.cti.contract import CallRecord, Organisations, Told
from engine.cti.machine import fold
from engine.cti.terms import PhoneKey, terms_of
from engine.model.organisation import Channel, Organisation

EVERY_S = 5.0
LIMIT = 100


class StaleCalls:
    """Give up calls (a role). Each is ended once, by a report of its own that the record keeps."""

    name = "stale-calls"
    safe_twice = True  # what it does is decided under the call's lock

    def __init__(
        self, *, record: CallRecord, organisations: Organisations, phone_key: PhoneKey, told: Told, clock: Clock
    ) -> None:
        self._record = record
        self._organisations = organisations
        self._phone_key = phone_key
        self._told = told
        self._clock = clock

    async def step(self) -> float:
        """End some calls of each channel; return the seconds to the next look. Raises Unavailable."""
        more = False
        for organisation in self._organisations.all():
            for channel in organisation.channels.values():
                if channel.voice is not None:
                    more = await self._look(organisation, channel) or more
        return 0.0 if more else EVERY_S

    async def _look(self, organisation: Organisation, channel: Channel) -> bool:
        assert channel.voice is not None
        now_ms, voice = self._clock.now_ms(), channel.voice
        rings_ms, talks_ms = now_ms - voice.stale_ringing_ms, now_ms - voice.stale_talking_ms
        silent = await self._record.silent(
            organisation.id, channel.key, rings_ms=rings_ms, talks_ms=talks_ms, limit=LIMIT
        )
        terms = terms_of(organisation, channel, self._phone_key)
        for call in silent:
            change = await self._record.lose(call, terms=terms, fold=fold)
            if change is not None:
                await self._told(change)
        return len(silent) >= LIMIT
