"""The tables of legal changes are complete and closed."""

from engine.model.case_setup import BUILT_IN_STATUSES, CaseStatusKind
from engine.model.work import LEGAL, OPEN_STATES, WorkState


def test_every_work_state_says_where_it_may_go() -> None:
    assert set(LEGAL) == set(WorkState)


def test_every_open_work_state_leads_to_closed() -> None:
    reached = {WorkState.CLOSED}
    for _ in WorkState:
        reached |= {state for state, targets in LEGAL.items() if targets & reached}
    assert reached >= OPEN_STATES


def test_nothing_leaves_closed() -> None:
    assert LEGAL[WorkState.CLOSED] == frozenset()


def test_every_case_status_says_where_it_may_go() -> None:
    assert set(BUILT_IN_STATUSES) == {kind.value for kind in CaseStatusKind}
    assert all(set(status.to) <= set(BUILT_IN_STATUSES) - {"new"} for status in BUILT_IN_STATUSES.values())
