"""Approvals in a decision: what is asked for, answered, handed on, withdrawn, or too late. Pure.

What is asked for is tried as a real change when it is asked for, and again when the last yes is said: then it is made
in the same decision, or the approval has failed and says why. A time that was over before somebody answered counts,
whenever the decision is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from engine.cases.changes import Wish, wanted
from engine.cases.draft import CaseRules, Draft, Step
from engine.cases.guarding import fits, needs_approval, required
from engine.cases.macro_step import Asked, applied, macro_of
from engine.cases.turns import (
    REMINDED,
    Handed,
    after,
    answer_line,
    ask_step,
    begun,
    ended,
    hand_on,
    keep,
    name_of,
    new_approval,
    next_step,
    over,
    recipients,
    tell,
)
from engine.cases.values import case_values
from engine.errors import Conflict, CordboardError, Forbidden, InvalidInput, NotFound
from engine.model.approval import Approval, ApprovalProcess, ApprovalState, Need, Then, Turn, TurnState
from engine.model.case_setup import CaseStatusKind
from engine.model.organisation import Organisation, Role
from engine.model.user import Principal

TIMERS = "approval"
ANSWERS = {True: TurnState.APPROVED, False: TurnState.REFUSED}


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What somebody asks for."""

    process: str
    changes: Mapping[str, object] = field(default_factory=dict)
    macro: str = ""
    reason: str = ""
    version: int = 0  # of the case, that it is based on; 0: whatever there is


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What somebody does about an approval."""

    approval_id: str
    version: int = 0  # of the approval, that it is based on; 0: whatever there is
    note: str = ""


# -- asking -------------------------------------------------------------------------------------------------------


def asked(question: Question, asker_id: str) -> Step:
    """Return the step that asks for a yes.

    Raises NotFound (``unknown-process``, ``unknown-macro``); Conflict (``stale-version``, ``approval-not-offered``,
    ``approval-waiting``, ``needs-approval`` of another process) and whatever the change itself would be refused with.
    """

    def step(draft: Draft, rules: CaseRules) -> Draft:
        draft = overdue(wanted(Wish(version=question.version))(draft, rules), rules)
        process = process_of(rules.organisation, question.process)
        approval = new_approval(
            draft, rules, process, changes=question.changes, reason=question.reason, asked_by=asker_id,
            macro=question.macro,
        )  # fmt: skip
        would_be = _done(draft, rules, process, approval)
        _check(draft, would_be, rules, process, question.macro)
        return begun(draft, rules, process, approval, would_be, by_person=True)

    return step


def process_of(organisation: Organisation, key: str) -> ApprovalProcess:
    """Return a configured process; raise NotFound."""
    process = organisation.approvals.get(key)
    if process is None:
        known = ", ".join(organisation.approvals) or "none"
        raise NotFound(f"there is no approval process {key}", slug="unknown-process", mend=f"Known: {known}.")
    return process


def offered(draft: Draft, rules: CaseRules) -> list[ApprovalProcess]:
    """Return the processes that may be asked for on a case as it is now."""
    values, waiting = case_values(draft, rules), {one.process for one in draft.approvals}
    if draft.kind is CaseStatusKind.CLOSED:
        return []
    found = rules.organisation.approvals.values()
    return [one for one in found if one.key not in waiting and fits(one, values, values)]


def _check(draft: Draft, would_be: Draft, rules: CaseRules, process: ApprovalProcess, macro: str) -> None:
    waiting = next((one for one in draft.approvals if one.process == process.key), None)
    if waiting is not None:
        raise Conflict(
            f"an answer about {process.name} is waited for already", slug="approval-waiting", approval_id=waiting.id
        )
    closed = draft.kind is CaseStatusKind.CLOSED
    if closed or not fits(process, case_values(draft, rules), case_values(would_be, rules)):
        raise Conflict(f"{process.name} is not for this case as it is now", slug="approval-not-offered")
    others = [one for one in required(draft, would_be, rules, macro=macro) if one.key != process.key]
    if others:
        raise needs_approval(draft, others)


def _done(draft: Draft, rules: CaseRules, process: ApprovalProcess, approval: Approval) -> Draft:
    """Return the draft with what was asked for; raise what the change is refused with."""
    if approval.macro:
        name = name_of(rules, approval.asked_by)
        by = Asked(actor_id=approval.asked_by, agent_name=name, once=approval.id)
        return applied(macro_of(rules.organisation, approval.macro), by, approved=True)(draft, rules)
    why = f"approval: {process.name}"
    return wanted(Wish(changes=approval.changes, why=why), approved=True)(draft, rules)


def _would_be(draft: Draft, rules: CaseRules, process: ApprovalProcess, approval: Approval) -> Draft:
    try:
        return _done(draft, rules, process, approval)
    except CordboardError:
        return draft  # who says yes last is told


# -- answers ------------------------------------------------------------------------------------------------------


def answered(answer: Answer, who: Principal, *, yes: bool) -> Step:
    """Return the step in which somebody says yes or no.

    Raises Conflict (``approval-over``, ``stale-version``), Forbidden (``not-approver``).
    """

    def step(draft: Draft, rules: CaseRules) -> Draft:
        draft, process, approval = _found(draft, rules, answer)
        turn = _turn_of(process, approval, who)
        state = ANSWERS[yes]
        line = answer_line(process, approval, state.value, note=answer.note)
        done = replace(turn, state=state, decided_by=who.user_id, decided_ms=draft.now_ms, note=answer.note)
        approval = _with_turn(approval, done)
        draft = keep(draft, approval).with_told(line)
        if not yes:
            return ended(draft, rules, process, approval, ApprovalState.REFUSED)
        if _needs_all(process, approval) and approval.waiting:
            return draft
        approval = over(approval, draft.now_ms)
        return _go_on(keep(draft, approval), rules, process, approval, at_ms=draft.now_ms, yes=True)

    return step


def delegated(answer: Answer, who: Principal, to_user_id: str, *, turn_number: int = 0) -> Step:
    """Return the step in which somebody hands his turn to another user, or a supervisor somebody else's.

    Raises Conflict (``approval-over``, ``stale-version``, ``delegation-circle``), Forbidden (``not-approver``),
    InvalidInput.
    """

    def step(draft: Draft, rules: CaseRules) -> Draft:
        draft, process, approval = _found(draft, rules, answer)
        turn = _turn_to_delegate(process, approval, who, turn_number)
        if to_user_id == approval.asked_by and not process.asker_may_approve:
            raise InvalidInput("He asked for it himself.", field="user_id")
        check_circle(approval, turn, to_user_id)
        return hand_on(
            draft, rules, approval, turn, Handed(process=process, to=to_user_id, by=who.user_id, note=answer.note)
        )

    return step


def withdrawn(answer: Answer, who: Principal) -> Step:
    """Return the step in which who asked, or a supervisor, takes the question back. Raises as ``answered``."""

    def step(draft: Draft, rules: CaseRules) -> Draft:
        draft, process, approval = _found(draft, rules, answer)
        if not who.at_least(Role.SUPERVISOR) and (not who.user_id or who.user_id != approval.asked_by):
            raise Forbidden("Only who asked for it, or a supervisor, takes it back.", slug="not-approver")
        return ended(draft, rules, process, approval, ApprovalState.WITHDRAWN, fault=answer.note, by_person=True)

    return step


def _found(draft: Draft, rules: CaseRules, answer: Answer) -> tuple[Draft, ApprovalProcess, Approval]:
    """Return the approval that waits, after what was due before now; raise Conflict."""
    draft = overdue(draft, rules)
    approval = next((one for one in draft.approvals if one.id == answer.approval_id), None)
    if approval is None:
        raise Conflict("the approval is over", slug="approval-over")
    if answer.version and answer.version != approval.version:
        raise Conflict("the approval has changed meanwhile", slug="stale-version", version=approval.version)
    return draft, process_for(rules, approval), approval


def process_for(rules: CaseRules, approval: Approval) -> ApprovalProcess:
    """Return the approval's process; one that is configured no more asks nobody else."""
    known = rules.organisation.approvals.get(approval.process)
    return known or ApprovalProcess(key=approval.process, name=approval.process, steps=())


