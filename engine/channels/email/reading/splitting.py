"""Find the parts of a mail: where each begins and ends within the raw source, without copying any of it. Pure.

MIME (RFC 2045, 2046) as people really write it: a missing last boundary, a boundary that never comes, line ends of
any kind, headers that are none. Time grows with the size of the mail times how deep it is nested, which is bounded;
memory with the number of parts, which is bounded, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from mmap import mmap

MOST_PARTS = 10_000
DEEPEST = 50
"""Multiparts within multiparts; what is deeper is a part like any other, not taken apart."""
MOST_HEADER_BYTES = 4_194_304
"""Bytes of one part's headers that are read: 50,000 lines of a usual length."""
MOST_HEADERS = 2_000
LONGEST_HEADER = 65_536

Raw = bytes | mmap

_BLANK = re.compile(rb"\r?\n\r?\n|\r\r(?!\n)")
_FIRST_BLANK = re.compile(rb"\r\n|\n|\r")
_LINE = re.compile(rb"\r\n|\n|\r")
_DELIMITER = re.compile(rb"(--)?[ \t]*(?:\r\n|\n|\r|\Z)")
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:(.*)", re.DOTALL)
_BOUNDARY = re.compile(
    rb"boundary\*?(?:0\*?)?\s*=\s*(?:\"((?:[^\"\\]|\\.){1,1000})\"|([^\s;\"]{1,1000}))", re.IGNORECASE
)
_TYPE = re.compile(rb"^\s*([a-z0-9!#$&^_.+-]{1,100})\s*/\s*([a-z0-9!#$&^_.+-]{1,100})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its headers as written, and where its body lies."""

    headers: tuple[tuple[str, bytes], ...]  # (name in lower case, value without the line ends of folding)
    content_type: str  # "text/plain" when it does not say, or cannot be read
    start: int
    end: int
    depth: int
    children: tuple[Part, ...] = ()

    def header(self, name: str) -> bytes:
        """Return the first value of a header, as written; empty when there is none."""
        return next((value for key, value in self.headers if key == name), b"")


@dataclass(slots=True)
class _Splitting:
    """The work in hand."""

    raw: Raw
    parts: int = 0
    faults: dict[str, None] = field(default_factory=dict)


def split(raw: Raw) -> tuple[Part, tuple[str, ...]]:
    """Return the mail's outermost part with all beneath it, and what was wrong: slugs."""
    work = _Splitting(raw=raw)
    whole = _part(work, 0, len(raw), 0, default="text/plain")
    return whole, tuple(work.faults)


def leaves(part: Part) -> list[Part]:
    """Return the parts that hold something, in the order of the mail."""
    found, waiting = [], [part]
    while waiting:
        one = waiting.pop()
        if one.children:
            waiting.extend(reversed(one.children))
        else:
            found.append(one)
    return found


def _part(work: _Splitting, start: int, end: int, depth: int, *, default: str) -> Part:
    work.parts += 1
    headers, body = _headers(work, start, end)
    written = next((value for name, value in headers if name == "content-type"), b"")
    named = _TYPE.match(written)
    content_type = f"{named.group(1).decode()}/{named.group(2).decode()}".lower() if named else default
    if written and not named:
        work.faults["content-type-unreadable"] = None
    children: tuple[Part, ...] = ()
    if content_type.startswith("multipart/"):
        children = tuple(_children(work, content_type, written, (body, end), depth))
        if not children:
            content_type = "text/plain"  # RFC 2046, section 5.1.1 leaves it open; nobody's words are lost so
    return Part(headers=headers, content_type=content_type, start=body, end=end, depth=depth, children=children)


def _headers(work: _Splitting, start: int, end: int) -> tuple[tuple[tuple[str, bytes], ...], int]:
    """Return the headers that begin at ``start``, and where the body does."""
    first = _FIRST_BLANK.match(work.raw, start, end)
    if first:
        return (), first.end()
    stop, body = _blank_line(work.raw, start, end)
    if stop - start > MOST_HEADER_BYTES:
        work.faults["headers-cut"] = None
        stop = start + MOST_HEADER_BYTES
    lines = _unfolded(_LINE.split(work.raw[start:stop]))
    found: list[tuple[str, bytes]] = []
    for line in lines:
        named = _FIELD.match(line)
        if named is None:
            if found or not line.startswith((b"From ", b">From ")):  # the envelope line of mbox files
                work.faults["header-unreadable"] = None
        elif len(found) == MOST_HEADERS:
            work.faults["headers-cut"] = None
            break
        else:
            found.append((named.group(1).decode("ascii").lower(), named.group(2).strip()[:LONGEST_HEADER]))
    return tuple(found), body


def _blank_line(raw: Raw, start: int, end: int) -> tuple[int, int]:
    """Return where the first empty line begins and ends; the end twice without one."""
    near = _BLANK.search(raw, start, min(end, start + MOST_HEADER_BYTES))
    if near:
        return near.start(), near.end()
    found = [(at, at + len(ends)) for ends in (b"\n\n", b"\n\r\n") if (at := raw.find(ends, start, end)) >= 0]
    return min(found, default=(end, end))


def _unfolded(lines: Sequence[bytes]) -> list[bytes]:
    """Join lines that go on (RFC 5322, section 2.2.3)."""
    gathered: list[list[bytes]] = []
    for line in lines:
        if line[:1] in (b" ", b"\t") and gathered:
            gathered[-1].append(line)
        elif line:
            gathered.append([line])
    return [b"".join(one) for one in gathered]


def _children(work: _Splitting, content_type: str, written: bytes, within: tuple[int, int], depth: int) -> list[Part]:
    """Return the parts between the boundaries of a multipart; none where it cannot be taken apart."""
    named = _BOUNDARY.search(written)
    if named is None:
        work.faults["boundary-missing"] = None
        return []
    if depth >= DEEPEST:
        work.faults["nested-too-deep"] = None
        return []
    default = "message/rfc822" if content_type == "multipart/digest" else "text/plain"
    children: list[Part] = []
    for low, high in _between(work, (named.group(1) or named.group(2)).strip(), *within):
        if work.parts >= MOST_PARTS:
            work.faults["parts-cut"] = None
            break
        children.append(_part(work, low, high, depth + 1, default=default))
    if not children:
        work.faults["boundary-never-comes"] = None
    return children


def _between(work: _Splitting, boundary: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield where each part lies."""
    open_at = -1
    for before, after, last in _delimiters(work.raw, boundary, start, end):
        if open_at >= 0:
            yield open_at, max(open_at, before)
        if last:
            return
        open_at = after
    if open_at >= 0:
        work.faults["boundary-unclosed"] = None
        yield open_at, end


def _delimiters(raw: Raw, boundary: bytes, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """Yield where what is before each delimiter line ends, where the next part begins, and whether it is the last.

    The line end before a delimiter belongs to it (RFC 2046, section 5.1.1).
    """
    sought = b"--" + boundary
    at = raw.find(sought, start, end)
    while at >= 0:
        rest = _DELIMITER.match(raw, at + len(sought), end)
        if rest and (at == start or raw[at - 1 : at] in b"\r\n"):
            before = at - 2 if raw[at - 2 : at] == b"\r\n" else at - 1
            yield max(before, start), rest.end(), bool(rest.group(1))
            at = raw.find(sought, max(rest.end() - 1, at + 1), end)
        else:
            at = raw.find(sought, at + 1, end)
