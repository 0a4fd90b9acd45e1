"""Past cases are gone through as they were: what people and the engine did then is what rules would have heard of."""

from collections.abc import Sequence

from engine.cases.replay import Past, replay
from engine.model.automation import By, OccasionKind, Once
from engine.model.case import Case, CaseEvent
from engine.model.casework import CaseFacts
from engine.model.condition import Group, Joint, Operator, Test
from engine.model.conversation import Author, Entry, EntryKind
from engine.model.escalation import ActionKind
from tests.unit.cases.automation_world import NOON, OPENED, Life, case, changed, do, on, priority, rule, tag, when

UP = do(ActionKind.RAISE_PRIORITY, points=1)

KETTLE = Group(
    joint=Joint.ALL,
    parts=(
        Test(field="queue", operator=Operator.EQUAL, value="support"),
        Test(field="text", operator=Operator.HAS, value=("kettle",)),
    ),
)


def line(at_ms: int, kind: str, actor_id: str = "", **data: object) -> CaseEvent:
    data = {name.rstrip("_"): value for name, value in data.items()}
    return CaseEvent(id=f"{kind}-{at_ms}", case_id="c", at_ms=NOON + at_ms, kind=kind, actor_id=actor_id, data=data)


def said(at_ms: int, body: str, author: Author = Author.VISITOR, kind: EntryKind = EntryKind.MESSAGE) -> Entry:
    return Entry(
        id=f"e{at_ms}", interaction_id="i", seq=at_ms + 1, kind=kind, author=author, author_id="", author_name="",
        client_id="", body=body, at_ms=NOON + at_ms,
    )  # fmt: skip


EVENTS = (
    line(0, "opened", "ana"),
    line(200, "queue", from_="", to="support", why="assignment: a"),
    line(9_000, "priority", "ana", from_=0, to=3),
    line(20_000, "status", "ana", from_="new", to="resolved"),
    line(30_000, "status", "ana", from_="resolved", to="open"),
    line(40_000, "fields", "ana", field="size", from_=None, to=4),
    line(50_000, "priority", from_=3, to=7, why="automation: Old"),
    line(60_000, "milestone_missed", milestone="first_response", occurrence=1),
    line(70_000, "escalated", rule_set="late", step="1"),
    line(80_000, "event", "erp", name="parcel.lost"),
)
NOW = case(status="open", queue="support", priority=7, fields={"size": 4}, reopened=1, opened_ms=NOON)
ENTRIES = (
    said(0, "The kettle leaks"),
    said(10_000, "Hello?"),
    said(11_000, "Hi!", Author.AGENT),
    said(12_000, "", Author.SYSTEM, EntryKind.ENDED),
)


def fired(life: Life, now: Case = NOW, entries: Sequence[Entry] = ENTRIES) -> list[tuple[str, int]]:
    past = Past(facts=CaseFacts(case=now, now_ms=NOON + 99_000), events=EVENTS, entries=entries)
    found = [(turn.rule.key, one.at_ms - NOON) for one in replay(past, life.rules) for turn in one.turns if turn.done]
    assert found == [
        (turn.rule.key, one.at_ms - NOON) for one in replay(past, life.rules) for turn in one.turns if turn.done
    ]
    return found


def test_every_kind_of_line_is_an_occasion() -> None:
    life = Life(
        rule("opened", OPENED, UP, when=KETTLE),  # in the queue that the decision on it gave it
        rule("person", changed("priority", by=By.PERSON), UP),
        rule("engine", changed("queue", by=By.ENGINE), tag("x")),
        rule("over", on(OccasionKind.RESOLVED), tag("x")),
        rule("again", on(OccasionKind.REOPENED), tag("x"), when=when(was_status="resolved", reopened=1)),
        rule("size", changed("fields.size"), tag("x")),
        rule("wrote", on(OccasionKind.MESSAGE), tag("x")),
        rule("answer", on(OccasionKind.REPLY), tag("x")),
        rule("ended", on(OccasionKind.ENDED), tag("x")),
        rule("missed", on(OccasionKind.MILESTONE_MISSED, "first_response"), tag("x")),
        rule("late", on(OccasionKind.ESCALATED, "late"), tag("x")),
        rule("lost", on(OccasionKind.EVENT, "parcel.lost"), tag("x")),
    )
    assert fired(life) == [
        ("opened", 200), ("engine", 200), ("person", 9_000), ("wrote", 10_000), ("answer", 11_000), ("ended", 12_000),
        ("over", 20_000), ("again", 30_000), ("size", 40_000), ("missed", 60_000), ("late", 70_000), ("lost", 80_000),
    ]  # fmt: skip


def test_what_rules_in_force_did_is_no_occasion_but_as_it_was() -> None:
    seven = rule("seven", changed("priority"), tag("x"), when=when(priority=7))
    by_rule = rule("by_rule", changed("priority", by=By.RULE), tag("x"))
    assert fired(
        Life(seven, by_rule, rule("seen", on(OccasionKind.EVENT, "parcel.lost"), tag("y"), when=when(priority=7)))
    ) == [("seen", 80_000)]


def test_bounds_hold_over_the_whole_past() -> None:
    assert [key for key, _ in fired(Life(rule("once", changed(), priority(9), once=Once.CASE)))] == ["once"]
    assert len(fired(Life(rule("two", changed(), priority(9), most_per_hour=2)))) == 2
