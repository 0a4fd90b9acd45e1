"""Slots that move while commands flow: nothing is lost, nothing is done twice, nobody is told of an error."""

import asyncio
from functools import partial

from engine.valkey.client import Valkey, events_key, meta_key
from tests.integration.valkey.cluster.servers import ValkeyCluster
from tests.integration.valkey.cluster.traffic import Traffic
from tests.servers import eventually

MOVES = 6


async def test_an_organisation_moves_while_it_works(
    valkey: Valkey, valkey_cluster: ValkeyCluster, orgs: list[str]
) -> None:
    flows = [Traffic(valkey, org) for org in orgs]
    for flow in flows:
        flow.begin()
    key = meta_key(orgs[0])
    for _ in range(MOVES):
        target = valkey_cluster.others(valkey_cluster.owner(key))[0]
        target.ask("FUNCTION", "FLUSH")  # a node that has just joined has no functions
        count = len(flows[0].done)
        valkey_cluster.migrate(key, target)
        await eventually(partial(valkey_cluster.migrated, key, target), within_s=20)
        await eventually(lambda before=count: len(flows[0].done) > before + 100)  # type: ignore[misc]
    await asyncio.gather(*(flow.end() for flow in flows))
    for flow, org in zip(flows, orgs, strict=True):
        assert flow.failed == 0
        assert sorted(flow.done) == list(range(1, len(flow.done) + 1))
        assert await valkey.get(f"{meta_key(org)}:sum") == str(len(flow.done))
        assert await valkey.command("XLEN", events_key(org)) == len(flow.done)


async def test_a_read_that_waits_goes_along(valkey: Valkey, valkey_cluster: ValkeyCluster, org: str) -> None:
    await valkey.call("test_add_v1", org, 1)
    ((last, _),) = await valkey.read_stream(org, "0-0")
    key = events_key(org)
    source = valkey_cluster.owner(key)
    target = valkey_cluster.others(source)[0]
    reading = asyncio.create_task(valkey.read_stream(org, last, block_ms=15_000))
    await eventually(lambda: source.info("clients")["blocked_clients"] >= 1)
    valkey_cluster.migrate(key, target)
    await eventually(lambda: target.info("clients")["blocked_clients"] >= 1, within_s=20)
    await valkey.call("test_add_v1", org, 1)
    ((_, fields),) = await reading
    assert fields["sum"] == "2"


async def test_who_listens_learns_that_the_topic_moved(valkey: Valkey, valkey_cluster: ValkeyCluster, org: str) -> None:
    heard: list[bytes] = []

    async def listen() -> None:
        while True:  # as the role does that listens
            async for payload in valkey.subscribe(org):
                heard.append(payload)  # noqa: PERF401 - heard while it goes on

    listener = asyncio.create_task(listen())

    async def reached() -> bool:
        return await valkey.publish(org, b"?") == 1

    await eventually(reached)
    target = valkey_cluster.others(valkey_cluster.owner(org))[0]
    valkey_cluster.migrate(org, target)
    await eventually(lambda: valkey_cluster.migrated(org, target), within_s=20)
    await eventually(reached)
    before = len(heard)
    assert await valkey.publish(org, b"there") == 1
    await eventually(lambda: b"there" in heard[before:])
    listener.cancel()
    await asyncio.gather(listener, return_exceptions=True)


async def test_a_slot_that_moves_key_by_key(valkey: Valkey, valkey_cluster: ValkeyCluster, org: str) -> None:
    """The old form. Plain commands follow; a function waits, because it would find half of its keys."""
    here, there = f"x:{{{org}}}:here", f"x:{{{org}}}:there"
    await valkey.set(there, "1")
    source = valkey_cluster.owner(here)
    target = valkey_cluster.others(source)[0]
    slot = source.ask("CLUSTER", "KEYSLOT", here)
    target.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", source.id)
    source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", target.id)
    source.ask("MIGRATE", "127.0.0.1", target.port, there, 0, 5_000)
    assert await valkey.get(there) == "1"
    await valkey.set(here, "2")  # a key that is nowhere yet is made where the slot is going
    assert target.ask("CLUSTER", "COUNTKEYSINSLOT", slot) == 2
    waiting = asyncio.create_task(valkey.call("test_add_v1", org, 1))
    answers = await asyncio.gather(*(valkey.get(there) for _ in range(50)))
    assert answers == ["1"] * 50
    assert not waiting.done()
    for member in (target, source, *valkey_cluster.others(source, target)):
        member.ask("CLUSTER", "SETSLOT", slot, "NODE", target.id)
    assert await waiting == [meta_key(org), 1]
    assert await valkey.get(here) == "2"
