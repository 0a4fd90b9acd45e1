"""End calls whose hang-up was never told: nothing was heard of them for longer than the channel says."""

from __future__ import annotations

from collections.abc import Sequence

from engine.clock import Clock
from engine.cti.contract import CallRecord, Organisations, Told
from engine.cti.machine import fold
from engine.cti.terms import PhoneKey, terms_of
from engine.model.call import VOICE, Call, CallTerms
from engine.model.organisation import CasePolicy, Channel, Organisation
from engine.model.voice import Voice

EVERY_S = 5.0
LIMIT = 100
_REMOVED = Voice(sources={})
"""How long is waited for reports of a channel that the configuration has no more: as long as is usual."""


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
            more = await self._look_besides(organisation) or more
        return 0.0 if more else EVERY_S

    async def _look(self, organisation: Organisation, channel: Channel) -> bool:
        assert channel.voice is not None
        now_ms, voice = self._clock.now_ms(), channel.voice
        rings_ms, talks_ms = now_ms - voice.stale_ringing_ms, now_ms - voice.stale_talking_ms
        silent = await self._record.silent(
            organisation.id, channel.key, rings_ms=rings_ms, talks_ms=talks_ms, limit=LIMIT
        )
        await self._lose(silent, terms_of(organisation, channel, self._phone_key))
        return len(silent) >= LIMIT

    async def _look_besides(self, organisation: Organisation) -> bool:
        """End calls of channels that are no telephone any more: nobody can report their end."""
        besides = [key for key, channel in organisation.channels.items() if channel.voice is not None]
        now_ms = self._clock.now_ms()
        rings_ms, talks_ms = now_ms - _REMOVED.stale_ringing_ms, now_ms - _REMOVED.stale_talking_ms
        silent = await self._record.lasting(
            organisation.id, besides=besides, rings_ms=rings_ms, talks_ms=talks_ms, limit=LIMIT
        )
        for call in silent:
            gone = Channel(key=call.channel, kind=VOICE, name=call.channel, queue="", case_policy=CasePolicy.MANUAL)
            await self._lose([call], terms_of(organisation, gone, self._phone_key))
        return len(silent) >= LIMIT

    async def _lose(self, silent: Sequence[Call], terms: CallTerms) -> None:
        for call in silent:
            change = await self._record.lose(call, terms=terms, fold=fold)
            if change is not None:
                await self._told(change)
