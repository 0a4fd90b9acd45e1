"""Fixtures for every test: real servers, one of each per session; and the rule that CI skips nothing."""

import os
import uuid
from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import pytest
from _pytest.outcomes import Skipped

from tests.records import migrate
from tests.servers import CHROMIUM_ARGUMENTS, Missing, PostgresCluster, find_chromium, running_postgres, running_valkey

IN_CI = os.environ.get("CI", "").lower() not in ("", "0", "false")

# Machines that tests run on are shared and slow at times: no deadline. CI replays the same examples.
hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci" if IN_CI else "local")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--long``."""
    parser.addoption("--long", action="store_true", help="also run the full forms of the long proofs")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long proofs out (deselected, not skipped) unless ``--long`` asks for them."""
    if config.getoption("--long"):
        return
    long = [item for item in items if item.get_closest_marker("long")]
    if long:
        items[:] = [item for item in items if item not in long]
        config.hook.pytest_deselected(items=long)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure under CI."""
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, and CI skips nothing: {_reason(report)}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn a skipped module into a failure under CI."""
    report = yield
    if IN_CI and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"module skipped, and CI skips nothing: {_reason(report)}"
    return report


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    longrepr = report.longrepr
    return str(longrepr[2]) if isinstance(longrepr, tuple) else str(longrepr)


@pytest.fixture
def org() -> str:
    """Return a fresh organisation id."""
    return f"t-{uuid.uuid4().hex[:16]}"


@pytest.fixture(scope="session")
def valkey_address() -> Iterator[str]:
    """Run one embedded Valkey for the session; ``unix://…``. It syncs nothing: only the process can die here."""
    with running_valkey(fsync="no") as address:
        yield address


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[PostgresCluster]:
    """Run one PostgreSQL cluster for the session; skips where none is installed."""
    try:
        context = running_postgres()
        cluster = context.__enter__()
    except Missing as error:
        raise Skipped(str(error)) from error
    try:
        yield cluster
    finally:
        context.__exit__(None, None, None)


@pytest.fixture
def postgres_dsn(postgres_cluster: PostgresCluster) -> Iterator[str]:
    """Return the address of a fresh, empty database for this test."""
    name = postgres_cluster.create_database()
    yield postgres_cluster.dsn(name)
    postgres_cluster.drop_database(name)


@pytest.fixture(scope="session")
def postgres_template(postgres_cluster: PostgresCluster) -> str:
    """Return the name of a database that is migrated and that nobody writes."""
    name = postgres_cluster.create_database()
    migrate(postgres_cluster.dsn(name))
    return name


@pytest.fixture(scope="module")
def postgres_module_dsn(postgres_cluster: PostgresCluster, postgres_template: str) -> Iterator[str]:
    """Return the address of a fresh, migrated record for this module."""
    name = postgres_cluster.create_database(postgres_template)
    yield postgres_cluster.dsn(name)
    postgres_cluster.drop_database(name)


@pytest.fixture(scope="session")
def chromium() -> Path:
    """Return the path of the system's Chromium; skips where none is installed."""
    try:
        return find_chromium()
    except Missing as error:
        raise Skipped(str(error)) from error


@pytest.fixture(scope="session")
def chromium_arguments() -> list[str]:
    """Return the arguments to start Chromium with in tests."""
    return list(CHROMIUM_ARGUMENTS)
