"""What an item asks for less as it waits: levels lowered, skills dropped, further queues."""

from dataclasses import replace

from engine.model.organisation import Organisation, Queue, RelaxationStep
from engine.model.work import EventKind, RoutingEvent
from tests.integration.router.scene import Scene, kinds, organisation, single

STEPS = (
    RelaxationStep(after_ms=10_000, lower={"english": 3}),
    RelaxationStep(after_ms=20_000, drop=frozenset({"billing"})),
    RelaxationStep(after_ms=30_000, widen=("support",)),
)


def shop(org_id: str, agents: dict[str, dict[str, int]], steps: tuple[RelaxationStep, ...] = STEPS) -> Organisation:
    """Return an organisation whose sales queue relaxes; agents work in sales, those named ``far…`` in support."""
    small = organisation(
        org_id,
        agents,
        queues={
            "sales": Queue(key="sales", name="Sales", relaxation=steps, wrapup_ms=0),
            "support": Queue(key="support", name="Support", wrapup_ms=0),
        },
        profiles=single(),
    )
    setups = {
        login: replace(setup, queues=("support",) if login.startswith("far") else ("sales",))
        for login, setup in small.agents.items()
    }
    return replace(small, agents=setups)


def relaxed(events: list[RoutingEvent]) -> list[RoutingEvent]:
    return [event for event in events if event.kind is EventKind.RELAXED]


async def test_each_step_at_its_age(scene: Scene) -> None:
    agents = {"low": {"english": 5, "billing": 1}, "bare": {"english": 5}, "far": {"english": 5}}
    await scene.open(shop(scene.org_id, agents))
    await scene.sign_in("far")
    await scene.enqueue("i1", skills={"english": 8, "billing": 2})
    assert relaxed(await scene.advance(9_500)) == []
    assert (await scene.explained("i1"))["low"] == "skill:billing"
    first = relaxed(await scene.advance(500))[0]
    assert (first.data["stage"], first.data["queues"]) == (1, "sales")
    assert first.data["skills"] == {"english": 5, "billing": 2}
    second = relaxed(await scene.advance(10_000))[0]
    assert (second.data["stage"], second.data["skills"]) == (2, {"english": 5})
    assert (await scene.explained("i1"))["far"] == "not-a-member"
    assert kinds(await scene.advance(9_500)) == []
    events = await scene.advance(500)
    assert kinds(events) == ["relaxed", "offered"]
    assert events[0].data["queues"] == "sales+support"
    assert (events[1].agent_id, events[1].queue) == ("far", "sales")


async def test_a_lowered_level_finds_who_was_too_low(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, {"ana": {"english": 5, "billing": 2}}))
    await scene.sign_in("ana")
    await scene.enqueue("i1", skills={"english": 8})
    events = await scene.advance(10_000)
    assert kinds(events) == ["relaxed", "offered"]
    assert await scene.offer_of("ana") == "i1"


async def test_a_skill_that_is_lowered_below_one_is_dropped(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, {"ana": {}}))
    await scene.sign_in("ana")
    await scene.enqueue("i1", skills={"english": 3})
    assert kinds(await scene.advance(10_000)) == ["relaxed", "offered"]
    assert await scene.offer_of("ana") == "i1"


async def test_the_home_queue_keeps_order_and_statistics(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, {"far": {}}))
    await scene.enqueue("i1")
    await scene.enqueue("i2")
    await scene.advance(31_000)
    queues = (await scene.router.board_view(scene.org_id)).queues
    assert (queues["sales"].waiting, queues["support"].waiting) == (2, 0)
    assert await scene.order("i2", "i1") == ["i1", "i2"]
    await scene.sign_in("far")
    assert await scene.offer_of("far") == "i1"
    assert (await scene.router.board_view(scene.org_id)).queues["sales"].offered == 1


