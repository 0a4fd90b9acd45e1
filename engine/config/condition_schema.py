"""Conditions as they are written in the files, and how they become ``engine.model.condition``.

    when:
      priority: { at_least: 5 }
      status: [new, open]          # one of
      tier: gold                   # equal
      text: { has: [refund, 退款] }  # words or phrases; a plain word or list means the same
      any:
        - account.tier: platinum
        - tags: vip
      not: { queue: spam }

The models of the sections leave a condition as it was written; ``read_condition`` reads it once the whole
configuration is known, so that every mistake has its file and line and every name is looked up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Annotated, Protocol

from pydantic import Field, WithJsonSchema

from engine.config.durations import UNITS_MS
from engine.config.files import Place
from engine.config.problems import did_you_mean
from engine.model.condition import (
    LONGEST_VALUE,
    MOST_CHOICES,
    MOST_TESTS,
    OPERATORS,
    SEVERAL,
    Condition,
    ConditionField,
    FieldType,
    Group,
    Joint,
    Operator,
    Test,
)

CONDITION_REF = "condition"
"""Marks a condition in the models' schemas; ``json_schema`` puts the real one in its place."""

ConditionText = Annotated[
    dict[str, object], Field(max_length=MOST_TESTS), WithJsonSchema({"type": "object", "format": CONDITION_REF})
]
"""A condition as it was written; {} always holds."""

_JOINTS = {joint.value: joint for joint in Joint}
_OPERATORS = {operator.value: operator for operator in Operator}
_DURATION = re.compile(r"([0-9]{1,9})(ms|s|m|h|d)")
_MISTAKES: Mapping[FieldType, str] = {
    FieldType.NUMBER: "must be a number",
    FieldType.DURATION: 'must be a time such as "30m"',
    FieldType.DATE: 'must be a day such as "2026-11-22"',
    FieldType.TIME: 'must be a moment such as "2026-11-22T09:00:00Z"',
    FieldType.YES_NO: "must be true or false",
}


class Refuse(Protocol):
    """Note a mistake, such as ``Checker.refuse`` does."""

    def __call__(self, place: Place, detail: str, *, mend: str = "") -> None:
        """Note that the value at ``place`` is wrong."""
        ...


def read_condition(
    written: Mapping[str, object], place: Place, fields: Mapping[str, ConditionField], refuse: Refuse
) -> Condition:
    """Return the condition that stands at ``place``; what is wrong in it goes to ``refuse``, and is left out."""
    reader = _Reader(fields, refuse)
    condition = reader.read_group(written, place, Joint.ALL)
    if reader.tests > MOST_TESTS:
        refuse(place, f"more than {MOST_TESTS} tests in one condition", mend="Split the rule.")
    return condition


