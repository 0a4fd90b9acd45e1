"""IMAP as it is on the wire (RFC 3501, RFC 9051): words into commands, responses into values. Pure.

A response is handed over in pieces: text, literal, text, literal, … text. Values are nested lists of ``Atom``, bytes
(strings and literals) and None (``NIL``).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Union

from engine.channels.email.imap.faults import Fault, Faulty

DEEPEST = 20
LONGEST_NUMBER = 20
_LITERAL = re.compile(rb"\{(\d{1,10})\+?\}$")
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ATOM = re.compile(rb"(?:[^\s()\[\"]|\[[^\]]*\])+")
_CODE = re.compile(rb"\[([^\s\]]+) ?([^\]]*)\] ?(.*)", re.DOTALL)
_STATUS = frozenset({"OK", "NO", "BAD", "BYE", "PREAUTH"})


class Atom(str):
    """A word of the protocol, upper or lower case as it came."""

    __slots__ = ()


Value = Union[Atom, bytes, None, "list[Value]"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """One response of a server."""

    tag: str  # "*" untagged, "+" continuation, else the command's
    kind: str = ""  # OK, NO, BAD, BYE, PREAUTH, FETCH, EXISTS, SEARCH, …
    number: int = 0  # of "* 5 EXISTS"
    values: list[Value] = field(default_factory=list)
    code: str = ""  # of "OK [UIDVALIDITY 7]"
    argument: str = ""  # "7"
    text: str = ""  # for people; of a continuation all of it


def literal_size(line: bytes) -> int | None:
    """Return how many bytes of a literal follow this line; None when it ends the response."""
    found = _LITERAL.search(line)
    return int(found.group(1)) if found else None


def without_size(line: bytes) -> bytes:
    """Return a line without the announcement of its literal."""
    return _LITERAL.sub(b"", line)


def read_response(pieces: Sequence[bytes]) -> Response:
    """Return the response that ``pieces`` are; raise Faulty when they are none."""
    tag, _, rest = pieces[0].partition(b" ")
    if tag == b"+":
        return Response(tag="+", text=_text(rest))
    word, _, after = rest.partition(b" ")
    number = _number(word)
    if word.isdigit():
        word, _, after = after.partition(b" ")
    kind = _text(word).upper()
    if kind in _STATUS:
        found = _CODE.fullmatch(after)
        code, argument, text = found.groups() if found else (b"", b"", after)
        return Response(tag=_text(tag), kind=kind, code=_text(code).upper(), argument=_text(argument), text=_text(text))
    values = _values((after, *pieces[1:]))
    return Response(tag=_text(tag), kind=kind, number=number, values=values)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _values(pieces: Sequence[bytes]) -> list[Value]:
    """Read texts and literals by turns."""
    stack: list[list[Value]] = [[]]
    for position, piece in enumerate(pieces):
        if position % 2:
            stack[-1].append(piece)
        else:
            _read_text(piece, stack)
    if len(stack) != 1:
        raise Faulty(Fault.PROTOCOL, "the server sent a list without an end")
    return stack[0]


def _read_text(text: bytes, stack: list[list[Value]]) -> None:
    at = 0
    while at < len(text):
        sign = text[at : at + 1]
        if sign.isspace():
            at += 1
        elif sign in b"()":
            _turn(sign, stack)
            at += 1
        else:
            value, at = _word(text, at)
            stack[-1].append(value)


def _turn(sign: bytes, stack: list[list[Value]]) -> None:
    if sign == b"(":
        if len(stack) > DEEPEST:
            raise Faulty(Fault.PROTOCOL, "the server sent lists in lists too deep")
        inner: list[Value] = []
        stack[-1].append(inner)
        stack.append(inner)
    elif len(stack) == 1:
        raise Faulty(Fault.PROTOCOL, "the server ended a list that it did not begin")
    else:
        stack.pop()


def _word(text: bytes, at: int) -> tuple[Value, int]:
    quoted = _QUOTED.match(text, at)
    if quoted:
        return re.sub(rb"\\(.)", rb"\1", quoted.group(1), flags=re.DOTALL), quoted.end()
    atom = _ATOM.match(text, at)
    if atom is None:
        raise Faulty(Fault.PROTOCOL, f"the server sent {_text(text[at : at + 40])!r}")
    word = _text(atom.group())
    return (None if word.upper() == "NIL" else Atom(word)), atom.end()


def items(values: list[Value]) -> Iterator[tuple[str, Value]]:
    """Return names and values of a FETCH response; ``BODY[]<0>`` is named ``BODY[]``."""
    inner = values[0] if values else None
    if not isinstance(inner, list):
        return
    for name, value in zip(inner[::2], inner[1::2], strict=False):
        if isinstance(name, Atom):
            yield name.upper().partition("<")[0], value


def numbers(values: Iterable[Value]) -> list[int]:
    """Return the numbers among values."""
    return [_number(value.encode()) for value in values if isinstance(value, Atom) and value.isdigit()]


def _number(digits: bytes) -> int:
    return int(digits) if digits.isdigit() and len(digits) <= LONGEST_NUMBER else 0


def quoted(text: str) -> str:
    """Return an ASCII text as a quoted string; raise ValueError where that cannot be."""
    if not text.isascii() or not all(sign.isprintable() for sign in text):
        raise ValueError("a quoted string holds printable ASCII")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def folder_name(name: str) -> str:
    """Return a folder's name in modified UTF-7, quoted (RFC 3501, 5.1.3)."""
    return quoted("".join(_utf7(part) for part in re.findall(r"[\x20-\x7e]+|[^\x20-\x7e]+", name)))


def _utf7(part: str) -> str:
    if part.isascii() and part.isprintable():
        return part.replace("&", "&-")
    code = base64.b64encode(part.encode("utf-16-be")).decode("ascii")
    return "&" + code.rstrip("=").replace("/", ",") + "-"


def number_set(uids: Sequence[int]) -> str:
    """Return ascending numbers as a sequence set: ``1:3,7``."""
    runs: list[tuple[int, int]] = []
    for uid in uids:
        if runs and uid == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], uid)
        else:
            runs.append((uid, uid))
    return ",".join(str(first) if first == last else f"{first}:{last}" for first, last in runs)


def plain(login: str, password: str) -> str:
    """Return the response of SASL PLAIN (RFC 4616)."""
    return base64.b64encode(f"\0{login}\0{password}".encode()).decode("ascii")


def xoauth2(login: str, token: str) -> str:
    """Return the response of XOAUTH2: https://developers.google.com/workspace/gmail/imap/xoauth2-protocol."""
    return base64.b64encode(f"user={login}\x01auth=Bearer {token}\x01\x01".encode()).decode("ascii")


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day(moment: datetime) -> str:
    """Return a day as SEARCH wants it: ``5-Nov-2026``."""
    return f"{moment.day}-{MONTHS[moment.month - 1]}-{moment.year}"


def moment_ms(text: bytes) -> int:
    """Return an INTERNALDATE in milliseconds; 0 when it is none."""
    found = re.fullmatch(rb" ?(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d:\d\d:\d\d) ([+-]\d{4})", text)
    if found is None:
        return 0
    number, month, year, clock, zone = (group.decode("ascii") for group in found.groups())
    try:
        at = datetime.strptime(
            f"{year}-{MONTHS.index(month.title()) + 1:02}-{number:0>2} {clock} {zone}", "%Y-%m-%d %H:%M:%S %z"
        )
    except ValueError:
        return 0
    return int(at.timestamp() * 1_000)
