"""Presence is a lease per socket: renewed while the client's heartbeats are recent, else it lapses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from engine.agents.patience import Patience
from engine.clock import Clock
from engine.errors import CordboardError, Unavailable
from engine.model.organisation import Organisation
from engine.model.work import Outcome, Reply, RoutingEvent

log = structlog.get_logger(__name__)

BATCH = 500
PARTS_OF_LEASE = 4
"""Heartbeats and renewals per lease: three may be lost."""
SHORTEST_MS = 25
LONGEST_MS = 5_000
LOOK_MS = 250
"""How often it is looked whose leases are due: a first socket with a short lease comes at any time."""
PROBE_MS = 1_000
"""How often a board that fails is asked at least: one call here, in place of one of each socket."""


class LeaseBoard(Protocol):
    """The router's commands on presence leases."""

    async def connect_agent(self, org_id: str, agent_id: str, connection: str) -> Reply:
        """Take a lease for a socket."""
        ...

    async def disconnect_agent(self, org_id: str, agent_id: str, connection: str) -> Reply:
        """Give a socket's lease back."""
        ...

    async def renew(self, org_id: str, leases: Sequence[tuple[str, str]]) -> Reply:
        """Renew many leases, (agent, connection) each; one that is gone is taken anew."""
        ...


class Recorder(Protocol):
    """Write routing events to the record."""

    async def record(self, events: Sequence[RoutingEvent]) -> object:
        """Apply ``events``; idempotent."""
        ...


class Organisations(Protocol):
    """Know the configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return the organisation; raise NotFound."""
        ...


@dataclass(slots=True)
class _Socket:
    org_id: str
    agent_id: str
    beat_ms: int


def heartbeat_ms(organisation: Organisation) -> int:
    """Return how often a client should give a sign of life."""
    return min(max(organisation.lease_ms // PARTS_OF_LEASE, SHORTEST_MS), LONGEST_MS)


class Presence:
    """Keep the leases of this process's agent sockets (a role)."""

    name = "presence"

    def __init__(self, *, board: LeaseBoard, recorder: Recorder, organisations: Organisations, clock: Clock) -> None:
        self._board = board
        self._recorder = recorder
        self._organisations = organisations
        self._clock = clock
        self.patience = Patience()
        """Told when a board that failed answers again."""
        self._sockets: dict[str, _Socket] = {}
        self._due_ms: dict[str, int] = {}  # by organisation that has sockets here
        self._failed: dict[str, int] = {}  # renewals in a row, by organisation

    async def open(self, org_id: str, agent_id: str, connection: str) -> None:
        """Take a lease for a new socket. With the board away the next step takes it."""
        self._sockets[connection] = _Socket(org_id=org_id, agent_id=agent_id, beat_ms=self._clock.now_ms())
        self._due_ms.setdefault(org_id, 0)
        try:
            await self._connect(org_id, agent_id, connection)
        except Unavailable as error:
            log.warning("no lease yet", org=org_id, agent=agent_id, reason=error.slug)

    def beat(self, connection: str) -> None:
        """Note a sign of life."""
        socket = self._sockets.get(connection)
        if socket is not None:
            socket.beat_ms = self._clock.now_ms()

    async def nudge(self, connection: str, ping: Callable[[], None]) -> None:
        """Call ``ping`` whenever a socket has given no sign of life for a heartbeat and a half, until cancelled.

        A page in the background is woken by what it receives, while its own timers all but stand still (Chrome wakes
        them once a minute: developer.chrome.com/blog/timer-throttling-in-chrome-88).
        """
        while (socket := self._sockets.get(connection)) is not None:
            beat_ms = heartbeat_ms(self._organisations.get(socket.org_id))
            await asyncio.sleep(beat_ms / 2000)
            if self._clock.now_ms() - socket.beat_ms > beat_ms * 3 // 2:
                ping()

    async def close(self, connection: str) -> None:
        """Give the lease back. With the board away it lapses by itself. Safe to call twice."""
        socket = self._sockets.pop(connection, None)
        if socket is None:
            return
        try:
            reply = await self._board.disconnect_agent(socket.org_id, socket.agent_id, connection)
            await self._recorder.record(reply.events)
        except CordboardError as error:
            log.warning("lease left to lapse", org=socket.org_id, agent=socket.agent_id, reason=error.slug)

    async def step(self) -> float:
        """Renew the leases of living sockets where that is due; return the seconds to the next look.

        One organisation's fault is logged and tried again; it holds up nobody else.
        """
        now_ms = self._clock.now_ms()
        # A clock that was set back must not put the renewal off.
        due = [org_id for org_id, at_ms in self._due_ms.items() if not now_ms < at_ms <= now_ms + LONGEST_MS]
        await asyncio.gather(*(self._renew_or_report(org_id, now_ms) for org_id in due))
        soonest_ms = min(self._due_ms.values(), default=now_ms + LOOK_MS)
        return min(max(soonest_ms - now_ms, 1), LOOK_MS) / 1000

    async def _renew_or_report(self, org_id: str, now_ms: int) -> None:
        try:
            await self._renew_all(org_id, now_ms)
            if self._failed.pop(org_id, 0):
                self.patience.works(org_id)
        except Exception as error:  # whatever it is, it is this organisation's alone
            failed = self._failed[org_id] = self._failed.get(org_id, 0) + 1
            wait_ms = min(LOOK_MS * failed, PROBE_MS)
            self._due_ms[org_id] = now_ms + wait_ms
            trace = None if isinstance(error, CordboardError) else error
            log.warning("leases not renewed", org=org_id, reason=str(error), retry_in_ms=wait_ms, exc_info=trace)

    async def _renew_all(self, org_id: str, now_ms: int) -> None:
        """Renew one organisation's leases, in batches."""
        here = [(connection, socket) for connection, socket in self._sockets.items() if socket.org_id == org_id]
        if not here:
            del self._due_ms[org_id]
            return
        organisation = self._organisations.get(org_id)
        leases = [
            (socket.agent_id, connection)
            for connection, socket in here
            if now_ms - socket.beat_ms <= organisation.lease_ms
        ]
        for start in range(0, len(leases), BATCH):
            await self._renew(org_id, leases[start : start + BATCH])
        self._due_ms[org_id] = now_ms + heartbeat_ms(organisation)

    async def _renew(self, org_id: str, leases: list[tuple[str, str]]) -> None:
        reply = await self._board.renew(org_id, leases)
        await self._recorder.record(reply.events)

    async def _connect(self, org_id: str, agent_id: str, connection: str) -> None:
        reply = await self._board.connect_agent(org_id, agent_id, connection)
        await self._recorder.record(reply.events)
        if reply.outcome is Outcome.UNKNOWN_AGENT:  # a supervisor without a place in the configuration
            self._sockets.pop(connection, None)
