"""A primary that dies: its replica takes over, the others notice nothing, the client goes on by itself."""

import asyncio
import os
import signal
from collections.abc import Iterator
from functools import partial

import pytest

from engine.errors import Unavailable
from engine.valkey.client import Valkey, meta_key
from engine.valkey.node import BATCH, LANES
from tests.integration.valkey.cluster.conftest import LIBRARY
from tests.integration.valkey.cluster.servers import Member, ValkeyCluster
from tests.integration.valkey.cluster.traffic import Traffic
from tests.servers import eventually


@pytest.fixture
def victim(valkey_cluster: ValkeyCluster, orgs: list[str]) -> Iterator[Member]:
    """Return the first organisation's primary, from which its replica may take over."""
    with valkey_cluster.with_failover():
        yield valkey_cluster.owner(meta_key(orgs[0]))


async def taken_over(valkey: Valkey, org: str) -> bool:
    try:
        return bool(await valkey.call("test_add_v1", org, 1))
    except Unavailable:
        return False


async def test_a_primary_is_killed(
    valkey: Valkey, valkey_cluster: ValkeyCluster, orgs: list[str], victim: Member
) -> None:
    replica = valkey_cluster.replica_of(victim)
    flows = [Traffic(valkey, org) for org in orgs]
    for flow in flows:
        flow.begin()
    await eventually(lambda: all(len(flow.done) > 100 for flow in flows))
    victim.kill()
    await eventually(replica.is_primary, within_s=20)
    count = len(flows[0].done)
    await eventually(lambda: len(flows[0].done) > count + 100, within_s=20)
    await asyncio.gather(*(flow.end() for flow in flows))
    assert [flow.failed for flow in flows[1:]] == [0, 0]
    for flow in flows[1:]:
        assert sorted(flow.done) == list(range(1, len(flow.done) + 1))


async def test_a_planned_failover_is_not_noticed(
    valkey: Valkey, valkey_cluster: ValkeyCluster, orgs: list[str], victim: Member
) -> None:
    replica = valkey_cluster.replica_of(victim)
    flow = Traffic(valkey, orgs[0])
    flow.begin()
    await eventually(lambda: len(flow.done) > 100)
    replica.ask("CLUSTER", "FAILOVER")
    await eventually(replica.is_primary, within_s=20)
    count = len(flow.done)
    await eventually(lambda: len(flow.done) > count + 100)
    await flow.end()
    assert flow.failed == 0
    assert sorted(flow.done) == list(range(1, len(flow.done) + 1))


async def test_a_node_that_hangs_holds_up_nobody_elses_calls(
    valkey_cluster: ValkeyCluster, orgs: list[str], victim: Member
) -> None:
    """As when a machine vanishes: what it was sent waits for its time-out, everything else goes on before."""
    client = Valkey(address=valkey_cluster.addresses, library=LIBRARY, timeout_s=60.0)
    await client.connect()
    replica = valkey_cluster.replica_of(victim)
    assert victim.process is not None
    os.kill(victim.process.pid, signal.SIGSTOP)
    hung = [asyncio.create_task(client.call("test_add_v1", orgs[0], 1)) for _ in range(400)]
    for _ in range(20):
        await asyncio.gather(*(client.call("test_add_v1", org, 1) for org in orgs[1:]))
    await eventually(replica.is_primary, within_s=20)
    await eventually(lambda: sum(task.done() for task in hung) >= 400 - LANES * BATCH, within_s=20)
    assert await client.call("test_add_v1", orgs[0], 1)
    assert not all(task.done() for task in hung)
    await client.close()
    answers = await asyncio.gather(*hung, return_exceptions=True)
    assert all(isinstance(answer, Unavailable | list) for answer in answers)


async def test_without_a_replica_calls_fail_soon_and_go_on_afterwards(
    valkey: Valkey, valkey_cluster: ValkeyCluster, orgs: list[str], victim: Member
) -> None:
    replica = valkey_cluster.replica_of(victim)
    replica.kill()
    victim.kill()
    try:
        answers = await asyncio.gather(
            *(valkey.call("test_add_v1", orgs[0], 1) for _ in range(50)),
            valkey.read_stream(orgs[0], "0-0", block_ms=100),
            valkey.publish(f"{{{orgs[0]}}}", b"?"),
            return_exceptions=True,
        )
        assert all(isinstance(answer, Unavailable) for answer in answers)
        others = await asyncio.gather(*(valkey.call("test_add_v1", org, 1) for org in orgs[1:]))
        assert len(others) == 2
    finally:
        victim.start()
        replica.start()
    await eventually(partial(taken_over, valkey, orgs[0]), within_s=20)


async def test_it_connects_while_a_node_is_dead(valkey_cluster: ValkeyCluster, orgs: list[str], victim: Member) -> None:
    replica = valkey_cluster.replica_of(victim)
    victim.kill()
    client = Valkey(address=",".join(member.address for member in valkey_cluster.members), library=LIBRARY)
    await client.connect()
    assert await client.call("test_add_v1", orgs[1], 1)
    await eventually(replica.is_primary, within_s=20)
    await eventually(partial(taken_over, client, orgs[0]), within_s=20)
    await client.close()
