"""Whose turn it is to say yes or no, and how they hear of it. Pure.

A step of a process asks people; each gets a turn. Who asked has none, unless the process lets him, and where that
leaves nobody the supervisors are asked: nothing waits for somebody who is not there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from engine.cases.changes import Wish, wanted
from engine.cases.draft import CaseRules, Draft
from engine.cases.guarding import needs_approval, required
from engine.cases.people import himself
from engine.cases.triggers import calendar_of
from engine.cases.values import case_values
from engine.errors import CordboardError
from engine.model.approval import (
    ROLE,
    SUPERVISORS,
    Approval,
    ApprovalProcess,
    ApprovalState,
    ApprovalStep,
    Need,
    NewApproval,
    Turn,
    TurnState,
)
from engine.model.case_setup import CaseStatusKind
from engine.model.casework import EffectKind, HistoryLine
from engine.skills import business_time
from engine.skills.conditions import matches

ASKED, REMINDED, ENDED = "approval-asked", "approval-reminded", "approval-ended"
"""Kinds of alerts."""
EVENTS: Mapping[str, str] = {ASKED: "approval.asked", REMINDED: "approval.reminded", ENDED: "approval.ended"}
"""What a webhook's ``type`` says."""
LONGEST_REASON = 2_000
LONGEST_SUBJECT = 200


def begun(
    draft: Draft, rules: CaseRules, process: ApprovalProcess, approval: Approval, would_be: Draft, *, by_person: bool
) -> Draft:
    """Ask for a yes; ``would_be`` is the case as it would be then. Where no step fits, the last one is asked."""
    index = next_step(process, case_values(would_be, rules), 0)
    index = len(process.steps) - 1 if index is None else index
    return ask_step(draft, rules, process, approval, index, at_ms=draft.now_ms, by_person=by_person)


def begun_by_rule(draft: Draft, rules: CaseRules, asked: NewApproval, *, actor_id: str = "") -> tuple[Draft, str]:
    """Ask as an action of a rule or a macro does; return why not, "" when it was asked."""
    process = rules.organisation.approvals.get(asked.process)
    if process is None:
        return draft, f"there is no approval {asked.process}"
    if draft.kind is CaseStatusKind.CLOSED:
        return draft, "the case is closed"
    if any(one.process == process.key for one in draft.approvals):
        return draft, "it waits already"
    try:
        would_be = wanted(Wish(changes=asked.changes), approved=True)(draft, rules)
    except CordboardError as refused:
        return draft, str(refused)
    others = [one for one in required(draft, would_be, rules) if one.key != process.key]
    if others:
        return draft, needs_approval(draft, others).detail
    approval = new_approval(draft, rules, process, changes=asked.changes, reason=asked.reason, asked_by=actor_id)
    return begun(draft, rules, process, approval, would_be, by_person=bool(actor_id)), ""


def new_approval(
    draft: Draft,
    rules: CaseRules,
    process: ApprovalProcess,
    *,
    changes: Mapping[str, object],
    reason: str,
    asked_by: str,
    macro: str = "",
) -> Approval:
    """Return an approval that is asked for now; nobody has a turn yet."""
    return Approval(
        id=rules.new_id(),
        org_id=draft.case.org_id,
        case_id=draft.case.id,
        process=process.key,
        changes=dict(changes),
        macro=macro,
        reason=reason[:LONGEST_REASON],
        asked_by=asked_by,
        asked_ms=draft.now_ms,
    )


def next_step(
    process: ApprovalProcess, values: Mapping[str, object], done: int, *, instead: bool = False
) -> int | None:
    """Return the index of the first step after the ``done`` ones whose condition holds; None = there is none.

    ``instead``: the time of the step before is over.
    """
    for index, step in enumerate(process.steps):
        if index >= done and (instead or not step.instead) and matches(step.when, values):
            return index
    return None


