"""What is missing for a case's work to be in step with the case."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from engine.cases.in_step import Do, item_for, missing, waiting_changes
from engine.model.case import Case
from engine.model.case_work import CaseStanding
from engine.model.work import Requirement, WorkItem, WorkState
from tests.organisations import small_organisation

ORGANISATION = small_organisation()
CASE = Case(
    id="c",
    org_id="acme",
    number=1,
    subject="Kettle",
    contact_id="",
    queue="sales",
    status="open",
    owner_id="ana",
    routed=True,
    item_id="i",
    skills={"billing": 3},
    priority=4,
)
ITEM = WorkItem(id="i", org_id="acme", kind="case", queue="sales", requirement=Requirement(), case_id="c")
WAITS = replace(ITEM, state=WorkState.QUEUED)
HELD = replace(ITEM, state=WorkState.ACTIVE, agent_id="ana", assignment=1)
PARKED = replace(HELD, state=WorkState.PARKED)
MAIL = replace(WAITS, id="m", kind="email")
CHAT = replace(WAITS, id="t", kind="chat", interaction_id="x")
GIVE_BEN = {"give": True, "to": "ben"}


def asked(case: Case, *items: WorkItem, effect: Mapping[str, object] | None = None) -> list[tuple[str, str, str]]:
    standing = CaseStanding(case=case, items=items)
    return [(one.do.value, one.item.id, one.agent_id) for one in missing(standing, ORGANISATION, effect or {})]


@pytest.mark.parametrize(
    ("case", "items", "effect", "commands"),
    [
        (CASE, (), {}, []),
        (CASE, (WAITS,), {}, []),
        (CASE, (HELD,), {}, []),
        (CASE, (PARKED,), {}, []),
        (CASE, (PARKED,), {"resume": True}, [(Do.RESUME, "i", "")]),
        (replace(CASE, status="waiting"), (HELD,), {}, [(Do.PARK, "i", "")]),
        (replace(CASE, status="waiting"), (WAITS,), {}, [(Do.CONCLUDE, "i", "")]),
        (replace(CASE, status="waiting"), (PARKED,), {}, []),
        (replace(CASE, status="waiting", owner_id="ben"), (PARKED,), {}, [(Do.CONCLUDE, "i", "")]),
        (replace(CASE, status="closed"), (HELD,), {}, [(Do.CONCLUDE, "i", "")]),
        (replace(CASE, merged_into="d"), (WAITS,), {}, [(Do.CONCLUDE, "i", "")]),
        (replace(CASE, routed=False), (WAITS,), {}, [(Do.CONCLUDE, "i", "")]),
        (replace(CASE, routed=False), (HELD,), {}, []),
        (CASE, (WAITS, MAIL), {}, [(Do.CONCLUDE, "m", "")]),
        (CASE, (WAITS, replace(MAIL, state=WorkState.ACTIVE)), {}, [(Do.CONCLUDE, "i", "")]),
        (CASE, (WAITS, CHAT), {}, [(Do.CONCLUDE, "i", "")]),
        (CASE, (HELD, CHAT), {}, []),
        (replace(CASE, owner_id="ben"), (WAITS,), GIVE_BEN, [(Do.PICK, "i", "ben")]),
        (replace(CASE, owner_id="ben"), (HELD,), GIVE_BEN, [(Do.HAND_ON, "i", "ben")]),
        (replace(CASE, owner_id="ben"), (PARKED,), GIVE_BEN, [(Do.CONCLUDE, "i", "")]),
        (CASE, (WAITS,), GIVE_BEN, []),  # it was given to somebody else since
        (replace(CASE, owner_id=""), (HELD,), {"give": True, "to": ""}, [(Do.HAND_ON, "i", "")]),
        (replace(CASE, owner_id=""), (WAITS,), {"give": True, "to": ""}, []),
    ],
)
def test_what_is_missing(
    case: Case, items: tuple[WorkItem, ...], effect: Mapping[str, object], commands: list[tuple[Do, str, str]]
) -> None:
    assert asked(case, *items, effect=effect) == [(do.value, item, agent) for do, item, agent in commands]


def test_a_mail_after_the_end_is_left_alone() -> None:
    over = replace(CASE, status="closed", closed_ms=10, item_id="")
    assert asked(over, replace(MAIL, created_ms=11)) == []
    assert asked(over, replace(MAIL, created_ms=9)) == [("conclude", "m", "")]


@pytest.mark.parametrize(
    "changes", [{"routed": False}, {"status": "waiting"}, {"status": "closed"}, {"merged_into": "d"}, {"queue": "gone"}]
)
def test_no_item_is_made(changes: dict[str, object]) -> None:
    case = replace(CASE, **changes)  # type: ignore[arg-type] # a test's keywords
    assert item_for(CaseStanding(case=case), ORGANISATION, item_id="n", now_ms=5) is None


def test_the_item_that_is_made() -> None:
    made = item_for(CaseStanding(case=CASE, customer="Kim", due_ms=99), ORGANISATION, item_id="n", now_ms=5)
    assert made is not None
    assert (made.kind, made.preferred_agent, made.priority, made.due_ms) == ("case", "ana", 4, 99)
    assert made.requirement.skills == {"billing": 3}


def test_what_waits_asks_for_what_changed() -> None:
    standing = CaseStanding(case=replace(CASE, queue="support"), items=(WAITS, replace(HELD, id="h")), due_ms=7)
    fields = frozenset({"priority", "queue", "due"})
    changes = {item.id: dict(change) for item, change in waiting_changes(standing, ORGANISATION, fields)}
    assert changes == {
        "i": {"priority": 4, "due": 7, "queue": "support", "skills": {"billing": 3}},
        "h": {"priority": 4, "due": 7},
    }
