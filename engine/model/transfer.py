"""Imports and exports: files of contacts, accounts and cases, row by row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from engine.model.casework import Decide

MOST_FAILURES = 10_000
"""Rows of one import that may fail; with one more it ends."""
LONGEST_SOURCE = 40
LONGEST_EXTERNAL_ID = 200


class Noun(StrEnum):
    """What the rows of a file are."""

    CONTACT = "contact"
    ACCOUNT = "account"
    CASE = "case"


class FileFormat(StrEnum):
    """How the rows of a file are written."""

    CSV = "csv"
    JSONL = "jsonl"  # a JSON object on each line
    JSON = "json"  # one JSON list of objects


class OnKnown(StrEnum):
    """What becomes of a row whose customer is there already, by an address or a name."""

    UPDATE = "update"
    SKIP = "skip"
    FAIL = "fail"


class OnUnknownColumn(StrEnum):
    """What becomes of a column that nothing is known of."""

    REFUSE = "refuse"  # the whole file
    IGNORE = "ignore"
    FIELDS = "fields"  # it is a custom field of that key


class OnEmpty(StrEnum):
    """What an empty cell means where the row's customer is there already."""

    KEEP = "keep"
    CLEAR = "clear"


class ImportState(StrEnum):
    """How far an import has come."""

    RECEIVING = "receiving"  # the file is not whole
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"  # whether or not rows failed
    FAILED = "failed"  # before its end: ``fault`` says why
    CANCELLED = "cancelled"


class Outcome(StrEnum):
    """What became of a row."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    FAILED = "failed"
    LATER = "later"  # it refers to a row that has not come yet


class CellKind(StrEnum):
    """What the cells of a column hold."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"  # 2026-11-22
    TIME = "time"  # 2026-11-22T10:00:00Z
    LIST = "list"  # of texts
    JSON = "json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A column of a file of one noun."""

    name: str
    kind: CellKind = CellKind.TEXT
    meaning: str = ""
    told: bool = False  # exports tell it, imports do not look at it


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportOptions:
    """How a file is to be read."""

    noun: Noun
    format: FileFormat
    source: str = ""  # the system whose keys the external ids are
    columns: Mapping[str, str] = field(default_factory=dict)  # name in the file → column; "" = not looked at
    unknown: OnUnknownColumn = OnUnknownColumn.REFUSE
    known: OnKnown = OnKnown.UPDATE
    empty: OnEmpty = OnEmpty.KEEP
    dry_run: bool = False  # check all, write nothing
    quiet: bool = True  # cases: no rule and no mail hears that they were opened
    plain: bool = False  # no cell was neutralised for spreadsheets
    charset: str = "utf-8"
    delimiter: str = ""  # "" = as the first line shows
    date_format: str = ""  # as Python's strptime; "" = ISO 8601
    region: str = ""  # ISO 3166 code of the country that telephone numbers without one are of; "" = the organisation's
    name: str = ""  # of the file


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """Where an import goes on after a crash, and what became of the rows so far."""

    row: int = 0  # so many rows of the file are through
    round: int = 0  # of rows that referred to later ones; 0 = the file itself is read
    after: int = 0  # the last row looked at in this round
    won: int = 0  # rows that found in this round what they refer to
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    later: int = 0  # rows that wait for what they refer to


@dataclass(frozen=True, kw_only=True, slots=True)
class Import:
    """A file that is taken in."""

    id: str
    org_id: str
    options: ImportOptions
    asked_by: str
    asked_ms: int
    state: ImportState = ImportState.RECEIVING
    mark: Mark = field(default_factory=Mark)
    size: int = 0  # bytes received
    total: int = 0  # rows; known when the file has been counted
    failed: int = 0
    fault: str = ""
    begun_ms: int = 0
    ended_ms: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class RowFailure:
    """A row that could not be taken in."""

    number: int  # of the row, from 1; the head of a CSV file does not count
    reason: str  # slug
    detail: str
    row: Mapping[str, object] = field(default_factory=dict)  # as it was given
    field: str = ""
    later: bool = False  # it will be tried again at the end


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """How a row names another noun."""

    field: str  # the column that names it
    by: str  # id | external_id | name | email | login
    value: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RowAddress:
    """An address of an imported contact."""

    channel: str
    value: str
    key: str
    label: str = ""
    verified: bool = False


Changing = Callable[[Mapping[str, object]], Decide]
"""Told what a row refers to, return what is decided of its case."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportRow:
    """A row that was read and checked; what it refers to is for the record to find."""

    number: int
    given: Mapping[str, object]  # as it was given, to be told where it fails
    id: str = ""  # our own
    external_id: str = ""
    values: Mapping[str, object] = field(default_factory=dict)  # what it says, as it is kept
    fields: Mapping[str, object] = field(default_factory=dict)  # custom fields; None takes a value away
    addresses: tuple[RowAddress, ...] = ()
    references: tuple[Reference, ...] = ()
    whole: bool = True  # ``given`` is all of it
    changing: Changing | None = None  # of a case: what to decide of one that is there
    not_new: tuple[str, str] = ("", "")  # field and detail of what lacks to create it


Row = ImportRow | RowFailure
