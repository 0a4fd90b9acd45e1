"""Teams and rule sets: every key arrives, every name is looked up, and a snapshot keeps them."""

import pytest

from engine.config.snapshot import pack, unpack
from engine.model.escalation import ActionKind, AgeFrom, NotifyBy, TriggerKind, Until
from engine.skills.conditions import matches
from tests.unit.config.conftest import Load, Refused

TEAMS = "teams: {support: {name: Support, lead: ana, members: [ana]}}\n"
FIELDS = "fields: {case: {severity: {name: S, type: text}}}\n"
FULL = """
escalations:
  late:
    name: { en: Late answer, zh-CN: 回复太晚 }
    when: { priority: { at_least: 1 }, any: [{ queue: general }, { tier: [gold, silver] }] }
    trigger: { milestone: { key: first_response, before: 30m } }
    until: [met, replied, owned]
    times: 3
    steps:
      - actions: [{ raise_priority: 5 }, { set_priority: 7 }, { move: general }, { require: { english: 3 } }]
      - after: 1h
        name: lead
        actions:
          - assign: { to: team_lead }
          - assign: { queue: general }
          - add_follower: ana
          - set: { severity: high }
          - set_status: waiting
          - open_child: { subject: "About {case.number}", queue: general, priority: 2 }
          - comment: "Was {case.fields.severity}"
          - notify: { console: [owner, supervisors, "role:admin"], email: [team_lead, x@y.org], webhook: erp, text: T }
"""


def with_trigger(trigger: str, more: str = "") -> dict[str, str]:
    steps = "steps: [{actions: [{raise_priority: 1}]}]"
    return {"escalations.yaml": f"escalations: {{a: {{name: A, trigger: {trigger}, {steps}{more}}}}}\n"}


def test_every_key_arrives_and_stays(load_with: Load) -> None:
    organisation = load_with({"escalations.yaml": TEAMS + FIELDS + FULL})
    again = unpack(pack(organisation).compiled, version=1)
    assert again.escalations == organisation.escalations
    assert again.teams["support"].everybody == ("ana",)
    assert again.watches_cases
    late = again.escalations["late"]
    assert (late.name, late.times, late.trigger.shift_ms) == ("Late answer", 3, -1_800_000)
    assert late.until == {Until.MET, Until.REPLIED, Until.OWNED}
    assert [step.key for step in late.steps] == ["1", "lead"]
    assert [one.kind for one in late.steps[1].actions] == [
        ActionKind.ASSIGN, ActionKind.ASSIGN, ActionKind.ADD_FOLLOWER, ActionKind.SET, ActionKind.SET_STATUS,
        ActionKind.OPEN_CHILD, ActionKind.COMMENT, *[ActionKind.NOTIFY] * 3,
    ]  # fmt: skip
    assert [(one.by, one.to) for one in late.steps[1].actions[-3:]] == [
        (NotifyBy.CONSOLE, ("owner", "supervisors", "role:admin")),
        (NotifyBy.EMAIL, ("team_lead", "x@y.org")),
        (NotifyBy.WEBHOOK, ("erp",)),
    ]
    assert matches(late.when, {"priority": 2, "tier": "gold"})
    assert not matches(late.when, {"priority": 2, "tier": "bronze", "queue": "sales"})


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("{age: {since: updated, after: 2d}}", TriggerKind.AGE),
        ("{keyword: {has: [lawyer, 投诉], by: anyone}}", TriggerKind.KEYWORD),
        ("{tier: [gold]}", TriggerKind.TIER),
        ("{reopened: {at_least: 2}}", TriggerKind.REOPENED),
        ("{rating: {at_most: 2}}", TriggerKind.RATING),
        ("{repeated: {at_least: 3, within: 7d}}", TriggerKind.REPEATED),
        ("{event: {name: payment.failed}}", TriggerKind.EVENT),
        ("{action: true}", TriggerKind.ACTION),
    ],
)
def test_every_trigger(load_with: Load, written: str, kind: TriggerKind) -> None:
    trigger = load_with(with_trigger(written)).escalations["a"].trigger
    assert trigger.kind is kind
    assert kind is not TriggerKind.AGE or (trigger.since, trigger.after_ms) == (AgeFrom.UPDATED, 172_800_000)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (with_trigger("{}"), "write exactly one trigger"),
        (with_trigger("{tier: [a], rating: {at_most: 1}}"), "write exactly one trigger"),
        (with_trigger("{milestone: {key: nothing}}"), "there is no milestone 'nothing'"),
        (with_trigger("{milestone: {key: first_response, before: 1m, after: 1m}}"), "either before or after"),
        (with_trigger("{tier: [a]}", ", hours: nights"), "there is no business hours 'nights'"),
        (with_trigger("{tier: [a]}", ", when: {colour: red}"), "there is no field 'colour' to test"),
        (with_trigger("{tier: [a]}", ", until: [never]"), "until"),
    ],
)
def test_triggers_that_are_refused(refused: Refused, files: dict[str, str], said: str) -> None:
    (problem,) = refused(files)
    assert said in problem


