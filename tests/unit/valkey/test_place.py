"""Where the socket goes, and who may use a directory."""

import os
from pathlib import Path

import pytest

from engine.errors import Unavailable
from engine.valkey.place import LONGEST_SOCKET_PATH, Lock, make_private, socket_path


def test_the_socket_lies_in_the_directory_when_its_path_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert socket_path(Path("/srv/cordboard/valkey")) == Path("/srv/cordboard/valkey/valkey.sock")


def test_a_long_path_gets_the_same_private_place_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("engine.valkey.place.LONGEST_SOCKET_PATH", len(str(tmp_path)) + 60)
    deep, other = tmp_path / ("d" * 100), tmp_path / ("e" * 100)
    first = socket_path(deep)
    assert first == socket_path(deep)
    assert first != socket_path(other)
    assert first.parent.stat().st_mode & 0o777 == 0o700


def test_a_place_that_others_can_enter_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("engine.valkey.place.LONGEST_SOCKET_PATH", len(str(tmp_path)) + 60)
    deep = tmp_path / ("d" * 100)
    socket_path(deep).parent.chmod(0o755)
    with pytest.raises(Unavailable, match="somebody else can enter it"):
        socket_path(deep)


def test_a_temporary_directory_too_deep_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / ("t" * LONGEST_SOCKET_PATH)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    with pytest.raises(Unavailable, match="TMPDIR"):
        socket_path(tmp_path / ("d" * LONGEST_SOCKET_PATH))


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(Unavailable, match=r"Cannot use the directory .*data/valkey"):
        make_private(tmp_path / "data" / "valkey")


def test_one_lock_per_directory_until_the_last_holder_is_gone(tmp_path: Path) -> None:
    first, second = Lock(tmp_path), Lock(tmp_path)
    assert first.take()
    first.note(4711)
    assert not second.take()
    assert "process 4711" in str(second.refusal())
    inherited = os.dup(first.fd)
    first.close()
    assert not second.take()
    os.close(inherited)
    assert second.take()
    second.close()
