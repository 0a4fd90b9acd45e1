"""What makes a mail the same mail, however often and by whatever way it comes. Pure; fed in pieces, in constant memory.

A server between its sender and us adds trace lines, folds headers anew and changes line ends, so what counts is what
the sender wrote: Message-ID, Date, From, Subject and To, unfolded, and the body. A mail that has neither Message-ID
nor Date could be the twin of another one: of it the whole source counts, and the mailbox that it came to.
"""

from __future__ import annotations

import hashlib
import re

COUNTED = (b"message-id", b"date", b"from", b"subject", b"to")
LONGEST_LINE = 65_536
"""Bytes of a header line that count; what is beyond is passed over."""
MOST_LINES = 20_000
"""Lines of the header; what is beyond counts as body, since to look at each takes a hundred times as long."""
EMPTY_LINES = b"\n" * 65_536

_NAME = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")


class Fingerprint:
    """Take a mail's source piece by piece; how it is cut into pieces does not matter."""

    def __init__(self) -> None:
        self._whole = hashlib.sha256()
        self._headers = {name: hashlib.sha256() for name in COUNTED}
        self._found: set[bytes] = set()
        self._body = hashlib.sha256()
        self._line = bytearray()  # of the header, not yet ended
        self._name = b""  # of the header that a folded line goes on with
        self._lines = 0
        self._in_body = False
        self._carriage = False  # the last piece of the body ended with a CR that may belong to a line end
        self._empty = 0  # line ends not yet counted: they do not count at the end
        self.received = 0
        """How many servers have handed it on, as they tell by a line ``Received``."""

    def add(self, piece: bytes) -> None:
        """Take the next piece."""
        self._whole.update(piece)
        if not self._in_body:
            piece = self._read_header(piece)
        if piece:
            self._read_body(piece)

    def hex(self, mailbox: str) -> str:
        """Return the fingerprint of what was taken; ``mailbox`` is what it came to."""
        if not self._in_body and self._line:
            self._read_line(bytes(self._line))
            self._line.clear()
        digest = hashlib.sha256()
        if not self._found & {b"message-id", b"date"}:
            digest.update(b"whole\0" + self._whole.digest() + mailbox.lower().encode("utf-8", "surrogateescape"))
            return digest.hexdigest()
        digest.update(b"mail\0")
        for name in COUNTED:
            digest.update(self._headers[name].digest())
        digest.update(self._body.digest())
        return digest.hexdigest()

    def _read_header(self, piece: bytes) -> bytes:
        """Read header lines; return what of the piece is body."""
        start = 0
        while not self._in_body:
            end = piece.find(b"\n", start)
            stop = len(piece) if end < 0 else end
            self._line += piece[start : min(stop, start + LONGEST_LINE - len(self._line))]
            if end < 0:
                return b""
            line = bytes(self._line)
            self._line.clear()
            start = end + 1
            if self._lines == MOST_LINES:
                self._in_body = True
                return line + b"\n" + piece[start:]
            if not self._read_line(line):
                self._in_body = True
                return (line + b"\n" if line.strip() else b"") + piece[start:]
        return piece[start:]

    def _read_line(self, line: bytes) -> bool:
        """Read one header line; return whether it was one."""
        self._lines += 1
        if line[:1] in (b" ", b"\t") and line.strip() and self._lines > 1:
            self._count(line)
            return True
        named = _NAME.match(line)
        if named is None:
            return self._lines == 1 and line.startswith((b"From ", b">From "))  # of a mailbox file
        self._name = named[1].lower()
        self.received += self._name == b"received"
        if self._name in self._headers:
            self._headers[self._name].update(b"\0")
            self._found.add(self._name)
        self._count(line[named.end() :])
        return True

    def _count(self, text: bytes) -> None:
        if self._name in self._headers:
            self._headers[self._name].update(b"".join(b" " + word for word in text.split()))

    def _read_body(self, piece: bytes) -> None:
        if self._carriage:
            piece = b"\r" + piece
        self._carriage = piece.endswith(b"\r")
        text = (piece[:-1] if self._carriage else piece).replace(b"\r\n", b"\n")
        content = text.rstrip(b"\n")
        if content:
            self._count_empty_lines()
            self._body.update(content)
        self._empty += len(text) - len(content)

    def _count_empty_lines(self) -> None:
        while self._empty:
            some = min(self._empty, len(EMPTY_LINES))
            self._body.update(EMPTY_LINES[:some])
            self._empty -= some
