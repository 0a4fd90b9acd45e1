"""Approvals asked for, answered and read: each deed is one decision about the case."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from engine.cases.approvals import Answer, Question, answered, asked, delegated, offered, withdrawn
from engine.cases.draft import CaseRules, Step, begin
from engine.cases.lifecycle import Organisations
from engine.cases.planner import planner
from engine.clock import Clock
from engine.errors import Conflict, InvalidInput
from engine.failpoints import failpoint
from engine.ids import NewId
from engine.model.approval import (
    Approval,
    ApprovalCounts,
    ApprovalFilter,
    ApprovalProcess,
    Asker,
    FiledApproval,
)
from engine.model.casework import CaseFacts, Decide, Decided
from engine.model.organisation import Organisation, Role
from engine.model.user import Principal, User
from engine.model.visibility import Sight

STALE = frozenset({"approval-over", "stale-version"})
"""Refusals that carry the approval as it is now."""


class ApprovalRecord(Protocol):
    """Read approvals in SQL; each method is one transaction."""

    async def get(self, org_id: str, approval_id: str) -> FiledApproval:
        """Return an approval; raise NotFound."""
        ...

    async def of_case(self, org_id: str, case_id: str) -> Sequence[FiledApproval]:
        """Return a case's approvals, newest first."""
        ...

    async def list(self, org_id: str, which: ApprovalFilter, *, sight: Sight) -> Sequence[FiledApproval]:
        """Return the approvals that somebody looks for, newest first."""
        ...

    async def counts(self, org_id: str, of: Asker, *, sight: Sight) -> ApprovalCounts:
        """Return how many wait for somebody, and of his own."""
        ...


class CaseRecord(Protocol):
    """Decide on cases in SQL."""

    async def decide(self, org_id: str, case_id: str, decide: Decide, *, actor_id: str = "", now_ms: int) -> Decided:
        """Write what the pure function decides about the case."""
        ...

    async def facts(self, org_id: str, case_id: str, *, now_ms: int) -> CaseFacts:
        """Return what a decision would see now; raise NotFound."""
        ...


class Users(Protocol):
    """Know who can sign in."""

    async def get(self, org_id: str, user_id: str) -> User:
        """Return a user; raise NotFound."""
        ...


class ApprovalDesk:
    """Ask for a yes, and answer."""

    def __init__(
        self,
        *,
        record: ApprovalRecord,
        cases: CaseRecord,
        users: Users,
        organisations: Organisations,
        clock: Clock,
        new_id: NewId,
    ) -> None:
        self._record = record
        self._cases = cases
        self._users = users
        self._organisations = organisations
        self._clock = clock
        self._new_id = new_id

    async def ask(self, case_id: str, question: Question, who: Principal) -> tuple[Approval, Decided]:
        """Ask for a yes; raise what ``approvals.asked`` raises. A repetition is refused: one waits already."""
        decided = await self._decide(who, case_id, asked(question, who.user_id))
        known = (one for one in reversed(decided.decision.approvals) if one.process == question.process)
        return _only(known, decided), decided

    async def answer(self, answer: Answer, who: Principal, *, yes: bool) -> tuple[Approval, Decided]:
        """Say yes or no; with the last yes the change is made, in the same transaction.

        Raises NotFound; Conflict (``approval-over``, ``stale-version``), each with the ``approval`` as it is now;
        Forbidden (``not-approver``).
        """
        return await self._act(answer, who, answered(answer, who, yes=yes))

    async def delegate(
        self, answer: Answer, who: Principal, to_user_id: str, *, turn: int = 0
    ) -> tuple[Approval, Decided]:
        """Hand a turn to another user, who sees the case for it; raises as ``answer``, and ``delegation-circle``."""
        to = await self._users.get(who.org_id, to_user_id)
        if not to.active:
            raise InvalidInput("The user is switched off.", field="user_id")
        return await self._act(answer, who, delegated(answer, who, to.id, turn_number=turn))

    async def withdraw(self, answer: Answer, who: Principal) -> tuple[Approval, Decided]:
        """Take the question back; raises as ``answer``."""
        return await self._act(answer, who, withdrawn(answer, who))

    async def get(self, org_id: str, approval_id: str) -> FiledApproval:
        """Return an approval; raise NotFound."""
        return await self._record.get(org_id, approval_id)

    async def of_case(self, org_id: str, case_id: str) -> tuple[Sequence[FiledApproval], Sequence[ApprovalProcess]]:
        """Return a case's approvals, newest first, and the processes that may be asked for now; raise NotFound."""
        facts = await self._cases.facts(org_id, case_id, now_ms=self._clock.now_ms())
        rules = self._rules(org_id)
        draft = begin(facts, rules.organisation.case_statuses)
        return await self._record.of_case(org_id, case_id), offered(draft, rules)

    async def list(self, org_id: str, which: ApprovalFilter, *, sight: Sight) -> Sequence[FiledApproval]:
        """Return the approvals that somebody looks for, newest first."""
        return await self._record.list(org_id, which, sight=sight)

    async def counts(self, org_id: str, of: Asker, *, sight: Sight) -> ApprovalCounts:
        """Return how many approvals wait for somebody, and how many of his own."""
        return await self._record.counts(org_id, of, sight=sight)

    async def _act(self, answer: Answer, who: Principal, step: Step) -> tuple[Approval, Decided]:
        before = (await self._record.get(who.org_id, answer.approval_id)).approval
        try:
            decided = await self._decide(who, before.case_id, step)
        except Conflict as refused:
            if refused.slug in STALE:
                refused.fields["approval"] = await self._record.get(who.org_id, answer.approval_id)
            raise
        known = (one for one in decided.decision.approvals if one.id == answer.approval_id)
        return _only(known, decided), decided

    async def _decide(self, who: Principal, case_id: str, step: Step) -> Decided:
        decide = planner(self._rules(who.org_id), first=step)
        failpoint("approval.before-commit")
        decided = await self._cases.decide(
            who.org_id, case_id, decide, actor_id=who.user_id, now_ms=self._clock.now_ms()
        )
        failpoint("approval.after-commit")
        return decided

    def _rules(self, org_id: str) -> CaseRules:
        return CaseRules(organisation=self._organisations.get(org_id), new_id=self._new_id)


def _only(known: Iterator[Approval], decided: Decided) -> Approval:
    """Return the approval that was decided on; of a merged case nothing is."""
    found = next(known, None)
    if found is None:
        into = decided.case.merged_into
        raise Conflict("the case was merged into another", slug="merged", merged_into=into)
    return found


def asker_of(organisation: Organisation, who: Principal) -> Asker:
    """Return what concerns somebody: his own turns, and those of his role and the ones below it."""
    return Asker(
        user_id=who.user_id,
        roles=tuple(role.value for role in Role if who.at_least(role)),
        own_processes=tuple(one.key for one in organisation.approvals.values() if one.asker_may_approve),
    )
