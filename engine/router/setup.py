"""Write an organisation's configuration the way the Lua functions read it."""

from collections.abc import Mapping

from engine.model.organisation import (
    RANK,
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
    WrapupMode,
)

HUGE_STEP_MS = 10**11
"""More than any age: with it a point of priority counts more than any waiting."""

_REFUSED_UNLESS_SAID = {pressure: OverflowTo(do=Overflow.REFUSE) for pressure in (Pressure.FULL, Pressure.WAIT)}


def board_setup(organisation: Organisation, user_ids: Mapping[str, str]) -> dict[str, object]:
    """Return the argument of ``configure_board``; ``user_ids`` maps log-ins to agents' ids."""
    return {
        "settings": {
            "version": organisation.version,
            "sign_out_status": organisation.sign_out_status,
            "missed_offers": organisation.missed_offers,
            "missed_status": organisation.missed_status,
            "grace": organisation.lost_agent_grace_ms,
            "lease": organisation.lease_ms,
            "fill_pace": organisation.fill_pace_ms,
            "signature_limit": organisation.signature_limit,
            "kinds": {key: _kind(kind) for key, kind in organisation.kinds.items()},
        },
        "queues": {key: _queue(queue) for key, queue in organisation.queues.items()},
        "statuses": {key: _status(status) for key, status in organisation.statuses.items()},
        "profiles": {key: _profile(profile) for key, profile in organisation.profiles.items()},
        "agents": {user_ids[login]: True for login in organisation.agents if login in user_ids},
    }


def agent_setups(organisation: Organisation, user_ids: Mapping[str, str]) -> list[dict[str, object]]:
    """Return the agents for ``configure_agents``; a log-in without a user yet is left out."""
    known = [(user_ids[login], setup) for login, setup in organisation.agents.items() if login in user_ids]
    return [_agent(agent_id, setup) for agent_id, setup in sorted(known, key=lambda pair: pair[0])]


def _kind(kind: KindRule) -> dict[str, object]:
    return {"keep": kind.on_agent_lost is OnAgentLost.KEEP, "refusable": kind.refusable}


def _queue(queue: Queue) -> dict[str, object]:
    overflow = {**_REFUSED_UNLESS_SAID, **queue.overflow}
    return {
        "priority": queue.priority,
        "skills": dict(queue.skills),
        "order": queue.order.value,
        **_ranking(queue),
        "accept": queue.accept.value,
        "offer_to": queue.offer_to,
        "offer_timeout": queue.offer_timeout_ms,
        "decline_memory": queue.decline_memory_ms,
        "relaxation": [_step(step) for step in queue.relaxation],
        "preferred_skills_wait": queue.preferred_skills_wait_ms,
        "preferred_wait": queue.preferred_wait_ms,
        "required_wait": queue.required_wait_ms,
        "limit_items": queue.limit_items,
        "limit_wait": queue.limit_wait_ms,
        "overflow": {pressure.value: _overflow(to) for pressure, to in overflow.items()},
        "hold_room_after": queue.hold_room_after_ms,
        **_wrapup(queue),
    }


def _ranking(queue: Queue) -> dict[str, object]:
    strict = queue.ranking is Ranking.PRIORITY_THEN_AGE
    return {
        "ranking": queue.ranking.value,
        "step": HUGE_STEP_MS if strict else queue.priority_step_ms,
        "target": 0 if strict else queue.target_ms,
    }


def _step(step: RelaxationStep) -> dict[str, object]:
    return {
        "after": step.after_ms,
        "lower": dict(step.lower),
        "drop": sorted(step.drop),
        "widen": list(step.widen),
    }


def _overflow(to: OverflowTo) -> dict[str, object]:
    return {"do": to.do.value} if to.do else {"to": to.to}


def _wrapup(queue: Queue) -> dict[str, object]:
    return {
        "wrapup": queue.wrapup_ms if queue.wrapup is WrapupMode.TIMED else 0,
        "wrapup_mode": queue.wrapup.value,
        "wrapup_extend": queue.wrapup_extend_ms,
        "wrapup_extensions": queue.wrapup_extensions,
    }


def _status(status: PresenceStatus) -> dict[str, object]:
    return {"kind": status.kind.value, "channels": dict.fromkeys(sorted(status.channels), True)}


def _profile(profile: CapacityProfile) -> dict[str, object]:
    return {"units": profile.units, "channels": {key: _channel(part) for key, part in profile.channels.items()}}


def _channel(capacity: ChannelCapacity) -> dict[str, object]:
    return {
        "weight": capacity.weight,
        "maximum": capacity.maximum,
        "exclusive": capacity.exclusive,
        "interruptible_by": dict.fromkeys(sorted(capacity.interruptible_by), True),
        "needs_empty": capacity.needs_empty,
        "parked_weight": capacity.parked_weight,
        "parked_maximum": capacity.parked_maximum,
    }


def _agent(agent_id: str, setup: AgentSetup) -> dict[str, object]:
    return {
        "id": agent_id,
        "profile": setup.profile,
        "skills": dict(setup.skills),
        "queues": {
            queue: {"rank": setup.ranks.get(queue, RANK), "home": queue == setup.queues[0]} for queue in setup.queues
        },
    }
