"""The board itself on a cluster: it moves with its organisation, and what a failover took from it is rebuilt."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from engine.errors import CordboardError, Unavailable
from engine.model.work import Outcome
from engine.valkey.client import Valkey, meta_key
from engine.valkey.slots import slot_of_key
from tests.integration.router.scene import Scene
from tests.integration.valkey.cluster.servers import Member, ValkeyCluster
from tests.servers import eventually


@pytest.fixture
async def scene(valkey_cluster: ValkeyCluster, org: str) -> AsyncIterator[Scene]:
    valkey_cluster.wait_whole()
    played = Scene(valkey_cluster.addresses, org)
    yield played
    await played.close()


@pytest.fixture
def primary(valkey_cluster: ValkeyCluster, scene: Scene) -> Iterator[Member]:
    """Return the organisation's primary, from which its replica may take over."""
    with valkey_cluster.with_failover():
        yield valkey_cluster.owner(meta_key(scene.org_id))


async def project(scene: Scene) -> int:
    """Write all events into the record; return the last one's number."""
    stream = await scene.stream()
    mark = await scene.record.cursor(scene.org_id)
    fresh = [event for event in stream if (event.epoch, event.seq) > (mark.epoch, mark.seq)]
    await scene.record.project(scene.org_id, fresh, cursor_id=fresh[-1].stream_id)
    return fresh[-1].seq


async def work(scene: Scene, item_id: str) -> None:
    """Take an item from its arrival to its end."""
    await scene.enqueue(item_id)
    await scene.accept("ana")
    await scene.end("ana", item_id)
    await scene.finish("ana", item_id)


async def test_a_board_moves_while_it_works(scene: Scene, valkey_cluster: ValkeyCluster) -> None:
    await scene.open()
    await scene.sign_in("ana")
    key = meta_key(scene.org_id)
    done = 0
    for _ in range(3):
        target = valkey_cluster.others(valkey_cluster.owner(key))[0]
        valkey_cluster.migrate(key, target)
        while not valkey_cluster.migrated(key, target) or done % 5:
            await work(scene, f"i{done}")
            done += 1
    await work(scene, "last")
    stream = await scene.stream()
    assert [event.seq for event in stream] == list(range(1, len(stream) + 1))
    assert [event.item_id for event in stream if event.kind == "closed"] == [*(f"i{n}" for n in range(done)), "last"]


async def lose_link(replica: Member, primary: Member) -> None:
    """Cut a replica off: it goes on with what it has."""
    replica.ask("CONFIG", "SET", "primaryuser", "nobody", "primaryauth", "wrong")
    primary.ask("CLIENT", "KILL", "TYPE", "replica")
    await eventually(lambda: replica.info("replication")["master_link_status"] == "down")


async def test_a_board_back_in_time_is_rebuilt(scene: Scene, valkey_cluster: ValkeyCluster, primary: Member) -> None:
    """A replica that lags takes over: what the record knows and the board forgot comes back from the record."""
    await scene.open()
    await scene.sign_in("ana")
    await scene.enqueue("known")
    await scene.accept("ana")
    known = await project(scene)
    replica = valkey_cluster.replica_of(primary)
    primary.ask("WAIT", 1, 5_000)
    await lose_link(replica, primary)
    await scene.enqueue("forgotten")
    await scene.accept("ana")
    number = await scene.assignment("ana", "forgotten")
    assert await project(scene) > known
    primary.kill()
    await eventually(replica.is_primary, within_s=20)
    replica.ask("CONFIG", "SET", "primaryuser", "", "primaryauth", "")

    async def rebuilt() -> bool:
        try:
            return await scene.reconciler.run(scene.org_id)
        except Unavailable:
            return False

    await eventually(rebuilt, within_s=20)
    assert (await scene.record.cursor(scene.org_id)).epoch == 2
    assert await scene.items_of("ana") == {"known": "active", "forgotten": "active"}
    assert await scene.assignment("ana", "forgotten") == number
    reply = await scene.router.end(scene.org_id, "forgotten", "ana", number)
    assert reply.outcome is Outcome.OK


async def test_a_board_that_moved_key_by_key_is_rebuilt(scene: Scene, valkey_cluster: ValkeyCluster) -> None:
    """What the how-to tells operators to do who have done what it tells them not to."""
    await scene.open()
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    await scene.accept("ana")
    number = await scene.assignment("ana", "i1")
    key = meta_key(scene.org_id)
    source = valkey_cluster.owner(key)
    target = valkey_cluster.others(source)[0]
    slot = slot_of_key(key)
    target.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", source.id)
    source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", target.id)
    with pytest.raises(CordboardError, match="non local key"):
        await scene.enqueue("i2")
    for name in sorted(source.ask("CLUSTER", "GETKEYSINSLOT", slot, 1_000)):
        source.ask("MIGRATE", "127.0.0.1", target.port, name, 0, 5_000)
    for member in (target, source, *valkey_cluster.others(source, target)):
        member.ask("CLUSTER", "SETSLOT", slot, "NODE", target.id)
    await scene.valkey.command("DEL", key)
    assert await scene.reconciler.run(scene.org_id)
    assert await scene.items_of("ana") == {"i1": "active"}
    assert (await scene.router.end(scene.org_id, "i1", "ana", number)).outcome is Outcome.OK


async def test_a_user_with_few_rights_is_enough(valkey_cluster: ValkeyCluster, org: str) -> None:
    """What the how-to tells operators to grant."""
    for member in valkey_cluster.members:
        member.ask(
            "ACL", "SETUSER", "cordboard", "reset", "on", ">se,cr@et",
            "~cb:*", "~cb-lease:*", "~cordboard:*", "&cordboard:*", "+@all", "-@admin", "-@dangerous", "+info",
        )  # fmt: skip
    with_user = [m.address.replace("redis://", "redis://cordboard:se%2Ccr%40et@") for m in valkey_cluster.members]
    scene = Scene(",".join(with_user), org)
    await scene.open()
    await scene.sign_in("ana")
    await work(scene, "i1")
    assert await scene.valkey.publish("cordboard:conversations", b"?") == 0
    listening = asyncio.create_task(anext(scene.valkey.subscribe("cordboard:conversations")))

    async def reached() -> bool:
        return await scene.valkey.publish("cordboard:conversations", b"?") == 1

    await eventually(reached)
    assert await listening == b"?"
    await scene.close()
    wrong = Valkey(address=valkey_cluster.addresses.replace("redis://", "redis://cordboard:no@"))
    with pytest.raises(Unavailable, match="invalid username-password pair"):
        await wrong.connect()
