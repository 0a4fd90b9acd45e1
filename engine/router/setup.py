"""Write an organisation's configuration the way the Lua functions read it."""

from collections.abc import Mapping

from engine.model.organisation import (
    AgentSetup,
    CapacityProfile,
    ChannelCapacity,
    Organisation,
    PresenceStatus,
    Queue,
)


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


def _queue(queue: Queue) -> dict[str, object]:
    return {
        "priority": queue.priority,
        "step": queue.priority_step_ms,
        "target": queue.target_ms,
        "offer_timeout": queue.offer_timeout_ms,
        "wrapup": queue.wrapup_ms,
        "decline_memory": queue.decline_memory_ms,
        "skills": dict(queue.skills),
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
    }


def _agent(agent_id: str, setup: AgentSetup) -> dict[str, object]:
    return {
        "id": agent_id,
        "profile": setup.profile,
        "skills": dict(setup.skills),
        "queues": dict.fromkeys(setup.queues, True),
    }
