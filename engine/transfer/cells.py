"""Cells of a file: which column each belongs to, and what is written in it. Pure.

A cell that a spreadsheet would take for a formula begins with an apostrophe in what we export, which is taken off here
again (https://owasp.org/www-community/attacks/CSV_Injection); see ``neutralised``.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from engine.errors import InvalidInput
from engine.model.transfer import CellKind, Column, FileFormat, ImportOptions, OnEmpty, OnUnknownColumn
from engine.transfer.reading import is_deep

FIELDS = "fields"
"""Custom fields: a column of JSON, or ``fields.key`` for each."""
YES = frozenset({"true", "yes", "y", "1"})
NO = frozenset({"false", "no", "n", "0"})
BETWEEN = ";"
"""Between the texts of a list in one cell."""
LARGEST = 2**53
TOLD_OF_FAILURE = ("import_row", "import_field", "import_reason", "import_detail")
"""Columns that say what was wrong with a row, in a file of failed ones."""

_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_WHOLE = re.compile(r"[+-]?[0-9]{1,16}")

Columns = Mapping[str, Column]


def columns_of(names: Sequence[str], columns: Columns, options: ImportOptions) -> dict[str, str]:
    """Return the column that each name of a file means; ``""``: it is not looked at.

    Raises InvalidInput for names that nothing is known of, unless the options say what becomes of them.
    """
    was = {name: _name_as_it_was(name, options) for name in names if name}
    found = {name: _column(before, columns, options) for name, before in was.items()}
    if missing := sorted(set(options.columns) - set(was.values())):
        raise InvalidInput(f"The file has no column {_some(missing)}.", field="map", mend=f"It has: {_some(names)}.")
    if unknown := [name for name, column in found.items() if column is None]:
        raise InvalidInput(
            f"Nothing is known of the columns {_some(unknown)}.",
            field="map",
            mend=f"Map them, or say what becomes of unknown ones. Known: {', '.join(columns)}.",
        )
    meant = [column for column in found.values() if column]
    if twice := sorted({one for one in meant if meant.count(one) > 1}):
        raise InvalidInput(f"Several columns of the file mean {_some(twice)}.", field="map")
    return {name: column or "" for name, column in found.items()}


def _name_as_it_was(name: str, options: ImportOptions) -> str:
    """Return a name without the apostrophe that we put before it, unless it is mapped with it."""
    kept = options.plain or options.format is not FileFormat.CSV or name in options.columns
    return name if kept else as_it_was(name)


def _some(names: Sequence[str]) -> str:
    return ", ".join(repr(one[:60]) for one in names[:20]) + (", …" if len(names) > 20 else "")


def _column(name: str, columns: Columns, options: ImportOptions) -> str | None:
    """Return the column that a name means, "" for none that counts, None where nothing is known of it."""
    asked = options.columns.get(name)
    if asked is not None:
        return asked if not asked or is_known(asked, columns) else None
    if name in TOLD_OF_FAILURE:
        return ""
    likely = "_".join(name.casefold().replace("-", " ").split())
    for wanted in (name, likely):
        if is_known(wanted, columns):
            return wanted
    if options.unknown is OnUnknownColumn.IGNORE:
        return ""
    if options.unknown is OnUnknownColumn.FIELDS:
        as_field = f"{FIELDS}.{likely}"
        return as_field if is_known(as_field, columns) else None
    return None


def is_known(name: str, columns: Columns) -> bool:
    """Say whether there is such a column; where no custom field is configured, any may come."""
    free = not any(one.startswith(f"{FIELDS}.") for one in columns)
    return name in columns or (free and name.startswith(f"{FIELDS}.") and len(name) > len(FIELDS) + 1)


def typed(
    given: Mapping[str, object], meant: Mapping[str, str], columns: Columns, options: ImportOptions, zone: str
) -> dict[str, object]:
    """Return the cells of a row by column, as what they hold; None empties a value. Raises InvalidInput."""
    found: dict[str, object] = {}
    for name, value in given.items():
        column = meant[name]
        known = columns.get(column) or Column(name=column)
        if not column or known.told:
            continue
        if options.format is FileFormat.CSV and value == "":
            if options.empty is OnEmpty.CLEAR:
                found[column] = None
        else:
            found[column] = None if value is None else cell(known, value, options, zone)
    return found


def check_date_format(form: str) -> None:
    """Raise InvalidInput for a form of dates that can never be read."""
    try:
        datetime.strptime("", form)  # noqa: DTZ007 -- nothing is read
    except re.error as error:
        raise InvalidInput("A date has day, month and year once each.", field="date_format") from error
    except ValueError as error:
        if "directive" in str(error) or "stray" in str(error):
            raise InvalidInput(
                f"There is no such form of dates: {error}.", field="date_format", mend="Write it like %d.%m.%Y."
            ) from error


def cell(column: Column, value: object, options: ImportOptions, zone: str) -> object:
    """Return what a cell holds; raise InvalidInput with the ``field``."""
    if isinstance(value, str):
        text = value if options.plain or options.format is not FileFormat.CSV else as_it_was(value)
        try:
            return _read(column.kind, text, options, zone)
        except (ValueError, OverflowError, RecursionError, re.error) as error:
            raise InvalidInput(f"{_NEEDED[column.kind]} is needed.", field=column.name) from error
    if not _fits(column.kind, value):
        raise InvalidInput(f"{_NEEDED[column.kind]} is needed.", field=column.name)
    return value


_NEEDED: Mapping[CellKind, str] = {
    CellKind.TEXT: "A text",
    CellKind.NUMBER: "A number such as 12 or 12.5",
    CellKind.BOOLEAN: "true or false",
    CellKind.DATE: "A date such as 2026-11-22, or as `date_format` has it,",
    CellKind.TIME: "A time such as 2026-11-22T10:00:00Z",
    CellKind.LIST: f"A list of texts with {BETWEEN} between them, or in JSON,",
    CellKind.JSON: "JSON",
}


def _fits(kind: CellKind, value: object) -> bool:
    if kind is CellKind.JSON:
        return True
    if kind is CellKind.LIST:
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    if kind is CellKind.BOOLEAN:
        return isinstance(value, bool)
    return kind is CellKind.NUMBER and isinstance(value, int | float) and not isinstance(value, bool)


def _read(kind: CellKind, text: str, options: ImportOptions, zone: str) -> object:
    if kind is CellKind.NUMBER:
        return _number(text.strip())
    if kind is CellKind.BOOLEAN:
        return _boolean(text.strip().casefold())
    if kind is CellKind.DATE:
        return _date(text.strip(), options.date_format).isoformat()
    if kind is CellKind.TIME:
        return _time(text.strip(), options.date_format, zone)
    if kind is CellKind.LIST:
        return _list(text)
    return _json(text) if kind is CellKind.JSON else text


def _json(text: str) -> object:
    value = json.loads(text)
    if is_deep(value):
        raise ValueError(text)
    return value


def _number(text: str) -> int | float:
    if _WHOLE.fullmatch(text):
        return int(text)
    number = float(text)
    if not abs(number) < LARGEST or "_" in text:
        raise ValueError(text)
    return number


def _boolean(text: str) -> bool:
    if text not in YES | NO:
        raise ValueError(text)
    return text in YES


def _date(text: str, form: str) -> date:
    return datetime.strptime(text, form).date() if form else date.fromisoformat(text)  # noqa: DTZ007 -- a day


def _time(text: str, form: str, zone: str) -> int:
    """Return milliseconds since 1970; a time without a zone is one of the organisation's."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        if not form:
            raise
        moment = datetime.strptime(text, form)  # noqa: DTZ007 -- gets its zone below
    known = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
    at_ms = round(known.timestamp() * 1_000)
    if at_ms < 0:
        raise ValueError(text)
    return at_ms


def _list(text: str) -> list[str]:
    if not text.lstrip().startswith("["):
        return [one for part in text.split(BETWEEN) if (one := part.strip())]
    found = json.loads(text)
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise ValueError(text)
    return found


def written(column: Column, value: object) -> str:
    """Write what a cell holds as ``cell`` reads it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if column.kind is CellKind.LIST and isinstance(value, list | tuple):
        plain = all(one.strip() == one and one and BETWEEN not in one for one in value)
        begins = bool(value) and value[0].startswith("[")
        return BETWEEN.join(value) if plain and not begins else json.dumps(list(value), ensure_ascii=False)
    if isinstance(value, dict | list | tuple) or column.kind is CellKind.JSON:
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def neutralised(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: an apostrophe before what would begin one."""
    return f"'{text}" if _FORMULA.match(text) else text


def as_it_was(text: str) -> str:
    """Undo ``neutralised``."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def lines_of(rows: Sequence[Sequence[str]]) -> str:
    """Return lines of CSV with every cell in quotes.

    A spreadsheet that parts at semicolons or tabs would else begin a cell within one, and take ``a;=1`` for a formula.
    """
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue()
