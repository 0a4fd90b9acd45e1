"""Rows as they are made: whatever one holds, it is a row or what is wrong with it, and the next one is made."""

import io
from collections.abc import Mapping

import pytest

from engine.customers.importing import ContactRows
from engine.errors import InvalidInput
from engine.model.organisation import Organisation
from engine.model.transfer import FileFormat, Import, ImportOptions, ImportRow, Noun, Row, RowFailure
from engine.transfer.making import Making
from tests.organisations import small_organisation


class Broken(ContactRows):
    """Has a defect."""

    def row(
        self,
        organisation: Organisation,
        options: ImportOptions,
        number: int,
        cells: Mapping[str, object],
        given: Mapping[str, object],
    ) -> ImportRow:
        """Fail at the first row."""
        if number == 1:
            raise ZeroDivisionError
        return super().row(organisation, options, number, cells, given)


def making(form: FileFormat, maker: ContactRows | None = None, **changes: str) -> Making:
    options = ImportOptions(noun=Noun.CONTACT, format=form, **changes)  # type: ignore[arg-type]
    one = Import(id="one", org_id="acme", options=options, asked_by="sue", asked_ms=0)
    return Making(one=one, organisation=small_organisation(), maker=maker or ContactRows())


def rows(made: Making, text: str) -> list[Row]:
    return list(made.rows(io.BytesIO(text.encode()), skip=0))


@pytest.mark.parametrize("levels", [40, 60, 330, 600, 900, 5_000])
@pytest.mark.parametrize("column", ["fields", "fields.color", "addresses", "name"])
@pytest.mark.parametrize("ends", ["[]", "{}"])
def test_json_within_json_is_the_fault_of_its_row(levels: int, column: str, ends: str) -> None:
    opens, value = ("[", "1") if ends == "[]" else ('{"a":', "1")
    deep = opens * levels + value + ends[1] * levels
    found = rows(making(FileFormat.JSONL), f'{{"name": "A", "{column}": {deep}}}\n{{"name": "B"}}\n')
    assert [one.number for one in found] == [1, 2]
    assert isinstance(found[1], ImportRow)
    if levels > 50:
        assert isinstance(found[0], RowFailure)
        assert found[0].reason == "unreadable-row"
    cell = deep.replace('"', '""')
    if column == "fields" and levels > 50:
        (failed,) = rows(making(FileFormat.CSV), f'name,fields\nA,"{cell}"\n')
        assert isinstance(failed, RowFailure)
        assert failed.field == "fields"


def test_a_defect_fails_its_row_only() -> None:
    found = rows(making(FileFormat.CSV, Broken()), "name\nA\nB\n")
    assert isinstance(found[0], RowFailure)
    assert (found[0].number, found[0].reason) == (1, "internal")
    assert isinstance(found[1], ImportRow)


def test_a_form_of_dates_that_cannot_be_read_is_refused_before_any_row() -> None:
    with pytest.raises(InvalidInput) as refused:
        making(FileFormat.CSV, date_format="%d.%d.%Y").check_options()
    assert refused.value.fields["field"] == "date_format"
    making(FileFormat.CSV, date_format="%d.%m.%Y").check_options()
