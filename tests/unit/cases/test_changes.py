"""What a person wants of a case is checked; what follows from its status follows."""

from dataclasses import replace
from typing import Any

import pytest

from engine.cases.changes import Wish, checked_opening, wanted
from engine.cases.draft import CaseRules
from engine.cases.planner import planner
from engine.errors import Conflict, InvalidInput
from engine.model.case import Case, NewCase
from engine.model.case_setup import (
    CaseStatus,
    CaseStatusKind,
    CaseType,
    CustomField,
    CustomFieldType,
    FieldOf,
    Required,
)
from engine.model.casework import CaseDecision, CaseFacts, Signal, SignalKind
from engine.model.organisation import Organisation
from tests.organisations import small_organisation

NOW_MS = 1_000_000
CASE = Case(id="c", org_id="acme", number=1, subject="S", contact_id="", status="fresh", version=4)


def status(key: str, kind: str, *to: str) -> CaseStatus:
    return CaseStatus(key=key, name=key.title(), kind=CaseStatusKind(kind), to=to)


STATUSES = (
    status("fresh", "new", "busy", "done"),
    status("busy", "open", "asked", "done", "gone"),
    status("asked", "waiting", "busy"),
    status("done", "resolved", "busy", "gone"),
    status("gone", "closed"),
)
SIZE = CustomField(key="size", name="Size", type=CustomFieldType.NUMBER, least=1, most=9)
CAUSE = CustomField(
    key="cause",
    name="Cause",
    type=CustomFieldType.CHOICE,
    choices={"us": "Us", "them": "Them"},
    required=Required.CLOSING,
)


def organisation(**changes: Any) -> Organisation:
    return replace(
        small_organisation(),
        case_statuses={one.key: one for one in STATUSES},
        case_types={"complaint": CaseType(key="complaint", name="Complaint")},
        fields={FieldOf.CASE: {"size": SIZE, "cause": CAUSE}},
        **changes,
    )


def decide(case: Case = CASE, *signals: SignalKind, version: int = 0, why: str = "", **changes: object) -> CaseDecision:
    told = tuple(Signal(id=f"{n}", org_id="acme", case_id="c", kind=kind, at_ms=n) for n, kind in enumerate(signals))
    rules = CaseRules(organisation=organisation(), new_id=str)
    first = wanted(Wish(changes=changes, version=version, why=why)) if changes else None
    return planner(rules, first=first)(CaseFacts(case=case, now_ms=NOW_MS, signals=told))


def after(decision: CaseDecision) -> dict[str, object]:
    return {one.field: one.to for one in decision.changes}


def test_who_asked_and_why_is_kept() -> None:
    first, second = decide(why="she called", priority=3, tags=[" a ", "b", "a"]).changes
    assert (first.field, first.to, first.why, first.asked) == ("priority", 3, "she called", True)
    assert second.to == ("a", "b")


def test_a_stale_version_gives_the_case_back() -> None:
    with pytest.raises(Conflict) as stale:
        decide(version=3, priority=3)
    assert (stale.value.slug, stale.value.fields) == ("stale-version", {"version": 4, "case": CASE})


def test_closing_keeps_the_time_and_reopening_counts() -> None:
    case = replace(CASE, status="busy", fields={"cause": "us"})
    assert after(decide(case, status="done")) == {"status": "done", "closed_ms": NOW_MS}
    over = replace(case, status="done", closed_ms=5, reopened=1)
    assert after(decide(over, status="gone")) == {"status": "gone"}
    assert after(decide(over, status="busy")) == {"status": "busy", "closed_ms": 0, "reopened": 2}


@pytest.mark.parametrize("wrong", ["asked", "gone"])
def test_only_what_the_machine_allows(wrong: str) -> None:
    with pytest.raises(Conflict) as illegal:
        decide(status=wrong)
    assert illegal.value.slug == "illegal-status"


def test_a_status_that_is_configured_no_more_may_become_any() -> None:
    assert after(decide(replace(CASE, status="gone-by"), status="asked"))["status"] == "asked"


def test_what_is_required_has_to_be_there_before_the_end() -> None:
    with pytest.raises(InvalidInput) as missing:
        decide(status="done")
    assert missing.value.fields["field"] == "fields.cause"
    assert after(decide(status="done", fields={"cause": "us"}))["status"] == "done"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("subject", " "),
        ("subject", "x" * 201),
        ("priority", True),
        ("priority", 1_001),
        ("status", "nonsense"),
        ("type", "nonsense"),
        ("queue", "nonsense"),
        ("rating", 6),
        ("tags", "vip"),
        ("tags", ["x" * 61]),
        ("tags", [str(n) for n in range(51)]),
        ("fields", {"colour": "red"}),
        ("fields", {"size": 10}),
        ("fields", []),
        ("number", 5),
    ],
)
def test_what_does_not_fit_is_refused_by_its_name(name: str, value: object) -> None:
    with pytest.raises(InvalidInput) as wrong:
        decide(**{name: value})  # type: ignore[arg-type]
    assert str(wrong.value.fields["field"]).startswith(name)


def test_fields_are_merged_one_by_one() -> None:
    case = replace(CASE, fields={"size": 3, "old": "kept"})
    assert after(decide(case, fields={"cause": "us", "size": None})) == {"fields": {"old": "kept", "cause": "us"}}


def test_taking_work_opens_a_new_case() -> None:
    assert after(decide(CASE, SignalKind.ACCEPTED)) == {"status": "busy"}
    asked = replace(CASE, status="asked")
    assert after(decide(asked, SignalKind.ACCEPTED)) == {}
    assert after(decide(asked, SignalKind.MESSAGE)) == {"status": "busy"}
    assert after(decide(CASE, SignalKind.ACCEPTED, status="done", fields={"cause": "us"}))["status"] == "done"


def test_a_case_closed_for_good_waits_for_nothing() -> None:
    rules = CaseRules(organisation=organisation(), new_id=str)
    facts = CaseFacts(case=replace(CASE, status="gone", closed_ms=1), now_ms=NOW_MS, timers={"x:y": NOW_MS + 1})
    assert planner(rules)(facts).timers == {}


def test_an_opening_is_checked_like_a_change() -> None:
    new = NewCase(org_id="acme", subject="S", type="complaint", tags=(" a ",), fields={"size": 3})
    kept = checked_opening(organisation(), new)
    assert (kept.tags, kept.fields) == (("a",), {"size": 3})
    with pytest.raises(InvalidInput):
        checked_opening(organisation(), replace(new, type="nonsense"))
    needed = {FieldOf.CASE: {"size": replace(SIZE, required=Required.OPENING)}}
    with pytest.raises(InvalidInput) as missing:
        checked_opening(replace(organisation(), fields=needed), replace(new, fields={}))
    assert missing.value.fields["field"] == "fields.size"
