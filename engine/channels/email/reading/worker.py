"""A process of its own that reads mails one after the other, so that one that kills its reader kills nothing else.

Run as ``python -m engine.channels.email.reading.worker DIRECTORY BYTES``. On standard input and output: a length of
four bytes, then JSON. It is asked ``{"path": …}`` and answers a ``Read``, or ``{"fault": …}`` and ends. It ends when
its input does, so that it never outlives who started it.
"""

from __future__ import annotations

import errno
import hashlib
import mmap
import os
import resource
import shutil
import struct
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import msgspec

from engine.channels.email.body.splitting import split_text
from engine.channels.email.html_text import html_text
from engine.channels.email.reading.mail import read_mail
from engine.model.mail import MailBody, ParsedMail

LENGTH = struct.Struct(">I")
TOO_LARGE = "too-large"
"""The fault of a mail that needs more memory than a reader may have."""
STORAGE = "storage-away"
"""The fault that is none of the mail's: there is no room for its files."""
GONE = "source-gone"
"""The fault of a mail whose source is no longer there."""
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What is to be read."""

    path: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """What a mail says; its files and its HTML lie in the reader's directory under their hashes."""

    mail: ParsedMail | None = None  # without its HTML
    body: MailBody | None = None
    html_sha256: str = ""  # "" = it has none
    html_size: int = 0  # bytes
    fault: str = ""


def read(path: Path, directory: Path) -> Read:
    """Read a mail; write its files into the directory."""
    beside = directory / "incoming"

    def keep(pieces: Iterable[bytes]) -> tuple[str, int]:
        digest, size = hashlib.sha256(), 0
        with beside.open("wb") as file:
            for piece in pieces:
                digest.update(piece)
                size += file.write(piece)
        name = digest.hexdigest()
        beside.replace(directory / name)
        return name, size

    try:
        opened = path.open("rb")
    except FileNotFoundError:
        return Read(fault=GONE)
    with opened as source:
        empty = os.fstat(source.fileno()).st_size == 0
        raw = b"" if empty else mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ)
        mail = read_mail(raw, keep)
    if not mail.html:
        return Read(mail=mail, body=split_text(mail.text, subject=mail.subject))
    html_sha256, html_size = keep((mail.html.encode("utf-8", "replace"),))
    body = split_text(html_text(mail.html, marks=True), subject=mail.subject)
    return Read(mail=replace(mail, html=""), body=body, html_sha256=html_sha256, html_size=html_size)


def serve(directory: Path, source: BinaryIO, answers: BinaryIO) -> int:
    """Answer until there is nothing more to read; return the exit status."""
    while head := source.read(LENGTH.size):
        asked = msgspec.json.decode(source.read(LENGTH.unpack(head)[0]), type=Asked)
        try:
            answer = read(Path(asked.path), directory)
        except MemoryError:
            answer = Read(fault=TOO_LARGE)
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            answer = Read(fault=STORAGE)
        data = msgspec.json.encode(answer)
        answers.write(LENGTH.pack(len(data)) + data)
        answers.flush()
        if answer.fault not in ("", GONE):
            return 1  # what is left of its memory is in pieces
    return 0


def main() -> None:
    """Take the bounds, then serve."""
    directory, memory = Path(sys.argv[1]), int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    status = serve(directory, sys.stdin.buffer, sys.stdout.buffer)
    if not status:  # whoever started it is gone, or has no more for it
        shutil.rmtree(directory, ignore_errors=True)
    sys.exit(status)


if __name__ == "__main__":
    main()
