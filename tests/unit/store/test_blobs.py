"""Files are kept whole, once, under their hash; what nothing names is swept away."""

import asyncio
import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from engine.clock import SystemClock
from engine.errors import InvalidInput, NotFound
from engine.ids import id_source
from engine.store.blobs import BUFFER, ORPHAN_S, Blobs

CONTENT = b"x" * (BUFFER + 70_000)
HASH = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(directory=tmp_path / "files", new_id=id_source(SystemClock()))


async def pieces(content: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


def files(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in tmp_path.rglob("*") if path.is_file())


async def test_what_is_written_is_read(blobs: Blobs, tmp_path: Path) -> None:
    for _ in range(2):
        blob = await blobs.write(pieces(CONTENT), most_bytes=len(CONTENT))
        assert (blob.sha256, blob.size) == (HASH, len(CONTENT))
    assert b"".join([piece async for piece in blobs.read(HASH)]) == CONTENT
    assert files(tmp_path) == [HASH]


async def test_an_empty_file_is_a_file(blobs: Blobs) -> None:
    blob = await blobs.write(pieces(b""), most_bytes=0)
    assert [piece async for piece in blobs.read(blob.sha256)] == []


async def test_what_is_too_large_leaves_nothing(blobs: Blobs, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refused:
        await blobs.write(pieces(CONTENT), most_bytes=len(CONTENT) - 1)
    assert refused.value.slug == "too-large"
    assert files(tmp_path) == []


async def test_an_upload_that_breaks_off_leaves_nothing(blobs: Blobs, tmp_path: Path) -> None:
    async def breaking() -> AsyncIterator[bytes]:
        yield CONTENT
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await blobs.write(breaking(), most_bytes=len(CONTENT))
    assert files(tmp_path) == []


@pytest.mark.parametrize("name", ["0" * 64, "../../etc/passwd", "A" * 64, ""])
async def test_what_is_not_there_is_not_found(blobs: Blobs, name: str) -> None:
    with pytest.raises(NotFound):
        await anext(blobs.read(name))


async def test_old_files_without_a_name_are_swept(blobs: Blobs, tmp_path: Path) -> None:
    hashes = [(await blobs.write(pieces(one), most_bytes=9)).sha256 for one in (b"kept", b"old", b"young")]
    left = tmp_path / "files" / "incoming" / "of-a-crash"
    left.write_bytes(b"half")
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.name != hashes[2]:
            os.utime(path, (1, path.stat().st_mtime - ORPHAN_S - 1))

    async def named(asked: Sequence[str]) -> frozenset[str]:
        return frozenset({hashes[0]} & set(asked))

    assert await blobs.sweep(named) == 2
    assert files(tmp_path) == sorted([hashes[0], hashes[2]])


async def test_what_goes_while_files_are_swept_is_passed_over(
    blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashes = [(await blobs.write(pieces(bytes([number])), most_bytes=10)).sha256 for number in range(4)]
    for one in hashes:
        os.utime(blobs.place(one), (1, 1))
    monkeypatch.setattr("engine.store.blobs.BATCH", 1)

    async def named(names: Sequence[str]) -> frozenset[str]:
        for other in set(hashes) - set(names):  # another sweep is quicker
            shutil.rmtree(blobs.place(other).parent, ignore_errors=True)
        return frozenset()

    assert await blobs.sweep(named) == 1
    assert files(tmp_path) == []


async def test_what_comes_anew_while_it_is_swept_stays(blobs: Blobs, tmp_path: Path) -> None:
    blob = await blobs.write(pieces(b"x"), most_bytes=1)
    os.utime(blobs.place(blob.sha256), (1, 1))

    async def named(_names: Sequence[str]) -> frozenset[str]:
        await blobs.write(pieces(b"x"), most_bytes=1)
        return frozenset()

    assert await blobs.sweep(named) == 0
    assert files(tmp_path) == [blob.sha256]
