"""Failure modes that became bugs elsewhere: races, crashes, stale offers, quiet boards."""

import asyncio

from engine.model.work import Outcome, Requirement, WorkItem
from engine.router.board import Board
from engine.router.library import compose_library
from engine.router.router import Router
from engine.valkey.client import Valkey
from tests.integration.router.scene import Scene, kinds, organisation, single


def item(org_id: str, item_id: str) -> WorkItem:
    return WorkItem(id=item_id, org_id=org_id, kind="chat", queue="sales", requirement=Requirement())


async def second_router(scene: Scene) -> tuple[Router, Valkey]:
    """Return a router with a client of its own, as another process has it."""
    valkey = Valkey(address=scene.valkey._address, library=compose_library())
    await valkey.connect()
    return Router(board=Board(valkey=valkey, clock=scene.clock)), valkey


async def test_two_routers_and_one_slot(scene: Scene) -> None:
    await scene.open(organisation(scene.org_id, {"ana": {}}, profiles=single()))
    await scene.sign_in("ana")
    other, valkey = await second_router(scene)
    names = [f"i{number:03}" for number in range(60)]
    replies = await asyncio.gather(
        *(router.enqueue(item(scene.org_id, name)) for name in names for router in (scene.router, other))
    )
    outcomes = [reply.outcome for reply in replies]
    assert (outcomes.count(Outcome.OK), outcomes.count(Outcome.REPEATED)) == (60, 60)
    assert sum(kinds(reply.events).count("offered") for reply in replies) == 1
    assert (await scene.view("ana")).used == 1
    await valkey.close()


async def test_the_first_of_several_accepts_wins(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    number = await scene.assignment("ana", "i1")
    other, valkey = await second_router(scene)
    replies = await asyncio.gather(
        *(router.accept(scene.org_id, "i1", "ana", number) for router in (scene.router, other) for _ in range(10))
    )
    outcomes = [reply.outcome for reply in replies]
    assert (outcomes.count(Outcome.OK), outcomes.count(Outcome.REPEATED)) == (1, 19)
    assert sum(len(reply.events) for reply in replies) == 1
    await valkey.close()


async def test_commands_of_several_clients_at_once_never_exceed_the_room(scene: Scene) -> None:
    agents: dict[str, dict[str, int]] = {f"agent-{number}": {} for number in range(6)}
    await scene.open(organisation(scene.org_id, agents))
    await scene.sign_in(*agents)
    other, valkey = await second_router(scene)

    async def work(router: Router, agent: str) -> None:
        for _ in range(30):
            view = await router.agent_view(scene.org_id, agent)
            assert view.used <= view.units == 3
            for offer in view.offers:
                await router.accept(scene.org_id, offer.item_id, agent, offer.assignment)
            for held in view.items[:1]:
                await router.end(scene.org_id, held.item_id, agent, held.assignment)
                await router.finish_wrapup(scene.org_id, held.item_id, agent, held.assignment)

    async def arrive(router: Router, prefix: str) -> None:
        for number in range(60):
            await router.enqueue(item(scene.org_id, f"{prefix}{number:03}"))

    await asyncio.gather(
        arrive(scene.router, "a"),
        arrive(other, "b"),
        *(work(router, agent) for router in (scene.router, other) for agent in agents),
    )
    view = await scene.router.board_view(scene.org_id)
    sales = view.queues["sales"]
    assert sum(line.items for line in view.agents) == sales.offered + sales.active + sales.wrapup
    await valkey.close()


async def test_a_router_killed_between_claim_and_delivery(scene: Scene) -> None:
    """The offer stands on the board although nobody told the agent: it expires like any other."""
    await scene.open()
    await scene.sign_in("ana", "ben")
    await scene.router.enqueue(item(scene.org_id, "i1"))  # the answer is lost with the process
    events = await scene.advance(20_500)
    assert kinds(events) == ["missed", "offered"]
    assert await scene.offer_of("ben") == "i1"


async def test_hundreds_of_stale_offers_after_a_restart(scene: Scene) -> None:
    agents: dict[str, dict[str, int]] = {f"agent-{number:03}": {} for number in range(450)}
    await scene.open(organisation(scene.org_id, agents, profiles=single()))
    await asyncio.gather(*(scene.router.connect_agent(scene.org_id, agent, "old") for agent in agents))
    await asyncio.gather(*(scene.router.set_status(scene.org_id, agent, "available") for agent in agents))
    await asyncio.gather(*(scene.router.enqueue(item(scene.org_id, f"i{number:03}")) for number in range(450)))
    assert (await scene.router.board_view(scene.org_id)).queues["sales"].offered == 450
    scene.clock.ms += 300_000  # the machine was off, and no browser comes back
    assert await scene.tick() == []
    ticks = 0
    for _ in range(40):
        scene.clock.ms += 1_000
        while (tick := await scene.router.tick(scene.org_id)).more:
            ticks += 1
            assert len(tick.events) <= 1_000
    assert ticks >= 2  # full batches before the last
    view = await scene.router.board_view(scene.org_id)
    assert view.queues["sales"].waiting == 450
    assert all(line.used == 0 for line in view.agents)


async def test_nobody_online_costs_next_to_nothing(scene: Scene) -> None:
    await scene.open()
    for number in range(200):
        await scene.enqueue(f"i{number:03}", skills={"english": 1 + number % 5})

    async def commands_of_one_tick() -> int:
        before = int((await scene.valkey.command("INFO", "commandstats"))["cmdstat_hmget"]["calls"])
        await scene.tick()
        return int((await scene.valkey.command("INFO", "commandstats"))["cmdstat_hmget"]["calls"]) - before

    scene.clock.ms += 200
    assert await commands_of_one_tick() <= 3
    assert kinds(await scene.enqueue("one-more")) == ["enqueued"]


async def test_automation_never_overwrites_a_fresh_assignment(scene: Scene) -> None:
    """A command that was decided on an older state is refused by its number, whatever it wants."""
    await scene.open()
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    old = await scene.assignment("ana", "i1")
    await scene.advance(20_500)  # missed meanwhile
    await scene.sign_in("ben")
    await scene.accept("ben")
    move = {"queue": "support", "requirement": Requirement()}
    refused = await scene.router.transfer(scene.org_id, "i1", "ana", old, **move)  # type: ignore[arg-type]
    assert refused.outcome is Outcome.STALE_ASSIGNMENT
    assert await scene.items_of("ben") == {"i1": "active"}


async def test_simultaneous_arrivals_and_departures_in_the_line(scene: Scene) -> None:
    await scene.open()
    names = [f"i{number:03}" for number in range(40)]
    await asyncio.gather(*(scene.router.enqueue(item(scene.org_id, name)) for name in names))
    await asyncio.gather(
        *(scene.router.conclude(scene.org_id, name, "visitor") for name in names[::2]),
        *(scene.router.position(scene.org_id, names) for _ in range(5)),
    )
    places = await scene.router.position(scene.org_id, names)
    assert sorted(places.values()) == [0] * 20 + list(range(1, 21))
