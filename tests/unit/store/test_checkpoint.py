"""SQLite's log is brought home beside the writer, and begins anew though somebody keeps writing."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from engine.store.checkpoint import FEW, LONG, RESTS, Checkpointer
from engine.store.connect import open_backend, raw
from tests.servers import eventually


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "record.db"


@pytest.fixture
def writing(file: Path) -> Iterator[sqlite3.Connection]:
    backend = open_backend(f"sqlite:///{file}")
    with backend.engine.connect() as connection:
        for statement in backend.tune_writer:
            raw(connection).execute(statement)
        driver = raw(connection)
        assert isinstance(driver, sqlite3.Connection)
        driver.execute("CREATE TABLE t (body BLOB)")
        yield driver


def write(connection: sqlite3.Connection, pages: int) -> None:
    connection.execute("INSERT INTO t VALUES (zeroblob(?))", (pages * 4_096,))


def log_pages(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1])


async def test_a_long_log_begins_anew_while_somebody_writes(file: Path, writing: sqlite3.Connection) -> None:
    written = [0]
    backend = open_backend(f"sqlite:///{file}")
    checkpointer = Checkpointer(backend=backend, written=lambda: written[0], every_s=0.01)
    write(writing, LONG)
    log = file.with_name("record.db-wal")
    assert log.stat().st_size > LONG * 4_096, "the writer itself brings nothing home"
    checkpointer.start()

    def begun_anew() -> bool:
        written[0] += FEW
        write(writing, 1)
        header = log.read_bytes()[12:16]
        return int.from_bytes(header, "big") > 0  # how often it began anew, in the log's header

    await eventually(begun_anew)
    checkpointer.finish()
    write(writing, 1)
    assert log_pages(writing) < LONG


async def test_a_failing_database_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: Path, writing: sqlite3.Connection
) -> None:
    away = tmp_path / "away" / "record.db"
    backend = open_backend(f"sqlite:///{away}")
    written = [0]
    tries: list[str] = []
    checkpointer = Checkpointer(backend=backend, written=lambda: written[0], every_s=0.01)
    done = checkpointer._bring_home

    def bring_home() -> None:
        tries.append("")
        done()
        tries.append("home")

    monkeypatch.setattr(checkpointer, "_bring_home", bring_home)
    checkpointer.start()

    def tried() -> bool:
        written[0] += FEW
        return len(tries) > 1

    await eventually(tried)
    assert "home" not in tries
    away.parent.mkdir()
    write(writing, 1)

    def home() -> bool:
        written[0] += FEW
        return "home" in tries

    await eventually(home)
    checkpointer.finish()


def test_little_that_was_written_waits_but_not_for_ever(file: Path) -> None:
    written = [0]
    checkpointer = Checkpointer(backend=open_backend(f"sqlite:///{file}"), written=lambda: written[0])
    assert [checkpointer._due() for _ in range(RESTS)] == [False] * (RESTS - 1) + [True]
    written[0] = FEW
    assert checkpointer._due()
    written[0] += FEW - 1
    assert not checkpointer._due()


def test_nothing_is_brought_home_that_is_home_already(
    file: Path, writing: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpointer = Checkpointer(backend=open_backend(f"sqlite:///{file}"), written=lambda: 0)
    done, modes = checkpointer._checkpoint, list[str]()

    def checkpoint(connection: Connection, mode: str) -> int:
        modes.append(mode)
        return done(connection, mode)

    monkeypatch.setattr(checkpointer, "_checkpoint", checkpoint)
    checkpointer._bring_home()
    assert modes == [], "a new connection does not know what is home"
    write(writing, LONG)
    checkpointer._bring_home()
    assert modes == ["PASSIVE"], "long, but nobody wrote meanwhile: it begins anew by itself"
    for statement in ("BEGIN IMMEDIATE", "INSERT INTO t VALUES (1)", "ROLLBACK", "BEGIN IMMEDIATE", "COMMIT"):
        writing.execute(statement)
    checkpointer._bring_home()
    assert modes == ["PASSIVE"], "nothing was committed"
    write(writing, 1)
    checkpointer._bring_home()
    assert modes == ["PASSIVE"] * 2
    checkpointer._drop()


def test_one_of_all_that_share_a_file_brings_home(file: Path, writing: sqlite3.Connection) -> None:
    ours, theirs = (Checkpointer(backend=open_backend(f"sqlite:///{file}"), written=lambda: 0) for _ in range(2))
    assert ours._may()
    assert not theirs._may()
    assert ours._may(), "it stays so"
    ours._drop()
    assert theirs._may()
    theirs._drop()
