"""Files are put in their places many side by side; what is wrong with one harms no other."""

import asyncio
import errno
import os
from pathlib import Path

import pytest

from engine.store import blob_places
from engine.store.blob_places import AT_ONCE, Places


def place(tmp_path: Path, number: int) -> str:
    return str(tmp_path / f"{number % 7:02}" / "00" / str(number))


async def put(places: Places, tmp_path: Path, number: int, content: bytes | None = None) -> None:
    beside = str(tmp_path / "incoming" / str(number))
    await places.put(beside, place(tmp_path, number), content)


async def test_more_than_there_are_threads_are_all_put(tmp_path: Path) -> None:
    places = Places()
    many = AT_ONCE * 2 + 3
    await asyncio.gather(*(put(places, tmp_path, number, b"%d" % number) for number in range(many)))
    assert [Path(place(tmp_path, number)).read_bytes() for number in range(many)] == [b"%d" % n for n in range(many)]
    assert list((tmp_path / "incoming").iterdir()) == []


async def test_a_file_that_is_written_already_is_moved(tmp_path: Path) -> None:
    (tmp_path / "incoming").mkdir()
    (tmp_path / "incoming" / "0").write_bytes(b"kept")
    await put(Places(), tmp_path, 0)
    assert Path(place(tmp_path, 0)).read_bytes() == b"kept"


async def test_a_file_that_cannot_be_put_is_told_and_the_others_are_put(tmp_path: Path) -> None:
    (tmp_path / "03").write_bytes(b"in the way")
    (tmp_path / "incoming").mkdir()
    (tmp_path / "incoming" / "4").write_bytes(b"not ours to overwrite")
    places = Places()
    told = await asyncio.gather(*(put(places, tmp_path, number, b"x") for number in range(6)), return_exceptions=True)
    assert [type(one) for one in told] == [*[type(None)] * 3, NotADirectoryError, FileExistsError, type(None)]
    assert Path(place(tmp_path, 5)).read_bytes() == b"x"
    left = {path.name: path.read_bytes() for path in (tmp_path / "incoming").iterdir()}
    assert left == {"4": b"not ours to overwrite"}


async def test_a_directory_that_cannot_be_made_durable_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: str) -> None:
        if path.endswith("01/00"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(blob_places, "synchronise", full)
    places = Places()
    told = await asyncio.gather(*(put(places, tmp_path, n, b"x") for n in range(3)), return_exceptions=True)
    assert [type(one) for one in told] == [type(None), OSError, type(None)]
