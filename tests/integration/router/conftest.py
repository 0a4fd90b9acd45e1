"""A scene per test, on one server and on a cluster."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.router.scene import Scene
from tests.integration.valkey.cluster.servers import ValkeyCluster

ON_A_CLUSTER = {"test_commands", "test_matching", "test_reconcile", "test_hand_over"}
"""What plays on a cluster every time; the rest of the suite does with ``--long``."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep most of the cluster's half for ``--long``: the functions are the same, only the way to them differs."""
    for item in items:
        parameters = getattr(item, "callspec", None)
        on_a_cluster = parameters is not None and parameters.params.get("valkey_address") == "cluster"
        if on_a_cluster and item.path.stem not in ON_A_CLUSTER:
            item.add_marker(pytest.mark.long)


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
