"""Do limits, overflows and targets that are given have an effect?"""

from __future__ import annotations

from collections.abc import Iterator

from engine.config.findings import Finding, Scope
from engine.model.organisation import Overflow, Pressure, Queue, Ranking

LIMITS = {Pressure.FULL: "limit_items", Pressure.WAIT: "limit_wait"}


def _limited(queue: Queue, pressure: Pressure) -> bool:
    return bool(queue.limit_items if pressure is Pressure.FULL else queue.limit_wait_ms)


def limit_without_effect(scope: Scope) -> Iterator[Finding]:
    """Find limits whose overflow takes everything in all the same."""
    for key, queue in scope.organisation.queues.items():
        for pressure, limit in LIMITS.items():
            target = queue.overflow.get(pressure)
            if _limited(queue, pressure) and target is not None and target.do is Overflow.WAIT:
                detail = f"{limit} keeps nothing out: overflow.{pressure.value} is wait"
                mend = "Choose to, message, callback or refuse, or remove the limit."
                yield scope.warning("limit-without-effect", ("queues", key, limit), detail, mend=mend)


def overflow_without_limit(scope: Scope) -> Iterator[Finding]:
    """Find overflows for limits that are not set."""
    for key, queue in scope.organisation.queues.items():
        for pressure, limit in LIMITS.items():
            if pressure in queue.overflow and not _limited(queue, pressure):
                place = ("queues", key, "overflow", pressure.value)
                detail = f"overflow.{pressure.value} never happens: the queue has no {limit}"
                yield scope.warning("overflow-without-limit", place, detail, mend=f"Set {limit}, or remove it.")


def due_without_target(scope: Scope) -> Iterator[Finding]:
    """Find queues ranked by due time in which most items have none."""
    for key, queue in scope.organisation.queues.items():
        if queue.ranking is Ranking.DUE and queue.target_ms == 0:
            detail = f"items of queue '{key}' without a due time of their own are due at once"
            yield scope.warning("due-without-target", ("queues", key, "ranking"), detail, mend="Set target.")