def ask_step(
    draft: Draft,
    rules: CaseRules,
    process: ApprovalProcess,
    approval: Approval,
    index: int,
    *,
    at_ms: int,
    by_person: bool = False,
) -> Draft:
    """Give a step's approvers their turns, as of ``at_ms``."""
    step, first = process.steps[index], not approval.turns
    turns = tuple(
        replace(turn, number=number, step=index + 1, asked_ms=at_ms)
        for number, turn in enumerate(_turns(draft, rules, process, approval, step), len(approval.turns) + 1)
    )
    approval = replace(
        approval,
        step=index + 1,
        turns=(*approval.turns, *turns),
        due_ms=after(rules, step, at_ms, step.timeout_ms),
        remind_ms=after(rules, step, at_ms, step.remind_ms),
    )
    asked = {"changes": dict(approval.changes), "macro": approval.macro, "reason": approval.reason} if first else {}
    data = {**_named(process, approval), "who": [who(rules, turn) for turn in turns], "due_ms": approval.due_ms}
    told = {name: value for name, value in {**data, **asked}.items() if value}
    draft = keep(draft, approval).with_told(HistoryLine(kind="approval_asked", data=told, asked=by_person))
    return tell(draft, rules, process, approval, alert=ASKED, to=recipients(rules, turns))


def after(rules: CaseRules, step: ApprovalStep, from_ms: int, time_ms: int) -> int:
    """Return when so much of a step's time has passed; 0 = never."""
    return business_time.due(calendar_of(rules, step.hours), from_ms, time_ms) if time_ms else 0


def _turns(
    draft: Draft, rules: CaseRules, process: ApprovalProcess, approval: Approval, step: ApprovalStep
) -> Sequence[Turn]:
    """Return the turns of a step, each person's or role's once."""
    supervisors, found = Turn(number=0, step=0, role=SUPERVISORS), list[Turn]()
    for one in step.by:
        role = one.removeprefix(ROLE) if one.startswith(ROLE) else ""
        user_id = "" if role else himself(draft, rules, one)
        barred = bool(user_id) and user_id == approval.asked_by and not process.asker_may_approve
        if role or (user_id and not barred):
            found.append(Turn(number=0, step=0, user_id=user_id, role=role))
        elif step.need is Need.ALL:
            found.append(supervisors)  # a yes that is needed is not left out
    return list(dict.fromkeys(found)) or [supervisors]


@dataclass(frozen=True, kw_only=True, slots=True)
class Handed:
    """To whom a turn goes, and by whom."""

    process: ApprovalProcess
    to: str  # user id
    by: str = ""  # user id; "" = the engine: to a deputy
    note: str = ""


def hand_on(draft: Draft, rules: CaseRules, approval: Approval, turn: Turn, on: Handed) -> Draft:
    """Give a turn to somebody else, who is told."""
    now_ms = draft.now_ms
    handed = replace(turn, state=TurnState.DELEGATED, decided_by=on.by, decided_ms=now_ms, note=on.note)
    new = Turn(
        number=len(approval.turns) + 1, step=turn.step, user_id=on.to, asked_ms=now_ms, delegated_from=turn.number,
    )  # fmt: skip
    turns = (handed if one.number == turn.number else one for one in approval.turns)
    approval = replace(approval, turns=(*turns, new))
    line = answer_line(
        on.process, approval, TurnState.DELEGATED.value, to=on.to, to_name=name_of(rules, on.to), note=on.note,
        deputy_of="" if on.by else name_of(rules, turn.user_id),
    )  # fmt: skip
    draft = keep(draft, approval).with_told(line if on.by else replace(line, asked=False))
    return tell(draft, rules, on.process, approval, alert=ASKED, to=recipients(rules, [new]))


def keep(draft: Draft, approval: Approval) -> Draft:
    """Let the approval be so from now on; its version counts on."""
    before = next((one.version for one in draft.facts.approvals if one.id == approval.id), 0)
    return draft.with_approval(replace(approval, version=before + 1))


def over(approval: Approval, at_ms: int, state: TurnState = TurnState.OVER) -> Approval:
    """Return the approval with no turn that waits."""
    turns = (
        replace(one, state=state, decided_ms=at_ms) if one.state is TurnState.WAITING else one for one in approval.turns
    )
    return replace(approval, turns=tuple(turns))


