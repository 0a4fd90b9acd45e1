"""Which changes need somebody's yes. Pure.

A process guards what its condition says of the case as it would be, as far as the change has to do with it: who
changes the subject of a case with a great refund needs no yes for that; who makes it a case that the process is for
does. Of several processes that guard the same field the first one counts; other fields need the yes of theirs, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.cases.draft import CaseRules, Draft
from engine.cases.values import case_values
from engine.errors import Conflict
from engine.model.approval import ApprovalProcess
from engine.skills.conditions import fields_of, matches


def required(before: Draft, after: Draft, rules: CaseRules, *, macro: str = "") -> tuple[ApprovalProcess, ...]:
    """Return the processes whose yes a change (or ``macro``) from ``before`` to ``after`` needs; () = none."""
    processes = rules.organisation.approvals.values()
    if not processes or (after.case is before.case and not macro):
        return ()
    was, now = case_values(before, rules), case_values(after, rules)
    meant = [one for one in processes if fits(one, was, now)]
    named = next((one for one in meant if macro and macro in one.macros), None)
    return (named,) if named else tuple(_of_fields(meant, was, now))


def fits(process: ApprovalProcess, was: Mapping[str, object], now: Mapping[str, object]) -> bool:
    """Say whether a process is for a case, as it is or as it would be."""
    return matches(process.when, was) or matches(process.when, now)


def _of_fields(
    processes: Sequence[ApprovalProcess], was: Mapping[str, object], now: Mapping[str, object]
) -> Iterator[ApprovalProcess]:
    changed = {name for name in was.keys() | now.keys() if was.get(name) != now.get(name)}
    claimed = set[str]()
    for process in processes:
        named = set(fields_of(process.changes))
        if named and not matches(process.when, was):
            named |= set(fields_of(process.when))  # by these it comes under the process, with what it has already
        guarded = named & changed
        if guarded - claimed and matches(process.changes, now):
            claimed |= guarded
            yield process


def guard(before: Draft, after: Draft, rules: CaseRules, *, macro: str = "") -> None:
    """Raise Conflict (``needs-approval``) for a change that needs somebody's yes."""
    processes = required(before, after, rules, macro=macro)
    if processes:
        raise needs_approval(before, processes)


def needs_approval(draft: Draft, processes: Sequence[ApprovalProcess]) -> Conflict:
    """Return the refusal of a change that needs the yes of these processes."""
    case_id, keys = draft.case.id, [one.key for one in processes]
    waiting = [one.id for one in draft.approvals if one.process in keys]
    names = ", ".join(f"{one.name} ({one.key})" for one in processes)
    mend = (
        "It is asked for already; wait for the answer."
        if waiting
        else f"Ask for it: POST /api/v1/cases/{case_id}/approvals"
        f" with the process {' and another with '.join(keys)} and these changes."
    )
    return Conflict(
        f"this needs somebody's yes: {names}",
        slug="needs-approval",
        mend=mend,
        processes=[{"key": one.key, "name": one.name} for one in processes],
        approval_ids=waiting,
    )
