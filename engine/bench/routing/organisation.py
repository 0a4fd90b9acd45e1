"""The measured contact center as an organisation's configuration. Pure.

Everything that costs something is on: relaxation, priorities, room held for work that waits long, offers with a
time-out. No wrap-up, so that the end of a contact frees its room; times are so long that none ends meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.bench.routing.shape import Shape, Signature
from engine.model.organisation import (
    AgentOrder,
    AgentSetup,
    CapacityProfile,
    ChannelCapacity,
    Organisation,
    PresenceStatus,
    Queue,
    RelaxationStep,
    Role,
    Skill,
    StatusKind,
)
from engine.model.work import Requirement, WorkItem

PRIORITIES = 4
AVAILABLE, OFFLINE = "available", "offline"
_LONG_MS = 86_400_000
_RELAX_MS, _HOLD_MS = 600_000, 1_800_000


def agent_id(number: int) -> str:
    """Return an agent's log-in, which is also his id on the board."""
    return f"agent-{number}"


def user_ids(shape: Shape) -> Mapping[str, str]:
    """Return the agents' ids by log-in."""
    return {agent_id(number): agent_id(number) for number in range(shape.agents)}


def organisation(org_id: str, shape: Shape, *, order: str) -> Organisation:
    """Return the configuration of a whole contact center."""
    asked = shape.all_signatures()
    skills = sorted({_skill(one.skill) for one in asked})
    return Organisation(
        id=org_id,
        name=org_id,
        version=1,
        skills={key: Skill(key=key, name=key) for key in skills},
        queues={key: _queue(key, order) for key in shape.queues()},
        statuses={
            AVAILABLE: PresenceStatus(
                key=AVAILABLE, name=AVAILABLE, kind=StatusKind.AVAILABLE, channels=frozenset(shape.channels)
            ),
            OFFLINE: PresenceStatus(key=OFFLINE, name=OFFLINE, kind=StatusKind.OFFLINE),
        },
        profiles={
            "all": CapacityProfile(
                key="all", units=shape.units, channels={key: ChannelCapacity() for key in shape.channels}
            )
        },
        channels={},
        rules=(),
        agents={
            agent_id(person.number): AgentSetup(
                login=agent_id(person.number),
                name=agent_id(person.number),
                role=Role.AGENT,
                profile="all",
                skills={_skill(skill): level for skill, level in person.skills.items()},
                queues=person.queues,
            )
            for person in shape.people()
        },
        dispositions=(),
        sign_out_status=OFFLINE,
        missed_offers=0,
        lost_agent_grace_ms=_LONG_MS,
        lease_ms=_LONG_MS,
    )


def work_item(org_id: str, signature: Signature, *, item_id: str, priority: int) -> WorkItem:
    """Return a work item that asks for ``signature``."""
    return WorkItem(
        id=item_id,
        org_id=org_id,
        kind=signature.channel,
        queue=signature.queue,
        requirement=Requirement(skills={_skill(signature.skill): signature.level}),
        priority=priority,
    )


def _queue(key: str, order: str) -> Queue:
    return Queue(
        key=key,
        name=key,
        target_ms=20_000,
        offer_timeout_ms=_LONG_MS,
        wrapup_ms=0,
        order=AgentOrder(order),
        relaxation=(RelaxationStep(after_ms=_RELAX_MS, lower={"s0": 1}),),
        hold_room_after_ms=_HOLD_MS,
    )


def _skill(number: int) -> str:
    return f"s{number}"
