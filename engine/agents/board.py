"""The wallboard: one snapshot per organisation, however many watch, and only while somebody does."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from engine.agents.frames import BoardFrame, encode
from engine.agents.parts import BoardAgent, BoardQueue
from engine.clock import Clock, moment, rfc3339
from engine.model.board import AgentLine, BoardView, QueueView
from engine.model.organisation import Organisation, Queue, ServiceLevel
from engine.model.oversight import Overseen, overseen_by
from engine.model.record import QueueStatistics
from engine.model.user import Principal, User

FRESH_MS = 400
"""Age up to which a snapshot is handed out again; sockets send one each 500 ms."""
STATISTICS_FRESH_MS = 1_000
NAMES_FRESH_MS = 10_000
USUAL_GOAL = ServiceLevel(percent=80, within_ms=0)
"""What a queue's service level is compared with when the configuration names no goal."""


class BoardSource(Protocol):
    """The router's view of all queues and agents."""

    async def board_view(self, org_id: str) -> BoardView:
        """Return the board's present figures."""
        ...


class Statistics(Protocol):
    """Service levels from SQL."""

    async def service_level(self, org_id: str, *, since_ms: int, now_ms: int) -> Mapping[str, QueueStatistics]:
        """Return each queue's figures since a time."""
        ...


class Names(Protocol):
    """Users from SQL."""

    async def list(self, org_id: str) -> Sequence[User]:
        """Return the organisation's users."""
        ...


class Organisations(Protocol):
    """Know the configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return the organisation; raise NotFound."""
        ...


@dataclass(slots=True)
class _Kept:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    frame: BoardFrame | None = None
    text: str = ""
    at_ms: int = 0
    statistics: Mapping[str, QueueStatistics] = field(default_factory=dict)
    statistics_ms: int = 0
    names: Mapping[str, str] = field(default_factory=dict)
    logins: Mapping[str, str] = field(default_factory=dict)
    names_ms: int = 0


class Wallboard:
    """Build the wallboard's frames."""

    def __init__(
        self,
        *,
        board: BoardSource,
        statistics: Statistics,
        users: Names,
        organisations: Organisations,
        clock: Clock,
    ) -> None:
        self._board = board
        self._statistics = statistics
        self._users = users
        self._organisations = organisations
        self._clock = clock
        self._kept: dict[str, _Kept] = {}

    async def text(self, who: Principal) -> str:
        """Return the encoded board frame that somebody sees, at most ``FRESH_MS`` old. Raises NotFound, Unavailable."""
        kept = await self._fresh(who.org_id)
        overseen = overseen_by(self._organisations.get(who.org_id), who)
        return kept.text if overseen is None else encode(_overseen(kept, overseen))

    async def seen_frame(self, who: Principal) -> BoardFrame:
        """Return the board frame that somebody sees, as ``text``."""
        kept = await self._fresh(who.org_id)
        overseen = overseen_by(self._organisations.get(who.org_id), who)
        return _whole(kept) if overseen is None else _overseen(kept, overseen)

    async def frame(self, org_id: str) -> BoardFrame:
        """Return the whole board frame, at most ``FRESH_MS`` old. Raises NotFound, Unavailable."""
        return _whole(await self._fresh(org_id))

    async def _fresh(self, org_id: str) -> _Kept:
        organisation = self._organisations.get(org_id)
        kept = self._kept.setdefault(org_id, _Kept())
        async with kept.lock:
            now_ms = self._clock.now_ms()
            if kept.frame is None or not 0 <= now_ms - kept.at_ms <= FRESH_MS:
                await self._build(organisation, kept, now_ms)
        return kept

    async def _build(self, organisation: Organisation, kept: _Kept, now_ms: int) -> None:
        view = await self._board.board_view(organisation.id)
        if not 0 <= now_ms - kept.statistics_ms <= STATISTICS_FRESH_MS:
            since_ms = start_of_day_ms(now_ms, organisation.time_zone)
            kept.statistics = await self._statistics.service_level(organisation.id, since_ms=since_ms, now_ms=now_ms)
            kept.statistics_ms = now_ms
        if not 0 <= now_ms - kept.names_ms <= NAMES_FRESH_MS:
            users = await self._users.list(organisation.id)
            kept.names = {one.id: one.name for one in users}
            kept.logins = {one.id: one.login for one in users}
            kept.names_ms = now_ms
        kept.frame = board_frame(organisation, view, statistics=kept.statistics, names=kept.names, now_ms=now_ms)
        kept.text = encode(kept.frame)
        kept.at_ms = now_ms


def _whole(kept: _Kept) -> BoardFrame:
    assert kept.frame is not None
    return kept.frame


def _overseen(kept: _Kept, overseen: Overseen) -> BoardFrame:
    """Return the rows of the kept frame that are overseen."""
    frame = _whole(kept)
    return BoardFrame(
        at=frame.at,
        queues=[one for one in frame.queues if one.key in overseen.queues],
        agents=[one for one in frame.agents if kept.logins.get(one.id) in overseen.people],
    )


def start_of_day_ms(now_ms: int, time_zone: str) -> int:
    """Return the last midnight in ``time_zone``."""
    local = datetime.fromtimestamp(now_ms / 1000, tz=ZoneInfo(time_zone))
    return int(local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)


def board_frame(
    organisation: Organisation,
    view: BoardView,
    *,
    statistics: Mapping[str, QueueStatistics],
    names: Mapping[str, str],
    now_ms: int,
) -> BoardFrame:
    """Join the board's view, the record's figures and the names."""
    empty = QueueStatistics()
    return BoardFrame(
        at=rfc3339(now_ms),
        queues=[
            _queue(one, view.queues.get(key) or QueueView(key=key), statistics.get(key, empty))
            for key, one in organisation.queues.items()
        ],
        agents=[_agent(organisation, line, names.get(line.agent_id, "")) for line in view.agents],
    )


def _queue(queue: Queue, view: QueueView, figures: QueueStatistics) -> BoardQueue:
    level = figures.service_level
    goal = queue.service_level or USUAL_GOAL
    return BoardQueue(
        key=queue.key,
        name=queue.name,
        waiting=view.waiting,
        longest_wait_ms=view.longest_wait_ms,
        offered=view.offered,
        active=view.active,
        wrapup=view.wrapup,
        scheduled=view.scheduled,
        parked=view.parked,
        mode=view.mode,
        closed=view.closed,
        wait_low_ms=view.wait_low_ms,
        wait_high_ms=view.wait_high_ms,
        wait_inside=None if view.wait_inside is None else round(view.wait_inside, 4),
        service_level=None if level is None else round(level, 4),
        goal=goal.percent / 100,
        least=goal.least / 100,
        offered_today=figures.offered,
        answered_today=figures.answered,
        abandoned_today=figures.abandoned,
    )


def _agent(organisation: Organisation, line: AgentLine, name: str) -> BoardAgent:
    status = organisation.statuses.get(line.status)
    return BoardAgent(
        id=line.agent_id,
        name=name,
        status=line.status,
        status_name=status.name if status else line.status,
        status_kind=status.kind.value if status else "offline",
        since=moment(line.since_ms),
        connected=line.connected,
        used=line.used,
        units=line.units,
        items=line.items,
    )
