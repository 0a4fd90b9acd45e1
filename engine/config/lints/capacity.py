"""Has anybody room for every kind of work, in some status?"""

from __future__ import annotations

from collections.abc import Iterator

from engine.config.findings import Finding, Scope


def kind_no_status_takes(scope: Scope) -> Iterator[Finding]:
    """Find channels, and kinds in capacity profiles, that no status takes."""
    taken = scope.kinds_taken()
    mend = "Add the kind to the channels of a status."
    for key, channel in scope.organisation.channels.items():
        if channel.work_kind and channel.work_kind not in taken:
            detail = f"no status takes {channel.work_kind}, so nobody is ever offered what comes through '{key}'"
            yield scope.error("kind-no-status-takes", ("channels", key), detail, mend=mend)
    for key, profile in scope.organisation.profiles.items():
        for kind in profile.channels:
            if kind not in taken:
                place = ("profiles", key, "channels", kind)
                yield scope.warning("kind-no-status-takes", place, f"no status takes {kind}", mend=mend)


def kind_no_agent_takes(scope: Scope) -> Iterator[Finding]:
    """Find channels into whose queues nobody has capacity for their kind."""
    profiles = scope.organisation.profiles
    for key, channel in scope.organisation.channels.items():
        kind = channel.work_kind
        for queue in sorted(_queues(scope, key)):
            members = scope.members[queue]
            if kind and members and not any(kind in profiles[agent.profile].channels for agent in members):
                detail = f"nobody in queue '{queue}' has capacity for {kind}, which comes through '{key}'"
                mend = "Add the kind to the channels of their profile."
                yield scope.error("kind-no-agent-takes", ("channels", key), detail, mend=mend)


def _queues(scope: Scope, channel: str) -> set[str]:
    """Return the queues that work of ``channel`` may enter at first."""
    named = {
        rule.queue
        for rule in scope.organisation.rules
        if rule.queue and (not rule.channels or channel in rule.channels)
    }
    return {scope.organisation.channels[channel].queue, *named}


def maximum_out_of_reach(scope: Scope) -> Iterator[Finding]:
    """Find maxima that the units never allow."""
    for key, profile in scope.organisation.profiles.items():
        for kind, capacity in profile.channels.items():
            fit = profile.units // capacity.weight
            if capacity.maximum > fit:
                place = ("profiles", key, "channels", kind, "maximum")
                detail = f"{capacity.maximum} {kind} never fit: {profile.units} units hold {fit}"
                mend = f"Set maximum: {fit}, or more units."
                yield scope.note("maximum-out-of-reach", place, detail, mend=mend)


def parked_above_capacity(scope: Scope) -> Iterator[Finding]:
    """Find parked work that may fill an agent, or weighs more than it did before."""
    for key, profile in scope.organisation.profiles.items():
        for kind, capacity in profile.channels.items():
            place = ("profiles", key, "channels", kind)
            if capacity.parked_weight > capacity.weight:
                detail = f"parked {kind} weighs {capacity.parked_weight}, active {kind} only {capacity.weight}"
                mend = "Parked work weighs less, or nothing."
                yield scope.warning("parked-above-capacity", (*place, "parked_weight"), detail, mend=mend)
            most = capacity.parked_maximum * capacity.parked_weight
            if capacity.parked_weight and (not capacity.parked_maximum or most >= profile.units):
                detail = f"parked {kind} alone may fill all {profile.units} units"
                fit = max((profile.units - 1) // capacity.parked_weight, 1)
                mend = f"Set parked_maximum to {fit} or less, or parked_weight: 0."
                yield scope.warning("parked-above-capacity", place, detail, mend=mend)
