"""Can work get into a queue, and is anybody there?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.config.findings import Finding, Scope
from engine.model.organisation import Overflow, Pressure, Queue


def queue_out_of_reach(scope: Scope) -> Iterator[Finding]:
    """Find queues that no channel, rule, overflow or relaxation leads to."""
    for key, sources in scope.sources.items():
        if not sources:
            detail = f"nothing leads to queue '{key}': only a transfer or the API does"
            mend = "Name it in a channel, a rule or an overflow, or remove it."
            yield scope.warning("queue-out-of-reach", ("queues", key), detail, mend=mend)


def queue_without_agents(scope: Scope) -> Iterator[Finding]:
    """Find queues without agents, unless relaxation widens them or overflow takes work out of them."""
    for key, queue in scope.organisation.queues.items():
        pools = [key, *(wider for step in queue.relaxation for wider in step.widen)]
        if any(scope.members[pool] for pool in pools) or leaves_when_unstaffed(queue):
            continue
        detail = f"no agent is a member of queue '{key}'"
        mend = "Add it to the queues of an agent, or widen it to a queue that has some."
        report = scope.error if scope.sources[key] else scope.warning
        yield report("queue-without-agents", ("queues", key), detail, mend=mend)


def leaves_when_unstaffed(queue: Queue) -> bool:
    """Say whether it is configured that work leaves the queue when nobody is there who could have it."""
    target = queue.overflow.get(Pressure.UNSTAFFED)
    return target is not None and target.do is not Overflow.WAIT


def widens_to_nobody(scope: Scope) -> Iterator[Finding]:
    """Find relaxation steps that widen to a queue without agents."""
    for key, queue in scope.organisation.queues.items():
        for index, step in enumerate(queue.relaxation):
            for at, wider in enumerate(step.widen):
                if not scope.members[wider]:
                    place = ("queues", key, "relaxation", index, "widen", at)
                    mend = "Widen to a queue that has agents, or remove it."
                    yield scope.warning("widens-to-nobody", place, f"queue '{wider}' has no agents", mend=mend)


def overflow_circle(scope: Scope) -> Iterator[Finding]:
    """Find overflows that lead back to where they began; each circle once."""
    ways = {
        key: {why.value: target.to for why, target in queue.overflow.items() if target.to}
        for key, queue in scope.organisation.queues.items()
    }
    told: set[frozenset[str]] = set()
    for key, own in ways.items():
        circle = _circle(ways, key)
        if not circle or frozenset(circle) in told:
            continue
        told.add(frozenset(circle))
        why = next(why for why, to in own.items() if to == circle[1])
        detail = f"overflow goes in a circle: {' → '.join([*circle, circle[0]])}"
        mend = "Let one of them end in message, callback or refuse."
        yield scope.error("overflow-circle", ("queues", key, "overflow", why), detail, mend=mend)


def _circle(ways: Mapping[str, Mapping[str, str]], start: str) -> list[str]:
    """Return a shortest way from ``start`` back to it, without the return; [] when there is none."""
    paths = [[start]]
    seen: set[str] = set()
    for path in paths:  # grows meanwhile: breadth first
        for to in ways[path[-1]].values():
            if to == start:
                return path
            if to not in seen:
                seen.add(to)
                paths.append([*path, to])
    return []
