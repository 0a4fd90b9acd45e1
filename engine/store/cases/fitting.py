"""What of a list's filter a row must fit, as conditions on the columns of ``cases`` or of a window of them.

Each looks at the row, or at few rows that hang on it: none looks through the organisation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, false, func, literal_column, not_, or_, select

from engine.model.case_list import CaseWanted, MilestoneNow, Values
from engine.model.casework import MilestoneState
from engine.store.cases.sight import Columns, Condition
from engine.store.cases.tables import case_tags, milestones
from engine.store.customers.tables import accounts, contacts, entitlements
from engine.store.json_member import has_value
from engine.store.search import containing

_ZERO: Any = literal_column("0")
_OUTSTANDING = (MilestoneState.RUNNING.value, MilestoneState.PAUSED.value)


def fitting(org_id: str, wanted: CaseWanted, c: Columns) -> list[Condition]:
    """Return the conditions of a filter on rows with columns ``c``, except what its text asks of the index."""
    return [
        *(c[column].in_(list(values)) for column, values in wanted.among.items()),
        *(c[column].not_in(list(values)) for column, values in wanted.without.items()),
        *_between(wanted, c),
        *_over(wanted, c),
        *_tagged(org_id, wanted, c),
        *_tiered(org_id, wanted, c),
        *_promised(org_id, wanted, c),
        *_looked_after(org_id, wanted, c),
        *(has_value(c.fields, key, values) for key, values in wanted.fields.items()),
        *(not_(has_value(c.fields, key, values)) for key, values in wanted.not_fields.items()),
        *_clocked(org_id, wanted, c),
        *([containing(c.search, wanted.text)] if wanted.text and wanted.ids is None else []),
        # by its number or subject a merged case is found all the same
        *([c.merged_into == literal_column("''")] if not wanted.text else []),
    ]


def _between(wanted: CaseWanted, c: Columns) -> Iterator[Condition]:
    for column, (begin, end) in wanted.between.items():
        if begin is not None:
            yield c[column] >= begin
        if end is not None:
            yield c[column] < end


def _over(wanted: CaseWanted, c: Columns) -> Iterator[Condition]:
    if wanted.open is not None:
        yield c.closed_ms == _ZERO if wanted.open else c.closed_ms > _ZERO
    if wanted.escalated is not None:
        yield c.escalated_ms > _ZERO if wanted.escalated else c.escalated_ms == _ZERO


def _tagged(org_id: str, wanted: CaseWanted, c: Columns) -> Iterator[Condition]:
    def with_any(tags: Values) -> Condition:
        tag = case_tags.c
        found = select(tag.case_id).where(tag.case_id == c.id, tag.org_id == org_id, tag.tag.in_(tags))
        return _exists(found, case_tags)

    if wanted.tags:
        yield with_any(wanted.tags)
    if wanted.not_tags:
        yield not_(with_any(wanted.not_tags))


def _tiered(org_id: str, wanted: CaseWanted, c: Columns) -> Iterator[Condition]:
    def of_any(tiers: Values) -> Condition:
        ways = [
            _exists(select(of.c.id).where(of.c.id == id_, of.c.org_id == org_id, of.c.tier.in_(tiers)), of)
            for of, id_ in ((accounts, c.account_id), (contacts, c.contact_id))
        ]
        return or_(*ways)

    if wanted.tiers:
        yield of_any(wanted.tiers)
    if wanted.not_tiers:
        yield not_(of_any(wanted.not_tiers))


def _promised(org_id: str, wanted: CaseWanted, c: Columns) -> Iterator[Condition]:
    def of_any(kinds: Values) -> Condition:
        held = entitlements.c
        found = select(held.id).where(held.id == c.entitlement_id, held.org_id == org_id, held.kind.in_(kinds))
        return _exists(found, entitlements)

    if wanted.entitlements:
        yield of_any(wanted.entitlements)
    if wanted.not_entitlements:
        yield not_(of_any(wanted.not_entitlements))


def _looked_after(org_id: str, wanted: CaseWanted, c: Columns) -> Iterator[Condition]:
    def by_any(owners: Values) -> Condition:
        of = contacts.c
        return _exists(
            select(of.id).where(of.id == c.contact_id, of.org_id == org_id, of.owner_id.in_(owners)), contacts
        )

    if wanted.contact_owners:
        yield by_any(wanted.contact_owners)
    if wanted.not_contact_owners:
        yield not_(by_any(wanted.not_contact_owners))


def _clocked(org_id: str, wanted: CaseWanted, c: Columns) -> Iterator[Condition]:
    clock = milestones.c

    def some(*conditions: ColumnElement[bool]) -> Condition:
        # Not "org_id =", or SQLite looks along the organisation's due times for each case, not at the case's clocks.
        here = func.coalesce(clock.org_id, "") == org_id
        return _exists(select(clock.id).where(clock.case_id == c.id, here, *conditions), milestones)

    if wanted.milestones:
        yield some(or_(*(_STANDING[one] for one in wanted.milestones)))
    if wanted.due_before_ms:
        yield some(clock.due_ms > _ZERO, clock.due_ms < wanted.due_before_ms)
    if wanted.unanswered_since_ms:
        waiting = (clock.milestone.in_(wanted.responses), clock.state.in_(_OUTSTANDING))
        yield some(*waiting, clock.started_ms <= wanted.unanswered_since_ms) if wanted.responses else false()


_STANDING: Mapping[MilestoneNow, Condition] = {
    MilestoneNow.RUNNING: milestones.c.state == MilestoneState.RUNNING.value,
    MilestoneNow.PAUSED: milestones.c.state == MilestoneState.PAUSED.value,
    MilestoneNow.MISSED: and_(milestones.c.missed_ms > _ZERO, milestones.c.state.in_(_OUTSTANDING)),
}


def _exists(found: Select[Any], of: FromClause) -> Condition:
    return found.correlate_except(of).exists()