def _needs_all(process: ApprovalProcess, approval: Approval) -> bool:
    return approval.step <= len(process.steps) and process.steps[approval.step - 1].need is Need.ALL


def may_answer(process: ApprovalProcess | None, approval: Approval, who: Principal) -> Turn | None:
    """Return the turn in which somebody may say yes or no now: his own, else his role's; None = he may not."""
    if not who.user_id or _asked_himself(process, approval, who) or _said_yes(approval, who.user_id):
        return None
    mine = [one for one in approval.waiting if one.user_id == who.user_id]
    roles = [one for one in approval.waiting if one.role and who.at_least(Role(one.role))]
    return next(iter((*mine, *roles)), None)


def may_hand_on(process: ApprovalProcess | None, approval: Approval, who: Principal) -> Sequence[Turn]:
    """Return the turns that somebody may hand on: his own first, and a supervisor those of others.

    Not those of a role above his, and none of what he asked for himself: who asks does not choose who answers.
    """
    own = may_answer(process, approval, who)
    mine = [own] if own else []
    if not who.at_least(Role.SUPERVISOR) or _asked_himself(process, approval, who):
        return mine
    return mine + [one for one in approval.waiting if one != own and (not one.role or who.at_least(Role(one.role)))]


def _asked_himself(process: ApprovalProcess | None, approval: Approval, who: Principal) -> bool:
    """Say whether somebody has no part in the answer, because he asked."""
    himself = bool(who.user_id) and who.user_id == approval.asked_by
    return himself and not (process is not None and process.asker_may_approve)


