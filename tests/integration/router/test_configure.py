"""Configuration changes on a live board."""

from dataclasses import replace

import msgspec

from engine.model.organisation import AgentSetup, PresenceStatus, Queue, Role, StatusKind
from engine.model.work import Outcome, Requirement, WorkItem
from engine.router.setup import board_setup
from tests.integration.router.scene import Scene, kinds, organisation, single


def changed(scene: Scene, login: str, **changes: object) -> None:
    agents = dict(scene.organisation.agents)
    agents[login] = replace(agents[login], **changes)  # type: ignore[arg-type] # a test's keywords
    scene.organisation = replace(scene.organisation, agents=agents)


async def configure(scene: Scene) -> list[str]:
    return kinds(scene.take(await scene.router.configure(scene.organisation, scene.user_ids)))


async def test_the_same_again_changes_nothing(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    assert await configure(scene) == []
    assert await scene.offer_of("ana") == "i1"


async def test_a_skill_learned_is_used_at_once_and_one_lost_no_more(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana")
    await scene.enqueue("i1", skills={"billing": 3})
    changed(scene, "ana", skills={"billing": 4})
    assert await configure(scene) == ["offered"]
    await scene.accept("ana")
    changed(scene, "ana", skills={})
    assert await configure(scene) == []
    await scene.enqueue("i2", skills={"billing": 3})
    assert (await scene.explained("i2"))["ana"] == "skill:billing"
    assert await scene.items_of("ana") == {"i1": "active"}


async def test_queues_given_and_taken(scene: Scene) -> None:
    await scene.open()
    changed(scene, "ana", queues=("support",))
    await configure(scene)
    await scene.sign_in("ana")
    await scene.enqueue("i1", "sales")
    assert (await scene.explained("i1"))["ana"] == "not-a-member"
    changed(scene, "ana", queues=("sales",))
    assert await configure(scene) == ["offered"]
    await scene.enqueue("i2", "support")
    await scene.accept("ana")
    assert (await scene.explained("i2"))["ana"] == "not-a-member"


async def test_a_removed_queue_is_served_to_its_end(scene: Scene) -> None:
    await scene.open(organisation(scene.org_id, {"ana": {}}, profiles=single()))
    await scene.sign_in("ana")
    for item in ("i1", "i2", "i3"):
        await scene.enqueue(item, "support")
    await scene.accept("ana")
    scene.organisation = replace(scene.organisation, queues={"sales": Queue(key="sales", name="Sales")}, version=2)
    changed(scene, "ana", queues=("sales",))
    await configure(scene)
    late = WorkItem(id="i9", org_id=scene.org_id, kind="chat", queue="support", requirement=Requirement())
    assert (await scene.router.enqueue(late)).outcome is Outcome.UNKNOWN_QUEUE
    await scene.end("ana", "i1")
    await scene.finish("ana", "i1")
    assert await scene.offer_of("ana") == "i2"
    assert (await scene.router.board_view(scene.org_id)).queues["support"].waiting == 1
    scene.take(await scene.router.conclude(scene.org_id, "i3", "visitor"))
    scene.take(await scene.router.conclude(scene.org_id, "i2", "visitor"))
    await configure(scene)
    assert "support" not in (await scene.router.board_view(scene.org_id)).queues


async def test_what_waits_in_a_removed_queue_can_move_on(scene: Scene) -> None:
    await scene.open(organisation(scene.org_id, {"ana": {}, "ben": {}}))
    await scene.enqueue("i1", "support")
    await scene.enqueue("i2", "support")
    to_sales = {"queue": "sales", "requirement": Requirement()}
    move = scene.router.move
    assert (await move(scene.org_id, "i1", **to_sales)).outcome is Outcome.WRONG_STATE  # type: ignore[arg-type]
    scene.organisation = replace(scene.organisation, queues={"sales": Queue(key="sales", name="Sales")}, version=2)
    for login in ("ana", "ben"):
        changed(scene, login, queues=("sales",))
    await configure(scene)
    for outcome in (Outcome.OK, Outcome.REPEATED):
        reply = await move(scene.org_id, "i1", **to_sales)  # type: ignore[arg-type]
        assert reply.outcome is outcome
        scene.take(reply)
    assert (await move(scene.org_id, "i2", queue="gone", requirement=Requirement())).outcome is Outcome.UNKNOWN_QUEUE
    assert (await move(scene.org_id, "i9", **to_sales)).outcome is Outcome.UNKNOWN_ITEM  # type: ignore[arg-type]
    queues = (await scene.router.board_view(scene.org_id)).queues
    assert (queues["sales"].waiting, queues["support"].waiting) == (1, 1)
    await scene.sign_in("ana")
    assert "i1" in (await scene.items_of("ana")) or await scene.offer_of("ana") == "i1"


async def test_an_agent_who_is_removed_keeps_his_work_and_gets_no_more(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    await scene.accept("ana")
    agents = {login: setup for login, setup in scene.organisation.agents.items() if login != "ana"}
    scene.organisation = replace(scene.organisation, agents=agents)
    await configure(scene)
    await scene.enqueue("i2")
    assert await scene.items_of("ana") == {"i1": "active"}
    await scene.end("ana", "i1")
    await scene.finish("ana", "i1")
    assert await scene.items_of("ana") == {}


async def test_a_new_agent_can_start_at_once(scene: Scene) -> None:
    await scene.open()
    await scene.enqueue("i1")
    agents = dict(scene.organisation.agents)
    agents["zoe"] = AgentSetup(login="zoe", name="Zoe", role=Role.AGENT, profile="standard", queues=("sales",))
    scene.organisation = replace(scene.organisation, agents=agents)
    await configure(scene)
    await scene.sign_in("zoe")
    assert await scene.offer_of("zoe") == "i1"


async def test_a_status_that_is_removed_signs_out(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana", status="break")
    statuses = {key: value for key, value in scene.organisation.statuses.items() if key != "break"}
    scene.organisation = replace(scene.organisation, statuses=statuses)
    assert await configure(scene) == ["presence"]
    assert (await scene.view("ana")).status == "offline"


async def test_a_status_that_takes_a_channel_now(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana", status="break")
    await scene.enqueue("i1")
    taking = PresenceStatus(key="break", name="Break", kind=StatusKind.BREAK, channels=frozenset({"chat"}))
    scene.organisation = replace(scene.organisation, statuses=dict(scene.organisation.statuses) | {"break": taking})
    assert await configure(scene) == ["offered"]


async def test_many_agents_are_configured_in_batches(scene: Scene) -> None:
    names = [f"agent-{number:03}" for number in range(230)]
    await scene.open(organisation(scene.org_id, {name: {"english": 5} for name in names}))
    await scene.sign_in("agent-229", "agent-000")
    await scene.enqueue("i1", skills={"english": 5})
    assert await scene.offer_of("agent-229") == "i1"
    assert len((await scene.router.board_view(scene.org_id)).agents) == 230


async def test_no_offer_under_old_rules_while_agents_are_still_being_configured(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana", "ben")
    full = {"standard": replace(scene.organisation.profiles["standard"], units=0)}
    scene.organisation = replace(scene.organisation, profiles=full)
    half = msgspec.json.encode(board_setup(scene.organisation, scene.user_ids))
    scene.take((await scene.board.ask(scene.org_id, "configure_board", half)).reply)
    assert kinds(await scene.enqueue("i1")) == ["enqueued"]
    assert await scene.explained("i1") == {"ana": "no-room", "ben": "no-room"}
