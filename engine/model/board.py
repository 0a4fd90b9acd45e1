"""What the live board answers: views of agents and queues, and what a tick did.

A ``deadline_ms`` is real time (milliseconds UTC), 0 where there is none. ``units`` may be below
``used``: limits lowered below use never break anything, nothing is offered until there is room.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.model.work import Offer, Outcome, RoutingEvent, WorkState


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldItem:
    """A work item an agent holds: offered, active, in wrap-up or parked."""

    item_id: str
    interaction_id: str
    kind: str  # channel kind
    state: WorkState
    assignment: int
    queue: str
    since_ms: int  # in this state since
    deadline_ms: int = 0  # end of the wrap-up
    extensions: int = 0  # how often the wrap-up was given more time
    parent_id: str = ""  # of a consult: the item it belongs to, as the record has it


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentView:
    """One agent as the board sees him."""

    agent_id: str
    status: str  # key of a presence status
    status_since_ms: int
    connected: bool  # at least one socket holds a lease
    units: int
    used: int
    offers: tuple[Offer, ...] = ()
    items: tuple[HeldItem, ...] = ()  # active, wrap-up and parked, oldest first


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueView:
    """One queue as the board sees it."""

    key: str
    waiting: int = 0
    longest_wait_ms: int = 0  # of the items waiting now, earlier waits included
    offered: int = 0
    active: int = 0
    wrapup: int = 0
    mode: str = "open"  # open, paused (nothing is handed out), draining (nothing comes in)
    closed: bool = False  # out of hours
    scheduled: int = 0
    parked: int = 0
    wait_low_ms: int = 0  # what a newcomer would wait, with 60 % between these …
    wait_high_ms: int = 0  # … 0 = nobody waits, or nothing is known
    wait_inside: float | None = None  # share of true waits that fell into their band; None before the first


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Where an item stands in its queue, and how long it will probably wait."""

    position: int  # 1 = next, 0 = not waiting
    low_ms: int = 0  # with 60 % between these, in steps that people speak in …
    high_ms: int = 0  # … 0 = not known


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentLine:
    """One agent on the wallboard."""

    agent_id: str
    status: str
    since_ms: int
    connected: bool
    used: int
    units: int
    items: int  # offered, active and in wrap-up


@dataclass(frozen=True, kw_only=True, slots=True)
class BoardView:
    """All queues and agents of an organisation at one moment."""

    at_ms: int = 0
    queues: Mapping[str, QueueView] = field(default_factory=dict)
    agents: tuple[AgentLine, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Tick:
    """What a tick did: due timers handled, in a bounded batch."""

    outcome: Outcome
    events: tuple[RoutingEvent, ...] = ()
    epoch: int = 0
    last_seq: int = 0  # number of the newest event on the board
    stopped_ms: int = 0  # downtime of the engine so far: real deadline = running + stopped
    more: bool = False  # timers are still due: tick again at once
