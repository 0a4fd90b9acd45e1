"""Imports at the border."""

from pydantic import Field

from engine.api.schemas.model import Answer
from engine.clock import moment, rfc3339
from engine.model.transfer import (
    CellKind,
    Column,
    FileFormat,
    Import,
    ImportState,
    Noun,
    OnEmpty,
    OnKnown,
    OnUnknownColumn,
    RowFailure,
)


class ColumnAnswer(Answer):
    """A column that a file may have."""

    name: str
    kind: CellKind
    meaning: str
    told: bool = Field(description="Exports tell it; imports do not look at it.")

    @classmethod
    def of(cls, one: Column) -> "ColumnAnswer":
        """Build from the noun."""
        return cls(name=one.name, kind=one.kind, meaning=one.meaning, told=one.told)


class ImportAnswer(Answer):
    """An import, and how far it is."""

    id: str
    noun: Noun
    format: FileFormat
    name: str
    source: str
    columns: dict[str, str]
    unknown: OnUnknownColumn
    known: OnKnown
    empty: OnEmpty
    dry_run: bool
    quiet: bool
    state: ImportState
    received: int = Field(description="Bytes of the file that are safely here; the next piece begins there.")
    total: int = Field(description="Rows of the file; 0 until they have been counted.")
    rows: int = Field(description="Rows that have been looked at.")
    created: int
    updated: int
    unchanged: int
    skipped: int
    failed: int
    waiting: int = Field(description="Rows that name others of the file, and are tried again at its end.")
    fault: str = Field(description="Why it ended before its end.")
    asked_by: str
    asked_at: str
    begun_at: str | None
    ended_at: str | None

    @classmethod
    def of(cls, one: Import) -> "ImportAnswer":
        """Build from the noun."""
        options, mark = one.options, one.mark
        return cls(
            id=one.id,
            noun=options.noun,
            format=options.format,
            name=options.name,
            source=options.source,
            columns=dict(options.columns),
            unknown=options.unknown,
            known=options.known,
            empty=options.empty,
            dry_run=options.dry_run,
            quiet=options.quiet,
            state=one.state,
            received=one.size,
            total=one.total,
            rows=mark.row,
            created=mark.created,
            updated=mark.updated,
            unchanged=mark.unchanged,
            skipped=mark.skipped,
            failed=one.failed,
            waiting=mark.later,
            fault=one.fault,
            asked_by=one.asked_by,
            asked_at=rfc3339(one.asked_ms),
            begun_at=moment(one.begun_ms),
            ended_at=moment(one.ended_ms),
        )


class RowFailureAnswer(Answer):
    """A row that could not be taken in."""

    number: int = Field(description="Of the row, from 1; the line with the columns' names does not count.")
    field: str
    reason: str = Field(description="Slug, as of a single change.")
    detail: str
    row: dict[str, object] = Field(description="As it was given; of a long one its beginning.")

    @classmethod
    def of(cls, one: RowFailure) -> "RowFailureAnswer":
        """Build from the noun."""
        return cls(number=one.number, field=one.field, reason=one.reason, detail=one.detail, row=dict(one.row))
