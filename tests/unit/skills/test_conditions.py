"""Conditions hold or fail on the values they see, and say which of them it was."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.condition import ALWAYS, Condition, Group, Joint, Operator, Test
from engine.skills.conditions import judge, matches, reasons

VALUES: Mapping[str, object] = {
    "subject": "My Refund, please",
    "text": ("The kettle leaks.", "我要退款,谢谢"),
    "priority": 5,
    "status": "open",
    "tags": frozenset({"VIP", "press"}),
    "age": 3_600_000,
    "fields.bought": "2026-11-01",
    "opened": 1_000,
    "part": False,
    "topic": "",
}


def asked(field: str, operator: Operator, value: object) -> Test:
    return Test(field=field, operator=operator, value=value)


def every(*parts: Condition) -> Group:
    return Group(joint=Joint.ALL, parts=parts)


def either(*parts: Condition) -> Group:
    return Group(joint=Joint.ANY, parts=parts)


def none(*parts: Condition) -> Group:
    return Group(joint=Joint.NOT, parts=parts)


@pytest.mark.parametrize(
    ("condition", "held"),
    [
        (asked("status", Operator.EQUAL, "open"), True),
        (asked("status", Operator.EQUAL, "OPEN"), True),
        (asked("status", Operator.EQUAL, "new"), False),
        (asked("status", Operator.ONE_OF, ("new", "open")), True),
        (asked("status", Operator.STARTS, ("op", "x")), True),
        (asked("priority", Operator.AT_LEAST, 5), True),
        (asked("priority", Operator.AT_LEAST, 5.5), False),
        (asked("priority", Operator.AT_MOST, 4), False),
        (asked("priority", Operator.EQUAL, 5), True),
        (asked("priority", Operator.EQUAL, "5"), False),
        (asked("subject", Operator.HAS, ("refund",)), True),
        (asked("subject", Operator.HAS, ("fund",)), False),
        (asked("subject", Operator.HAS, ("refund, please",)), True),
        (asked("text", Operator.HAS, ("投诉", "退款")), True),
        (asked("text", Operator.HAS_ALL, ("leaks", "退款")), True),
        (asked("text", Operator.HAS_ALL, ("leaks", "投诉")), False),
        (asked("tags", Operator.HAS, ("vip",)), True),
        (asked("tags", Operator.HAS, ("vi",)), False),
        (asked("tags", Operator.HAS_ALL, ("vip", "press")), True),
        (asked("age", Operator.AT_LEAST, 3_600_000), True),
        (asked("fields.bought", Operator.BEFORE, "2026-11-02"), True),
        (asked("fields.bought", Operator.BEFORE, "2026-11-01"), False),
        (asked("fields.bought", Operator.AFTER, "2026-10-31"), True),
        (asked("opened", Operator.AFTER, 999), True),
        (asked("opened", Operator.BEFORE, 1_000), False),
        (asked("part", Operator.EQUAL, False), True),
        (asked("part", Operator.SET, True), True),
        (asked("topic", Operator.SET, False), True),
        (asked("missing", Operator.SET, False), True),
        (asked("missing", Operator.EQUAL, "x"), False),
        (asked("missing", Operator.AT_MOST, 3), False),
        (ALWAYS, True),
        (either(), False),
        (none(), True),
        (every(asked("status", Operator.EQUAL, "open"), asked("priority", Operator.AT_LEAST, 9)), False),
        (either(asked("status", Operator.EQUAL, "new"), asked("priority", Operator.AT_LEAST, 2)), True),
        (none(asked("status", Operator.EQUAL, "new"), asked("priority", Operator.AT_LEAST, 2)), False),
        (none(every(asked("status", Operator.EQUAL, "open"), asked("priority", Operator.AT_LEAST, 9))), True),
    ],
)
def test_it_holds_or_not(condition: Condition, held: bool) -> None:
    assert matches(condition, VALUES) is held
    assert judge(condition, VALUES).held is held


def test_what_held_is_said_with_the_values_seen() -> None:
    condition = every(
        either(asked("status", Operator.EQUAL, "new"), asked("tags", Operator.HAS, ("vip", "gold"))),
        asked("priority", Operator.AT_LEAST, 3),
    )
    assert reasons(judge(condition, VALUES)) == [
        {"field": "tags", "operator": "has", "value": ["vip", "gold"], "seen": ["vip"], "held": True},
        {"field": "priority", "operator": "at_least", "value": 3, "seen": 5, "held": True},
    ]


def test_of_what_failed_the_failing_test_is_said() -> None:
    condition = every(asked("priority", Operator.AT_LEAST, 3), asked("missing", Operator.EQUAL, "x"), ALWAYS)
    said = reasons(judge(condition, VALUES))
    assert [(reason["field"], reason["seen"], reason["held"]) for reason in said] == [("missing", None, False)]


def test_what_stood_in_the_way_of_a_not_is_said() -> None:
    said = reasons(judge(none(asked("priority", Operator.AT_LEAST, 9), asked("status", Operator.SET, True)), VALUES))
    assert [(reason["field"], reason["held"]) for reason in said] == [("status", True)]


def test_long_values_are_cut_in_explanations() -> None:
    verdict = judge(asked("subject", Operator.SET, True), {"subject": "x" * 10_000})
    assert verdict.seen == "x" * 200


LEAVES = st.builds(
    asked,
    st.sampled_from(["status", "priority", "tags", "missing", "text"]),
    st.sampled_from(list(Operator)),
    st.sampled_from(["open", 5, ("open", "vip"), ("退款",), True, False, 5.0]),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda parts: st.builds(
        lambda joint, several: Group(joint=joint, parts=tuple(several)),
        st.sampled_from(list(Joint)),
        st.lists(parts, max_size=3),
    ),
    max_leaves=8,
)


@given(condition=CONDITIONS)
def test_an_explanation_never_says_otherwise(condition: Condition) -> None:
    verdict = judge(condition, VALUES)
    assert verdict.held is matches(condition, VALUES)
    reasons(verdict)


@given(condition=CONDITIONS)
def test_not_is_the_opposite(condition: Condition) -> None:
    assert matches(none(condition), VALUES) is not matches(condition, VALUES)
