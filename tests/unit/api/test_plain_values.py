"""What comes in can be kept and told again: nothing nested without end, no NUL, no half characters."""

import pytest
from pydantic import ValidationError

from engine.api.schemas.customers import ContactChange
from engine.api.schemas.escalations import NewEvent
from engine.api.schemas.model import DEEPEST


def nested(depth: int) -> object:
    value: object = "x"
    for _ in range(depth):
        value = [value]
    return value


def event(value: object) -> NewEvent:
    return NewEvent.model_validate({"name": "paid", "client_id": "1", "data": {"a": value}})


def test_values_are_nested_as_deep_as_answers_can_tell() -> None:
    assert event(nested(DEEPEST - 1)).data["a"] == nested(DEEPEST - 1)
    for depth in (DEEPEST, 300, 100_000):
        with pytest.raises(ValidationError, match="deep"):
            event(nested(depth))


@pytest.mark.parametrize("value", ["a\0", ["\0"], {"\0": 1}, {"b": [{"c": "\0"}]}, ["\ud800"]])
def test_no_text_that_cannot_be_kept_hides_in_a_value(value: object) -> None:
    for body in ({"version": 1, "fields": {"a": value}}, {"version": 1, "fields": {"b": [value]}}):
        with pytest.raises(ValidationError):
            ContactChange.model_validate(body)
