"""Values of contacts and accounts that need more than a type. Pure.

Custom fields are those that the organisation configures; where it configures none, any JSON object of bounded size.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from engine.errors import InvalidInput
from engine.model.case_setup import CustomField, Required
from engine.skills.custom_fields import merged, require

MOST_BYTES = 16_384

Defined = Mapping[str, CustomField]


def checked_new(values: Mapping[str, object], defined: Defined) -> dict[str, Any]:
    """Return values of a new contact or account as they are kept; raise InvalidInput."""
    kept = checked({"fields": {}, **values}, defined, {})
    require(defined, kept["fields"], Required.OPENING)
    return kept


def checked(values: Mapping[str, object], defined: Defined, present: Mapping[str, object]) -> dict[str, Any]:
    """Return changed values as they are kept; ``present`` are the custom fields until now. Raises InvalidInput."""
    kept: dict[str, Any] = dict(values)
    if "fields" in kept:
        kept["fields"] = _fields(defined, present, kept["fields"])
    if kept.get("time_zone"):
        _check_zone(kept["time_zone"])
    return kept


def _fields(defined: Defined, present: Mapping[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    """Return custom fields with ``changes``; one that is null has no value then."""
    if defined:
        return merged(defined, present, changes)
    kept = {key: value for key, value in {**present, **changes}.items() if value is not None}
    try:
        written = msgspec.json.encode(kept)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput("This is nothing that JSON can hold.", field="fields") from error
    if len(written) > MOST_BYTES:
        raise InvalidInput(f"Custom fields take at most {MOST_BYTES} bytes of JSON.", field="fields")
    if b"\\u0000" in written:
        raise InvalidInput("there is a NUL character", field="fields")
    return kept


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidInput(
            f"There is no time zone {name!r}.", field="time_zone", mend="Such as Asia/Shanghai."
        ) from error
