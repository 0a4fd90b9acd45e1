"""Files of imports: who adds to one holds it, in whichever process; what was acknowledged is never cut off."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.errors import InvalidInput, NotFound, Unavailable
from engine.store.transfer import files
from engine.store.transfer.files import ImportFiles


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def added(kept: ImportFiles, *parts: bytes, at: int) -> int:
    piece = await kept.spool(chunks(*parts), at=at, most_bytes=20)
    with piece:
        async with kept.held("one") as held:
            return await kept.append(held, piece, at=at)


def content(kept: ImportFiles) -> bytes:
    with kept.open("one") as file:
        return file.read()


async def test_a_piece_is_added_where_the_record_says(tmp_path: Path) -> None:
    kept = ImportFiles(directory=tmp_path / "imports")
    assert await added(kept, b"ab", b"cd", at=0) == 4
    assert await added(kept, b"x", at=2) == 3  # "cd" was never acknowledged
    assert content(kept) == b"abx"
    with pytest.raises(NotFound):
        await added(kept, b"y", at=9)  # its beginning lies on another machine
    assert content(kept) == b"abx"


async def test_a_piece_that_breaks_off_or_is_too_long_touches_nothing(tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"na"
        raise ConnectionError

    kept = ImportFiles(directory=tmp_path)
    await added(kept, b"all", at=0)
    with pytest.raises(ConnectionError):
        await kept.spool(broken(), at=0, most_bytes=20)
    with pytest.raises(InvalidInput):
        await kept.spool(chunks(b"12345", b"6"), at=15, most_bytes=20)
    assert content(kept) == b"all"
    assert [path.name for path in tmp_path.iterdir()] == ["one"]


async def test_only_one_holds_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, elsewhere = ImportFiles(directory=tmp_path), ImportFiles(directory=tmp_path)
    async with kept.held("one"), kept.held("two"):
        with monkeypatch.context() as now:
            now.setattr(files, "HELD_MOST_S", 0.0)
            with pytest.raises(Unavailable):
                await added(elsewhere, b"c", at=0)
        waiting = asyncio.create_task(added(elsewhere, b"b", at=0))
        await asyncio.sleep(0)
    assert await asyncio.wait_for(waiting, 30) == 1
    assert content(kept) == b"b"
