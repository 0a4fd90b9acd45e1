"""Scheduled work, paused queues, many items at once, and changes in batches while work flows."""

from dataclasses import replace

import pytest

from engine.model.organisation import AgentSetup, Queue, Role
from engine.model.work import EventKind, Outcome, Requirement, WorkItem
from tests.integration.router.scene import START_MS, Scene, kinds, organisation, single


def item(scene: Scene, item_id: str, queue: str = "sales", **changes: object) -> WorkItem:
    made = WorkItem(id=item_id, org_id=scene.org_id, kind="chat", queue=queue, requirement=Requirement())
    return replace(made, **changes)  # type: ignore[arg-type] # an item's fields


async def open_with(scene: Scene, *agents: str, **sales: object) -> None:
    queue = replace(Queue(key="sales", name="Sales", wrapup_ms=0), **sales)  # type: ignore[arg-type] # its fields
    queues = {"sales": queue, "support": Queue(key="support", name="Support", wrapup_ms=0)}
    people: dict[str, dict[str, int]] = {agent: {} for agent in agents or ("ana", "ben")}
    await scene.open(organisation(scene.org_id, people, queues=queues, profiles=single()))


# -- scheduled --------------------------------------------------------------------------------------------------------


async def test_it_waits_from_its_time_on(scene: Scene) -> None:
    await open_with(scene)
    await scene.sign_in("ana")
    events = await scene.enqueue("i1", not_before_ms=START_MS + 60_000)
    assert kinds(events) == ["scheduled"]
    assert events[0].data["not_before_ms"] == START_MS + 60_000
    shown = await scene.shown("i1")
    assert (shown["state"], shown["not_before_ms"], shown["age_ms"]) == ("scheduled", START_MS + 60_000, 0)
    assert (await scene.router.board_view(scene.org_id)).queues["sales"].scheduled == 1
    await scene.advance(START_MS + 59_000 - scene.clock.ms)
    assert await scene.offer_of("ana") == ""
    assert kinds(await scene.advance(1_000)) == ["enqueued", "offered"]
    assert (await scene.shown("i1"))["age_ms"] == 0
    view = (await scene.router.board_view(scene.org_id)).queues["sales"]
    assert (view.scheduled, view.offered) == (0, 1)


async def test_a_time_that_is_over_is_no_schedule(scene: Scene) -> None:
    await open_with(scene)
    assert kinds(await scene.enqueue("i1", not_before_ms=START_MS - 1)) == ["enqueued"]


async def test_an_appointment_is_kept_although_the_engine_stood_still(scene: Scene) -> None:
    await open_with(scene)
    await scene.enqueue("i1", not_before_ms=START_MS + 3_600_000)
    scene.clock.ms += 3_600_000
    assert kinds(await scene.tick()) == ["enqueued"]


async def test_its_place_is_that_of_a_newcomer(scene: Scene) -> None:
    await open_with(scene)
    await scene.enqueue("appointment", not_before_ms=START_MS + 10_000)
    await scene.enqueue("waiting")
    await scene.advance(11_000)
    assert await scene.order("appointment", "waiting") == ["waiting", "appointment"]


async def test_concluded_or_picked_before_its_time(scene: Scene) -> None:
    await open_with(scene)
    for name in ("i1", "i2", "i3"):
        await scene.enqueue(name, not_before_ms=START_MS + 10_000)
    assert kinds(scene.take(await scene.router.conclude(scene.org_id, "i1", "cancelled"))) == ["abandoned"]
    assert kinds(scene.take(await scene.router.pick(scene.org_id, "i2", "ana"))) == ["accepted"]
    assert (await scene.router.board_view(scene.org_id)).queues["sales"].scheduled == 1
    scene.connections["ana"] = "socket"
    assert [event.item_id for event in await scene.advance(11_000) if event.kind is EventKind.ENQUEUED] == ["i3"]


