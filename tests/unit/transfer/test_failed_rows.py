"""Failed rows as a file: no spreadsheet takes any of it for a formula, and an import reads it as it was."""

import csv
from collections.abc import Sequence
from typing import Any

import pytest

from engine.model.transfer import Column, FileFormat, Import, ImportOptions, Noun, RowFailure
from engine.transfer.cells import columns_of
from engine.transfer.failed_rows import as_csv


class Failures:
    """A record in which a few rows failed."""

    def __init__(self, *failures: RowFailure) -> None:
        self._failures = failures

    async def failures(self, _org: str, _import: str, *, after_number: int, limit: int) -> Sequence[RowFailure]:
        return [one for one in self._failures if one.number > after_number][:limit]


async def told(row: dict[str, object], form: FileFormat) -> str:
    record: Any = Failures(RowFailure(number=1, reason="invalid-input", detail="D", field="name", row=row))
    options = ImportOptions(noun=Noun.CONTACT, format=form)
    one = Import(id="i", org_id="o", options=options, asked_by="u", asked_ms=0)
    return b"".join([piece async for piece in as_csv(record, one)]).decode("utf-8-sig")


@pytest.mark.parametrize("form", [FileFormat.CSV, FileFormat.JSONL])
async def test_names_and_cells_are_no_formulas_however_they_are_parted(form: FileFormat) -> None:
    text = await told({'=HYPERLINK("x")': "a;=1", "name": "=2"}, form)
    names, cells = list(csv.reader(text.splitlines()))
    assert names[:2] == ['\'=HYPERLINK("x")', "name"]
    assert cells[:2] == ["a;=1", "'=2"]
    assert all(line.startswith('"') and line.endswith('"') for line in text.splitlines())
    assert '"a;=1"' in text


async def test_names_are_mapped_again_as_they_were() -> None:
    text = await told({"=Name": "A"}, FileFormat.CSV)
    names = next(csv.reader(text.splitlines()))
    options = ImportOptions(noun=Noun.CONTACT, format=FileFormat.CSV, columns={"=Name": "name"})
    known = {"name": Column(name="name")}
    assert columns_of(names, known, options)["'=Name"] == "name"
    kept = ImportOptions(noun=Noun.CONTACT, format=FileFormat.CSV, columns={"'=Name": "name"})
    assert columns_of(["'=Name"], known, kept) == {"'=Name": "name"}