async def test_members_of_the_home_queue_come_before_further_ones(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, {"far": {}, "near": {}}))
    await scene.sign_in("far", "near")  # far has been idle longer
    await scene.enqueue("first")
    await scene.accept("near")
    await scene.enqueue("i1")
    await scene.advance(29_000)
    await scene.end("near", "first")
    await scene.decline("near")
    assert kinds(await scene.advance(1_500)) == ["relaxed", "offered"]
    assert await scene.offer_of("far") == "i1"


async def test_declines_and_misses_reset_nothing(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, {"ana": {"english": 9}, "ben": {"english": 5}}))
    await scene.sign_in("ana", "ben")
    await scene.enqueue("i1", skills={"english": 8})
    await scene.advance(5_000)
    await scene.decline("ana")
    assert kinds(await scene.advance(5_000)) == ["relaxed", "offered"]
    assert await scene.offer_of("ben") == "i1"
    await scene.advance(20_000)  # he misses it
    assert await scene.stage("i1") == 3


async def test_it_goes_on_while_the_item_is_offered(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, {"ana": {"english": 9}, "ben": {"english": 5}}))
    await scene.sign_in("ana", "ben")
    await scene.enqueue("i1", skills={"english": 8})
    assert kinds(await scene.advance(11_000)) == ["relaxed"]
    assert await scene.offer_of("ana") == "i1"
    assert kinds(await scene.decline("ana")) == ["declined", "offered"]
    assert await scene.offer_of("ben") == "i1"


async def test_time_with_an_agent_does_not_count(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, {"ana": {"english": 9}}))
    await scene.sign_in("ana")
    await scene.enqueue("i1", skills={"english": 8})
    await scene.advance(4_000)
    await scene.accept("ana")
    await scene.advance(60_000)
    assert await scene.stage("i1") == 0
    await scene.hang_up("ana")
    await scene.advance(30_000)  # lost: it waits again
    assert await scene.stage("i1") == 0
    await scene.advance(5_500)
    assert await scene.stage("i1") == 0
    await scene.advance(500)
    assert await scene.stage("i1") == 1


async def test_a_transfer_begins_anew(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, {"ana": {"english": 5}}))
    await scene.sign_in("ana")
    await scene.enqueue("i1", skills={"english": 8})
    await scene.advance(12_000)
    await scene.accept("ana")
    assert (await scene.transfer("ana", "i1", queue="sales", english=8)).ok
    assert await scene.stage("i1") == 0
    assert (await scene.shown("i1"))["age_ms"] == 12_000
    await scene.advance(9_500)
    assert await scene.stage("i1") == 0
    await scene.advance(500)
    assert await scene.stage("i1") == 1


async def test_skills_that_are_only_preferred_are_dropped_first(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, {"ana": {"english": 9}, "ben": {"billing": 5}}, ()))
    await scene.sign_in("ana")
    await scene.enqueue("i1", skills={"english": 5}, preferred={"billing": 3})
    assert (await scene.explained("i1"))["ana"] == "skill:billing"
    assert kinds(await scene.advance(29_500)) == []
    assert kinds(await scene.advance(500)) == ["relaxed", "offered"]
    assert (await scene.shown("i1"))["requires"] == {"english": 5}
    assert await scene.offer_of("ana") == "i1"


async def test_how_long_skills_are_preferred_is_configured(scene: Scene) -> None:
    whole = shop(scene.org_id, {"ana": {"english": 9}, "farben": {"billing": 5}}, ())
    queues = {
        "sales": replace(whole.queues["sales"], preferred_skills_wait_ms=5_000),
        "support": replace(whole.queues["support"], preferred_skills_wait_ms=0),
    }
    await scene.open(replace(whole, queues=queues))
    await scene.sign_in("ana")
    await scene.enqueue("i1", skills={"english": 5}, preferred={"billing": 3})
    assert kinds(await scene.advance(4_500)) == []
    assert kinds(await scene.advance(500)) == ["relaxed", "offered"]
    await scene.sign_in("farben")
    await scene.enqueue("i2", "support", preferred={"billing": 3})
    assert await scene.offer_of("farben") == "i2"  # asked first, and nobody would have waited
    await scene.enqueue("i3", "support", preferred={"billing": 3})
    assert kinds(await scene.tick()) == ["relaxed", "relaxed"]  # both, offered or not


