"""Rows of approvals: read among the facts of a decision, written with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Select, bindparam, literal_column, select

from engine.errors import CordboardError
from engine.model.approval import Approval, ApprovalState, Turn, TurnState
from engine.model.casework import CaseDecision, CaseFacts, Decide
from engine.store.cases.references import check_references
from engine.store.cases.tables import approval_turns, approvals, cases
from engine.store.direct import every
from engine.store.json_text import dump, load
from engine.store.rows import AnyRow
from engine.store.upsert import change, insert_once

WAITING: Any = approvals.c.state == literal_column("'waiting'")
TURN_WAITS: Any = approval_turns.c.state == literal_column("'waiting'")

_WAITING: Select[Any] = (
    select(approvals).where(approvals.c.case_id == bindparam("case"), WAITING).order_by(approvals.c.id)
)
_TURNS: Select[Any] = (
    select(approval_turns)
    .where(approval_turns.c.approval_id == bindparam("approval"))
    .order_by(approval_turns.c.number)
)


def waiting_approvals(conn: Connection, case_id: str) -> tuple[Approval, ...]:
    """Return the approvals of a case that wait, in the order they were asked for."""
    rows = every(conn, _WAITING, {"case": case_id})
    return tuple(approval_of(row, turns_of(conn, row.id)) for row in rows)


def turns_of(conn: Connection, approval_id: str) -> tuple[Turn, ...]:
    """Return an approval's turns in order."""
    return tuple(turn_of(row) for row in every(conn, _TURNS, {"approval": approval_id}))


def possible(conn: Connection, decide: Decide) -> Decide:
    """Return the same function, which hears of it when the record would not have what is approved.

    A person's own change is refused with that; an approval has to end with it, whoever is there to hear.
    """

    def asked(facts: CaseFacts) -> CaseDecision:
        decision = decide(facts)
        _check_asked(conn, facts, decision)
        if not any(one.state is ApprovalState.APPROVED for one in decision.approvals):
            return decision
        try:
            check_references(conn, facts.case, {one.field: one.to for one in decision.changes})
        except CordboardError as refused:
            return decide(replace(facts, refused=str(refused)))
        return decision

    return asked


def _check_asked(conn: Connection, facts: CaseFacts, decision: CaseDecision) -> None:
    """Refuse what is asked for now and refers to what is not there."""
    known = {one.id for one in facts.approvals}
    for one in decision.approvals:
        if one.id not in known and one.changes:
            check_references(conn, facts.case, one.changes)


def write_approvals(conn: Connection, facts: CaseFacts, decided: Sequence[Approval]) -> None:
    """Write approvals as decided, and how many wait beside the case; nothing where there are none."""
    before = {one.id: one for one in facts.approvals}
    for one in decided:
        _write(conn, one, before.get(one.id))
    if decided:
        now = {**before, **{one.id: one for one in decided}}
        count = sum(one.state is ApprovalState.WAITING for one in now.values())
        if count != facts.case.approvals_waiting:
            change(conn, cases, {"id": facts.case.id}, {"approvals_waiting": count})


def _write(conn: Connection, one: Approval, before: Approval | None) -> None:
    moving = {
        "state": one.state.value,
        "step": one.step,
        "due_ms": one.due_ms,
        "remind_ms": one.remind_ms,
        "decided_ms": one.decided_ms,
        "fault": one.fault,
        "version": one.version,
    }
    if before is not None:
        change(conn, approvals, {"id": one.id}, moving)
    else:
        row = {
            "id": one.id,
            "org_id": one.org_id,
            "case_id": one.case_id,
            "process": one.process,
            "changes": dump(one.changes),
            "macro": one.macro,
            "reason": one.reason,
            "asked_by": one.asked_by,
            "asked_ms": one.asked_ms,
            **moving,
        }
        if not insert_once(conn, approvals, row):
            raise RuntimeError(f"approval {one.process} of case {one.case_id} waits already")
    _write_turns(conn, one, () if before is None else before.turns)


def _write_turns(conn: Connection, one: Approval, before: Iterable[Turn]) -> None:
    known = {turn.number: turn for turn in before}
    for turn in one.turns:
        if known.get(turn.number) == turn:
            continue
        key = {"approval_id": one.id, "number": turn.number}
        moving = {
            "state": turn.state.value,
            "decided_by": turn.decided_by,
            "decided_ms": turn.decided_ms,
            "note": turn.note,
        }
        fixed = {
            "org_id": one.org_id,
            "step": turn.step,
            "user_id": turn.user_id,
            "role": turn.role,
            "asked_ms": turn.asked_ms,
            "delegated_from": turn.delegated_from,
        }
        if not insert_once(conn, approval_turns, {**key, **fixed, **moving}):
            change(conn, approval_turns, key, moving)


def approval_of(row: AnyRow, turns: tuple[Turn, ...]) -> Approval:
    """Read an approval."""
    return Approval(
        id=row.id,
        org_id=row.org_id,
        case_id=row.case_id,
        process=row.process,
        state=ApprovalState(row.state),
        step=row.step,
        changes=load(row.changes),
        macro=row.macro,
        reason=row.reason,
        asked_by=row.asked_by,
        asked_ms=row.asked_ms,
        due_ms=row.due_ms,
        remind_ms=row.remind_ms,
        decided_ms=row.decided_ms,
        fault=row.fault,
        version=row.version,
        turns=turns,
    )


def turn_of(row: AnyRow) -> Turn:
    """Read a turn."""
    return Turn(
        number=row.number,
        step=row.step,
        user_id=row.user_id,
        role=row.role,
        state=TurnState(row.state),
        asked_ms=row.asked_ms,
        decided_by=row.decided_by,
        decided_ms=row.decided_ms,
        note=row.note,
        delegated_from=row.delegated_from,
    )
