"""The migrated schema is the one the code means; queries find their index."""

import asyncio
import re
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from engine.clock import SystemClock
from engine.errors import InvalidInput, Unavailable
from engine.ids import id_source
from engine.store.connect import Backend, open_backend
from engine.store.migrate import FOLDER, newest, upgrade
from engine.store.store import Store
from engine.store.tables import METADATA


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'record.db'}"
    dsn: str = request.getfixturevalue("postgres_dsn")
    return dsn


@pytest.fixture
def backend(url: str) -> Iterator[Backend]:
    backend = open_backend(url)
    upgrade(backend)
    yield backend
    backend.dispose()


def indexes(conn: Connection) -> dict[str, str]:
    """Return each index with its definition, spaces and brackets aside."""
    if conn.dialect.name == "sqlite":
        rows = conn.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"))
    else:
        rows = conn.execute(text("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()"))
    return {name: re.sub(r"[\s()\"]|public\.|::text", "", definition) for name, definition in rows}


def test_metadata_equals_migrations(backend: Backend) -> None:
    with backend.engine.connect() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
        migrated = indexes(conn)
        for table in METADATA.sorted_tables:
            assert {column["name"] for column in inspect(conn).get_columns(table.name)} == set(table.columns.keys())
    with backend.engine.connect() as conn:
        # Partial conditions and uniqueness, which Alembic does not compare.
        conn.execute(text("DROP TABLE alembic_version"))
        METADATA.drop_all(conn)
        METADATA.create_all(conn)
        meant = indexes(conn)
        METADATA.drop_all(conn)
    assert {name: one for name, one in migrated.items() if "alembic" not in name} == meant


def test_every_row_carries_its_organisation() -> None:
    assert [table.name for table in METADATA.sorted_tables if "org_id" not in table.columns] == []


def test_the_newest_revision_is_the_last_migrations(backend: Backend) -> None:
    (head,) = ScriptDirectory(str(FOLDER)).get_heads()
    assert newest() == head
    with backend.engine.connect() as conn:
        assert conn.scalar(text("SELECT version_num FROM alembic_version")) == head


async def test_processes_that_start_together_migrate_once(url: str) -> None:
    clock = SystemClock()
    stores = [Store(url=url, clock=clock, new_id=id_source(clock)) for _ in range(4)]
    await asyncio.gather(*(store.start() for store in stores))
    for store in stores:
        await store.probe()
    await asyncio.gather(*(store.stop() for store in stores))


def test_a_file_that_another_process_is_writing_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "record.db"
    first = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    first.execute("BEGIN IMMEDIATE")  # as the first process does, before anybody has turned the write-ahead log on
    backend = open_backend(f"sqlite:///{path}")
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(upgrade, backend)
        assert wait([second], timeout=0.2).not_done
        first.execute("COMMIT")
        second.result(timeout=20)
    first.close()
    backend.dispose()


async def test_a_schema_from_the_future_is_refused_in_one_line(url: str, backend: Backend) -> None:
    with backend.engine.connect() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    clock = SystemClock()
    with pytest.raises(Unavailable, match="newer version"):
        await Store(url=url, clock=clock, new_id=id_source(clock)).start()
    with backend.engine.connect() as conn:
        conn.execute(text("DROP TABLE alembic_version"))
        METADATA.drop_all(conn)


async def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    clock = SystemClock()
    (tmp_path / "file").write_text("in the way")
    for address in (f"sqlite:///{tmp_path}/file/record.db", "postgresql:///none?host=/nonexistent"):
        with pytest.raises(Unavailable, match="cannot be opened"):
            await Store(url=address, clock=clock, new_id=id_source(clock)).start()
    with pytest.raises(InvalidInput, match="mysql"):
        Store(url="mysql://localhost/x", clock=clock, new_id=id_source(clock))
