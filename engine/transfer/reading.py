"""Rows of a file: CSV, JSON Lines or a JSON list, however long, read piece by piece. Pure but for the file.

Whatever is wrong with a row is told of that row, and reading goes on; nothing here raises for what a file holds but
``InvalidInput`` for a head that cannot be used. CSV is read as RFC 4180 has it, strictly: quotation marks double or
around a whole cell.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, BinaryIO

from engine.errors import InvalidInput
from engine.model.transfer import FileFormat, ImportOptions

LONGEST_ROW = 1_048_576
"""Characters of a row, and of a line."""
MOST_COLUMNS = 500
MOST_LEVELS = 50
"""Lists and objects within one another, in JSON."""
PIECE = 65_536
"""Characters that are read at once of a JSON list."""
DELIMITERS = {",": ",", ";": ";", "\t": "\t", "comma": ",", "semicolon": ";", "tab": "\t"}
"""What may stand between cells, and how a request says so."""
_CHARSET = re.compile(
    r"ascii|utf-(8|8-sig|16|16-le|16-be|32)|iso8859-\d+|cp\d+|mac-roman|koi8-[rtu]|gb2312|gbk|gb18030|hz|big5|big5hkscs"
    r"|shift_jis\w*|euc_\w+|iso2022_\w+|johab|tis-620"
)
"""Names of Python's codecs for texts as programs write them."""
_SPACES = re.compile(r"\s*")
_MEND_CHARSET = "A charset such as utf-8, utf-16, latin-1, windows-1252, gb18030, big5 or shift_jis is needed."


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """A row as the file has it: cells by column, or what is wrong."""

    number: int
    cells: dict[str, object]
    wrong: str = ""
    last: bool = False  # nothing after it can be read


def charset_of(name: str) -> str:
    """Return the codec of a charset, which for UTF-8 takes a byte order mark off; raise InvalidInput."""
    try:
        found = codecs.lookup(name or "utf-8").name
    except (LookupError, ValueError):
        found = ""
    if not _CHARSET.fullmatch(found):
        raise InvalidInput(f"There is no charset {name[:40]!r}.", field="charset", mend=_MEND_CHARSET)
    return "utf-8-sig" if found == "utf-8" else found


def delimiter_of(name: str) -> str:
    """Return what stands between cells; ``""`` = as the head shows. Raises InvalidInput."""
    if name and name not in DELIMITERS:
        raise InvalidInput("Cells lie apart by a comma, a semicolon or a tab.", field="delimiter")
    return DELIMITERS.get(name, "")


def read_rows(file: BinaryIO, options: ImportOptions, *, skip: int = 0) -> Iterator[Read]:
    """Yield the rows after the first ``skip``, numbered from 1; close the file in the end.

    Raises InvalidInput: the head cannot be used.
    """
    with _text_of(file, options.charset) as text:
        if options.format is FileFormat.CSV:
            rows = _csv_rows(text, options.delimiter)
        else:
            rows = _lines(text) if options.format is FileFormat.JSONL else _list(text)
        for row in rows:
            if row.number > skip:
                yield row


def head_of(file: BinaryIO, options: ImportOptions) -> list[str]:
    """Return the names of a CSV file's columns, in order; of others nothing. Closes the file; raises InvalidInput."""
    with _text_of(file, options.charset) as text:
        return _head(_LineReader(text), options.delimiter)[0] if options.format is FileFormat.CSV else []


def unreadable(value: object) -> str:
    """Say what of a cell cannot be kept; ``""``: nothing."""
    if isinstance(value, str):
        if "\0" in value:
            return "There is a NUL character."
        if value.isascii():
            return ""
        broken = any("\ud800" <= one <= "\udfff" for one in value)
        return "There are characters that are none in this charset." if broken else ""
    if isinstance(value, dict):
        return next((said for item in value.items() for one in item if (said := unreadable(one))), "")
    if isinstance(value, list):
        return next((said for one in value if (said := unreadable(one))), "")
    return ""


