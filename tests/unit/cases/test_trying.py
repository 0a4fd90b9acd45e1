"""Whatever a rule listens to can be imagined, and what it would do is found by the code that does it."""

import pytest

from engine.cases.trying import Imagined, MadeUp, Tried, made_up, tried
from engine.errors import Conflict, InvalidInput
from engine.model.automation import Enabled, OccasionKind
from engine.model.escalation import ActionKind, NewChild, NotifyBy
from tests.unit.cases.automation_world import NOON, Life, case, do, on, rule, tag, when

NAMES = {
    OccasionKind.EVENT: "parcel.lost",
    OccasionKind.ESCALATED: "late",
    OccasionKind.MILESTONE_MET: "first_response",
    OccasionKind.MILESTONE_MISSED: "first_response",
}


def outcome(life: Life, imagined: Imagined) -> Tried:
    return tried(life.facts, imagined, life.rules)


@pytest.mark.parametrize("kind", list(OccasionKind))
def test_everything_can_be_imagined(kind: OccasionKind) -> None:
    name = NAMES.get(kind, "")
    status = "resolved" if kind is OccasionKind.REOPENED else "open"
    life = Life(
        rule("a", on(kind, *([name] if name else [])), tag("x")),
        rule("b", on(kind, "other"), tag("y"), enabled=Enabled.FALSE),
        case=case(status=status),
    )
    found = outcome(
        life, Imagined(kind=kind, name=name, changes={"priority": 3} if kind is OccasionKind.CHANGED else {})
    )
    assert found.changes == [{"field": "tags", "from": (), "to": ("x",)}]
    assert [(turn.rule.key, turn.outcome.value) for turn in found.automated.turns][:2] == [
        ("b", "disabled"), ("a", "fired"),
    ]  # fmt: skip


def test_what_it_would_do_outside_is_told() -> None:
    told = do(ActionKind.NOTIFY, by=NotifyBy.WEBHOOK, to=("erp",), text="x")
    child = do(ActionKind.OPEN_CHILD, child=NewChild(subject="Look at {case.subject}"))
    found = outcome(Life(rule("a", on(OccasionKind.OPENED), told, child)), Imagined(kind=OccasionKind.OPENED))
    assert (found.effects, found.children) == (["webhook"], ["Look at Broken kettle"])


def test_what_cannot_happen_is_refused() -> None:
    life = Life(rule("a", on(OccasionKind.OPENED), tag("x")), case=case(status="waiting"))
    with pytest.raises(InvalidInput, match="needs a name"):
        outcome(life, Imagined(kind=OccasionKind.MILESTONE_MET))
    with pytest.raises(InvalidInput, match="Say what is changed"):
        outcome(life, Imagined(kind=OccasionKind.CHANGED))
    with pytest.raises(Conflict, match="cannot become new"):
        outcome(life, Imagined(kind=OccasionKind.CHANGED, changes={"status": "new"}))


def test_a_case_may_be_made_up() -> None:
    life = Life(
        rule("a", on(OccasionKind.MESSAGE), tag("x"), when=when(tier="gold", queue="support", status="waiting"))
    )
    told = MadeUp(fields={"queue": "support", "priority": 2}, status="waiting", tier="gold")
    facts = made_up(told, life.rules, now_ms=NOON)
    found = tried(facts, Imagined(kind=OccasionKind.MESSAGE, text="Hello"), life.rules)
    assert found.changes == []  # its message takes a waiting case up
    (turn,) = found.automated.turns
    assert [one["seen"] for one in turn.because] == ["open"]
    with pytest.raises(InvalidInput, match="no status of cases"):
        made_up(MadeUp(status="none"), life.rules, now_ms=NOON)
