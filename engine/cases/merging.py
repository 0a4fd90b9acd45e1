"""Merging cases: two that are one problem become one case, and two again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from engine.cases.draft import CaseRules, Draft, Step
from engine.cases.lifecycle import Organisations
from engine.cases.planner import planner
from engine.clock import Clock
from engine.ids import NewId
from engine.model.case_merge import CaseMergeRules
from engine.model.case_setup import CaseStatusKind, first_of
from engine.model.casework import Change, Decide, EffectKind, HistoryLine
from engine.model.customer import Merge


class MergeRecord(Protocol):
    """Merge in SQL; each method is one transaction."""

    async def merge_cases(
        self, org_id: str, kept_id: str, lost_id: str, *, why: str, rules: CaseMergeRules, actor_id: str, now_ms: int
    ) -> Merge:
        """Merge one case into another; raise NotFound, InvalidInput, Conflict."""
        ...

    async def undo(
        self, org_id: str, merge_id: str, *, actor_id: str, now_ms: int, rules: CaseMergeRules | None = None
    ) -> Merge:
        """Undo a merge, of customers too; raise NotFound, Conflict."""
        ...


class CaseMerges:
    """Merge cases, and undo merges."""

    def __init__(self, *, record: MergeRecord, organisations: Organisations, clock: Clock, new_id: NewId) -> None:
        self._record = record
        self._organisations = organisations
        self._clock = clock
        self._new_id = new_id

    async def merge(self, org_id: str, kept_id: str, lost_id: str, *, why: str, actor_id: str) -> Merge:
        """Merge the case ``lost_id`` into ``kept_id``. Idempotent while it is in force.

        Raises NotFound, InvalidInput, Conflict: ``merged`` (one of them was, into another), ``still-moving``.
        """
        return await self._record.merge_cases(
            org_id,
            kept_id,
            lost_id,
            why=why,
            rules=self._rules(org_id),
            actor_id=actor_id,
            now_ms=self._clock.now_ms(),
        )

    async def undo(self, org_id: str, merge_id: str, *, actor_id: str) -> Merge:
        """Undo a merge of whatever kind. Idempotent; raises NotFound, Conflict."""
        return await self._record.undo(
            org_id, merge_id, actor_id=actor_id, now_ms=self._clock.now_ms(), rules=self._rules(org_id)
        )

    def _rules(self, org_id: str) -> CaseMergeRules:
        rules = CaseRules(organisation=self._organisations.get(org_id), new_id=self._new_id)
        statuses = rules.organisation.case_statuses
        closed = first_of(statuses, CaseStatusKind.CLOSED) or first_of(statuses, CaseStatusKind.RESOLVED)
        over = frozenset(one.key for one in statuses.values() if one.kind is CaseStatusKind.CLOSED)

        def plan(changes: Sequence[Change], line: HistoryLine) -> Decide:
            return planner(rules, first=told(changes, line))

        return CaseMergeRules(closed=closed, over=over, plan=plan)


def told(changes: Sequence[Change], line: HistoryLine) -> Step:
    """Return the step that makes changes which need no permission of the rules, tells them, and has work follow."""

    def step(draft: Draft, rules: CaseRules) -> Draft:
        for one in changes:
            draft = draft.with_change(one.field, one.to, why=one.why, asked=True)
        draft = replace(draft, decision=replace(draft.decision, lines=(*draft.decision.lines, line)))
        return draft.with_new_effect(EffectKind.WORK, rules, settle=True)

    return step