def _marked(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return "\udc80", error.end


codecs.register_error("cordboard-marked", _marked)


def _text_of(file: BinaryIO, charset: str) -> IO[str]:
    return io.TextIOWrapper(file, encoding=charset_of(charset), errors="cordboard-marked", newline="")


class _LineReader:
    """Lines of a text, each of bounded length; of a longer one only that it is."""

    def __init__(self, text: IO[str]) -> None:
        self._text = text
        self.too_long = False

    def __iter__(self) -> Iterator[str]:
        while line := self.read():
            yield line

    def read(self) -> str:
        """Return the next line with its end; a longer one is an empty one, and said to be too long."""
        line = self._text.readline(LONGEST_ROW)
        if len(line) < LONGEST_ROW or line.endswith("\n"):
            return line
        while len(rest := self._text.readline(LONGEST_ROW)) == LONGEST_ROW and not rest.endswith("\n"):
            pass
        self.too_long = True
        return "\n"


class _RowTooLong(Exception):
    """A row goes on and on: where the next one begins nobody knows."""


class _RowLines:
    """Lines of one CSV row after the other, which together are of bounded length."""

    def __init__(self, lines: _LineReader) -> None:
        self._lines = lines
        self._left = 0

    def begin(self) -> None:
        """Begin a row."""
        self._left = LONGEST_ROW

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._lines.read()
        if not line:
            raise StopIteration
        self._left -= len(line)
        if self._left < 0:
            raise _RowTooLong
        return line


def _csv_rows(text: IO[str], delimiter: str) -> Iterator[Read]:
    lines = _LineReader(text)
    head, between = _head(lines, delimiter)
    of_row = _RowLines(lines)
    reader = csv.reader(of_row, delimiter=between, strict=True)
    number = 0
    while True:
        wrong, cells = "", []
        of_row.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except _RowTooLong:
            wrong = f"From here the file is no CSV: a row has more than {LONGEST_ROW:,} characters."
            yield Read(number=number + 1, cells={}, wrong=wrong, last=True)
            return
        except csv.Error as error:
            wrong = f"This is no row of a CSV file: {error}."
        if lines.too_long:
            wrong, lines.too_long = f"A line has at most {LONGEST_ROW:,} characters.", False
        if not cells and not wrong:
            continue  # an empty line
        number += 1
        if not wrong and len(cells) > len(head):
            wrong = f"There are {len(cells)} cells, and {len(head)} columns."
        given: dict[str, object] = dict(zip(head, cells, strict=False))
        yield Read(number=number, cells=given, wrong=wrong or unreadable(given))


def _head(lines: _LineReader, delimiter: str) -> tuple[list[str], str]:
    line = next((one for one in lines if one.strip()), "")
    between = delimiter_of(delimiter) or _delimiter_in(line)
    try:
        names = [name.strip() for name in next(csv.reader([line], delimiter=between, strict=True), [])]
    except csv.Error as error:
        raise InvalidInput(f"The first line names no columns: {error}.", field="file") from error
    if not any(names) or lines.too_long or len(names) > MOST_COLUMNS:
        raise InvalidInput(f"The first line has to name the columns, {MOST_COLUMNS} at most.", field="file")
    if unreadable("".join(names)):
        mend = "Say in which `charset` the file is."
        raise InvalidInput("The first line is not in this charset.", field="charset", mend=mend)
    if twice := sorted({name for name in names if name and names.count(name) > 1}):
        raise InvalidInput(f"Columns that are there twice: {', '.join(twice)[:200]}.", field="file")
    return names, between


def _delimiter_in(line: str) -> str:
    outside = "".join(line.split('"')[::2])
    return max((",", ";", "\t"), key=outside.count)


def _lines(text: IO[str]) -> Iterator[Read]:
    lines, number = _LineReader(text), 0
    for line in lines:
        if not line.strip() and not lines.too_long:
            continue
        number += 1
        if lines.too_long:
            lines.too_long = False
            yield Read(number=number, cells={}, wrong=f"A line has at most {LONGEST_ROW:,} characters.")
            continue
        try:
            yield _object(number, json.loads(line))
        except (ValueError, RecursionError) as error:
            yield Read(number=number, cells={}, wrong=f"This is no JSON: {error}.")


def _object(number: int, value: object) -> Read:
    if not isinstance(value, dict):
        return Read(number=number, cells={}, wrong="A row is a JSON object.")
    if is_deep(value):
        return Read(number=number, cells={}, wrong=f"At most {MOST_LEVELS} lists and objects lie within one another.")
    return Read(number=number, cells=value, wrong=unreadable(value))


def is_deep(value: object) -> bool:
    """Say whether JSON has more levels than anything here can be asked to go down."""
    level = [value]
    for _ in range(MOST_LEVELS + 1):
        level = [
            part
            for one in level
            if isinstance(one, dict | list)
            for part in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return False
    return True


class _Window:
    """The part of a JSON text that is looked at; more is read when it is needed."""

    def __init__(self, text: IO[str]) -> None:
        self._text = text
        self._decoder = json.JSONDecoder()
        self._kept = ""
        self._at = 0  # what is before is taken
        self._over = False

    def _more(self) -> None:
        """Read on."""
        piece = self._text.read(PIECE)
        self._over = not piece
        self._kept, self._at = self._kept[self._at :] + piece, 0

    def sign(self) -> str:
        """Return the next character that is no space, without taking it; "" at the end."""
        while True:
            spaces = _SPACES.match(self._kept, self._at)
            self._at = spaces.end() if spaces else self._at
            if self._at < len(self._kept) or self._over:
                return self._kept[self._at : self._at + 1]
            self._more()

    def take(self) -> None:
        """Take that character."""
        self._at += 1

    def value(self) -> object:
        """Take a whole value and return it; raise ValueError, RecursionError."""
        while True:
            try:
                value, end = self._decoder.raw_decode(self._kept, self._at)
            except ValueError:
                if self._over or len(self._kept) - self._at > LONGEST_ROW:
                    raise
            else:
                if end < len(self._kept) or self._over:  # else a number may go on
                    self._at = end
                    return value
            self._more()


def _list(text: IO[str]) -> Iterator[Read]:
    window, number = _Window(text), 0
    if window.sign() != "[":
        raise InvalidInput("The file is no JSON list.", field="file", mend="Is it JSON Lines? Then say `jsonl`.")
    window.take()
    if window.sign() == "]":
        return
    while True:
        number += 1
        window.sign()
        try:
            yield _object(number, window.value())
        except (ValueError, RecursionError) as error:
            yield Read(number=number, cells={}, wrong=f"From here the file is no JSON: {error}.", last=True)
            return
        sign = window.sign()
        if sign == "]":
            return
        if sign != ",":
            wrong = "From here the file is no JSON list: a comma or its end is missing."
            yield Read(number=number + 1, cells={}, wrong=wrong, last=True)
            return
        window.take()
