"""Custom fields hold what their type says."""

from collections.abc import Mapping

import pytest

from engine.errors import InvalidInput
from engine.model.case_setup import CustomField, CustomFieldType
from engine.skills.custom_fields import merged

FIELDS = {
    kind.value: CustomField(
        key=kind.value, name=kind.value.title(), type=kind, choices={"a": "A", "b": "B"}, least=0, most=5, longest=5
    )
    for kind in CustomFieldType
}
GOOD: Mapping[str, tuple[object, ...]] = {
    "text": ("short", "投诉"),
    "number": (0, 5, 2.5),
    "date": ("2024-02-29",),
    "boolean": (True, False),
    "choice": ("a",),
    "choices": (["b", "a"],),
    "url": ("https://example.org/x?y=z", "http://[::1]:80/"),
}
BAD: Mapping[str, tuple[object, ...]] = {
    "text": ("longer", 5, "a\0b"),
    "number": (-1, 6, "3", True, float("nan"), float("inf"), 10**400),
    "date": ("2023-02-29", "20240229", 5),
    "boolean": (0, "true"),
    "choice": ("c", ["a"]),
    "choices": ("a", ["a", "c"]),
    "url": ("javascript:alert(1)", "https://", "example.org", "https://a\nb", "http://[", 5),
}


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in GOOD.items() for value in values])
def test_a_value_that_fits_is_kept(key: str, value: object) -> None:
    assert merged(FIELDS, {}, {key: value}) == {key: value}


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in BAD.items() for value in values])
def test_a_value_that_does_not_fit_is_refused(key: str, value: object) -> None:
    with pytest.raises(InvalidInput) as wrong:
        merged(FIELDS, {}, {key: value})
    assert wrong.value.fields["field"] == f"fields.{key}"


def test_an_empty_value_takes_the_field_away() -> None:
    present = {"text": "a", "number": 1, "choices": ["a"], "gone": "kept"}
    assert merged(FIELDS, present, {"text": "", "number": None, "choices": []}) == {"gone": "kept"}
