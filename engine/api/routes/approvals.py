"""Approvals: ask for a yes, answer, and see what waits."""

from collections.abc import Coroutine
from typing import Annotated, Protocol

from fastapi import Query, Request

from engine.api.access import Agent, CaseWriter, Parts
from engine.api.names import Names
from engine.api.operation import Operation
from engine.api.parts import ApiParts
from engine.api.routes.cases import TAG, named_case
from engine.api.schemas.approvals import (
    ApprovalAnswer,
    ApprovalList,
    CaseApprovals,
    Deciding,
    Delegating,
    NewApproval,
    ProcessAnswer,
    Reader,
    Refusing,
)
from engine.api.sight import sight_of
from engine.cases.approval_desk import asker_of
from engine.cases.approvals import Answer
from engine.errors import Conflict
from engine.model.approval import Approval, ApprovalFilter, ApprovalState, Concern, FiledApproval
from engine.model.case import Case
from engine.model.casework import Decided
from engine.model.user import Principal

Locale = Annotated[str, Query(max_length=35, description="In which language names are.")]
Limit = Annotated[int, Query(ge=1, le=200)]


class State(Protocol):
    """What the application keeps beside its parts."""

    names: Names


async def ask_approval(
    case_id: str, body: NewApproval, request: Request, parts: Parts, who: CaseWriter, *, locale: Locale = ""
) -> ApprovalAnswer:
    """Ask for an approval.

    For what is refused with `needs-approval`, or whatever else a process is for. The `changes` (or the `macro`) are
    checked now as if they were made, and made with the last yes; nothing else of the case waits meanwhile. Of one
    process at most one approval of a case waits.
    """
    try:
        approval, decided = await parts.service.approvals.ask(case_id, body.question(), who)
    except Conflict as refused:
        present = refused.fields.get("case")
        if isinstance(present, Case):
            refused.fields["case"] = (await named_case(parts, present, None)).model_dump()
        raise
    return _told(approval, decided, await _reader(request, parts, who, locale), parts)


async def list_case_approvals(
    case_id: str, request: Request, parts: Parts, who: Agent, locale: Locale = ""
) -> CaseApprovals:
    """List a case's approvals.

    Newest first, and the processes that may be asked for now.
    """
    found, offered = await parts.service.approvals.of_case(who.org_id, case_id)
    reader = await _reader(request, parts, who, locale)
    return CaseApprovals(
        items=[ApprovalAnswer.of(one, reader) for one in found],
        offered=[
            ProcessAnswer(key=one.key, name=reader.name_of(one.key), macros=sorted(one.macros)) for one in offered
        ],
    )


async def list_approvals(
    request: Request,
    parts: Parts,
    who: Agent,
    *,
    mine: Annotated[Concern | None, Query(description="Only what concerns you; left out: all that you see.")] = None,
    state: ApprovalState | None = None,
    process: Annotated[str, Query(max_length=40)] = "",
    before_id: Annotated[str, Query(max_length=40, description="The last one of the page before.")] = "",
    limit: Limit = 50,
    locale: Locale = "",
) -> ApprovalList:
    """List approvals.

    Newest first. `mine=waiting`: those that wait for your answer; `asked`: that you asked for; `decided`: that you
    answered. `waiting` and `asked` beside them say how many there are, whatever is listed.
    """
    asker = asker_of(parts.organisations.get(who.org_id), who)
    which = ApprovalFilter(of=asker, concern=mine, state=state, process=process, before_id=before_id, limit=limit)
    sight = sight_of(parts, who)
    found = await parts.service.approvals.list(who.org_id, which, sight=sight)
    counts = await parts.service.approvals.counts(who.org_id, asker, sight=sight)
    reader = await _reader(request, parts, who, locale)
    items = [ApprovalAnswer.of(one, reader) for one in found]
    return ApprovalList(items=items, waiting=counts.waiting, asked=counts.asked)


async def read_approval(
    approval_id: str, request: Request, parts: Parts, who: Agent, locale: Locale = ""
) -> ApprovalAnswer:
    """Read an approval.

    With everybody who was asked, and what he said.
    """
    found = await parts.service.approvals.get(who.org_id, approval_id)
    return ApprovalAnswer.of(found, await _reader(request, parts, who, locale))