async def test_changed_before_its_time(scene: Scene) -> None:
    await open_with(scene)
    await scene.sign_in("ana")
    await scene.enqueue("i1", not_before_ms=START_MS + 10_000, skills={"billing": 9})
    wish = {"queue": "support", "skills": {}, "priority": 3, "preferred_agent": "ben"}
    assert kinds(scene.take(await scene.router.change(scene.org_id, "i1", wish))) == ["changed"]
    queues = (await scene.router.board_view(scene.org_id)).queues
    assert (queues["sales"].scheduled, queues["support"].scheduled) == (0, 1)
    assert kinds(await scene.advance(11_000)) == ["enqueued", "offered"]
    queues = (await scene.router.board_view(scene.org_id)).queues
    assert (queues["support"].scheduled, queues["support"].offered) == (0, 1)


# -- paused -----------------------------------------------------------------------------------------------------------


async def test_nothing_is_handed_out_of_a_paused_queue(scene: Scene) -> None:
    await open_with(scene)
    await scene.enqueue("before")
    scene.take(await scene.router.set_queue(scene.org_id, "sales", mode="paused"))
    await scene.sign_in("ana", "ben")
    assert kinds(await scene.enqueue("during")) == ["enqueued"]
    assert kinds(await scene.enqueue("for-ben", preferred_agent="ben")) == ["enqueued"]
    assert await scene.explained("before") == {"ana": "queue-paused", "ben": "queue-paused"}
    await scene.enqueue("elsewhere", "support")
    assert await scene.offer_of("ana") == "elsewhere"
    assert kinds(await scene.advance(31_000)) == ["missed", "offered"]  # elsewhere


async def test_work_flows_again_the_best_first(scene: Scene) -> None:
    await open_with(scene, "ana", "ben", "chen")
    scene.take(await scene.router.set_queue(scene.org_id, "sales", mode="paused"))
    await scene.enqueue("low", priority=-5)
    await scene.enqueue("weighty", weight=1, priority=1)
    await scene.enqueue("own", preferred_agent="chen", preferred_required=True)
    await scene.enqueue("best", priority=9)
    await scene.sign_in("ben", "ana", "chen")
    assert kinds(scene.take(await scene.router.set_queue(scene.org_id, "sales", mode="open"))) == ["queue"]
    events = await scene.tick()
    assert [(event.item_id, event.agent_id) for event in events] == [
        ("best", "ben"),
        ("weighty", "ana"),
        ("own", "chen"),
    ]


async def test_a_long_line_flows_again_in_batches(scene: Scene) -> None:
    names = [f"agent-{number:03}" for number in range(120)]
    await open_with(scene, *names)
    scene.take(await scene.router.set_queue(scene.org_id, "sales", mode="paused"))
    await scene.router.enqueue_many(scene.org_id, [item(scene, f"i{number:03}") for number in range(200)])
    await scene.sign_in(*names)
    scene.take(await scene.router.set_queue(scene.org_id, "sales", mode="open"))
    first = await scene.router.tick(scene.org_id)
    assert (0 < len(first.events) <= 110, first.more) == (True, True)
    events = scene.note(first.events) + await scene.tick()
    assert [event.item_id for event in events] == [f"i{number:03}" for number in range(120)]


async def test_who_was_passed_over_for_the_first_gets_the_second(scene: Scene) -> None:
    await open_with(scene, "ana")
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    await scene.decline("ana")
    scene.take(await scene.router.set_queue(scene.org_id, "sales", mode="paused"))
    await scene.enqueue("i2")
    scene.take(await scene.router.set_queue(scene.org_id, "sales", mode="open"))
    await scene.tick()
    assert await scene.offer_of("ana") == "i2"


async def test_a_pause_during_an_offer_leaves_it(scene: Scene) -> None:
    await open_with(scene, "ana")
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    scene.take(await scene.router.set_queue(scene.org_id, "sales", mode="paused"))
    assert kinds(await scene.decline("ana")) == ["declined"]
    assert kinds(await scene.advance(31_000)) == []
    scene.take(await scene.router.set_queue(scene.org_id, "sales", mode="open"))
    assert kinds(await scene.tick()) == ["offered"]
    scene.take(await scene.router.set_queue(scene.org_id, "sales", mode="paused"))
    assert kinds(await scene.accept("ana")) == ["accepted"]


async def test_from_paused_to_draining_work_flows(scene: Scene) -> None:
    await open_with(scene, "ana")
    await scene.sign_in("ana")
    scene.take(await scene.router.set_queue(scene.org_id, "sales", mode="paused"))
    await scene.enqueue("i1")
    scene.take(await scene.router.set_queue(scene.org_id, "sales", mode="draining"))
    assert kinds(await scene.tick()) == ["offered"]


