"""The order of agents: four ways, re-ranked as their load changes; home queues; an agent's own ranks."""

from dataclasses import replace

import pytest

from engine.model.organisation import AgentOrder, CapacityProfile, ChannelCapacity, Organisation, Queue
from tests.integration.router.scene import Scene, organisation, single


def shop(org_id: str, order: AgentOrder, agents: dict[str, dict[str, int]], units: int = 4) -> Organisation:
    profile = CapacityProfile(key="standard", units=units, channels={"chat": ChannelCapacity()})
    queues = {
        "sales": Queue(key="sales", name="Sales", order=order, wrapup_ms=0),
        "support": Queue(key="support", name="Support", wrapup_ms=0),
    }
    return organisation(org_id, agents, queues=queues, profiles={"standard": profile})


async def given_to(scene: Scene, item_id: str, queue: str = "sales", **changes: object) -> str:
    """Enqueue an item, accept it, and return who has it."""
    offered = next(event for event in await scene.enqueue(item_id, queue, **changes) if event.kind == "offered")
    await scene.accept(offered.agent_id)
    return offered.agent_id


async def test_longest_idle(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, AgentOrder.LONGEST_IDLE, {"ana": {}, "ben": {}, "chen": {}}))
    await scene.sign_in("chen", "ana", "ben")
    assert [await given_to(scene, f"i{number}") for number in range(4)] == ["chen", "ana", "ben", "chen"]
    scene.clock.ms += 1
    await scene.end("ana", "i1")
    assert [await given_to(scene, f"j{number}") for number in range(3)] == ["ben", "chen", "ana"]


async def test_least_loaded_and_ranked_again_when_load_changes(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, AgentOrder.LEAST_LOADED, {"ana": {}, "ben": {}}))
    await scene.sign_in("ana", "ben")
    assert [await given_to(scene, f"i{number}") for number in range(4)] == ["ana", "ben", "ana", "ben"]
    await scene.end("ben", "i1")
    await scene.end("ben", "i3")
    assert [await given_to(scene, f"j{number}") for number in range(2)] == ["ben", "ben"]
    scene.take(await scene.park("ana", "i0"))
    assert await given_to(scene, "j2") == "ana"
    await scene.end("ana", "i2")
    scene.take(await scene.transfer("ben", "j0", queue="support", billing=9))
    await scene.end("ana", "j2")
    assert await given_to(scene, "j3") == "ana"


async def test_load_is_a_share_of_ones_own_units(scene: Scene) -> None:
    big = CapacityProfile(key="big", units=8, channels={"chat": ChannelCapacity()})
    shape = shop(scene.org_id, AgentOrder.LEAST_LOADED, {"ana": {}, "ben": {}}, units=2)
    agents = dict(shape.agents) | {"ben": replace(shape.agents["ben"], profile="big")}
    await scene.open(replace(shape, agents=agents, profiles=dict(shape.profiles) | {"big": big}))
    await scene.sign_in("ana", "ben")
    got = [await given_to(scene, f"i{number}") for number in range(6)]
    assert got == ["ana", "ben", "ben", "ben", "ben", "ana"]  # 1/2 = 4/8, and ana has been idle longer


async def test_load_changed_by_configuration(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, AgentOrder.LEAST_LOADED, {"ana": {}, "ben": {}}))
    await scene.sign_in("ana", "ben")
    assert [await given_to(scene, name) for name in ("i0", "i1", "i2")] == ["ana", "ben", "ana"]
    big = CapacityProfile(key="big", units=40, channels={"chat": ChannelCapacity()})
    agents = dict(scene.organisation.agents)
    agents["ana"] = replace(agents["ana"], profile="big")
    await scene.configure(agents=agents, profiles=dict(scene.organisation.profiles) | {"big": big})
    assert await given_to(scene, "i3") == "ana"


async def test_most_skilled(scene: Scene) -> None:
    agents = {"ana": {"english": 5}, "ben": {"english": 9}, "chen": {"english": 7, "billing": 9}}
    await scene.open(shop(scene.org_id, AgentOrder.MOST_SKILLED, agents, units=1))
    await scene.sign_in("ana", "ben", "chen")
    assert await given_to(scene, "i1", skills={"english": 4}) == "ben"
    assert await given_to(scene, "i2", skills={"english": 4}) == "chen"
    assert await given_to(scene, "i3", skills={"english": 4}) == "ana"


