"""Assignment rules in the files: what they become, and what is refused where."""

import pytest

from engine.model.assignment import AssignmentRule
from engine.model.condition import Group, Joint, Operator, Test
from engine.skills.conditions import fields_of
from tests.unit.config.conftest import SMALL, Load, Refused

CASES = {
    "profiles.yaml": "profiles:\n  standard:\n    units: 3\n    channels: {chat: {}, case: {}}\n",
    "statuses.yaml": SMALL["statuses.yaml"].replace("[chat]", "[chat, case]"),
}


def test_a_rule(load_with: Load) -> None:
    text = (
        "assignment:\n  - name: Gold\n    when: {tier: gold}\n"
        "    then: {queue: general, skills: {english: 3}, owner: account_owner, priority: 5, tags: [v], route: true}\n"
    )
    organisation = load_with({**CASES, "assignment.yaml": text})
    condition = Group(joint=Joint.ALL, parts=(Test(field="tier", operator=Operator.EQUAL, value="gold"),))
    assert organisation.assignment == (
        AssignmentRule(
            name="Gold",
            when=condition,
            queue="general",
            skills={"english": 3},
            owner="account_owner",
            priority=5,
            tags=("v",),
            route=True,
        ),
    )
    assert organisation.watches_cases


def test_customers_are_asked_for_by_who_looks_after_them_and_by_what_they_hold(load_with: Load) -> None:
    when = "{contact.owner: ana, account.owner: {set: true}, entitlement: [warranty, support]}"
    text = f"assignment:\n  - {{name: Kept, when: {when}, then: {{owner: contact_owner}}}}\n"
    (rule,) = load_with({"assignment.yaml": text}).assignment
    assert rule.owner == "contact_owner"
    assert set(fields_of(rule.when)) == {"contact.owner", "account.owner", "entitlement"}


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("{name: A, then: {queue: genral}}", "assignment.yaml:2: there is no queue 'genral'. Did you mean general?"),
        ("{name: A, then: {owner: anna}}", "assignment.yaml:2: there is no user 'anna'. Did you mean ana?"),
        ("{name: A, then: {skills: {x: 3}}}", "assignment.yaml:2: there is no skill 'x'. Known: english."),
        ("{name: A, then: {}}", "assignment.yaml:2: the rule decides nothing. Add a queue, an owner, route: true, …"),
        (
            "{name: A, when: {queue: x}, then: {tags: [a]}}",
            "assignment.yaml:2: the field is never 'x'. Known: general.",
        ),
        (
            "{name: A, when: {contact.owner: anna}, then: {tags: [a]}}",
            "assignment.yaml:2: the field is never 'anna'. ",
        ),
        (
            "{name: A, when: {entitlement: lease}, then: {tags: [a]}}",
            "assignment.yaml:2: the field is never 'lease'. Known: maintenance, support, warranty.",
        ),
        ("{name: A, then: {team: x}}", "assignment.yaml:2: there is no team 'x'"),
        (
            "{name: A, then: {route: true}}",
            "assignment.yaml:2: no capacity profile takes work of the kind case. Add case",
        ),
    ],
)
def test_refusals(refused: Refused, rule: str, problem: str) -> None:
    (said,) = refused({"assignment.yaml": f"assignment:\n  - {rule}\n"})
    assert said.startswith(problem)


def test_names_are_told_apart(refused: Refused) -> None:
    text = "assignment:\n  - {name: A, then: {tags: [a]}}\n  - {name: A, then: {tags: [b]}}\n"
    (problem,) = refused({"assignment.yaml": text})
    assert problem.startswith("assignment.yaml:3: a second rule 'A'")
