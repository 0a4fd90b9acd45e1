"""Exports: pages of nouns → a CSV file or JSON Lines, as imports read them again. Memory holds one page."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from engine.clock import moment
from engine.errors import InvalidInput
from engine.model.case import Case
from engine.model.organisation import Organisation
from engine.model.transfer import CellKind, Column, FileFormat, Noun
from engine.model.visibility import Sight
from engine.transfer.cells import FIELDS, lines_of, neutralised, written
from engine.transfer.contract import RowMaker

PAGE = 500
"""Rows read at once."""
ONLY_READ = frozenset({"emails", "phones"})
"""Columns that only imports have: exports tell all addresses."""
ID_OF_SOURCE = "external_id"

Rows = Sequence[Mapping[str, object]]
Pages = Callable[[str], Awaitable[tuple[Rows, str]]]
"""Given where to go on, return rows by column, and where to go on after them; ``""``: there are no more."""


class OrganisationBook(Protocol):
    """Know the configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return the organisation; raise NotFound."""
        ...


class ExportRecord(Protocol):
    """Read pages of what is exported, by column."""

    async def contacts(
        self, org_id: str, *, after_id: str, limit: int, text: str, source: str, sight: Sight
    ) -> tuple[Rows, str]:
        """Return contacts in the order of their ids, and after which to go on; "" = there are no more."""
        ...

    async def accounts(
        self, org_id: str, *, after_id: str, limit: int, text: str, source: str, sight: Sight
    ) -> tuple[Rows, str]:
        """Return accounts in the order of their ids, and after which to go on; "" = there are no more."""
        ...

    async def cases(self, org_id: str, found: Sequence[Case], *, source: str) -> Rows:
        """Return cases with the words for what they name."""
        ...


class Exporter:
    """Write pages as files."""

    def __init__(
        self, *, record: ExportRecord, makers: Mapping[Noun, RowMaker], organisations: OrganisationBook
    ) -> None:
        self.record = record
        self._makers = makers
        self._organisations = organisations

    def columns(self, org_id: str, noun: Noun, names: Sequence[str], *, source: str) -> Sequence[Column]:
        """Return the columns of an export: those named, else all that a noun has. Raises InvalidInput."""
        known = {
            name: one
            for name, one in self._makers[noun].columns(self._organisations.get(org_id)).items()
            if name not in ONLY_READ
        }
        if unknown := [name for name in names if name not in known]:
            mend = f"Known: {', '.join(known)}."
            raise InvalidInput(f"There is no column {unknown[0][:60]!r}.", field="columns", mend=mend)
        if names:
            return [known[name] for name in names]
        configured = any(name.startswith(f"{FIELDS}.") for name in known)
        dull = {FIELDS} if configured else set[str]()
        if not source:
            dull |= {name for name in known if name.endswith(ID_OF_SOURCE)}
        return [one for name, one in known.items() if name not in dull]

    async def file(
        self, pages: Pages, columns: Sequence[Column], form: FileFormat, *, after: str, head: bool, plain: bool
    ) -> AsyncIterator[bytes]:
        """Return the file in pieces; what refuses it is raised before the first one."""
        first = await pages(after)
        return self._pieces(pages, first, columns, form, head=head, plain=plain)

    async def _pieces(
        self,
        pages: Pages,
        first: tuple[Rows, str],
        columns: Sequence[Column],
        form: FileFormat,
        *,
        head: bool,
        plain: bool,
    ) -> AsyncIterator[bytes]:
        rows, after = first
        if form is FileFormat.CSV and head:
            yield lines_of([[one.name for one in columns]]).encode()
        while True:
            if rows:
                yield (
                    _as_csv(rows, columns, plain=plain) if form is FileFormat.CSV else _as_json(rows, columns)
                ).encode()
            if not after:
                return
            rows, after = await pages(after)


def value_of(row: Mapping[str, object], column: Column) -> object:
    """Return what a row has in a column; times as texts, None where there is nothing."""
    name = column.name
    if name.startswith(f"{FIELDS}."):
        fields = row.get(FIELDS)
        return fields.get(name.partition(".")[2]) if isinstance(fields, Mapping) else None
    value = row.get(name)
    if column.kind is CellKind.TIME:
        return moment(value) if isinstance(value, int) else None
    return value


def _as_csv(rows: Rows, columns: Sequence[Column], *, plain: bool) -> str:
    return lines_of([[_cell(value_of(row, one), one, plain=plain) for one in columns] for row in rows])


def _cell(value: object, column: Column, *, plain: bool) -> str:
    text = "" if value in ({}, []) else written(column, value)
    is_number = isinstance(value, int | float)
    return text if plain or is_number else neutralised(text)


def _as_json(rows: Rows, columns: Sequence[Column]) -> str:
    return "".join(_line({one.name: value_of(row, one) for one in columns}) for row in rows)


def _line(row: Mapping[str, object]) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"
