"""Mails are read in processes of their own; one that kills its reader kills nothing else."""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.channels.email.reading.pool import Readers, Unreadable
from engine.errors import Unavailable
from tests.servers import eventually

MAIL = b"""From: Ana <ana@shop.example>
Subject: Kettle
Content-Type: multipart/mixed; boundary=x

--x

It leaks.

On 22 Nov 2026, Tea wrote:
> old
--x
Content-Type: image/png
Content-Disposition: attachment; filename=a.png

PNG
--x--
"""


@pytest.fixture
async def readers() -> AsyncIterator[Readers]:
    made = Readers(count=1, timeout_s=20.0)
    yield made
    await made.stop()


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    path = tmp_path / "mail"
    path.write_bytes(MAIL)
    return path


async def test_a_mail_is_read_with_its_files(readers: Readers, mail: Path) -> None:
    async with readers.reading(mail) as got:
        assert got.mail.subject == "Kettle"
        assert got.body.new == "It leaks."
        picture = got.directory / got.mail.parts[0].sha256
        assert picture.read_bytes() == b"PNG"
    assert not picture.exists()


async def test_many_at_once_wait_for_a_reader(readers: Readers, mail: Path) -> None:
    async def subject() -> str:
        async with readers.reading(mail) as got:
            return got.mail.subject

    assert await asyncio.gather(*(subject() for _ in range(20))) == ["Kettle"] * 20


async def test_a_mail_that_takes_too_long_is_given_up_and_the_next_is_read(mail: Path, tmp_path: Path) -> None:
    endless = tmp_path / "endless"
    os.mkfifo(endless)  # opening it waits for somebody who never comes
    readers = Readers(count=1, timeout_s=0.2)
    with pytest.raises(Unreadable, match="too-slow"):
        async with readers.reading(endless):
            pass
    await readers.stop()


async def test_a_mail_that_kills_its_reader_is_told_and_the_next_is_read(
    readers: Readers, mail: Path, tmp_path: Path
) -> None:
    endless = tmp_path / "endless"
    os.mkfifo(endless)
    async with readers.reading(mail):
        pass
    reader = readers._all[0]
    assert reader._process is not None
    waiting = asyncio.create_task(readers.reading(endless).__aenter__(), name="reading")
    await eventually(lambda: not readers._shares._free)
    os.kill(reader._process.pid, signal.SIGKILL)
    with pytest.raises(Unreadable, match="killed-its-reader"):
        await waiting
    async with readers.reading(mail) as got:
        assert got.mail.subject == "Kettle"


async def test_a_mail_that_needs_too_much_memory_is_told_and_the_next_is_read(mail: Path, tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(2_000_000_000)
    readers = Readers(count=1, timeout_s=60.0, memory_bytes=1_000_000_000)
    with pytest.raises(Unreadable, match=r"too-large|killed-its-reader"):
        async with readers.reading(large):
            pass
    async with readers.reading(mail) as got:
        assert got.mail.subject == "Kettle"
    await readers.stop()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("cordboard-mail")]


async def test_a_full_disk_is_no_fault_of_the_mail(readers: Readers, mail: Path) -> None:
    async with readers.reading(mail) as got:
        directory = got.directory
    (directory / "incoming").symlink_to("/dev/full")  # where its reader writes a file first
    with pytest.raises(Unavailable, match="no room"):
        async with readers.reading(mail):
            pass
    async with readers.reading(mail) as got:
        assert got.mail.subject == "Kettle"


async def test_a_directory_that_was_tidied_away_costs_no_reader(readers: Readers, mail: Path) -> None:
    async with readers.reading(mail) as got:
        shutil.rmtree(got.directory)
    with pytest.raises(Unreadable):
        async with readers.reading(mail):
            pass
    async with readers.reading(mail) as got:
        assert got.mail.subject == "Kettle"


async def test_cancelling_ends_the_reader(readers: Readers, mail: Path, tmp_path: Path) -> None:
    endless = tmp_path / "endless"
    os.mkfifo(endless)
    waiting = asyncio.create_task(readers.reading(endless).__aenter__(), name="reading")
    await eventually(lambda: readers._all[0]._process is not None)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    async with readers.reading(mail) as got:
        assert got.mail.subject == "Kettle"