# -- many at once -----------------------------------------------------------------------------------------------------


async def test_ten_thousand_items_in_one_call(scene: Scene) -> None:
    await open_with(scene, "ana")
    await scene.sign_in("ana")
    many = [item(scene, f"i{number:05}", priority=number % 7) for number in range(10_000)]
    many[5] = replace(many[5], id="not an id")
    many[6] = replace(many[4])
    many[7] = replace(many[7], queue="gone")
    replies = await scene.router.enqueue_many(scene.org_id, many)
    outcomes = [reply.outcome for reply in replies]
    assert outcomes[4:9] == [Outcome.OK, Outcome.INVALID, Outcome.REPEATED, Outcome.UNKNOWN_QUEUE, Outcome.OK]
    assert outcomes.count(Outcome.OK) == 9_997
    events = [event for reply in replies for event in reply.events]
    assert kinds(events).count("enqueued") == 9_997
    assert (await scene.router.board_view(scene.org_id)).queues["sales"].waiting == 9_996
    assert [reply.outcome for reply in await scene.router.enqueue_many(scene.org_id, many[:4])] == [
        Outcome.REPEATED
    ] * 4


async def test_a_bulk_into_a_limited_queue(scene: Scene) -> None:
    await open_with(scene, limit_items=3)
    replies = await scene.router.enqueue_many(scene.org_id, [item(scene, f"i{number}") for number in range(5)])
    assert [reply.outcome for reply in replies] == [*[Outcome.OK] * 3, *[Outcome.QUEUE_FULL] * 2]


# -- changes while work flows -----------------------------------------------------------------------------------------


async def test_membership_and_skills_change_while_many_wait(scene: Scene) -> None:
    await open_with(scene, "ana", "ben")
    for number in range(60):
        await scene.enqueue(f"i{number:02}", skills={"english": 1 + number % 9})
    await scene.sign_in("ana", "ben")
    assert await scene.offer_of("ana") == ""
    agents = dict(scene.organisation.agents)
    agents["ana"] = replace(agents["ana"], skills={"english": 4})
    agents["ben"] = replace(agents["ben"], skills={"english": 9}, queues=("support",))
    assert kinds(await scene.configure(agents=agents)) == ["offered"]
    assert await scene.offer_of("ana") == "i00"
    agents["ben"] = replace(agents["ben"], queues=("support", "sales"))
    assert kinds(await scene.configure(agents=agents)) == ["offered"]
    assert await scene.offer_of("ben") == "i01"


@pytest.mark.parametrize("units", [1, 3])
async def test_a_channel_that_is_new(scene: Scene, units: int) -> None:
    await open_with(scene, "ana")
    await scene.sign_in("ana")
    assert kinds(await scene.enqueue("t1", kind="task")) == ["enqueued"]
    profile = scene.organisation.profiles["standard"]
    channels = dict(profile.channels) | {"task": profile.channels["chat"]}
    status = scene.organisation.statuses["available"]
    statuses = dict(scene.organisation.statuses)
    statuses["available"] = replace(status, channels=status.channels | {"task"})
    wider = replace(profile, units=units, channels=channels)
    await scene.configure(profiles={"standard": wider}, statuses=statuses)
    await scene.tick()
    assert await scene.offer_of("ana") == "t1"


async def test_agents_come_and_go_in_the_configuration_while_work_flows(scene: Scene) -> None:
    await open_with(scene, "ana")
    await scene.sign_in("ana")
    for number in range(6):
        await scene.enqueue(f"i{number}")
    await scene.accept("ana")
    zoe = AgentSetup(login="zoe", name="Zoe", role=Role.AGENT, profile="standard", queues=("sales",))
    await scene.configure(agents=dict(scene.organisation.agents) | {"zoe": zoe})
    await scene.sign_in("zoe")
    assert await scene.offer_of("zoe") == "i1"
    assert kinds(await scene.configure(agents={"zoe": zoe})) == []
    await scene.end("ana", "i0")
    assert await scene.items_of("ana") == {}
