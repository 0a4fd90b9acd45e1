"""What macros, rules and escalations set fits the custom field, or is refused with file and line."""

import pytest

from tests.unit.config.conftest import Load, Refused

FIELDS = (
    "fields: {case: {words: {name: Words, type: text, longest: 5}, tins: {name: Tins, type: number, least: 1, most: 9},"
    " due: {name: Due, type: date}, vip: {name: Vip, type: boolean},"
    " cause: {name: Cause, type: choice, choices: {a: A, b: B}}, link: {name: Link, type: url}}}\n"
)
MACRO = "macros:\n  m:\n    name: M\n    actions:\n      - set:\n          {}\n"
LADDER = (
    "escalations:\n  e:\n    name: E\n    trigger: {{reopened: {{at_least: 1}}}}\n"
    "    steps: [{{actions: [{{set: {{{}}}}}]}}]\n"
)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("tins: many", "Tins: a number is needed"),
        ("tins: 10", "at most 9"),
        ("tins: true", "a number"),
        ("words: abcdef", "a text of at most 5 characters"),
        ("words: 7", "a text"),
        ("due: soon", "a date such as"),
        ("vip: 1", "true or false"),
        ("cause: c", "one of a, b"),
        ("link: kettle", "https://"),
        ("tin: 5", "there is no field of cases 'tin'"),
    ],
)
def test_what_does_not_fit_is_refused_where_it_stands(refused: Refused, written: str, said: str) -> None:
    (line,) = refused({"cases.yaml": FIELDS, "macros.yaml": MACRO.format(written)})
    assert said in line
    assert line.startswith("macros.yaml:6"), line


def test_rule_sets_are_checked_alike(refused: Refused) -> None:
    (line,) = refused({"cases.yaml": FIELDS, "escalation.yaml": LADDER.format("tins: many")})
    assert "Tins: a number is needed" in line


@pytest.mark.parametrize(
    "written", ["tins: 5", "words: abc", 'due: "2026-11-22"', "vip: false", "cause: a", "cause: null", 'words: ""']
)
def test_what_fits_is_taken(load_with: Load, written: str) -> None:
    (macro,) = load_with({"cases.yaml": FIELDS, "macros.yaml": MACRO.format(written)}).macros.values()
    assert macro.actions[0].action is not None
