"""The work that waits in an agent's queues, for him to pick: the oldest, and only while he looks.

Sockets of the same queues share what was read, so that many who look cost one reading a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from engine.agents.frames import WaitingFrame, encode
from engine.agents.render import waiting_part
from engine.clock import Clock
from engine.errors import CordboardError
from engine.model.organisation import Organisation, Role
from engine.model.oversight import sight_in
from engine.model.record import Waiting
from engine.model.user import Principal

log = structlog.get_logger(__name__)

EVERY_S = 1.0
FRESH_MS = 800
MOST = 50
"""Items of the view, the oldest."""
REMEMBERED = 1_000


class WaitingRecord(Protocol):
    """Read waiting work from SQL."""

    async def waiting(self, org_id: str, queues: Sequence[str], *, limit: int) -> Sequence[Waiting]:
        """Return the oldest items that wait in these queues."""
        ...


class Organisations(Protocol):
    """Know the configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return the organisation; raise NotFound."""
        ...


class WaitingRoom:
    """Know what waits in which queues, at most ``FRESH_MS`` old."""

    def __init__(self, *, record: WaitingRecord, clock: Clock) -> None:
        self._record = record
        self._clock = clock
        self._kept: dict[tuple[str, ...], tuple[int, Sequence[Waiting]]] = {}

    async def look(self, org_id: str, queues: Sequence[str]) -> Sequence[Waiting]:
        """Return the oldest items that wait, one more than are shown. Raises Unavailable."""
        key, now_ms = (org_id, *queues), self._clock.now_ms()
        at_ms, found = self._kept.get(key, (0, ()))
        if not 0 <= now_ms - at_ms <= FRESH_MS:
            found = await self._record.waiting(org_id, queues, limit=MOST + 1)
            if len(self._kept) >= REMEMBERED:
                self._kept.clear()
            self._kept[key] = (now_ms, found)
        return found


class WaitingView:
    """Send one socket the work that waits in its agent's queues, while he looks."""

    def __init__(
        self,
        *,
        who: Principal,
        room: WaitingRoom,
        organisations: Organisations,
        send: Callable[[str], None],
    ) -> None:
        self._who = who
        self._room = room
        self._organisations = organisations
        self._send = send
        self._wanted = asyncio.Event()
        self._sent = ""

    def watch(self, *, on: bool) -> None:
        """Begin or stop; whoever begins is sent everything."""
        self._sent = ""
        if on:
            self._wanted.set()
        else:
            self._wanted.clear()

    async def run(self) -> None:
        """Send what waits whenever it is another, until cancelled."""
        while True:
            await self._wanted.wait()
            try:
                await self._look()
            except CordboardError as error:
                log.warning("waiting work not read", org=self._who.org_id, reason=error.slug)
            await asyncio.sleep(EVERY_S)

    async def _look(self) -> None:
        organisation = self._organisations.get(self._who.org_id)
        setup = organisation.agents.get(self._who.login)
        queues = list(setup.queues) if setup and setup.queues else []
        if not queues and self._who.at_least(Role.SUPERVISOR):
            sight = sight_in(organisation, self._who)
            queues = list(organisation.queues if sight.everything else sight.queues)
        found = await self._room.look(self._who.org_id, queues) if queues else ()
        items = [waiting_part(one, self._who.user_id) for one in found[:MOST]]
        text = encode(WaitingFrame(items=items, more=len(found) > MOST))
        if text != self._sent:
            self._sent = text
            self._send(text)