def _said_yes(approval: Approval, user_id: str) -> bool:
    """Say whether somebody said yes in the step that is asked now."""
    return any(
        one.step == approval.step and one.state is TurnState.APPROVED and one.decided_by == user_id
        for one in approval.turns
    )


def _turn_of(process: ApprovalProcess, approval: Approval, who: Principal) -> Turn:
    turn = may_answer(process, approval, who)
    if turn is None:
        raise _not_approver(process)
    return turn


def _not_approver(process: ApprovalProcess) -> Forbidden:
    return Forbidden(f"It is not your turn to answer about {process.name}.", slug="not-approver")


def _turn_to_delegate(process: ApprovalProcess, approval: Approval, who: Principal, number: int) -> Turn:
    found = may_hand_on(process, approval, who)
    if number and who.at_least(Role.SUPERVISOR):
        if all(one.number != number for one in approval.waiting):
            raise InvalidInput("No turn of this number waits.", field="turn")
        found = [one for one in found if one.number == number]
    if not found:
        raise _not_approver(process)
    return found[0]


def check_circle(approval: Approval, turn: Turn, to_user_id: str) -> None:
    """Raise Conflict (``delegation-circle``) where somebody has had the turn, or another one of the step."""
    by_number, held = {one.number: one for one in approval.turns}, set[str]()
    before: Turn | None = turn
    while before is not None:
        held.add(before.user_id)
        before = by_number.get(before.delegated_from)
    asked_already = any(one.user_id == to_user_id for one in approval.waiting)
    if to_user_id in held or asked_already or _said_yes(approval, to_user_id):
        raise Conflict("he has been asked already", slug="delegation-circle")


def _with_turn(approval: Approval, done: Turn) -> Approval:
    return replace(approval, turns=tuple(done if one.number == done.number else one for one in approval.turns))


