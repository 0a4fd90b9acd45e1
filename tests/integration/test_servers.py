"""The fixtures themselves: real servers, fresh for each test."""

import os
from pathlib import Path

import psycopg
import pytest
import redis.asyncio

from tests.servers import PostgresCluster, eventually


async def test_valkey_answers(valkey_address: str, org: str) -> None:
    async with redis.asyncio.Redis.from_url(valkey_address, protocol=2) as valkey:
        assert await valkey.set(f"{{{org}}}:probe", "1")


@pytest.mark.postgres
def test_postgres_is_real_and_not_run_by_root(postgres_dsn: str) -> None:
    with psycopg.connect(postgres_dsn) as connection:
        settings = {name: connection.execute(f"SHOW {name}").fetchone() for name in ("fsync", "server_encoding")}
        connection.execute("CREATE TABLE t (n int)")
    assert settings == {"fsync": ("on",), "server_encoding": ("UTF8",)}


@pytest.mark.postgres
def test_postgres_database_is_empty_for_every_test(postgres_dsn: str) -> None:
    with psycopg.connect(postgres_dsn) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


@pytest.mark.postgres
def test_postgres_copies_a_template(postgres_cluster: PostgresCluster) -> None:
    template = postgres_cluster.create_database()
    with psycopg.connect(postgres_cluster.dsn(template)) as connection:
        connection.execute("CREATE TABLE t (n int)")
    copy = postgres_cluster.create_database(template)
    with psycopg.connect(postgres_cluster.dsn(copy)) as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)
    postgres_cluster.drop_database(copy)
    postgres_cluster.drop_database(template)


@pytest.mark.browser
def test_chromium_is_there(chromium: Path) -> None:
    assert os.access(chromium, os.X_OK)


async def test_eventually_reports_the_last_error() -> None:
    calls: list[int] = []

    def third_time() -> bool:
        calls.append(1)
        assert len(calls) >= 3, "not yet"
        return True

    assert await eventually(third_time)
    with pytest.raises(AssertionError, match=r"the moon did not come true .* last: 0"):
        await eventually(lambda: 0, within_s=0.05, what="the moon")
