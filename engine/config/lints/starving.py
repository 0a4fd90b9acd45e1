"""May some work wait for ever because other work always goes first?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.config.findings import Finding, Scope
from engine.model.organisation import RANK, CapacityProfile, Organisation, Ranking


def heavy_starves(scope: Scope) -> Iterator[Finding]:
    """Find heavy kinds of work that lighter ones may pass for ever, in queues that hold no room for them."""
    organisation = scope.organisation
    for key, profile in organisation.profiles.items():
        for heavy in profile.channels:
            lighter = _lighter(profile, heavy)
            queues = [queue for queue in _of_profile(scope, key) if _may_hold(organisation, queue, heavy)]
            if not lighter or not queues:
                continue
            place = ("profiles", key, "channels", heavy)
            names = ", ".join(queues)
            detail = (
                f"{heavy} may wait for ever behind {' and '.join(lighter)} in queues without hold_room_after: {names}"
            )
            mend = "Set hold_room_after in these queues, such as 1m."
            yield scope.warning("heavy-starves", place, detail, mend=mend)


def _lighter(profile: CapacityProfile, heavy: str) -> list[str]:
    """Return the kinds that use up room bit by bit that ``heavy`` needs at once."""
    own = profile.channels[heavy]
    return [
        kind
        for kind, capacity in profile.channels.items()
        if kind != heavy
        and heavy not in capacity.interruptible_by
        and (capacity.weight < own.weight or (own.needs_empty and not capacity.needs_empty))
    ]


def _of_profile(scope: Scope, profile: str) -> list[str]:
    """Return the queues without held room that agents of ``profile`` work in."""
    return [
        key
        for key, members in scope.members.items()
        if scope.organisation.queues[key].hold_room_after_ms == 0 and any(agent.profile == profile for agent in members)
    ]


def _may_hold(organisation: Organisation, queue: str, kind: str) -> bool:
    """Say whether work of ``kind`` may be in ``queue``: anywhere when no channel is of that kind, through the API."""
    channels = [channel for channel in organisation.channels.values() if channel.work_kind == kind]
    named = {rule.queue for rule in organisation.rules}
    return not channels or queue in named or any(channel.queue == queue for channel in channels)


def outranked_queue(scope: Scope) -> Iterator[Finding]:
    """Find queues all of whose agents take the work of other queues first, however old theirs is."""
    for key, members in scope.members.items():
        if members and all(_outranked(agent.ranks, agent.queues, key) for agent in members):
            detail = f"every agent of queue '{key}' takes all work of other queues first"
            mend = "Let one agent rank it first, or leave the ranks out."
            yield scope.warning("outranked-queue", ("queues", key), detail, mend=mend)


def _outranked(ranks: Mapping[str, int], queues: Sequence[str], key: str) -> bool:
    return any(ranks.get(queue, RANK) < ranks.get(key, RANK) for queue in queues)


def strict_priority(scope: Scope) -> Iterator[Finding]:
    """Find queues where priority counts more than any wait, and nothing ever raises the priority of what waits."""
    for key, queue in scope.organisation.queues.items():
        if queue.ranking is Ranking.PRIORITY_THEN_AGE and not (queue.escalate_after_ms and queue.escalate_priority):
            detail = f"work without priority waits in queue '{key}' while work with priority keeps coming"
            mend = "Set escalate_after and escalate_priority, or ranking: priority_as_seconds."
            yield scope.warning("strict-priority", ("queues", key, "ranking"), detail, mend=mend)
