"""Conditions: what must be so of a case for a rule to hold. Assignment, escalation and automation share them.

A condition is a test of one field, or a group of conditions of which all, any or none hold. Fields are looked up in
a flat mapping of values; a field that has no value there fails every test but "is not set".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

MOST_TESTS = 100
"""Tests in one condition."""
MOST_CHOICES = 100
"""Values in one test."""
LONGEST_VALUE = 200
"""Characters of a value that a test compares with."""


class FieldType(StrEnum):
    """What the values of a field are, and so how it can be tested."""

    TEXT = "text"  # something to look for words in: a text, or several
    WORD = "word"  # a key, or another short text that is equal or not
    LIST = "list"  # of keys or short texts
    NUMBER = "number"
    DURATION = "duration"  # milliseconds; written "30m"
    DATE = "date"  # "2026-11-22"
    TIME = "time"  # milliseconds since 1970 (UTC); written as RFC 3339
    YES_NO = "yes_no"


class Operator(StrEnum):
    """How a field is compared with what the condition names."""

    EQUAL = "equal"
    ONE_OF = "one_of"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    BEFORE = "before"  # exclusive
    AFTER = "after"  # exclusive
    SET = "set"  # True: has a value; False: has none
    HAS = "has"  # any of the words or phrases occurs, any of the entries is in the list
    HAS_ALL = "has_all"  # … all of them
    STARTS = "starts"  # begins with any of these


_COMPARED = frozenset({Operator.EQUAL, Operator.ONE_OF, Operator.SET})

OPERATORS: Mapping[FieldType, frozenset[Operator]] = {
    FieldType.TEXT: _COMPARED | {Operator.HAS, Operator.HAS_ALL, Operator.STARTS},
    FieldType.WORD: _COMPARED | {Operator.STARTS},
    FieldType.LIST: frozenset({Operator.HAS, Operator.HAS_ALL, Operator.SET}),
    FieldType.NUMBER: _COMPARED | {Operator.AT_LEAST, Operator.AT_MOST},
    FieldType.DURATION: frozenset({Operator.AT_LEAST, Operator.AT_MOST, Operator.SET}),
    FieldType.DATE: _COMPARED | {Operator.BEFORE, Operator.AFTER},
    FieldType.TIME: frozenset({Operator.BEFORE, Operator.AFTER, Operator.SET}),
    FieldType.YES_NO: frozenset({Operator.EQUAL, Operator.SET}),
}
"""Which tests a field's type allows."""

SEVERAL = frozenset({Operator.ONE_OF, Operator.HAS, Operator.HAS_ALL, Operator.STARTS})
"""Operators that compare with a tuple of values."""


class Joint(StrEnum):
    """Which of a group's conditions must hold."""

    ALL = "all"  # of no conditions: holds
    ANY = "any"  # of no conditions: does not hold
    NOT = "not"  # none of them


class Condition:
    """A ``Test`` or a ``Group``."""

    __slots__ = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Test(Condition):
    """One field compared with a value: a tuple for the operators in ``SEVERAL``, else one scalar."""

    __test__ = False  # pytest: nothing of yours

    field: str
    operator: Operator
    value: object


@dataclass(frozen=True, kw_only=True, slots=True)
class Group(Condition):
    """Several conditions as one."""

    joint: Joint
    parts: tuple[Condition, ...] = ()


ALWAYS = Group(joint=Joint.ALL)
"""The condition that holds of every case."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConditionField:
    """What a condition may say of a field."""

    type: FieldType
    choices: frozenset[str] | None = None  # the values there are; None: any


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Whether a condition held, and what was seen where."""

    held: bool
    condition: Condition
    seen: object = None  # a test's value; of words and lists what of the wanted was found; None: not set
    parts: tuple[Verdict, ...] = ()  # a group's, as far as they were looked at