async def approve(approval_id: str, body: Deciding, request: Request, parts: Parts, who: Agent) -> ApprovalAnswer:
    """Approve.

    For whose turn it is. With the last yes the change is made in the same step; where it is not possible by then the
    `state` is `failed`, with the `fault`.
    """
    return await _answered(Answer(approval_id=approval_id, **body.model_dump()), request, parts, who, yes=True)


async def refuse(approval_id: str, body: Refusing, request: Request, parts: Parts, who: Agent) -> ApprovalAnswer:
    """Refuse.

    For whose turn it is. One no ends the approval.
    """
    return await _answered(Answer(approval_id=approval_id, **body.model_dump()), request, parts, who, yes=False)


async def delegate_approval(
    approval_id: str, body: Delegating, request: Request, parts: Parts, who: Agent
) -> ApprovalAnswer:
    """Delegate your turn.

    To another user, who sees the case until he has answered. Supervisors may do so with anybody's `turn`, but a role's
    above theirs, and nobody's where they asked themselves. Who has been asked in the same step is not asked again.
    """
    answer = Answer(approval_id=approval_id, version=body.version, note=body.note)
    reader = await _reader(request, parts, who)
    return await _heard(parts.service.approvals.delegate(answer, who, body.user_id, turn=body.turn), reader, parts)


async def withdraw_approval(
    approval_id: str, body: Deciding, request: Request, parts: Parts, who: Agent
) -> ApprovalAnswer:
    """Withdraw an approval.

    For who asked for it, and supervisors.
    """
    answer = Answer(approval_id=approval_id, **body.model_dump())
    reader = await _reader(request, parts, who)
    return await _heard(parts.service.approvals.withdraw(answer, who), reader, parts)


async def _answered(answer: Answer, request: Request, parts: ApiParts, who: Principal, *, yes: bool) -> ApprovalAnswer:
    reader = await _reader(request, parts, who)
    return await _heard(parts.service.approvals.answer(answer, who, yes=yes), reader, parts)


async def _heard(
    deed: Coroutine[None, None, tuple[Approval, Decided]], reader: Reader, parts: ApiParts
) -> ApprovalAnswer:
    """Do it; a refusal carries the approval as it is now, spelled out."""
    try:
        approval, decided = await deed
    except Conflict as refused:
        present = refused.fields.get("approval")
        if isinstance(present, FiledApproval):
            refused.fields["approval"] = ApprovalAnswer.of(present, reader).model_dump(mode="json")
        raise
    return _told(approval, decided, reader, parts)


def _told(approval: Approval, decided: Decided, reader: Reader, parts: ApiParts) -> ApprovalAnswer:
    parts.floor.case_changed(decided.case)
    case = decided.case
    return ApprovalAnswer.of(FiledApproval(approval=approval, number=case.number, subject=case.subject), reader)


async def _reader(request: Request, parts: ApiParts, who: Principal, locale: str = "") -> Reader:
    state: State = request.app.state
    names = await state.names.of(who.org_id)
    return Reader(organisation=parts.organisations.get(who.org_id), who=who, names=names, locale=locale)


ONE = "/approvals/{approval_id}"
OVER = ("unknown-approval", "not-approver", "approval-over", "stale-version")
OPERATIONS = (
    Operation(
        method="POST",
        path="/cases/{case_id}/approvals",
        handler=ask_approval,
        tag=TAG,
        status=201,
        errors=(
            "unknown-case", "unknown-process", "unknown-macro", "stale-version", "illegal-status", "needs-approval",
            "approval-waiting", "approval-not-offered",
        ),
    ),
    Operation(
        method="GET", path="/cases/{case_id}/approvals", handler=list_case_approvals, tag=TAG, errors=("unknown-case",)
    ),
    Operation(method="GET", path="/approvals", handler=list_approvals, tag=TAG),
    Operation(method="GET", path=ONE, handler=read_approval, tag=TAG, errors=("unknown-approval",)),
    Operation(method="POST", path=f"{ONE}/approve", handler=approve, tag=TAG, errors=OVER),
    Operation(method="POST", path=f"{ONE}/refuse", handler=refuse, tag=TAG, errors=OVER),
    Operation(
        method="POST",
        path=f"{ONE}/delegate",
        handler=delegate_approval,
        tag=TAG,
        errors=(*OVER, "unknown-user", "delegation-circle"),
    ),
    Operation(method="POST", path=f"{ONE}/withdraw", handler=withdraw_approval, tag=TAG, errors=OVER),
)  # fmt: skip
