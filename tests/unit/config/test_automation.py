"""Automation rules in the files: every key arrives, every name is looked up, a snapshot keeps them."""

import pytest

from engine.config.snapshot import pack, unpack
from engine.model.automation import By, Enabled, OccasionKind, Once
from engine.model.condition import Operator, Test
from engine.model.escalation import Action, ActionKind
from tests.unit.config.conftest import Load, Refused

FULL = """
fields: {case: {size: {name: S, type: number}}}
case_types: {question: Question}
teams: {front: {name: Front, lead: ana, members: []}}
quick_texts: {hello: {name: Hello, text: Hi}}
escalations: {late: {name: Late, trigger: {age: {after: 1h}}, steps: [{actions: [{move: general}]}]}}
automation:
  - key: first
    name: { en: First, zh-CN: 首条 }
    on: opened
    when: { queue: general, was.fields.size: { at_least: 3 }, was.status: new }
    actions:
      - { set_team: front }
      - { set_type: question }
      - { add_tags: [a, b, a] }
      - { remove_tags: [c] }
      - { reply: hello }
    once: case
    stop: true
    most_per_hour: 3
  - key: second
    name: Second
    on:
      - message
      - { changed: [priority, fields.size], by: person }
      - changed: queue
      - { event: parcel.lost }
      - { milestone_missed: [first_response] }
      - { escalated: late }
    actions: [{ set: { size: 4 } }]
    enabled: dry_run
  - { key: third, name: Third, on: [closed], actions: [{ comment: "Over" }], enabled: false }
"""


def ladder(trigger: str, action: str = "{move: general}") -> str:
    return f"escalations: {{late: {{name: Late, trigger: {trigger}, steps: [{{actions: [{action}]}}]}}}}\n"


def beginning(rule_set: str, trigger: str) -> str:
    rules = f"automation: [{{key: a, name: A, on: message, actions: [{{escalate: {rule_set}}}]}}]\n"
    return rules + ladder(trigger)


def test_every_key_arrives_and_stays(load_with: Load) -> None:
    organisation = load_with({"automation.yaml": FULL})
    first, second, _ = organisation.automation
    assert unpack(pack(organisation).compiled, version=1).automation == organisation.automation
    assert (first.key, first.name, first.once, first.stop, first.most_per_hour) == (
        "first",
        "First",
        Once.CASE,
        True,
        3,
    )
    assert organisation.in_languages("automation", "0", "name") == {"en": "First", "zh-CN": "首条"}
    assert Test(field="was.fields.size", operator=Operator.AT_LEAST, value=3) in first.when.parts  # type: ignore[attr-defined]
    kinds = [one.action.kind for one in first.actions if one.action]
    assert kinds == [ActionKind.SET_TEAM, ActionKind.SET_TYPE, ActionKind.ADD_TAGS, ActionKind.REMOVE_TAGS]
    assert [one.action.tags for one in first.actions if one.action and one.action.tags] == [("a", "b"), ("c",)]
    assert [(one.kind, sorted(one.names), one.by) for one in second.on] == [
        (OccasionKind.MESSAGE, [], By.ANYONE),
        (OccasionKind.CHANGED, ["fields.size", "priority"], By.PERSON),
        (OccasionKind.CHANGED, ["queue"], By.ANYONE),
        (OccasionKind.EVENT, ["parcel.lost"], By.ANYONE),
        (OccasionKind.MILESTONE_MISSED, ["first_response"], By.ANYONE),
        (OccasionKind.ESCALATED, ["late"], By.ANYONE),
    ]
    assert [one.enabled for one in organisation.automation] == [Enabled.TRUE, Enabled.DRY_RUN, Enabled.FALSE]


@pytest.mark.parametrize(("enabled", "watched"), [("true", True), ("dry_run", True), ("false", False)])
def test_cases_are_watched_where_a_rule_is_at_work(load_with: Load, enabled: str, watched: bool) -> None:
    text = f"automation: [{{key: a, name: A, on: opened, actions: [{{move: general}}], enabled: {enabled}}}]"
    assert load_with({"automation.yaml": text}).watches_cases is watched


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("on: opend", "must be 'opened', 'changed'"),
        ("on: []", "must not be empty"),
        ("on: [opened: x]", "'opened' takes no names"),
        ("on: [changed: x]", "there is no field of cases 'x'"),
        ("on: [changed: fields.x]", "there is no field of cases 'fields.x'"),
        ("on: [{changed: queue, message: x}]", "write one occasion"),
        ("on: [{message: [], by: person}]", "'by' is for changes"),
        ("on: [{changed: queue, by: me}]", "by"),
        ("on: [event]", "an event has a name"),
        ("on: [event: 'Not a name']", "an event has a name"),
        ("on: [milestone_met: x]", "there is no milestone 'x'"),
        ("on: [escalated: x]", "there is no rule set of escalations 'x'"),
        ("on: opened, when: {was.nonsense: 1}", "there is no field 'was.nonsense'"),
        ("on: opened, when: {was.age: 1h}", "there is no field 'was.age'"),
        ("on: opened, actions: [{set_team: x}]", "there is no team 'x'"),
        ("on: opened, actions: [{set_type: x}]", "there is no type of cases 'x'"),
        ("on: opened, actions: [{add_tags: []}]", "must not be empty"),
        ("on: opened, actions: []", "must not be empty"),
        ("on: opened, enabled: maybe", "enabled"),
        ("on: opened, most_per_hour: 101", "most_per_hour"),
        ("on: opened, once: never", "once"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_line(refused: Refused, written: str, said: str) -> None:
    actions = "" if "actions" in written else ", actions: [{move: general}]"
    (line, *_) = refused({"automation.yaml": f"automation:\n  - {{key: a, name: A, {written}{actions}}}\n"})
    assert said in line
    assert line.startswith("automation.yaml:2")


def test_a_key_stands_once(refused: Refused) -> None:
    one = "{key: a, name: A, on: opened, actions: [{move: general}]}"
    assert "a second rule 'a'" in refused({"automation.yaml": f"automation: [{one}, {one}]"})[0]


def test_a_rule_begins_a_ladder(load_with: Load) -> None:
    (rule,) = load_with({"automation.yaml": beginning("late", "{action: true}")}).automation
    assert rule.actions[0].action == Action(kind=ActionKind.ESCALATE, rule_set="late")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"automation.yaml": beginning("never", "{action: true}")}, "there is no rule set of escalations 'never'"),
        (
            {"automation.yaml": beginning("late", "{age: {after: 1h}}")},
            "'late' begins by its age only. Name a",
        ),
        (
            {"escalations.yaml": ladder("{action: true}", "{escalate: late}")},
            "a ladder begins no other. Let an automation rule hear of it",
        ),
    ],
)
def test_ladders_that_no_rule_begins(refused: Refused, files: dict[str, str], said: str) -> None:
    (problem,) = refused(files)
    assert said in problem
