"""Everything that the client does, on a cluster: each organisation on its own node."""

import asyncio

import pytest

from engine.errors import Unavailable
from engine.valkey.client import Valkey, events_key, meta_key
from engine.valkey.lease import Leases
from tests.integration.valkey.cluster.conftest import LIBRARY
from tests.integration.valkey.cluster.servers import ValkeyCluster
from tests.servers import eventually


async def test_organisations_lie_on_different_nodes(
    valkey: Valkey, valkey_cluster: ValkeyCluster, orgs: list[str]
) -> None:
    answers = await asyncio.gather(*(valkey.call("test_add_v1", org, 1) for org in orgs for _ in range(200)))
    assert [answer[0] for answer in answers[::200]] == [meta_key(org) for org in orgs]
    assert [await valkey.get(f"{meta_key(org)}:sum") for org in orgs] == ["200"] * 3
    owners = [valkey_cluster.owner(meta_key(org)) for org in orgs]
    assert len({owner.port for owner in owners}) == 3
    for org, owner in zip(orgs, owners, strict=True):
        assert owner.ask("GET", f"{meta_key(org)}:sum") == "200"


async def test_calls_go_straight_to_their_node(valkey: Valkey, valkey_cluster: ValkeyCluster, orgs: list[str]) -> None:
    """No call takes a way round: nobody is ever told MOVED while nothing moves."""
    primaries = [member for member in valkey_cluster.members if member.is_primary()]
    for member in primaries:
        member.ask("CONFIG", "RESETSTAT")
    await asyncio.gather(*(valkey.call("test_add_v1", org, 1) for org in orgs for _ in range(50)))
    assert sum(member.info("commandstats")["cmdstat_fcall"]["calls"] for member in primaries) == 150
    assert not any("errorstat_MOVED" in member.info("errorstats") for member in primaries)


async def test_one_address_is_enough(valkey_cluster: ValkeyCluster, orgs: list[str]) -> None:
    client = Valkey(address=valkey_cluster.members[-1].address, library=LIBRARY)  # a replica's
    await client.connect()
    assert [(await client.call("test_add_v1", org, 1))[0] for org in orgs] == [meta_key(org) for org in orgs]
    await client.close()


async def test_dead_addresses_in_the_list_do_not_matter(valkey_cluster: ValkeyCluster, org: str) -> None:
    client = Valkey(address=f"redis://127.0.0.1:1,{valkey_cluster.addresses}", library=LIBRARY)
    await client.connect()
    assert await client.call("test_add_v1", org, 1)
    await client.close()


async def test_several_servers_that_are_no_cluster_are_refused(valkey_cluster: ValkeyCluster) -> None:
    lonely = Valkey(address="redis://127.0.0.1:1,redis://127.0.0.1:2")
    with pytest.raises(Unavailable):
        await lonely.connect()


async def test_the_library_is_loaded_where_it_is_missing(
    valkey: Valkey, valkey_cluster: ValkeyCluster, orgs: list[str]
) -> None:
    for org in orgs:
        valkey_cluster.owner(meta_key(org)).ask("FUNCTION", "FLUSH")
    answers = await asyncio.gather(*(valkey.call("test_add_v1", org, 1) for org in orgs for _ in range(20)))
    assert len(answers) == 60


async def test_streams_are_read_trimmed_and_waited_for(valkey: Valkey, orgs: list[str]) -> None:
    for org in orgs:
        waiting = asyncio.create_task(valkey.read_stream(org, "0-0", block_ms=5_000))
        await asyncio.sleep(0)
        await valkey.call("test_add_v1", org, 7)
        ((first, fields),) = await waiting
        assert fields == {"sum": "7"}
        await valkey.call("test_add_v1", org, 1)
        assert [fields["sum"] for _, fields in await valkey.read_stream(org, "0-0")] == ["7", "8"]
        await valkey.command("XTRIM", events_key(org), "MINID", "=", f"{int(first.split('-')[0]) + 10_000_000}-0")
        await valkey.trim_stream(org, first)
        assert await valkey.read_stream(org, "0-0", block_ms=20) == []


async def test_leases_spread_by_their_names(valkey: Valkey, valkey_cluster: ValkeyCluster, org: str) -> None:
    leases = Leases(commands=valkey)
    names = [f"{org}-{number}" for number in range(40)]
    tokens = await asyncio.gather(*(leases.acquire(name, 60_000) for name in names))
    assert None not in tokens
    assert await asyncio.gather(*(leases.acquire(name, 60_000) for name in names)) == [None] * 40
    for name, token in zip(names, tokens, strict=True):
        assert token is not None
        assert await leases.renew(name, token, 60_000)
        assert await leases.release(name, token)
    owners = {valkey_cluster.owner(f"cb-lease:{{{name}}}").port for name in names[:10]}
    assert len(owners) > 1


async def test_hints_reach_who_listens_and_count_them(valkey: Valkey, org: str) -> None:
    heard: list[tuple[str, bytes]] = []

    async def listen(topic: str) -> None:
        async for payload in valkey.subscribe(topic):
            heard.append((topic, payload))  # noqa: PERF401 - heard while it goes on

    topics = [f"{org}-{number}" for number in range(6)]  # on several nodes
    listeners = [asyncio.create_task(listen(topic)) for topic in topics for _ in range(2)]

    async def all_listen() -> bool:
        return [await valkey.publish(topic, b"?") for topic in topics] == [2] * 6

    await eventually(all_listen)
    await eventually(lambda: all(heard.count((topic, b"?")) >= 2 for topic in topics))
    for listener in listeners:
        listener.cancel()
    await asyncio.gather(*listeners, return_exceptions=True)


async def test_there_is_one_clock(valkey: Valkey, valkey_cluster: ValkeyCluster) -> None:
    """Commands without a key go to one node, whatever else goes where."""
    clock = valkey_cluster.owner("{3560}")  # its slot is 0
    clock.ask("CONFIG", "RESETSTAT")
    for _ in range(30):
        await valkey.command("TIME")
    assert clock.info("commandstats")["cmdstat_time"]["calls"] == 30


async def test_closing_ends_what_waits(valkey_cluster: ValkeyCluster, org: str) -> None:
    client = Valkey(address=valkey_cluster.addresses, library=LIBRARY)
    await client.connect()
    reading = asyncio.create_task(client.read_stream(org, "$", block_ms=400))
    await asyncio.sleep(0)
    await client.close()
    await client.close()
    with pytest.raises(Unavailable):
        await client.call("test_add_v1", org, 1)
    await asyncio.gather(reading, return_exceptions=True)
    await client.connect()
    assert await client.call("test_add_v1", org, 1)
    await client.close()
