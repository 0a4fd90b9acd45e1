"""Values of contacts and accounts that need more than a type. Pure.

Custom fields are a JSON object of bounded size; this is the one place to check them against definitions, once the
configuration has such for customers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from engine.errors import InvalidInput

MOST_BYTES = 16_384


def checked(values: Mapping[str, object]) -> dict[str, Any]:
    """Return values of a contact or account as they are kept; raise InvalidInput."""
    kept: dict[str, Any] = dict(values)
    if "fields" in kept:
        kept["fields"] = checked_fields(kept["fields"])
    if kept.get("time_zone"):
        _check_zone(kept["time_zone"])
    return kept


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidInput(
            f"There is no time zone {name!r}.", field="time_zone", mend="Such as Asia/Shanghai."
        ) from error


def checked_fields(fields: Mapping[str, object]) -> dict[str, object]:
    """Return custom fields as they are kept; raise InvalidInput. A field that is null is left out."""
    kept = {key: value for key, value in fields.items() if value is not None}
    try:
        written = msgspec.json.encode(kept)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput("This is nothing that JSON can hold.", field="fields") from error
    if len(written) > MOST_BYTES:
        raise InvalidInput(f"Custom fields take at most {MOST_BYTES} bytes of JSON.", field="fields")
    if b"\\u0000" in written:
        raise InvalidInput("there is a NUL character", field="fields")
    return kept
