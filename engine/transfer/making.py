"""Rows as they are read → rows as they are written: columns mapped, cells typed, all checked. Pure but for the file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import BinaryIO

import structlog

from engine.errors import CordboardError, InvalidInput
from engine.model.organisation import Organisation
from engine.model.transfer import Import, ImportRow, Reference, Row, RowFailure
from engine.transfer.cells import check_date_format, columns_of, is_known, typed
from engine.transfer.contract import RowMaker
from engine.transfer.reading import Read, charset_of, delimiter_of, head_of, read_rows, unreadable

log = structlog.get_logger(__name__)

KEPT = 100_000
"""Characters of a row's JSON that are kept where it fails …"""
SHOWN, LONGEST_SHOWN = 20, 1_000
"""… and of a longer one: so many cells, each so long."""
MOST_PROMISED = 1_000_000
"""Rows of a dry run to which others may refer."""


class Making:
    """Make rows of one import."""

    def __init__(self, *, one: Import, organisation: Organisation, maker: RowMaker) -> None:
        self._options = one.options
        self._organisation = organisation
        self._maker = maker
        self._columns = maker.columns(organisation)
        self._meant: dict[tuple[str, ...], dict[str, str]] = {}
        self.promised: frozenset[str] = frozenset()

    def check_options(self) -> None:
        """Raise InvalidInput where the options cannot be used."""
        charset_of(self._options.charset)
        delimiter_of(self._options.delimiter)
        if self._options.date_format:
            check_date_format(self._options.date_format)
        for column in self._options.columns.values():
            if column and not is_known(column, self._columns):
                mend = f"Known: {', '.join(self._columns)}."
                raise InvalidInput(f"There is no column {column[:60]!r} to map to.", field="map", mend=mend)

    def check(self, file: BinaryIO) -> None:
        """Raise InvalidInput where the file's head cannot be used."""
        names = head_of(file, self._options)
        if names:
            self._mapped(tuple(names))

    def rows(self, file: BinaryIO, *, skip: int) -> Iterator[Row]:
        """Yield the rows behind the first ``skip``; raises InvalidInput for a head that cannot be used."""
        return (self._row(read) for read in read_rows(file, self._options, skip=skip))

    def again(self, failure: RowFailure) -> Row:
        """Make a row of what was given before."""
        return self._row(Read(number=failure.number, cells=dict(failure.row)))

    def count(self, file: BinaryIO) -> tuple[int, frozenset[str]]:
        """Return how many rows there are and, for a dry run, by what other rows may name them."""
        total, promised = 0, set[str]()
        wanted = self._options.dry_run
        for read in read_rows(file, self._options):
            total += 1
            if wanted and len(promised) < MOST_PROMISED and not read.wrong:
                promised.update(self._names_of(read))
        return total, frozenset(promised)

    def _names_of(self, read: Read) -> Iterator[str]:
        try:
            meant = self._mapped(tuple(read.cells))
        except InvalidInput:
            return
        for name, column in meant.items():
            if column in ("external_id", "name") and read.cells.get(name):
                yield f"{column} {str(read.cells[name]).strip().casefold()}"

    def _mapped(self, names: tuple[str, ...]) -> dict[str, str]:
        known = self._meant.get(names)
        if known is None:
            known = columns_of(names, self._columns, self._options)
            if len(self._meant) < 1_000:  # JSON rows may each have other names
                self._meant[names] = known
        return known

    def _row(self, read: Read) -> Row:
        try:
            return self._made(read)
        except Exception:
            log.exception("a row cannot be made", org=self._organisation.id, number=read.number)
            detail = "Something went wrong; see the log."
            return RowFailure(number=read.number, reason="internal", detail=detail, row={})

    def _made(self, read: Read) -> Row:
        given, whole = as_given(read.cells)
        if read.wrong:
            return RowFailure(number=read.number, reason="unreadable-row", detail=read.wrong, row=given)
        try:
            meant = self._mapped(tuple(read.cells))
            cells = typed(read.cells, meant, self._columns, self._options, self._organisation.time_zone)
            made = self._maker.row(self._organisation, self._options, read.number, cells, given)
        except CordboardError as error:
            field = str(error.fields.get("field", ""))
            return RowFailure(number=read.number, reason=error.slug, detail=str(error), field=field, row=given)
        made = made if whole else replace(made, whole=False)
        return self._kept_promises(made) if self.promised else made

    def _kept_promises(self, row: ImportRow) -> ImportRow:
        """Return a row of a dry run without what it names of the same file, which would be there by then."""
        left = tuple(one for one in row.references if not self._promises(one))
        return replace(row, references=left) if len(left) < len(row.references) else row

    def _promises(self, one: Reference) -> bool:
        return one.field.startswith("parent") and f"{one.by} {one.value.casefold()}" in self.promised


def as_given(cells: Mapping[str, object]) -> tuple[Mapping[str, object], bool]:
    """Return a row as it can be kept and told, and whether that is all of it.

    What no database or JSON holds is shown otherwise; what is long is cut.
    """
    if not unreadable(dict(cells)) and _plain(cells) and len(json.dumps(cells, ensure_ascii=False)) <= KEPT:
        return cells, True
    shown: dict[str, object] = {}
    for name, value in list(cells.items())[:SHOWN]:
        said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=True)
        shown[_clean(name)] = _clean(said[:LONGEST_SHOWN])
    return shown, False


def _plain(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(_plain(one) for one in value.values())
    if isinstance(value, list):
        return all(_plain(one) for one in value)
    return not isinstance(value, int | float) or abs(value) < 2**63


def _clean(text: str) -> str:
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
