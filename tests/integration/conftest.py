"""Fixtures for tests on real servers."""

from collections.abc import Iterator

import pytest

from tests.integration.valkey.cluster.servers import ValkeyCluster, running_cluster


@pytest.fixture(scope="session")
def valkey_cluster() -> Iterator[ValkeyCluster]:
    """Run one Valkey Cluster for the session: three primaries, a replica each. Who harms it heals it."""
    with running_cluster() as cluster:
        yield cluster
