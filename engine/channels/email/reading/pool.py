"""Readers: a bounded number of processes that read mails, each bounded in memory and time.

A mail that takes too long, needs too much or kills its reader is ``Unreadable``; the next mail finds a new reader.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import structlog

from engine.channels.email.reading.shares import Shares
from engine.channels.email.reading.worker import GONE, LENGTH, STORAGE, TOO_LARGE, Asked, Read
from engine.errors import Unavailable
from engine.model.mail import MailBody, ParsedMail

log = structlog.get_logger(__name__)

WORKER = "engine.channels.email.reading.worker"
READERS = 2
TIMEOUT_S = 30.0
MEMORY_BYTES = 1_610_612_736
"""Address space of a reader, the mail itself included, which is mapped: 100 MB of files need 0.5 GB."""
LONGEST_ANSWER = 67_108_864
START_S = 30.0


class Unreadable(Exception):
    """A mail that cannot be read: ``too-slow``, ``too-large``, ``killed-its-reader`` or ``source-gone``."""

    def __init__(self, why: str) -> None:
        """``why``: one of the above."""
        super().__init__(f"the mail cannot be read: {why}")
        self.why = why


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadMail:
    """A mail that was read."""

    mail: ParsedMail  # without its HTML
    body: MailBody
    directory: Path  # where its files and its HTML lie under their hashes, not synchronised, until the context ends
    html_sha256: str = ""  # "" = it has none
    html_size: int = 0  # bytes


class Readers:
    """Read mails in other processes, some at a time; further ones wait."""

    def __init__(
        self,
        *,
        count: int = READERS,
        timeout_s: float = TIMEOUT_S,
        memory_bytes: int = MEMORY_BYTES,
        beneath: Path | None = None,
    ) -> None:
        """Prepare; processes start with the first mails. ``beneath``: where directories of readers are made."""
        self._all = [_Reader(timeout_s=timeout_s, memory_bytes=memory_bytes, beneath=beneath) for _ in range(count)]
        self._shares = Shares(self._all)

    @contextlib.asynccontextmanager
    async def reading(self, path: Path, *, whose: str = "") -> AsyncIterator[ReadMail]:
        """Read the mail in a file; its files are there until the context ends. ``whose``: organisations take turns.

        Raises Unreadable; Unavailable (``storage-away``) where there is no room for its files.
        Cancelled: the reader is ended.
        """
        reader = await self._shares.get(whose)
        try:
            yield await reader.read(path)
        finally:
            reader.clear()
            self._shares.give_back(reader, whose)

    async def stop(self) -> None:
        """End all readers. Safe to call twice."""
        for one in self._all:
            await one.stop()


class _Reader:
    """One process, started when it is wanted."""

    def __init__(self, *, timeout_s: float, memory_bytes: int, beneath: Path | None) -> None:
        self._beneath = beneath
        self._timeout_s = timeout_s
        self._memory_bytes = memory_bytes
        self._process: asyncio.subprocess.Process | None = None
        self._directory: Path | None = None

    async def read(self, path: Path) -> ReadMail:
        """Read one mail; a reader that failed is ended."""
        done = False
        try:
            answer = await self._ask(path)
            done = answer.fault in ("", GONE)
        finally:
            if not done:
                await self.stop()
        if answer.fault == STORAGE:
            raise Unavailable("there is no room for the files of a mail", slug=STORAGE)
        if answer.mail is None or answer.body is None or self._directory is None:
            raise Unreadable(answer.fault or "killed-its-reader")
        return ReadMail(
            mail=answer.mail,
            body=answer.body,
            directory=self._directory,
            html_sha256=answer.html_sha256,
            html_size=answer.html_size,
        )

    async def _ask(self, path: Path) -> Read:
        process = await self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        asked = msgspec.json.encode(Asked(path=str(path)))
        try:
            async with asyncio.timeout(self._timeout_s):
                process.stdin.write(LENGTH.pack(len(asked)) + asked)
                await process.stdin.drain()
                length = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))[0]
                if length > LONGEST_ANSWER:
                    return Read(fault=TOO_LARGE)
                return msgspec.json.decode(await process.stdout.readexactly(length), type=Read)
        except TimeoutError:
            return Read(fault="too-slow")
        except (asyncio.IncompleteReadError, BrokenPipeError, ConnectionResetError, msgspec.DecodeError) as error:
            log.warning("a reader of mail died", path=str(path), error=str(error)[:200])
            return Read(fault="killed-its-reader")

    async def _started(self) -> asyncio.subprocess.Process:
        """Return the process; what the last one left in the directory is gone."""
        if self._directory is None:
            self._directory = await asyncio.to_thread(self._made)
        if self._process is None or self._process.returncode is not None:
            async with asyncio.timeout(START_S):
                command = (sys.executable, "-m", WORKER, str(self._directory), str(self._memory_bytes))
                pipe, nowhere = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
                self._process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=nowhere)
        return self._process

    def _made(self) -> Path:
        if self._beneath is not None:
            self._beneath.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Path(tempfile.mkdtemp(prefix="cordboard-mail-", dir=self._beneath))

    def clear(self) -> None:
        """Delete the files of the last mail; they were moved where they were wanted."""
        if self._directory is None:
            return
        # Somebody may have tidied the directory away: the next mail gets a new one.
        with contextlib.suppress(OSError), os.scandir(self._directory) as left:
            for one in left:
                os.unlink(one)  # noqa: PTH108 -- a Path costs more than the call

    async def stop(self) -> None:
        """End the process at once."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        directory, self._directory = self._directory, None
        if directory is not None:
            await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)