class _Reader:
    """Read one condition; its depth is bounded by that of the files."""

    def __init__(self, fields: Mapping[str, ConditionField], refuse: Refuse) -> None:
        self.tests = 0
        self._fields = fields
        self._refuse = refuse

    def read_group(self, written: object, place: Place, joint: Joint) -> Group:
        """Return the group of all entries of a mapping, or of all items of a list."""
        parts = list[Condition]()
        if isinstance(written, dict):
            for name, value in written.items():
                parts += self._read_entry(name, value, (*place, name))
        elif isinstance(written, list) and written:
            parts += [self._read_part(part, (*place, index)) for index, part in enumerate(written)]
        else:
            self._refuse(place, "must hold conditions: 'field: value' entries, or a list of such")
        return Group(joint=joint, parts=tuple(parts))

    def _read_part(self, written: object, place: Place) -> Condition:
        if isinstance(written, dict):
            return self.read_group(written, place, Joint.ALL)
        self._refuse(place, "must hold 'field: value' entries")
        return Group(joint=Joint.ALL)

    def _read_entry(self, name: str, value: object, place: Place) -> list[Condition]:
        if name in _JOINTS:
            joint = _JOINTS[name]
            if joint is Joint.NOT and isinstance(value, dict):  # not { a, b } is: not (a and b)
                return [Group(joint=joint, parts=(self.read_group(value, place, Joint.ALL),))]
            return [self.read_group(value, place, joint)]
        field = self._fields.get(name)
        if field is None:
            self._refuse(place, f"there is no field '{name[:60]}' to test", mend=did_you_mean(name, self._fields))
            return []
        if not isinstance(value, dict):
            return self._read_test(name, field, _meant(field, value), value, place)
        if not value:
            self._refuse(place, "says nothing of the field", mend="Write a value, or an operator with one.")
        tests = list[Condition]()
        for word, operand in value.items():
            tests += self._read_operator(name, field, (word, operand), (*place, word))
        return tests

    def _read_operator(
        self, name: str, field: ConditionField, said: tuple[str, object], place: Place
    ) -> list[Condition]:
        word, operand = said
        operator = _OPERATORS.get(word)
        allowed = OPERATORS[field.type]
        if operator not in allowed or operator is None:
            mend = did_you_mean(word, [one.value for one in allowed])
            self._refuse(place, f"'{word[:60]}' cannot be asked of '{name}'", mend=mend)
            return []
        return self._read_test(name, field, operator, operand, place)

    def _read_test(
        self, name: str, field: ConditionField, operator: Operator, operand: object, place: Place
    ) -> list[Condition]:
        self.tests += 1
        if operator is Operator.SET:
            if not isinstance(operand, bool):
                self._refuse(place, "must be true or false")
            return [Test(field=name, operator=operator, value=operand is True)]
        if operator not in SEVERAL:
            value = self._read_value(field, operator, operand, place)
            return [] if value is None else [Test(field=name, operator=operator, value=value)]
        operands = operand if isinstance(operand, list) else [operand]
        if not 0 < len(operands) <= MOST_CHOICES:
            self._refuse(place, f"must name 1 to {MOST_CHOICES} values")
            return []
        read = [self._read_value(field, operator, one, (*place, index)) for index, one in enumerate(operands)]
        return [Test(field=name, operator=operator, value=tuple(value for value in read if value is not None))]

    def _read_value(self, field: ConditionField, operator: Operator, operand: object, place: Place) -> object | None:
        value = _READ[field.type](operand)
        if value is None:
            self._refuse(place, _MISTAKES.get(field.type, f"must be a text of 1 to {LONGEST_VALUE} characters"))
            return None
        if field.choices is not None and operator is not Operator.STARTS and value not in field.choices:
            mend = did_you_mean(str(value), field.choices)
            self._refuse(place, f"the field is never '{str(value)[:60]}'", mend=mend)
            return None
        return value


def _meant(field: ConditionField, value: object) -> Operator:
    """Say what ``field: value`` means, without an operator."""
    if field.type in (FieldType.TEXT, FieldType.LIST):
        return Operator.HAS
    if field.type is FieldType.DURATION:
        return Operator.AT_LEAST
    if field.type is FieldType.TIME:
        return Operator.AFTER
    return Operator.ONE_OF if isinstance(value, list) else Operator.EQUAL


def _read_text(operand: object) -> str | None:
    return operand.strip() if isinstance(operand, str) and 0 < len(operand.strip()) <= LONGEST_VALUE else None


def _read_number(operand: object) -> int | float | None:
    return operand if isinstance(operand, int | float) and not isinstance(operand, bool) else None


def _read_duration(operand: object) -> int | None:
    """Return milliseconds. Other than in the settings, any length makes sense: nothing has to be kept to it."""
    written = _DURATION.fullmatch(operand) if isinstance(operand, str) else None
    return int(written[1]) * UNITS_MS[written[2]] if written else None


def _read_date(operand: object) -> str | None:
    try:
        return date.fromisoformat(operand).isoformat() if isinstance(operand, str) else None
    except ValueError:
        return None


def _read_time(operand: object) -> int | None:
    try:
        moment = datetime.fromisoformat(operand) if isinstance(operand, str) else None
    except ValueError:
        return None
    return int(moment.timestamp() * 1000) if moment and moment.tzinfo else None


def _read_yes_no(operand: object) -> bool | None:
    return operand if isinstance(operand, bool) else None


_READ: Mapping[FieldType, Callable[[object], object | None]] = {
    FieldType.TEXT: _read_text,
    FieldType.WORD: _read_text,
    FieldType.LIST: _read_text,
    FieldType.NUMBER: _read_number,
    FieldType.DURATION: _read_duration,
    FieldType.DATE: _read_date,
    FieldType.TIME: _read_time,
    FieldType.YES_NO: _read_yes_no,
}
