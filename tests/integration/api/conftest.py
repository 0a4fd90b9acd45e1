"""An engine for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.api.engine_under_test import Engine, running_engine, staffed_organisation


@pytest.fixture
async def engine(tmp_path: Path, valkey_address: str, org: str) -> AsyncIterator[Engine]:
    """Run the engine for one organisation, ``org``."""
    async with running_engine(tmp_path / "data", valkey_address, [staffed_organisation(org)]) as running:
        yield running
