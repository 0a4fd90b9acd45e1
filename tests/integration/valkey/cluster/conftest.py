"""A client of the session's cluster, and organisations that lie on different nodes."""

from collections.abc import AsyncIterator

import pytest

from engine.valkey.client import Valkey, meta_key
from tests.integration.valkey.cluster.servers import ValkeyCluster

LIBRARY = """#!lua name=cordboard_test
redis.register_function('test_add_v1', function(declared, arguments)
  local key = declared[1] .. ':sum'
  local sum = redis.call('INCRBY', key, arguments[1])
  redis.call('XADD', (declared[1]:gsub('meta$', 'events')), '*', 'sum', sum)
  return {declared[1], sum}
end)
"""


@pytest.fixture
async def valkey(valkey_cluster: ValkeyCluster) -> AsyncIterator[Valkey]:
    valkey_cluster.wait_whole()
    client = Valkey(address=valkey_cluster.addresses, library=LIBRARY, timeout_s=5.0)
    await client.connect()
    yield client
    await client.close()


@pytest.fixture
def orgs(valkey_cluster: ValkeyCluster, org: str) -> list[str]:
    """Return an organisation for each primary."""
    found: dict[int, str] = {}
    number = 0
    while len(found) < 3:
        name = f"{org}-{number}"
        found.setdefault(valkey_cluster.owner(meta_key(name)).port, name)
        number += 1
    return list(found.values())
