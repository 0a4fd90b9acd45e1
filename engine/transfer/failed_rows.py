"""The rows of an import that failed, as a CSV file to be mended and imported again."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence

from engine.model.transfer import FileFormat, Import, RowFailure
from engine.transfer.cells import TOLD_OF_FAILURE, as_it_was, lines_of, neutralised
from engine.transfer.contract import ImportRecord

PAGE = 500
MOST_COLUMNS = 1_000


async def as_csv(record: ImportRecord, one: Import) -> AsyncIterator[bytes]:
    """Yield the file: first the names of all columns, then the rows in their order."""
    names: dict[str, None] = {}
    async for page in _pages(record, one):
        for failure in page:
            names.update(dict.fromkeys(failure.row))
    head = list(names)[:MOST_COLUMNS]
    yield lines_of([[*(_cell(one, name) for name in head), *TOLD_OF_FAILURE]]).encode("utf-8-sig")
    async for page in _pages(record, one):
        rows = [
            [
                *(_cell(one, failure.row.get(name, "")) for name in head),
                str(failure.number),
                failure.field,
                failure.reason,
                neutralised(failure.detail),
            ]
            for failure in page
        ]
        yield lines_of(rows).encode()


async def _pages(record: ImportRecord, one: Import) -> AsyncIterator[Sequence[RowFailure]]:
    after = 0
    while page := await record.failures(one.org_id, one.id, after_number=after, limit=PAGE):
        yield page
        after = page[-1].number


def _cell(one: Import, value: object) -> str:
    if not isinstance(value, str):
        return "" if value is None else neutralised(json.dumps(value, ensure_ascii=False))
    was = as_it_was(value) if one.options.format is FileFormat.CSV and not one.options.plain else value
    return neutralised(was)
