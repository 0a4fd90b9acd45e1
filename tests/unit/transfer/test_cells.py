"""Cells: which column is meant, what is written in them, and that what is written is read again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidInput
from engine.model.transfer import CellKind, Column, FileFormat, ImportOptions, Noun, OnEmpty, OnUnknownColumn
from engine.transfer.cells import as_it_was, cell, check_date_format, columns_of, neutralised, typed, written

CSV = ImportOptions(noun=Noun.CONTACT, format=FileFormat.CSV)
JSONL = ImportOptions(noun=Noun.CONTACT, format=FileFormat.JSONL)
KNOWN = {one: Column(name=one) for one in ("name", "time_zone", "email", "fields.color")}


def read(kind: CellKind, text: object, options: ImportOptions = CSV) -> object:
    return cell(Column(name="x", kind=kind), text, options, "Europe/Berlin")


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (CellKind.TEXT, " a ", " a "),
        (CellKind.TEXT, "'=1", "=1"),
        (CellKind.TEXT, "'tis", "'tis"),
        (CellKind.NUMBER, "12", 12),
        (CellKind.NUMBER, "-1.5", -1.5),
        (CellKind.BOOLEAN, "Yes", True),
        (CellKind.BOOLEAN, "0", False),
        (CellKind.DATE, "2026-11-22", "2026-11-22"),
        (CellKind.TIME, "2026-11-22T10:00:00Z", 1_795_341_600_000),
        (CellKind.TIME, "2026-11-22 11:00", 1_795_341_600_000),
        (CellKind.LIST, "a; b;;c", ["a", "b", "c"]),
        (CellKind.LIST, '["a;b"]', ["a;b"]),
        (CellKind.JSON, '{"a": 1}', {"a": 1}),
    ],
)
def test_cells_are_read(kind: CellKind, text: str, value: object) -> None:
    assert read(kind, text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (CellKind.NUMBER, "1,5"), (CellKind.NUMBER, "nan"), (CellKind.NUMBER, "1e99"), (CellKind.NUMBER, "1_0"),
        (CellKind.BOOLEAN, "maybe"), (CellKind.DATE, "22.11.2026"), (CellKind.TIME, "noon"),
        (CellKind.TIME, "1960-01-01T00:00:00Z"), (CellKind.LIST, "[1]"), (CellKind.JSON, "{"),
        (CellKind.JSON, "[" * 100_000),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_by_column(kind: CellKind, text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(kind, text)
    assert refused.value.fields["field"] == "x"


def test_dates_may_be_written_as_is_said() -> None:
    german = ImportOptions(noun=Noun.CONTACT, format=FileFormat.CSV, date_format="%d.%m.%Y")
    assert read(CellKind.DATE, "22.11.2026", german) == "2026-11-22"
    assert read(CellKind.TIME, "22.11.2026", german) == 1_795_302_000_000


def test_json_has_types_of_its_own() -> None:
    assert (read(CellKind.NUMBER, 5, JSONL), read(CellKind.BOOLEAN, False, JSONL)) == (5, False)
    assert read(CellKind.TEXT, "'=1", JSONL) == "'=1"
    for kind, value in ((CellKind.TEXT, 5), (CellKind.NUMBER, True), (CellKind.LIST, [1]), (CellKind.TEXT, {})):
        with pytest.raises(InvalidInput):
            read(kind, value, JSONL)


def options(**changes: object) -> ImportOptions:
    return ImportOptions(noun=Noun.CONTACT, format=FileFormat.CSV, **changes)  # type: ignore[arg-type]


def test_columns_are_found_by_their_names_or_by_the_map() -> None:
    names = ["Name", "Time Zone", "E-Mail", "import_reason", ""]
    found = columns_of(names, KNOWN, options(columns={"E-Mail": "email"}))
    assert found == {"Name": "name", "Time Zone": "time_zone", "E-Mail": "email", "import_reason": ""}
    as_fields = options(unknown=OnUnknownColumn.FIELDS)
    assert columns_of(["Color"], KNOWN, as_fields) == {"Color": "fields.color"}
    assert columns_of(["Size"], {}, as_fields) == {"Size": "fields.size"}
    assert columns_of(["Size"], KNOWN, options(unknown=OnUnknownColumn.IGNORE)) == {"Size": ""}
    assert columns_of(["Size"], KNOWN, options(columns={"Size": ""})) == {"Size": ""}


@pytest.mark.parametrize(
    ("names", "changes"),
    [
        (["Size"], {}),
        (["Size"], {"unknown": OnUnknownColumn.FIELDS}),
        (["name", "Name"], {}),
        (["name"], {"columns": {"mail": "email"}}),
        (["mail"], {"columns": {"mail": "nothing"}}),
    ],
)
def test_columns_that_nothing_is_known_of_are_refused(names: list[str], changes: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        columns_of(names, KNOWN, options(**changes))


def test_an_empty_cell_keeps_or_clears() -> None:
    given = {"name": "", "told": "x"}
    columns = {"name": Column(name="name"), "told": Column(name="told", told=True)}
    meant = {"name": "name", "told": "told"}
    assert typed(given, meant, columns, options(), "UTC") == {}
    assert typed(given, meant, columns, options(empty=OnEmpty.CLEAR), "UTC") == {"name": None}
    assert typed({"name": None}, meant, columns, JSONL, "UTC") == {"name": None}


TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(TEXTS | st.text(alphabet="'=+-@\t\ra"))
def test_no_spreadsheet_takes_a_cell_for_a_formula_and_all_is_read_again(text: str) -> None:
    cell_text = neutralised(text)
    assert not cell_text.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert as_it_was(cell_text) == text


@given(st.lists(TEXTS))
def test_lists_are_read_as_they_were_written(values: list[str]) -> None:
    column = Column(name="x", kind=CellKind.LIST)
    text = written(column, values)
    assert cell(column, text, CSV, "UTC") == values


@given(
    st.integers(-(10**15), 10**15) | st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15)
)
def test_numbers_are_read_as_they_were_written(value: float) -> None:
    column = Column(name="x", kind=CellKind.NUMBER)
    assert cell(column, written(column, value), CSV, "UTC") == value


@pytest.mark.parametrize("form", ["%d.%d.%Y", "%Q", "%d%"])
def test_forms_of_dates_that_can_never_be_read(form: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_date_format(form)
    assert refused.value.fields["field"] == "date_format"
    never = ImportOptions(noun=Noun.CONTACT, format=FileFormat.CSV, date_format=form)
    for kind in (CellKind.DATE, CellKind.TIME):
        with pytest.raises(InvalidInput):
            read(kind, "01.02.2026", never)


@pytest.mark.parametrize("form", ["", "%d.%m.%Y", "%Y-%m-%d %H:%M"])
def test_forms_of_dates(form: str) -> None:
    check_date_format(form)


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠a", "'=1"])
def test_what_a_spreadsheet_takes_for_a_formula(text: str) -> None:
    assert neutralised(text) == f"'{text}"
    assert as_it_was(neutralised(text)) == text
