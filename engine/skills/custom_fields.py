"""Values of custom fields, checked against what is configured. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from urllib.parse import urlsplit

from engine.errors import InvalidInput
from engine.model.case_setup import CustomField, CustomFieldType, Required

LONGEST_URL = 2_000
LARGEST = 2**63
"""Numbers are smaller than this: what lies beyond is none that JSON keeps everywhere."""
MOST_CHOICES = 100
EMPTY: tuple[object, ...] = (None, "", [], ())


def merged(
    fields: Mapping[str, CustomField], present: Mapping[str, object], changes: Mapping[str, object]
) -> dict[str, object]:
    """Return the values with ``changes``: a field that is null, or empty, has no value then.

    Raises InvalidInput with the ``field`` for one that is not configured or whose value does not fit. Values of fields
    that are configured no more stay as they are.
    """
    values = dict(present)
    for key, value in changes.items():
        if key not in fields:
            known = ", ".join(sorted(fields)) or "none"
            raise InvalidInput(f"There is no field {key!r}.", field=f"fields.{key}", mend=f"Known: {known}.")
        if value in EMPTY:
            values.pop(key, None)
        else:
            values[key] = _CHECKS[fields[key].type](fields[key], value)
    return values


def require(fields: Mapping[str, CustomField], values: Mapping[str, object], *when: Required) -> None:
    """Raise InvalidInput for the first field that is required by then and has no value."""
    for field in fields.values():
        if field.required in when and values.get(field.key) in EMPTY:
            raise InvalidInput(f"{field.name} is needed.", field=f"fields.{field.key}")


def _refuse(field: CustomField, needed: str) -> InvalidInput:
    return InvalidInput(f"{field.name}: {needed} is needed.", field=f"fields.{field.key}")


def _text(field: CustomField, value: object) -> object:
    if not isinstance(value, str) or len(value) > field.longest or "\0" in value:
        raise _refuse(field, f"a text of at most {field.longest:,} characters")
    return value


def _number(field: CustomField, value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < LARGEST:
        raise _refuse(field, "a number")
    if field.least is not None and value < field.least:
        raise _refuse(field, f"at least {field.least:g}")
    if field.most is not None and value > field.most:
        raise _refuse(field, f"at most {field.most:g}")
    return value


def _date(field: CustomField, value: object) -> object:
    try:
        known = isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        known = False
    if not known:
        raise _refuse(field, "a date such as 2026-11-22")
    return value


def _boolean(field: CustomField, value: object) -> object:
    if not isinstance(value, bool):
        raise _refuse(field, "true or false")
    return value


def _choice(field: CustomField, value: object) -> object:
    choices = field.choices or {}
    if not isinstance(value, str) or value not in choices:
        raise _refuse(field, f"one of {', '.join(choices)}")
    return value


def _choices(field: CustomField, value: object) -> object:
    if not isinstance(value, list | tuple) or len(value) > MOST_CHOICES:
        raise _refuse(field, "a list of choices")
    return list(dict.fromkeys(_choice(field, one) for one in value))


def _url(field: CustomField, value: object) -> object:
    try:
        parts = urlsplit(value) if isinstance(value, str) and len(value) <= LONGEST_URL else None
    except ValueError:
        parts = None
    if parts is None or parts.scheme not in ("http", "https") or not parts.netloc or not str(value).isprintable():
        raise _refuse(field, "an address that begins with https:// or http://")
    return value


_CHECKS: Mapping[CustomFieldType, Callable[[CustomField, object], object]] = {
    CustomFieldType.TEXT: _text,
    CustomFieldType.NUMBER: _number,
    CustomFieldType.DATE: _date,
    CustomFieldType.BOOLEAN: _boolean,
    CustomFieldType.CHOICE: _choice,
    CustomFieldType.CHOICES: _choices,
    CustomFieldType.URL: _url,
}
