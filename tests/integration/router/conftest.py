"""A scene per test."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.router.scene import Scene


@pytest.fixture
async def scene(valkey_address: str, org: str) -> AsyncIterator[Scene]:
    """Return a scene that is not open yet; afterwards its events must be the stream's, numbered without a gap."""
    played = Scene(valkey_address, org)
    yield played
    stream = await played.stream()
    assert [event.seq for event in stream] == list(range(1, len(stream) + 1))
    await played.close()
