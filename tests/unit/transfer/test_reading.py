"""Rows of files: whatever is in a file, its rows or what is wrong with them, never an error."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidInput
from engine.model.transfer import FileFormat, ImportOptions, Noun
from engine.transfer import reading
from engine.transfer.reading import Read, charset_of, head_of, read_rows


def options(form: FileFormat = FileFormat.CSV, **changes: str) -> ImportOptions:
    return ImportOptions(noun=Noun.CONTACT, format=form, **changes)  # type: ignore[arg-type]


def rows(content: bytes | str, form: FileFormat = FileFormat.CSV, *, skip: int = 0, **changes: str) -> list[Read]:
    body = content.encode() if isinstance(content, str) else content
    return list(read_rows(io.BytesIO(body), options(form, **changes), skip=skip))


def cells(found: list[Read]) -> list[dict[str, object]]:
    assert not [one.wrong for one in found if one.wrong]
    return [one.cells for one in found]


@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_the_head_shows_what_stands_between_cells(between: str) -> None:
    text = f'"a,;b"{between}c\r\n"x\n""y"""{between}2\r\n\r\n3{between}4'
    assert cells(rows(text)) == [{"a,;b": 'x\n"y"', "c": "2"}, {"a,;b": "3", "c": "4"}]
    named = {",": "comma", ";": "semicolon", "\t": "tab"}[between]
    assert head_of(io.BytesIO(text.encode()), options(delimiter=named)) == ["a,;b", "c"]


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "gb18030", "utf-8-sig"])
def test_charsets_are_named(charset: str) -> None:
    assert cells(rows("name\n茶壶\n".encode(charset), charset=charset)) == [{"name": "茶壶"}]


def test_a_byte_order_mark_is_no_part_of_the_first_name() -> None:
    assert head_of(io.BytesIO(b"\xef\xbb\xbfname\nA\n"), options()) == ["name"]


def test_what_is_wrong_with_a_row_is_told_of_that_row() -> None:
    found = rows(b'a,b\n1\n1,2,3\n"x"y,2\n\xff,2\nN\x00,2\nlast,1\n')
    assert [bool(one.wrong) for one in found] == [False, True, True, True, True, False]
    assert [one.number for one in found] == [1, 2, 3, 4, 5, 6]
    assert (found[0].cells, found[-1].cells) == ({"a": "1"}, {"a": "last", "b": "1"})
    assert "unexpected end" in rows('a\n"open\nand on')[0].wrong


def test_long_lines_are_told_and_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LONGEST_ROW", 20)
    for form, text in (
        (FileFormat.CSV, f"a\n{'x' * 70}\nlast\n"),
        (FileFormat.JSONL, f'{"x" * 70}\n{{"a": "last"}}\n'),
    ):
        long, last = rows(text, form)
        assert "at most 20 characters" in long.wrong
        assert last.cells == {"a": "last"}


@pytest.mark.parametrize("head", ["", "\n\n", "a,a\nx,y\n", '"a\n', ",,\n"])
def test_a_head_that_names_no_columns_is_refused(head: str) -> None:
    with pytest.raises(InvalidInput):
        rows(head)


@pytest.mark.parametrize("name", ["base64", "nothing", "rot13", "\0"])
def test_what_is_no_charset_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput):
        charset_of(name)


def test_json_lines_and_lists_tell_what_is_no_object() -> None:
    lines = rows('{"a": 1}\n\n[1]\n{"a"\n{"a": "\\ud800"}\n{"a": 2}\n', FileFormat.JSONL)
    assert [bool(one.wrong) for one in lines] == [False, True, True, True, False]
    listed = rows(' [ {"a": 1}, 7 , {"a": "x]"} ] ', FileFormat.JSON)
    assert [(one.cells, bool(one.wrong)) for one in listed] == [({"a": 1}, False), ({}, True), ({"a": "x]"}, False)]
    assert rows("[]", FileFormat.JSON) == []
    for broken in ('[{"a": 1} {"a": 2}]', '[{"a": 1}, {"a": ', '[{"a": 1}, oops'):
        good, end = rows(broken, FileFormat.JSON)
        assert (good.cells, end.last) == ({"a": 1}, True)
    with pytest.raises(InvalidInput):
        rows('{"a": 1}', FileFormat.JSON)


def test_a_deep_row_is_a_wrong_row() -> None:
    deep = "[" * 100_000
    assert rows(f'{{"a": {deep}\n{{"a": 1}}\n', FileFormat.JSONL)[1].cells == {"a": 1}
    assert rows(f'[{{"a": {deep}', FileFormat.JSON)[0].last


@given(
    st.lists(st.dictionaries(st.text(), st.text() | st.integers() | st.booleans(), max_size=3), max_size=8),
    st.integers(1, 40),
    st.integers(0, 9),
)
def test_a_json_list_is_read_however_it_is_cut(values: list[dict[str, object]], piece: int, skip: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "PIECE", piece)
        found = rows(json.dumps(values), FileFormat.JSON, skip=skip)
    assert [one.number for one in found] == list(range(skip + 1, len(values) + 1))
    assert [one.cells for one in found if not one.wrong] == [
        one for one, read in zip(values[skip:], found, strict=True) if not read.wrong
    ]


@given(st.binary(max_size=200) | st.text(alphabet='a,;\t"\n\r\0\\{}[]:1', max_size=60), st.sampled_from(FileFormat))
def test_nothing_in_a_file_is_an_error(content: bytes | str, form: FileFormat) -> None:
    body = content.encode() if isinstance(content, str) else content
    for head in (b"a,b\n", b""):
        try:
            found = rows(head + body, form)
        except InvalidInput:
            continue
        assert [one.number for one in found] == list(range(1, len(found) + 1))


def test_a_row_is_bounded_however_many_lines_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line ends within a quoted cell, so that the row would hold the whole file."""
    monkeypatch.setattr(reading, "LONGEST_ROW", 100)
    found = rows("a,b\n1,2\n" + '"x\n",' * 1_000 + '"\nlast,1\n')
    assert [one.cells for one in found] == [{"a": "1", "b": "2"}, {}]
    assert "more than 100 characters" in found[1].wrong
    assert found[1].last


def test_a_long_list_is_read_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [{"a": f"{number} \u2028 茶"} for number in range(2_000)]
    for piece in (1, 7, 65_536):
        monkeypatch.setattr(reading, "PIECE", piece)
        some = many[: 50 if piece < 10 else 2_000]
        text = " \n[ " + " ,\n ".join(json.dumps(one, ensure_ascii=False) for one in some) + " ] "
        assert [one.cells for one in rows(text, FileFormat.JSON)] == some
