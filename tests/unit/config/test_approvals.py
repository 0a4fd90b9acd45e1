"""Approvals in the files: what they come to, and what is refused with its line."""

import pytest

from engine.config.snapshot import pack, unpack
from engine.model.approval import ApprovalStep, Need, NewApproval, Then
from engine.model.condition import ALWAYS, Group, Joint, Operator, Test
from tests.unit.config.conftest import Load, Refused

FIELDS = "fields: {case: {refund: {name: Refund, type: number}}}\n"
TEAMS = "teams: {front: {name: Front, lead: ana}}\n"
GOOD = """approvals:
  refund:
    name: Refund
    changes: {fields.refund: {at_least: 100}}
    macros: [all]
    steps:
      - {by: [team_lead, "role:admin"], need: all, timeout: 4h, then: next, remind: 1h}
      - {by: [ana], instead: true}
macros:
  all: {name: All, actions: [{ask_approval: {process: refund, changes: {status: resolved, fields: {refund: 1}}}}]}
"""


def test_what_it_comes_to(load_with: Load) -> None:
    made = load_with({"a.yaml": GOOD, "f.yaml": FIELDS, "t.yaml": TEAMS})
    refund = made.approvals["refund"]
    test = Test(field="fields.refund", operator=Operator.AT_LEAST, value=100)
    assert refund.changes == Group(joint=Joint.ALL, parts=(test,))
    assert refund.macros == {"all"}
    first, second = refund.steps
    assert (first.by, first.need, first.then) == (("team_lead", "role:admin"), Need.ALL, Then.NEXT)
    assert (first.timeout_ms, first.remind_ms) == (14_400_000, 3_600_000)
    assert second == ApprovalStep(by=("ana",), instead=True, when=Group(joint=Joint.ALL))
    assert refund.when == ALWAYS
    action = made.macros["all"].actions[0].action
    assert action is not None
    assert action.approval == NewApproval(process="refund", changes={"status": "resolved", "fields": {"refund": 1}})
    assert unpack(pack(made).compiled, version=0).approvals == made.approvals


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("fields.refund:", "fields.refnd:", "a.yaml:4: there is no field 'fields.refnd' to test"),
        ("{fields.refund: {at_least: 100}}", "{age: 4h}", "a.yaml:4: nothing that somebody could change is named"),
        ("macros: [all]", "macros: [none]", "a.yaml:5: there is no macro 'none'"),
        ("team_lead,", "tim,", "a.yaml:7: there is no agent, nor such word, 'tim'"),
        ('"role:admin"', '"role:agent"', "a.yaml:7: there is no agent, nor such word, 'role:agent'"),
        ("remind: 1h", "remind: 30s", "steps[1].remind: remind at most once a minute, or write 0s"),
        ("need: all,", "need: all, hours: none,", "a.yaml:7: there is no business hours 'none'"),
        ("timeout: 4h, then: next,", "then: approve,", "a.yaml:7: the step has no time that could end"),
        ("instead: true}", "timeout: 1h, then: next}", "a.yaml:8: no step comes after this one"),
        (", then: next", "", "a.yaml:8: the step before does not go on to this one"),
        ("{process: refund,", "{process: none,", "a.yaml:10: there is no process of approval 'none'"),
        ("status: resolved", "status: gone", "a.yaml:10: there is no status 'gone'"),
        ("status: resolved", "owner_id: x", "a.yaml:10: there is no field that a rule may ask to change 'owner_id'"),
        ("status: resolved", "priority: high", "a.yaml:10: must be a whole number"),
        ("{refund: 1}", "{tins: 1}", "a.yaml:10: there is no field of cases 'tins'"),
        ("{refund: 1}", "1", "a.yaml:10: must hold fields with their values"),
    ],
)
def test_what_is_refused(refused: Refused, before: str, after: str, said: str) -> None:
    assert before in GOOD
    lines = refused({"a.yaml": GOOD.replace(before, after), "f.yaml": FIELDS, "t.yaml": TEAMS})
    assert any(said in line for line in lines), lines


def test_a_lead_is_needed_where_one_is_named(refused: Refused) -> None:
    lines = refused({"a.yaml": GOOD, "f.yaml": FIELDS})
    assert any("a.yaml:7: no team has a lead" in line for line in lines), lines
