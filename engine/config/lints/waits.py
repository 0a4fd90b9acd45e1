"""Has every wait an end, or at least somebody who is told?"""

from __future__ import annotations

from collections.abc import Iterator

from engine.config.findings import Finding, Scope
from engine.model.organisation import Overflow, Pressure, Queue, WrapupMode


def never_open(scope: Scope) -> Iterator[Finding]:
    """Find queues and plans whose business hours have no period."""
    never = {
        key for key, hours in scope.organisation.hours.items() if not (hours.periods or any(hours.exceptions.values()))
    }
    for key, queue in scope.organisation.queues.items():
        if queue.hours is not None and queue.hours.key in never:
            mend = "Give the hours a period, or remove them from the queue."
            yield scope.error("never-open", ("queues", key, "hours"), f"queue '{key}' is never open", mend=mend)
    for key, plan in scope.organisation.plans.items():
        if plan.hours in never:
            mend = "Give the hours a period, or use hours: always."
            detail = f"nothing is ever due by plan '{key}', whose hours never open"
            yield scope.error("never-open", ("plans", key, "hours"), detail, mend=mend)


def required_without_bound(scope: Scope) -> Iterator[Finding]:
    """Find queues that hold an item for ever for an agent it requires."""
    for key, queue in scope.organisation.queues.items():
        if queue.required_wait_ms == 0:
            detail = f"an item of queue '{key}' that requires an agent waits for ever if he does not come back"
            mend = "Set required_wait, such as 1d."
            yield scope.warning("required-without-bound", ("queues", key, "required_wait"), detail, mend=mend)


def wrapup_without_bound(scope: Scope) -> Iterator[Finding]:
    """Find queues whose wrap-up only the agent ends."""
    for key, queue in scope.organisation.queues.items():
        if queue.wrapup is WrapupMode.MANUAL:
            detail = f"a wrap-up in queue '{key}' that is forgotten holds the agent's room for ever"
            mend = "Set wrapup_mode: timed, with wrapup_extensions if it may take longer."
            yield scope.warning("wrapup-without-bound", ("queues", key, "wrapup_mode"), detail, mend=mend)


def unstaffed_without_bound(scope: Scope) -> Iterator[Finding]:
    """Find queues that take work in although nobody is there."""
    for key, queue in scope.organisation.queues.items():
        target = queue.overflow.get(Pressure.UNSTAFFED)
        if target is not None and target.do is Overflow.WAIT:
            detail = f"queue '{key}' takes work in when nobody is there, and it waits until somebody is"
            mend = "Let it go to another queue, or to message or callback."
            report = scope.note if _watched(queue) else scope.warning
            yield report("unstaffed-without-bound", ("queues", key, "overflow", "unstaffed"), detail, mend=mend)


def unwatched_wait(scope: Scope) -> Iterator[Finding]:
    """Find queues in which work may wait for ever and nobody is told."""
    for key, queue in scope.organisation.queues.items():
        if not _watched(queue):
            detail = f"work may wait in queue '{key}' for ever, and nobody is told"
            mend = "Set escalate_after, such as 5m."
            yield scope.warning("unwatched-wait", ("queues", key), detail, mend=mend)


def _watched(queue: Queue) -> bool:
    """Say whether supervisors are alerted of what waits too long."""
    return queue.escalate_after_ms > 0