def test_who_looks_after_the_customer_may_be_named(load_with: Load) -> None:
    actions = "[{assign: {to: contact_owner}}, {add_follower: account_owner}, {notify: {email: [contact_owner]}}]"
    ladder = f"escalations: {{a: {{name: A, trigger: {{tier: [x]}}, steps: [{{actions: {actions}}}]}}}}\n"
    (step,) = load_with({"escalations.yaml": ladder}).escalations["a"].steps
    assert [one.who or one.to for one in step.actions] == ["contact_owner", "account_owner", ("contact_owner",)]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("[{after: 1h, actions: [{move: general}]}, {after: 1m, actions: [{move: general}]}]", "before the one above"),
        ("[{name: x, actions: [{move: general}]}, {name: x, actions: [{move: general}]}]", "cannot be called 'x'"),
        ("[{name: begun, actions: [{move: general}]}]", "cannot be called 'begun'"),
        ("[{actions: [{move: nowhere}]}]", "there is no queue 'nowhere'"),
        ("[{actions: [{move: general, set_priority: 1}]}]", "write exactly one action"),
        ("[{actions: [{require: {chess: 1}}]}]", "there is no skill 'chess'"),
        ("[{actions: [{assign: {to: team_lead}}]}]", "no team has a lead"),
        ("[{actions: [{assign: {to: zoe}}]}]", "'zoe'"),
        ("[{actions: [{notify: {text: x}}]}]", "write who is told"),
        ("[{actions: [{notify: {console: [x@y.org]}}]}]", "'x@y.org'"),
        ("[{actions: [{set: {colour: red}}]}]", "there is no field of cases 'colour'"),
        ("[{actions: [{set_status: lost}]}]", "there is no status of cases 'lost'"),
        ("[{actions: [{comment: 'Dear {case.nmber}'}]}]", "there is no merge field {case.nmber}"),
        ("[{actions: [{open_child: {subject: x, type: t}}]}]", "there is no type of cases 't'"),
    ],
)
def test_steps_that_are_refused(refused: Refused, steps: str, said: str) -> None:
    problems = refused(
        {"escalations.yaml": f"escalations: {{a: {{name: A, trigger: {{tier: [x]}}, steps: {steps}}}}}\n"}
    )
    assert said in problems[0]
    assert problems[0].startswith("escalations.yaml:1:")


def test_teams_that_are_refused(refused: Refused) -> None:
    problems = refused({"teams.yaml": "teams:\n  support:\n    name: S\n    lead: zoe\n    members: [ana, ana]\n"})
    assert "teams.yaml:4: there is no agent 'zoe'" in problems[0]
    assert "'ana' stands here twice" in problems[1]
