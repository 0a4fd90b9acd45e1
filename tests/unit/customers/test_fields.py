"""Custom fields of contacts and accounts: those that are configured, else anything of bounded size."""

import pytest

from engine.customers.fields import checked, checked_new
from engine.errors import InvalidInput
from engine.model.case_setup import CustomField, CustomFieldType, Required

DEFINED = {
    "since": CustomField(key="since", name="Since", type=CustomFieldType.NUMBER, required=Required.OPENING),
    "shop": CustomField(key="shop", name="Shop", type=CustomFieldType.TEXT),
}


def test_without_configured_fields_anything_is_taken_within_bounds() -> None:
    present = {"a": 1, "b": 2}
    changed = checked({"fields": {"a": None, "c": [3]}, "tier": "gold"}, {}, present)
    assert changed == {"fields": {"b": 2, "c": [3]}, "tier": "gold"}
    assert checked_new({}, {}) == {"fields": {}}
    for wrong in ({"fields": {"a": "x" * 17_000}}, {"fields": {"a": "\0"}}, {"time_zone": "Mars/Olympus"}):
        with pytest.raises(InvalidInput):
            checked(wrong, {}, {})
    assert checked({"time_zone": "Asia/Shanghai"}, {}, {}) == {"time_zone": "Asia/Shanghai"}


def test_configured_fields_are_the_only_ones() -> None:
    assert checked({"fields": {"shop": "Leeds"}}, DEFINED, {"since": 2019}) == {
        "fields": {"since": 2019, "shop": "Leeds"}
    }
    for wrong in ({"colour": "red"}, {"since": "long"}):
        with pytest.raises(InvalidInput):
            checked({"fields": wrong}, DEFINED, {})
    with pytest.raises(InvalidInput, match="Since is needed"):
        checked_new({"fields": {"shop": "Leeds"}}, DEFINED)
