"""What other systems ask for, checked against the configuration."""

from dataclasses import replace

import pytest

from engine.errors import InvalidInput
from engine.intake.wanted import Wanted, item_from, planned
from engine.model.organisation import Rule
from engine.model.work import WorkState
from tests.organisations import small_organisation

ACME = small_organisation()
RULED = replace(
    ACME,
    rules=(
        Rule(name="bills", keywords=("invoice",), queue="support", skills={"billing": 4}, priority=2),
        Rule(name="web", channels=frozenset({"web"}), queue="sales"),
    ),
)


def test_a_queue_that_is_named_stands_and_brings_its_skills() -> None:
    queue = replace(ACME.queues["sales"], skills={"english": 6})
    acme = replace(RULED, queues={**ACME.queues, "sales": queue})
    plan = planned(acme, Wanted(kind="chat", queue="sales", text="invoice", skills={"english": 3}, priority=1))
    assert (plan.queue, plan.requirement.skills, plan.priority, plan.rules) == ("sales", {"english": 6}, 1, ())


def test_the_rules_find_a_queue() -> None:
    plan = planned(RULED, Wanted(kind="chat", text="My invoice", skills={"english": 3}, priority=1))
    assert (plan.queue, plan.priority, plan.rules) == ("support", 3, ("bills",))
    assert plan.requirement.skills == {"billing": 4, "english": 3}
    assert planned(RULED, Wanted(kind="chat", channel="web")).rules == ("web",)
    assert planned(ACME, Wanted(kind="chat", channel="web")).queue == "sales"


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (Wanted(kind="fax", queue="sales"), "kind"),
        (Wanted(kind="chat", queue="none"), "queue"),
        (Wanted(kind="chat"), "queue"),
        (Wanted(kind="chat", channel="none"), "channel"),
        (Wanted(kind="chat", queue="sales", skills={"dutch": 1}), "skills"),
        (Wanted(kind="chat", queue="sales", skills={"english": 0}), "skills"),
        (Wanted(kind="chat", queue="sales", preferred={"english": 11}), "preferred_skills"),
        (Wanted(kind="chat", queue="sales", preferred={f"s{n}": 1 for n in range(21)}), "preferred_skills"),
        (Wanted(kind="chat", queue="sales", preferred_required=True), "preferred_agent"),
        (Wanted(kind="chat", queue="sales", attributes={"a": "ü" * 8_192}), "attributes"),
        (Wanted(kind="chat", queue="sales", attributes={"a": object()}), "attributes"),
    ],
)
def test_what_is_wrong_is_named(wanted: Wanted, field: str) -> None:
    with pytest.raises(InvalidInput) as wrong:
        planned(ACME, wanted)
    assert wrong.value.fields["field"] == field


def test_attributes_of_just_the_size_are_taken() -> None:
    planned(ACME, Wanted(kind="chat", queue="sales", attributes={"a": "x" * (16_384 - 8)}))


def test_a_time_that_has_come_is_no_appointment() -> None:
    wanted = Wanted(kind="chat", queue="sales", not_before_ms=1_000)
    plan = planned(ACME, wanted)
    for now_ms, kept in ((999, 1_000), (1_000, 0)):
        item = item_from(wanted, plan, org_id="acme", item_id="i", now_ms=now_ms)
        assert (item.state, item.not_before_ms) == (WorkState.PENDING, kept)