def _go_on(
    draft: Draft, rules: CaseRules, process: ApprovalProcess, approval: Approval, *, at_ms: int, yes: bool
) -> Draft:
    """Ask the next step; after the last yes do what was asked for."""
    values = case_values(_would_be(draft, rules, process, approval), rules)
    index = next_step(process, values, approval.step, instead=not yes)
    if index is not None:
        return ask_step(draft, rules, process, approval, index, at_ms=at_ms)
    if not yes:
        return ended(draft, rules, process, approval, ApprovalState.TIMED_OUT, at_ms=at_ms)
    fault, done = draft.facts.refused, draft
    if not fault:
        try:
            done = _done(draft, rules, process, approval)
        except CordboardError as refused:
            fault = str(refused)
    state = ApprovalState.FAILED if fault else ApprovalState.APPROVED
    return ended(done, rules, process, approval, state, at_ms=at_ms, fault=fault)


# -- time ---------------------------------------------------------------------------------------------------------


def overdue(draft: Draft, rules: CaseRules) -> Draft:
    """Do what the times of approvals call for that are over; each as of the moment it was due."""
    for approval in draft.approvals:
        draft = _overdue(draft, rules, approval.id)
    return draft


def _overdue(draft: Draft, rules: CaseRules, approval_id: str) -> Draft:
    while True:
        approval = next((one for one in draft.approvals if one.id == approval_id), None)
        if approval is None:
            return draft
        if not 0 < approval.due_ms <= draft.now_ms:
            return _reminded(draft, rules, approval) if 0 < approval.remind_ms <= draft.now_ms else draft
        draft = _timed_out(draft, rules, approval)


def _timed_out(draft: Draft, rules: CaseRules, approval: Approval) -> Draft:
    process, due_ms = process_for(rules, approval), approval.due_ms
    then = process.steps[approval.step - 1].then if approval.step <= len(process.steps) else Then.REFUSE
    data = answer_line(process, approval, TurnState.TIMED_OUT.value, then=then.value, due_ms=due_ms)
    approval = replace(over(approval, due_ms, TurnState.TIMED_OUT), due_ms=0, remind_ms=0)
    draft = keep(draft, approval).with_told(replace(data, asked=False))
    if then is Then.REFUSE:
        return ended(draft, rules, process, approval, ApprovalState.TIMED_OUT, at_ms=due_ms)
    return _go_on(draft, rules, process, approval, at_ms=due_ms, yes=then is Then.APPROVE)


def _reminded(draft: Draft, rules: CaseRules, approval: Approval) -> Draft:
    """Remind who has not answered; what was missed meanwhile is one reminder."""
    process, next_ms = process_for(rules, approval), 0
    if approval.step <= len(process.steps):
        step, next_ms = process.steps[approval.step - 1], approval.remind_ms
        while step.remind_ms and 0 < next_ms <= draft.now_ms:
            next_ms = after(rules, step, next_ms, step.remind_ms)
    approval = replace(approval, remind_ms=next_ms)
    draft = keep(draft, approval)
    return tell(draft, rules, process, approval, alert=REMINDED, to=recipients(rules, approval.waiting))


def settled(draft: Draft, rules: CaseRules) -> Draft:
    """Withdraw what waits for an answer about a case that is closed for good or merged; set the timers of the rest."""
    if draft.kind is CaseStatusKind.CLOSED or draft.case.merged_into:
        why = "the case was merged" if draft.case.merged_into else "the case was closed"
        for one in draft.approvals:
            draft = ended(draft, rules, process_for(rules, one), one, ApprovalState.WITHDRAWN, fault=why)
    waiting = draft.approvals
    timers = {one.id: one.due_ms for one in waiting if one.due_ms}
    return draft.with_timers(TIMERS, timers | {f"{one.id}/remind": one.remind_ms for one in waiting if one.remind_ms})
