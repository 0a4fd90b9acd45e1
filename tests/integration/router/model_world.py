"""Organisations for random histories: small, each with other rules of routing."""

from dataclasses import replace
from random import Random
from typing import Any

from engine.model.organisation import (
    Accept,
    AgentOrder,
    AgentSetup,
    CapacityProfile,
    ChannelCapacity,
    KindRule,
    OnAgentLost,
    Organisation,
    Overflow,
    OverflowTo,
    PresenceStatus,
    Pressure,
    Queue,
    Ranking,
    RelaxationStep,
    Role,
    StatusKind,
    WrapupMode,
)
from tests.integration.router.scene import organisation

KINDS = ("chat", "email", "voice")
QUEUES = ("sales", "support", "back")
AGENTS = ("ana", "ben", "chen", "dora", "eva")
WEIGHTS = (0, 0, 0, 2)
"""Of items; 0 = as the profile says."""

_RELAXATIONS = (
    RelaxationStep(after_ms=1_500, lower={"english": 2}),
    RelaxationStep(after_ms=4_000, widen=("back",)),
    RelaxationStep(after_ms=6_500, drop=frozenset({"billing"}), lower={"english": 3}, widen=("sales",)),
)


def draw_skills(rng: Random) -> dict[str, int]:
    """Return what an item asks for: often nothing."""
    return rng.choice(({}, {}, {"english": 5}, {"billing": 3}, {"english": 6, "billing": 1}))


def draw_organisation(rng: Random, org_id: str) -> Organisation:
    """Return an organisation in which every rule is on or off by chance."""
    return organisation(
        org_id,
        agents={},
        queues={key: _queue(rng, key) for key in QUEUES},
        profiles={key: _profile(rng, key) for key in ("standard", "writer")},
        statuses=_statuses(),
        missed_offers=rng.choice((2, 3)),
        missed_status="break",
        lease_ms=5_000,
        lost_agent_grace_ms=rng.choice((2_000, 8_000)),
        fill_pace_ms=rng.choice((0, 0, 900)),
        kinds={
            "chat": KindRule(),
            "email": KindRule(on_agent_lost=OnAgentLost.KEEP, refusable=False),
            "voice": KindRule(on_agent_lost=OnAgentLost.KEEP),
        },
    )


def _queue(rng: Random, key: str) -> Queue:
    steps = [step for step in _RELAXATIONS if rng.random() < 0.4 and key not in step.widen]
    return Queue(
        key=key,
        name=key,
        priority=rng.choice((0, 0, 2)),
        priority_step_ms=rng.choice((1_000, 10_000)),
        target_ms=rng.choice((0, 5_000, 20_000)),
        offer_timeout_ms=rng.choice((3_000, 6_000)),
        wrapup_ms=rng.choice((0, 4_000, 8_000)),
        wrapup_mode=rng.choice((WrapupMode.TIMED, WrapupMode.TIMED, WrapupMode.MANUAL, WrapupMode.NONE)),
        wrapup_extend_ms=1_500,
        wrapup_extensions=rng.choice((0, 1)),
        decline_memory_ms=rng.choice((0, 4_000)),
        skills=rng.choice(({}, {}, {"english": 2})),
        order=rng.choice(list(AgentOrder)),
        ranking=rng.choice((*Ranking, Ranking.PRIORITY_AS_SECONDS)),
        accept=rng.choice((Accept.MANUAL, Accept.MANUAL, Accept.MANUAL, Accept.AUTOMATIC)),
        offer_to=rng.choice((1, 1, 2, 3)),
        relaxation=tuple(steps),
        preferred_skills_wait_ms=rng.choice((0, 2_500, 30_000)),
        preferred_wait_ms=rng.choice((0, 3_000, 3_000)),
        required_wait_ms=rng.choice((0, 5_000)),
        limit_items=rng.choice((0, 0, 3)),
        overflow=_overflow(rng, key),
        hold_room_after_ms=rng.choice((0, 2_500)),
    )


def _overflow(rng: Random, key: str) -> dict[Pressure, OverflowTo]:
    to = OverflowTo(to=rng.choice([other for other in QUEUES if other != key]))
    ways: dict[Pressure, tuple[OverflowTo | None, ...]] = {
        Pressure.FULL: (None, to),
        Pressure.CLOSED: (None, to, OverflowTo(do=Overflow.MESSAGE)),
        Pressure.UNSTAFFED: (None, None, None, to, OverflowTo(do=Overflow.WAIT)),
    }
    drawn = {pressure: rng.choice(choices) for pressure, choices in ways.items()}
    return {pressure: way for pressure, way in drawn.items() if way is not None}


def _profile(rng: Random, key: str) -> CapacityProfile:
    chat = ChannelCapacity(maximum=rng.choice((0, 2)), parked_weight=rng.choice((0, 1)), parked_maximum=2)
    email = ChannelCapacity(weight=2, interruptible_by=frozenset(rng.choice(((), ("voice",), ("chat", "voice")))))
    voice = ChannelCapacity(weight=3, exclusive=True, needs_empty=rng.random() < 0.5)
    channels = {"chat": chat, "email": email, "voice": voice}
    if key == "writer":
        del channels["voice"]
    return CapacityProfile(key=key, units=rng.choice((2, 3, 4)) if key == "writer" else 4, channels=channels)


def _statuses() -> dict[str, PresenceStatus]:
    every = (
        PresenceStatus(key="available", name="Available", kind=StatusKind.AVAILABLE, channels=frozenset(KINDS)),
        PresenceStatus(key="mail", name="Mail", kind=StatusKind.AVAILABLE, channels=frozenset({"email"})),
        PresenceStatus(key="break", name="Break", kind=StatusKind.BREAK),
        PresenceStatus(key="offline", name="Offline", kind=StatusKind.OFFLINE),
    )
    return {status.key: status for status in every}


def draw_agent(rng: Random, name: str) -> AgentSetup:
    """Return one agent's configuration."""
    queues = tuple(rng.sample(QUEUES, rng.choice((1, 2, 2, 3))))
    return AgentSetup(
        login=name,
        name=name,
        role=Role.AGENT,
        profile=rng.choice(("standard", "standard", "writer")),
        skills=rng.choice(({}, {"english": 5}, {"english": 8, "billing": 3}, {"billing": 9}, {"english": 5})),
        queues=queues,
        ranks={queue: rng.choice((1, 2, 3)) for queue in queues} if rng.random() < 0.5 else {},
    )


def draw_agents(rng: Random) -> dict[str, AgentSetup]:
    """Return all agents."""
    return {name: draw_agent(rng, name) for name in AGENTS}


def draw_change(rng: Random, now: Organisation) -> Organisation:
    """Return the organisation with something changed: an agent, the room of a profile, what a queue asks for."""
    how = rng.choice(("agent", "agent", "profile", "skills", "order"))
    changes: dict[str, Any] = {}
    if how == "agent":
        name = rng.choice(AGENTS)
        changes["agents"] = {**now.agents, name: draw_agent(rng, name)}
    elif how == "profile":
        key = rng.choice(sorted(now.profiles))
        changes["profiles"] = {**now.profiles, key: replace(now.profiles[key], units=rng.choice((1, 2, 4, 5)))}
    else:
        queue = now.queues[rng.choice(QUEUES)]
        other = _queue(rng, queue.key)
        changed = (
            replace(queue, skills=other.skills, relaxation=other.relaxation)
            if how == "skills"
            else replace(queue, order=other.order, offer_to=other.offer_to, accept=other.accept)
        )
        changes["queues"] = {**now.queues, queue.key: changed}
    return replace(now, version=now.version + 1, **changes)