def ended(
    draft: Draft,
    rules: CaseRules,
    process: ApprovalProcess,
    approval: Approval,
    state: ApprovalState,
    *,
    at_ms: int = 0,
    fault: str = "",
    by_person: bool = False,
) -> Draft:
    """End an approval, and tell who asked for it; of a rule's the case's owner."""
    at_ms = at_ms or draft.now_ms
    approval = replace(over(approval, at_ms), state=state, due_ms=0, remind_ms=0, decided_ms=at_ms, fault=fault)
    data = {**_named(process, approval), "state": state.value, **({"fault": fault} if fault else {})}
    draft = keep(draft, approval).with_told(HistoryLine(kind="approval_ended", data=data, asked=by_person))
    asker = approval.asked_by or draft.case.owner_id
    return tell(draft, rules, process, approval, alert=ENDED, to={"user_ids": [asker]} if asker else {})


def answer_line(process: ApprovalProcess, approval: Approval, answer: str, **data: object) -> HistoryLine:
    """Return the line of history about somebody's answer."""
    said = {name: value for name, value in data.items() if value}
    return HistoryLine(
        kind="approval_answered", data={**_named(process, approval), "answer": answer, **said}, asked=True
    )


def recipients(rules: CaseRules, turns: Sequence[Turn]) -> dict[str, object]:
    """Return who is told that these turns wait; of a role that nobody has, who has one above it."""
    agents = rules.organisation.agents.values()
    there = {one.role.value for one in agents if one.user_id}
    roles = {turn.role for turn in turns if turn.role}
    roles = {role if role in there or role != SUPERVISORS else "admin" for role in roles}
    found = {"user_ids": sorted({turn.user_id for turn in turns} - {""}), "roles": sorted(roles)}
    return {name: values for name, values in found.items() if values}


def tell(
    draft: Draft,
    rules: CaseRules,
    process: ApprovalProcess,
    approval: Approval,
    *,
    alert: str,
    to: Mapping[str, object],
) -> Draft:
    """Tell people on their consoles, by mail and by webhook, as far as the process says so."""
    told: dict[str, object] = {
        **_named(process, approval),
        "state": approval.state.value,
        "number": draft.case.number,
        "subject": draft.case.subject[:LONGEST_SUBJECT],
        "reason": approval.reason,
        "asked_by": approval.asked_by,
        "due_ms": approval.due_ms,
        "text": _text(draft, rules, process, approval, alert),
    }
    if to:
        draft = draft.with_new_effect(EffectKind.CONSOLE, rules, to=dict(to), alert=alert, **told)
    if to and process.email:
        draft = draft.with_new_effect(EffectKind.EMAIL, rules, to=dict(to), **told)
    if process.webhook:
        draft = draft.with_new_effect(
            EffectKind.WEBHOOK,
            rules,
            webhook=process.webhook,
            event=EVENTS[alert],
            changes=dict(approval.changes),
            **told,
        )
    return draft


def who(rules: CaseRules, turn: Turn) -> str:
    """Return how a turn's person or role is called in the history."""
    return name_of(rules, turn.user_id) if turn.user_id else f"{ROLE}{turn.role}"


def name_of(rules: CaseRules, user_id: str) -> str:
    """Return a user's name, as far as he is configured."""
    return next((one.name for one in rules.organisation.agents.values() if user_id and one.user_id == user_id), user_id)


def _named(process: ApprovalProcess, approval: Approval) -> dict[str, object]:
    return {"approval_id": approval.id, "process": process.key, "name": process.name, "step": approval.step}


def _text(draft: Draft, rules: CaseRules, process: ApprovalProcess, approval: Approval, alert: str) -> str:
    about = f"{process.name}, case {draft.case.number}"
    asker = name_of(rules, approval.asked_by) or "A rule"
    reason = f" {approval.reason}" if approval.reason else ""
    if alert == ENDED:
        fault = f": {approval.fault}" if approval.fault else "."
        return f"{about}: {approval.state.value.replace('_', ' ')}{fault}"
    return f"{asker} asks for your yes{' (reminder)' if alert == REMINDED else ''}: {about}.{reason}"
