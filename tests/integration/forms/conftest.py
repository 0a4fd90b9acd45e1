"""An engine with a web form, on each database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.api.engine_under_test import Engine
from tests.integration.forms.engine import Page, form_engine, form_organisation


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    """Return the address of a database; "" for a file of the test's own. Tests that want both say ``both``."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return ""
    dsn: str = request.getfixturevalue("postgres_module_dsn")
    return dsn


@pytest.fixture
async def engine(tmp_path: Path, valkey_address: str, org: str, database: str) -> AsyncIterator[Engine]:
    """Run the engine for one organisation, ``org``, that has a form."""
    async with form_engine(tmp_path / "data", valkey_address, form_organisation(org), database=database) as running:
        yield running


@pytest.fixture
async def page(engine: Engine, org: str) -> AsyncIterator[Page]:
    """Return the form, opened by a browser without scripts."""
    async with engine.http() as http:
        opened = Page(http, org)
        await opened.open()
        yield opened
