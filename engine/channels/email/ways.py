"""By which relay a channel's mail goes, and which channels cannot send now.

Mail of a channel that cannot send is set aside in the record until it would be given up, so that nobody writes it anew
each minute. Once its relay may be had again one mail goes as a try; when that is through, all others follow. Which
channels have mail set aside stands in the record, so that the next process knows as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from engine.channels.email.relays import RelayAway
from engine.clock import Clock
from engine.errors import CordboardError, InvalidInput
from engine.model.mail_channel import Email
from engine.model.organisation import Organisation
from engine.model.relay import Relay, relay_of

log = structlog.get_logger(__name__)

LOOK_MS = 15_000
"""A channel that cannot send is looked at again after so long."""
TELL_MS = 300_000
"""Supervisors are told of one that cannot send for so long: a relay that starts anew is no news."""
AT_ONCE = 200
"""Mails that are released in one transaction."""
NO_RELAY = "No mail relay is configured: set smtp_url, or the relay of the channel."
Place = tuple[str, str]
"""Organisation and channel."""


class NoWay(CordboardError):
    """Say that a channel cannot send now, and why."""


class Organisations(Protocol):
    """Know the configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return the organisation; raise NotFound."""
        ...


class Blocked(Protocol):
    """Mails that are set aside (record)."""

    async def blocked_places(self) -> Sequence[Place]:
        """Return the channels of all organisations that have mail set aside."""
        ...

    async def release(self, place: Place, *, limit: int, now_ms: int) -> int:
        """Make some of a channel's mails due, oldest first; return how many."""
        ...

    async def tell_blocked(self, place: Place, *, fault: str, now_ms: int) -> None:
        """Raise an alert for supervisors: a channel cannot send."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class WayParts:
    """What it needs."""

    blocked: Blocked
    organisations: Organisations
    read_secret: Callable[[str, str], str]  # organisation, name; blocks; raises NotFound
    relay_url: str  # the installation's, "" = none
    away: Callable[[Relay], str]  # why a relay is left alone for now
    clock: Clock


@dataclass(kw_only=True, slots=True)
class _Fault:
    """A channel that cannot send."""

    since_ms: int
    look_ms: int
    said: str = ""
    told: bool = False


@dataclass(kw_only=True, slots=True)
class Ways:
    """Find ways, and remember where there is none."""

    parts: WayParts
    _faults: dict[Place, _Fault] = field(default_factory=dict)
    _well: set[Place] = field(default_factory=set)  # may send again; some of their mail is set aside still
    _read: bool = False

    async def of(self, place: Place) -> tuple[Relay, Email]:
        """Return by which relay a channel's mail goes. Raises NoWay."""
        try:
            return await self._find(place)
        except CordboardError as error:
            raise NoWay(error.detail) from error

    async def _find(self, place: Place) -> tuple[Relay, Email]:
        """Return by which relay a channel's mail goes, with its channel. Raises InvalidInput, NotFound, RelayAway."""
        parts, (org_id, key) = self.parts, place
        channel = parts.organisations.get(org_id).channels.get(key)
        if channel is None or channel.email is None:
            raise InvalidInput(f"There is no e-mail channel {key!r} any more.")
        if channel.email.dkim_selector:
            await asyncio.to_thread(parts.read_secret, org_id, channel.email.dkim_secret)
        name = channel.email.relay
        url = await asyncio.to_thread(parts.read_secret, org_id, name) if name else parts.relay_url
        relay = relay_of(url)
        if relay is None:
            raise InvalidInput(NO_RELAY)
        if fault := parts.away(relay):
            raise RelayAway(fault)
        return relay, channel.email

    def none(self, place: Place, said: str) -> None:
        """Remember that a channel cannot send."""
        now_ms = self.parts.clock.now_ms()
        self._well.discard(place)
        fault = self._faults.setdefault(place, _Fault(since_ms=now_ms, look_ms=now_ms + LOOK_MS))
        if not fault.said:
            log.warning("a channel cannot send mail", org=place[0], channel=place[1], reason=said)
        fault.said = said

    def well(self, place: Place) -> None:
        """Remember that a relay took, or refused, a mail of a channel: all its others may go."""
        if self._faults.pop(place, None) is not None:
            log.info("a channel sends mail again", org=place[0], channel=place[1])
            self._well.add(place)

    async def look(self) -> None:
        """Release what may go again, tell of what lasts. Raises Unavailable."""
        await self._recall()
        for place in tuple(self._well):
            if await self._release(place, AT_ONCE) < AT_ONCE:
                self._well.discard(place)
        now_ms = self.parts.clock.now_ms()
        for place, fault in tuple(self._faults.items()):
            if fault.look_ms <= now_ms:
                fault.look_ms = now_ms + LOOK_MS
                await self._look_at(place, fault)

    async def _recall(self) -> None:
        """Read, once, which channels the process before us could not send for: each is looked at now."""
        if self._read:
            return
        now_ms = self.parts.clock.now_ms()
        for place in await self.parts.blocked.blocked_places():
            self._faults.setdefault(place, _Fault(since_ms=now_ms, look_ms=0))
        self._read = True

    async def _look_at(self, place: Place, fault: _Fault) -> None:
        try:
            await self.of(place)
        except NoWay as error:
            self.none(place, error.detail)
        else:
            if not await self._release(place, 1):
                self.well(place)
                return
        now_ms = self.parts.clock.now_ms()
        if fault.said and not fault.told and now_ms - fault.since_ms >= TELL_MS:
            await self.parts.blocked.tell_blocked(place, fault=fault.said, now_ms=now_ms)
            fault.told = True

    async def _release(self, place: Place, limit: int) -> int:
        return await self.parts.blocked.release(place, limit=limit, now_ms=self.parts.clock.now_ms())
