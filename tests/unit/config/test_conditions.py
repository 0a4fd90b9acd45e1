"""Conditions in the files: what they mean, and what is refused where."""

import jsonschema
import pytest

from engine.config.condition_fields import BUILT_IN, condition_json_schema, milestone_fields
from engine.config.condition_schema import read_condition
from engine.config.files import Place, parse
from engine.model.condition import Condition, ConditionField, FieldType, Group, Joint, Operator, Test

FIELDS = {
    **BUILT_IN,
    **milestone_fields("first_response"),
    "queue": ConditionField(type=FieldType.WORD, choices=frozenset({"sales", "care"})),
    "fields.bought": ConditionField(type=FieldType.DATE),
    "hours.office": ConditionField(type=FieldType.WORD, choices=frozenset({"open", "closed"})),
}


def read(text: str) -> tuple[Condition, list[str]]:
    document = parse("rules.yaml", f"when:\n{text}".encode())
    problems = list[str]()

    def refuse(place: Place, detail: str, *, mend: str = "") -> None:
        problems.append(f"{document.line(place)}: {detail}. {mend}".strip())

    written = document.data["when"]
    assert isinstance(written, dict)
    return read_condition(written, ("when",), FIELDS, refuse), problems


def parts(text: str) -> tuple[Condition, ...]:
    condition, problems = read(text)
    assert not problems
    assert isinstance(condition, Group)
    assert condition.joint is Joint.ALL
    return condition.parts


@pytest.mark.parametrize(
    ("text", "operator", "value"),
    [
        ("  priority: 5", Operator.EQUAL, 5),
        ("  priority: { at_least: 5 }", Operator.AT_LEAST, 5),
        ("  status: [new, open]", Operator.ONE_OF, ("new", "open")),
        ("  tier: gold", Operator.EQUAL, "gold"),
        ("  text: { has: [refund, 退款] }", Operator.HAS, ("refund", "退款")),
        ("  text: refund", Operator.HAS, ("refund",)),
        ("  tags: [a, b]", Operator.HAS, ("a", "b")),
        ("  tags: { has_all: [a, b] }", Operator.HAS_ALL, ("a", "b")),
        ("  subject: { starts: RMA- }", Operator.STARTS, ("RMA-",)),
        ("  age: { at_least: 400d }", Operator.AT_LEAST, 34_560_000_000),
        ("  fields.bought: { before: 2026-11-22 }", Operator.BEFORE, "2026-11-22"),
        ("  opened: { after: '1970-01-01T00:00:01Z' }", Operator.AFTER, 1_000),
        ("  owner: { set: false }", Operator.SET, False),
        ("  hours.office: closed", Operator.EQUAL, "closed"),
        ("  milestones.first_response.remaining: { at_most: 0s }", Operator.AT_MOST, 0),
        ("  part: true", Operator.EQUAL, True),
    ],
)
def test_a_test(text: str, operator: Operator, value: object) -> None:
    (test,) = parts(text)
    assert isinstance(test, Test)
    assert (test.operator, test.value) == (operator, value)


def test_groups() -> None:
    either, nor, also = parts("  any: { tier: gold, priority: 5 }\n  not: { queue: care, part: true }\n  all: [{}]")
    assert isinstance(either, Group)
    assert (either.joint, len(either.parts)) == (Joint.ANY, 2)
    assert isinstance(nor, Group)
    assert nor.joint is Joint.NOT
    assert isinstance(nor.parts[0], Group)
    assert (nor.parts[0].joint, len(nor.parts[0].parts)) == (Joint.ALL, 2)
    assert also == Group(joint=Joint.ALL, parts=(Group(joint=Joint.ALL),))


def test_two_operators_are_two_tests() -> None:
    assert len(parts("  priority: { at_least: 2, at_most: 4 }")) == 2


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("  prioritty: 5", "2: there is no field 'prioritty' to test. Did you mean priority?"),
        ("  queue: saless", "2: the field is never 'saless'. Did you mean sales?"),
        ("  queue: [sales,\n   care2]", "3: the field is never 'care2'. Did you mean care?"),
        ("  priority: { at_leest: 5 }", "2: 'at_leest' cannot be asked of 'priority'. Did you mean at_least?"),
        ("  priority: high", "2: must be a number"),
        ("  priority: true", "2: must be a number"),
        ("  age: 5", '2: must be a time such as "30m"'),
        ("  fields.bought: { after: soon }", '2: must be a day such as "2026-11-22"'),
        ("  opened: { after: '2026-11-22T09:00:00' }", '2: must be a moment such as "2026-11-22T09:00:00Z"'),
        ("  part: yes", "2: must be true or false"),
        ("  owner: { set: maybe }", "2: must be true or false"),
        ("  status: []", "2: must name 1 to 100 values"),
        ("  status: {}", "2: says nothing of the field. Write a value, or an operator with one."),
        ("  any:\n    - tier: gold\n    - tear: gold", "4: there is no field 'tear' to test. Did you mean tier?"),
        ("  any: gold", "2: must hold conditions: 'field: value' entries, or a list of such"),
        ("  any: [gold]", "2: must hold 'field: value' entries"),
        ("  text: ''", "2: must be a text of 1 to 200 characters"),
    ],
)
def test_mistakes_are_named_with_their_line(text: str, problem: str) -> None:
    (said,) = read(text)[1]
    assert said.startswith(problem)


def test_too_many_tests_are_refused() -> None:
    many = "\n".join(f"    - priority: {number}" for number in range(101))
    assert read(f"  any:\n{many}")[1] == ["1: more than 100 tests in one condition. Split the rule."]


SCHEMA = {"$ref": "#/$defs/Condition", "$defs": {"Condition": condition_json_schema()}}


@pytest.mark.parametrize(
    ("written", "good"),
    [
        ({"priority": {"at_least": 5}, "any": [{"tier": "gold"}, {"not": {"tags": ["a"]}}]}, True),
        ({"hours.office": "open", "fields.x": {"set": True}, "age": {"at_least": "2d"}}, True),
        ({"prioritty": 5}, False),
        ({"priority": "high"}, False),
        ({"status": {"at_least": 1}}, False),
        ({"any": "gold"}, False),
    ],
)
def test_the_schema_agrees(written: object, good: bool) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert jsonschema.Draft202012Validator(SCHEMA).is_valid(written) is good
