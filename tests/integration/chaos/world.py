"""The organisation that chaos plays in: small, and with every rule of the routing model on."""

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
    Skill,
    StatusKind,
    WrapupMode,
)
from tests.organisations import small_organisation

ORG = "chaos"
CHANNELS = ("chat", "email", "voice")
SKILLS: tuple[dict[str, int], ...] = ({}, {}, {"english": 5}, {"billing": 3}, {"english": 6, "billing": 2})
SHARED: dict[str, Any] = {"offer_timeout_ms": 900, "decline_memory_ms": 700, "wrapup_ms": 600, "preferred_wait_ms": 800}


def queues() -> dict[str, Queue]:
    """Return six queues that differ in every rule."""
    full = {Pressure.FULL: OverflowTo(to="support"), Pressure.UNSTAFFED: OverflowTo(do=Overflow.WAIT)}
    widen = (
        RelaxationStep(after_ms=1_000, lower={"english": 2}),
        RelaxationStep(after_ms=2_000, drop=frozenset({"billing"}), widen=("support",)),
    )
    every = (
        Queue(key="sales", name="Sales", relaxation=widen, limit_items=60, overflow=full, **SHARED),
        Queue(key="support", name="Support", order=AgentOrder.LEAST_LOADED, target_ms=5_000, **SHARED),
        Queue(key="fast", name="Fast", accept=Accept.AUTOMATIC, order=AgentOrder.FEWEST_HANDLED, priority=2, **SHARED),
        Queue(key="many", name="Many", offer_to=3, order=AgentOrder.MOST_SKILLED, limit_items=40, **SHARED),
        Queue(
            key="calls",
            name="Calls",
            hold_room_after_ms=700,
            ranking=Ranking.PRIORITY_THEN_AGE,
            **{**SHARED, "wrapup_ms": 0},
        ),
        Queue(
            key="mail",
            name="Mail",
            ranking=Ranking.DUE,
            wrapup_mode=WrapupMode.MANUAL,
            required_wait_ms=3_000,
            wrapup_extensions=2,
            **SHARED,
        ),
    )
    return {queue.key: queue for queue in every}


def profiles() -> dict[str, CapacityProfile]:
    """Return two profiles: calls are exclusive, mail gives way to calls, parked chats keep a little room."""
    channels = {
        "chat": ChannelCapacity(weight=2, maximum=3, parked_weight=1, parked_maximum=3),
        "email": ChannelCapacity(weight=1, interruptible_by=frozenset({"voice"})),
        "voice": ChannelCapacity(weight=5, exclusive=True, needs_empty=True),
    }
    return {
        "standard": CapacityProfile(key="standard", units=6, channels=channels),
        "writer": CapacityProfile(
            key="writer", units=3, channels={"chat": ChannelCapacity(), "email": channels["email"]}
        ),
    }


def agents() -> dict[str, AgentSetup]:
    """Return eight agents: specialists, generalists, twins, and two with an order of queues of their own."""
    rows: tuple[tuple[str, str, dict[str, int], tuple[str, ...], dict[str, int]], ...] = (
        ("ana", "standard", {"english": 5}, ("sales", "support", "fast"), {}),
        ("ben", "standard", {"english": 5}, ("sales", "support", "fast"), {}),
        ("chen", "standard", {"english": 8, "billing": 5}, ("support", "many", "calls", "mail"), {}),
        ("dora", "writer", {"billing": 9}, ("mail", "sales", "many"), {"mail": 2, "sales": 1, "many": 3}),
        ("eva", "writer", {}, ("many", "fast"), {}),
        ("finn", "standard", {"english": 9, "billing": 9}, tuple(queues()), {}),
        ("gus", "standard", {"english": 6}, ("calls", "sales"), {"calls": 1, "sales": 2}),
        ("hana", "standard", {"english": 7, "billing": 2}, ("fast", "many", "mail", "calls"), {}),
    )
    return {
        login: AgentSetup(
            login=login, name=login, role=Role.AGENT, profile=profile, skills=skills, queues=names, ranks=ranks
        )
        for login, profile, skills, names, ranks in rows
    }


def statuses() -> dict[str, PresenceStatus]:
    """Return statuses that take all, some and no channels."""
    every = (
        PresenceStatus(key="available", name="Available", kind=StatusKind.AVAILABLE, channels=frozenset(CHANNELS)),
        PresenceStatus(key="mail-only", name="Mail", kind=StatusKind.AVAILABLE, channels=frozenset({"email"})),
        PresenceStatus(key="break", name="Break", kind=StatusKind.BREAK),
        PresenceStatus(key="offline", name="Offline", kind=StatusKind.OFFLINE),
    )
    return {status.key: status for status in every}


def organisation(version: int = 1) -> Organisation:
    """Return the whole organisation."""
    return small_organisation(
        ORG,
        version=version,
        skills={key: Skill(key=key, name=key) for key in ("english", "billing")},
        queues=queues(),
        statuses=statuses(),
        profiles=profiles(),
        agents=agents(),
        missed_offers=3,
        missed_status="break",
        lost_agent_grace_ms=900,
        lease_ms=1_500,
        fill_pace_ms=40,
        signature_limit=400,
        kinds={
            "chat": KindRule(),
            "email": KindRule(on_agent_lost=OnAgentLost.KEEP, refusable=False),
            "voice": KindRule(on_agent_lost=OnAgentLost.KEEP),
        },
    )


def user_ids() -> dict[str, str]:
    """Return agents' ids by log-in: the log-in itself."""
    return {login: login for login in agents()}
