"""What a filter means for who looks, now."""

from dataclasses import replace

import pytest

from engine.cases.listing import Viewer, missing, resolved
from engine.errors import InvalidInput
from engine.model.case_list import CaseFilter, CaseOrder, CaseWanted
from engine.model.case_setup import CaseStatusKind, CustomField, CustomFieldType, FieldOf
from engine.model.organisation import AgentSetup, Role
from engine.model.team import Team
from tests.organisations import small_organisation

HOUR_MS = 3_600_000
NOW_MS = 1_000 * HOUR_MS
ANA = Viewer(user_id="u-ana", login="ana")


def agent(login: str) -> AgentSetup:
    return AgentSetup(login=login, name=login, role=Role.AGENT, user_id=f"u-{login}")


ORGANISATION = replace(
    small_organisation("acme"),
    agents={one: agent(one) for one in ("ana", "bo", "cy")},
    teams={"blue": Team(key="blue", name="Blue", members=("ana", "bo")), "red": Team(key="red", name="Red", lead="cy")},
    fields={FieldOf.CASE: {"size": CustomField(key="size", name="Size", type=CustomFieldType.NUMBER)}},
)


def wanted(which: CaseFilter, viewer: Viewer = ANA, order: CaseOrder = CaseOrder.NEWEST) -> CaseWanted:
    return resolved(which, viewer, ORGANISATION, now_ms=NOW_MS, order=order)


def test_words_become_who_looks() -> None:
    found = wanted(CaseFilter(owner=("me", "nobody", "u-cy"), not_owner=("my_team",), team=("mine",)))
    assert found.among == {"owner_id": ("u-ana", "", "u-cy"), "team": ("blue",)}
    assert found.without == {"owner_id": ("u-ana", "u-bo")}
    nobody = wanted(CaseFilter(owner=("me",)), Viewer())
    assert nobody.nothing
    assert wanted(CaseFilter(team=("mine",)), Viewer(user_id="u", login="u")).nothing


def test_whose_contacts_and_which_service() -> None:
    found = wanted(CaseFilter(contact_owner=("me", "nobody"), not_contact_owner=("my_team",), entitlement=("support",)))
    assert (found.contact_owners, found.not_contact_owners) == (("u-ana", ""), ("u-ana", "u-bo"))
    assert (found.entitlements, found.nothing) == (("support",), False)
    assert wanted(CaseFilter(entitled=("expired",), not_entitled=("none",))).without == {"entitled": ("none",)}
    assert wanted(CaseFilter(contact_owner=("me",)), Viewer()).nothing
    known = [(one.field, one.value) for one in missing(CaseFilter(contact_owner=("me", "gone")), ORGANISATION, ())]
    assert known == [("contact_owner", "gone")]


def test_kinds_are_the_statuses_that_mean_them() -> None:
    assert wanted(CaseFilter(kind=(CaseStatusKind.WAITING,))).among == {"status": ("waiting",)}
    assert wanted(CaseFilter(kind=(CaseStatusKind.WAITING,), status=("new",))).nothing


def test_moments_become_times() -> None:
    which = CaseFilter(
        opened_from="now-2h", opened_to="now", closed_to="now-1h", priority_to=3, due_before="now+1h",
        unanswered_since="now-3h",
    )  # fmt: skip
    found = wanted(which)
    assert found.between == {
        "opened_ms": (NOW_MS - 2 * HOUR_MS, NOW_MS), "closed_ms": (1, NOW_MS - HOUR_MS), "priority": (None, 4),
    }  # fmt: skip
    assert (found.due_before_ms, found.unanswered_since_ms) == (NOW_MS + HOUR_MS, NOW_MS - 3 * HOUR_MS)
    assert set(found.responses) == {"first_response", "next_response"}
    with pytest.raises(InvalidInput) as caught:
        wanted(CaseFilter(due_before="soon"))
    assert caught.value.fields["field"] == "due_before"


def test_what_was_closed_since_has_changed_since() -> None:
    found = wanted(CaseFilter(closed_from="now-1h", updated_from="now-2h"))
    assert found.between["updated_ms"] == (NOW_MS - HOUR_MS, None)


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        (CaseFilter(), True),
        (CaseFilter(status=("open",)), True),
        (CaseFilter(status=("closed",)), None),
        (CaseFilter(kind=(CaseStatusKind.RESOLVED,)), None),
        (CaseFilter(closed_from="now-1d"), None),
        (CaseFilter(open=False), False),
    ],
)
def test_orders_of_work_leave_out_what_is_over(which: CaseFilter, expected: bool | None) -> None:
    assert wanted(which, order=CaseOrder.PRIORITY).open is expected
    assert wanted(which).open is which.open


def test_what_is_there_no_more_is_named() -> None:
    which = CaseFilter(
        queue=("sales", "gone"), not_status=("odd",), owner=("me", "u-old"), team=("mine", "green"),
        fields={"size": ("1",), "smell": ("good",)}, tag=("any",),
    )  # fmt: skip
    told = {(one.field, one.value) for one in missing(which, ORGANISATION, {"u-ana": "Ana"})}
    expected = {("not_status", "odd"), ("owner", "u-old"), ("team", "green"), ("fields", "smell")}
    expected |= {("queue", one) for one in ("sales", "gone") if one not in ORGANISATION.queues}
    assert told == expected
