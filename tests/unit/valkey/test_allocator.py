"""Which memory allocator the embedded server runs with."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.valkey import allocator
from engine.valkey.allocator import PRELOAD, WHEEL, environment_for, find_allocator, libraries

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="nothing is preloaded elsewhere")


def put(library: Path) -> Path:
    library.parent.mkdir(parents=True, exist_ok=True)
    library.write_text("no library")
    return library


def fake_server(folder: Path, script: str) -> Path:
    program = folder / "valkey-server"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let there be one library only, in a folder of the system's, which no program can load."""
    monkeypatch.delenv("LD_PRELOAD", raising=False)
    monkeypatch.setattr(allocator, "FOLDERS", (tmp_path / "lib",))
    monkeypatch.setattr(sys, "path", [str(tmp_path / "modules")])
    put(tmp_path / "lib" / "libjemalloc.so.2")
    find_allocator.cache_clear()
    yield
    find_allocator.cache_clear()


def test_the_wheel_comes_before_the_system(tmp_path: Path) -> None:
    wheel = put(tmp_path / "modules" / WHEEL)
    system = put(tmp_path / "more" / "libmimalloc.so.2")
    found = libraries([str(tmp_path), str(tmp_path / "modules")], [tmp_path / "lib", tmp_path / "more"])
    assert found == [wheel, tmp_path / "lib" / "libjemalloc.so.2", system]


def test_a_place_whose_name_ends_early_in_the_list_is_left_out(tmp_path: Path) -> None:
    put(tmp_path / "my modules" / WHEEL)
    put(tmp_path / "a:b" / "libjemalloc.so.2")
    assert libraries([str(tmp_path / "my modules")], [tmp_path / "a:b"]) == []


@linux_only
def test_what_the_loader_leaves_out_is_not_used(tmp_path: Path) -> None:
    program = fake_server(tmp_path, "")
    program.write_bytes(Path("/bin/true").read_bytes())
    assert find_allocator(program) is None


@linux_only
def test_without_any_the_server_runs_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "lib" / "libjemalloc.so.2").unlink()
    assert find_allocator(fake_server(tmp_path, "")) is None


@linux_only
def test_what_the_program_runs_with_is_used(tmp_path: Path) -> None:
    program = fake_server(tmp_path, "exit 0")
    library = tmp_path / "lib" / "libjemalloc.so.2"
    library.unlink()
    found = [Path(line.split()[-1]) for line in Path("/proc/self/maps").read_text().splitlines() if "/libc." in line]
    library.symlink_to(found[0])  # a library that surely loads here
    assert environment_for(program)[PRELOAD] == str(library)


@linux_only
def test_a_program_that_fails_with_it_is_started_without(tmp_path: Path) -> None:
    assert find_allocator(fake_server(tmp_path, 'exec 2>/dev/null; test -z "$LD_PRELOAD"')) is None
    assert find_allocator(tmp_path / "no-program") is None


@pytest.mark.parametrize("said", ["", "/usr/lib/mine.so"])
def test_what_the_environment_says_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv(PRELOAD, said)
    monkeypatch.setattr(allocator, "find_allocator", lambda _program: tmp_path / "libjemalloc.so.2")
    assert environment_for(tmp_path / "valkey-server")[PRELOAD] == said


def test_without_one_the_environment_is_the_engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "C.UTF-8")
    environment = environment_for(fake_server(tmp_path, 'test -z "$LD_PRELOAD"'))
    assert environment["LANG"] == "C.UTF-8"
    assert PRELOAD not in environment