async def test_fewest_handled_since_signing_in(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, AgentOrder.FEWEST_HANDLED, {"ana": {}, "ben": {}}))
    await scene.sign_in("ana", "ben")
    assert await given_to(scene, "i0") == "ana"
    await scene.end("ana", "i0")
    assert await given_to(scene, "i1") == "ben"
    assert await given_to(scene, "i2", "support") == "ana"  # the longest idle there; it counts all the same
    await scene.end("ana", "i2")
    assert [await given_to(scene, name) for name in ("i3", "i4")] == ["ben", "ana"]
    scene.take(await scene.router.set_status(scene.org_id, "ana", "offline"))
    scene.take(await scene.router.set_status(scene.org_id, "ana", "available"))
    assert [await given_to(scene, name) for name in ("i5", "i6")] == ["ana", "ana"]


async def test_the_order_of_a_queue_can_change_live(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, AgentOrder.LONGEST_IDLE, {"ana": {"english": 3}, "ben": {"english": 9}}))
    await scene.sign_in("ana", "ben")
    queues = dict(scene.organisation.queues)
    skilled = replace(queues["sales"], order=AgentOrder.MOST_SKILLED)
    await scene.configure(queues=queues | {"sales": skilled})
    assert await given_to(scene, "i1", skills={"english": 1}) == "ben"
    assert await given_to(scene, "i2", "support", skills={"english": 1}) == "ana"
    await scene.configure(queues=queues)
    assert await given_to(scene, "i3", skills={"english": 1}) == "ben"  # idle since before ana


@pytest.mark.parametrize("order", list(AgentOrder))
async def test_members_at_home_come_first(scene: Scene, order: AgentOrder) -> None:
    shape = shop(scene.org_id, order, {"away": {"english": 9}, "home": {"english": 1}}, units=1)
    away = replace(shape.agents["away"], queues=("support", "sales"))
    await scene.open(replace(shape, agents=dict(shape.agents) | {"away": away}))
    await scene.sign_in("away", "home")
    assert await given_to(scene, "i1", skills={"english": 1}) == "home"
    assert await given_to(scene, "i2", skills={"english": 1}) == "away"


async def test_an_agents_own_rank_of_his_queues(scene: Scene) -> None:
    shape = shop(scene.org_id, AgentOrder.LONGEST_IDLE, {"ana": {}}, units=1)
    ana = replace(shape.agents["ana"], ranks={"sales": 2, "support": 1})
    await scene.open(replace(shape, agents={"ana": ana}))
    await scene.enqueue("s1", "sales", priority=50)
    await scene.enqueue("s2", "sales")
    await scene.advance(30_000)
    await scene.enqueue("u1", "support")
    await scene.enqueue("u2", "support", priority=1)
    got = []
    await scene.sign_in("ana")
    for _ in range(4):
        item = await scene.offer_of("ana")
        got.append(item)
        await scene.accept("ana")
        await scene.end("ana", item)
    assert got == ["u2", "u1", "s1", "s2"]


async def test_own_ranks_with_an_item_he_declined(scene: Scene) -> None:
    shape = shop(scene.org_id, AgentOrder.LONGEST_IDLE, {"ana": {}}, units=1)
    ana = replace(shape.agents["ana"], ranks={"sales": 2, "support": 1})
    await scene.open(replace(shape, agents={"ana": ana}))
    await scene.enqueue("s1", "sales")
    await scene.enqueue("u1", "support")
    await scene.sign_in("ana")
    await scene.decline("ana")
    assert await scene.offer_of("ana") == "s1"


async def test_without_ranks_the_numbers_alone_decide(scene: Scene) -> None:
    await scene.open(organisation(scene.org_id, {"ana": {}}, profiles=single()))
    await scene.enqueue("u1", "support")
    await scene.enqueue("s1", "sales", priority=1)
    await scene.sign_in("ana")
    assert await scene.offer_of("ana") == "s1"