async def test_a_higher_preferred_level_falls_back_to_the_required_one(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, {"ana": {"english": 5}}, ()))
    await scene.enqueue("i1", skills={"english": 4}, preferred={"english": 8})
    assert (await scene.shown("i1"))["requires"] == {"english": 8}
    await scene.advance(30_000)
    assert (await scene.shown("i1"))["requires"] == {"english": 4}


async def test_steps_taken_and_to_come_are_told(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, {"ana": {}}))
    await scene.enqueue("i1", skills={"english": 8})
    start = scene.clock.ms
    shown = await scene.shown("i1")
    assert (shown["stage"], shown["steps"], shown["next_step_ms"]) == (0, 3, start + 10_000)
    await scene.advance(10_000)
    assert (await scene.shown("i1"))["next_step_ms"] == start + 20_000
    await scene.advance(20_000)
    shown = await scene.shown("i1")
    assert (shown["stage"], shown.get("next_step_ms")) == (3, None)


async def test_steps_that_are_configured_while_an_item_waits(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, {"ana": {"english": 5}}, ()))
    await scene.sign_in("ana")
    await scene.enqueue("i1", skills={"english": 8})
    await scene.enqueue("i2", skills={"english": 8})
    await scene.advance(4_000)
    queues = dict(scene.organisation.queues)
    await scene.configure(queues=queues | {"sales": replace(queues["sales"], relaxation=STEPS[:1])})
    assert kinds(await scene.advance(5_500)) == []
    assert kinds(await scene.advance(500)) == ["relaxed", "offered", "relaxed"]
    await scene.configure(queues=queues)
    await scene.advance(500)
    assert (await scene.shown("i2"))["requires"] == {"english": 8}


async def test_an_item_old_enough_takes_new_steps_at_once(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, {"ana": {"english": 5}}, ()))
    await scene.sign_in("ana")
    await scene.enqueue("i1", skills={"english": 8})
    await scene.advance(25_000)
    queues = dict(scene.organisation.queues)
    await scene.configure(queues=queues | {"sales": replace(queues["sales"], relaxation=STEPS)})
    await scene.advance(500)
    assert await scene.offer_of("ana") == "i1"
    assert await scene.stage("i1") == 2


async def test_a_queues_own_skills_that_change_reach_what_waits(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, {"ana": {}, "ben": {}}, ()))
    queues = dict(scene.organisation.queues)
    demanding = queues | {"sales": replace(queues["sales"], skills={"english": 5})}
    await scene.configure(queues=demanding)
    for number in range(120):
        await scene.enqueue(f"i{number:03}")
    await scene.sign_in("ana")
    assert await scene.offer_of("ana") == ""
    await scene.configure(queues=queues)
    await scene.tick()
    assert await scene.offer_of("ana") == "i000"
    await scene.accept("ana")
    await scene.configure(queues=demanding)
    await scene.tick()
    await scene.sign_in("ben")
    assert await scene.offer_of("ben") == ""
    assert (await scene.explained("i050"))["ben"] == "skill:english"
    assert await scene.order("i119", "i050", "i001") == ["i001", "i050", "i119"]


async def test_what_an_agent_had_asks_anew_when_it_comes_back(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, {"ana": {}, "ben": {}}, ()))
    await scene.sign_in("ana", "ben")
    await scene.enqueue("i1")
    await scene.accept("ana")
    queues = dict(scene.organisation.queues)
    await scene.configure(queues=queues | {"sales": replace(queues["sales"], skills={"english": 5})})
    await scene.hang_up("ana")
    await scene.advance(30_000)
    assert await scene.offer_of("ben") == ""
    assert (await scene.explained("i1"))["ben"] == "skill:english"
