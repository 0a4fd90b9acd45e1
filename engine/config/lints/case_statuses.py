"""Can cases come into every status, and be over?"""

from __future__ import annotations

from collections.abc import Iterator

from engine.config.findings import Finding, Scope
from engine.model.case_setup import OVER, CaseStatusKind, first_of


def status_out_of_reach(scope: Scope) -> Iterator[Finding]:
    """Find statuses that no case can come into from the first one."""
    statuses = scope.organisation.case_statuses
    reached, ahead = set[str](), [first_of(statuses, kind) for kind in (CaseStatusKind.NEW, CaseStatusKind.OPEN)]
    while ahead:
        key = ahead.pop()
        if key not in reached:
            reached.add(key)
            ahead += statuses[key].to
    for key in statuses:
        if key not in reached:
            detail = f"no case can come into status '{key}'"
            mend = "Name it in the to of another status, or remove it."
            yield scope.warning("status-out-of-reach", ("case_statuses", key), detail, mend=mend)


def status_without_end(scope: Scope) -> Iterator[Finding]:
    """Find statuses from which a case can never be resolved or closed, or a machine without such statuses."""
    statuses = scope.organisation.case_statuses
    if not any(status.kind in OVER for status in statuses.values()):
        mend = "Add one of kind resolved or closed."
        yield scope.error("status-without-end", ("case_statuses",), "no case can ever be over", mend=mend)
        return
    ending = {key for key, status in statuses.items() if status.kind in OVER}
    while more := {key for key, status in statuses.items() if key not in ending and ending & set(status.to)}:
        ending |= more
    for key in statuses:
        if key not in ending:
            detail = f"a case in status '{key}' can never be over"
            mend = "Add a status of kind resolved or closed to its to, or one that leads there."
            yield scope.error("status-without-end", ("case_statuses", key), detail, mend=mend)
