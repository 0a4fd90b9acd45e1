"""Rules that are tried are read by the names that the organisation in force knows, as plain data or as YAML."""

import pytest

from engine.config.candidate import read_candidate
from engine.errors import InvalidInput
from tests.unit.config.conftest import Load
from tests.unit.config.test_automation import FULL


def test_what_is_in_force_can_be_read_as_a_candidate(load_with: Load) -> None:
    organisation = load_with({"automation.yaml": FULL})
    rules = FULL[FULL.index("automation:") :]
    assert read_candidate(organisation, rules) == organisation.automation


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("automation: 3", "line 1: automation must be a list"),
        ("rules: []", "unknown section 'rules'"),
        ("automation:\n- {key: a, name: A, on: [changed: fields.sise], actions: [{move: general}]}", "fields.size"),
    ],
)
def test_every_mistake_is_named(load_with: Load, written: str, said: str) -> None:
    organisation = load_with({"automation.yaml": FULL})
    with pytest.raises(InvalidInput) as refused:
        read_candidate(organisation, written)
    assert refused.value.fields["field"] == "rules"
    problems = refused.value.fields["problems"]
    assert isinstance(problems, list)
    assert said in str(problems), problems
