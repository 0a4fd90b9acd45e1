"""What an organisation configures of its cases: statuses, types, custom fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class CaseStatusKind(StrEnum):
    """What a status means, whatever it is called."""

    NEW = "new"
    OPEN = "open"
    WAITING = "waiting"  # on the customer, or somebody else outside
    RESOLVED = "resolved"
    CLOSED = "closed"  # for good


OVER = frozenset({CaseStatusKind.RESOLVED, CaseStatusKind.CLOSED})
"""Kinds of statuses in which there is nothing to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseStatus:
    """Where a case can stand."""

    key: str
    name: str
    kind: CaseStatusKind
    to: tuple[str, ...]  # statuses that may come after it
    refunds_use: bool = False  # a case in it was no use of its entitlement: spam, a duplicate


_N, _O, _W, _R, _C = (kind.value for kind in CaseStatusKind)
_BUILT_IN = (
    (_N, "New", (_O, _W, _R, _C)),
    (_O, "Open", (_W, _R, _C)),
    (_W, "Waiting", (_O, _R, _C)),
    (_R, "Resolved", (_O, _C)),
    (_C, "Closed", (_O,)),
)
BUILT_IN_STATUSES: Mapping[str, CaseStatus] = {
    key: CaseStatus(key=key, name=name, kind=CaseStatusKind(key), to=to) for key, name, to in _BUILT_IN
}
"""The statuses of an organisation that configures none: one of each kind, called like it."""


def kind_of(statuses: Mapping[str, CaseStatus], key: str) -> CaseStatusKind:
    """Return what a status means; one that is configured no more counts as open, since somebody has to look at it."""
    status = statuses.get(key)
    return CaseStatusKind.OPEN if status is None else status.kind


def first_of(statuses: Mapping[str, CaseStatus], kind: CaseStatusKind) -> str:
    """Return the first status of a kind, '' without one."""
    return next((status.key for status in statuses.values() if status.kind is kind), "")


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseType:
    """What a case can be about: a question, a complaint, a return."""

    key: str
    name: str


class FieldOf(StrEnum):
    """What has custom fields."""

    CASE = "case"
    CONTACT = "contact"
    ACCOUNT = "account"
    ASSET = "asset"


class CustomFieldType(StrEnum):
    """What a custom field holds."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"  # 2026-11-22
    BOOLEAN = "boolean"
    CHOICE = "choice"
    CHOICES = "choices"
    URL = "url"


class Required(StrEnum):
    """When a custom field has to have a value."""

    NEVER = "never"
    OPENING = "opening"  # from the first, where a person or a program opens it
    CLOSING = "closing"  # before a case is resolved or closed


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomField:
    """A field that the organisation added."""

    key: str
    name: str
    type: CustomFieldType
    required: Required = Required.NEVER
    choices: Mapping[str, str] | None = None  # key → name, of a choice or choices
    least: float | None = None  # of a number
    most: float | None = None
    longest: int = 1_000  # characters of a text


@dataclass(frozen=True, kw_only=True, slots=True)
class Filing:
    """How a case of the organisation begins, as the record is told with each opening."""

    watched: bool = False  # what happens to it is told to its clerk
    new: str = CaseStatusKind.NEW.value  # its first status …
    taken: str = CaseStatusKind.OPEN.value  # … when somebody owns it already
