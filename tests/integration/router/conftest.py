"""A scene per test, on one server and on a cluster."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.router.scene import Scene
from tests.integration.valkey.cluster.servers import ValkeyCluster


@pytest.fixture(scope="session", params=["server", "cluster"])
def valkey_address(request: pytest.FixtureRequest, valkey_address: str) -> str:
    """Return the address of one server, then of a cluster: every test plays on both."""
    if request.param == "server":
        return valkey_address
    cluster: ValkeyCluster = request.getfixturevalue("valkey_cluster")
    return cluster.addresses


@pytest.fixture
async def scene(valkey_address: str, org: str) -> AsyncIterator[Scene]:
    """Return a scene that is not open yet; afterwards its events must be the stream's, numbered without a gap."""
    played = Scene(valkey_address, org)
    yield played
    stream = await played.stream()
    assert [event.seq for event in stream] == list(range(1, len(stream) + 1))
    await played.close()
