"""Commands on items: their transitions, their repeats, and what is refused."""

import pytest

from engine.model.organisation import Queue
from engine.model.work import Outcome, Reply, Requirement, WorkItem
from tests.integration.router.scene import Scene, kinds, organisation, single


async def started(scene: Scene) -> int:
    """Let ana have i1 active; return its assignment."""
    await scene.open()
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    await scene.accept("ana")
    return await scene.assignment("ana", "i1")


async def test_a_whole_life_with_one_event_per_transition(scene: Scene) -> None:
    number = await started(scene)
    assert kinds(await scene.end("ana", "i1")) == ["ended"]
    assert (await scene.items_of("ana")) == {"i1": "wrapup"}
    assert kinds(await scene.finish("ana", "i1")) == ["closed"]
    assert kinds(scene.seen) == ["presence", "presence", "enqueued", "offered", "accepted", "ended", "closed"]
    assert {event.assignment for event in scene.seen[3:]} == {number}
    view = await scene.view("ana")
    assert (view.used, view.items, view.offers) == (0, (), ())


async def test_repeats_have_no_effect(scene: Scene) -> None:
    number = await started(scene)
    router, org_id = scene.router, scene.org_id
    repeated = Reply(outcome=Outcome.REPEATED)
    item = WorkItem(id="i1", org_id=org_id, kind="chat", queue="sales", requirement=Requirement())
    assert await router.accept(org_id, "i1", "ana", number) == repeated
    assert await router.enqueue(item) == repeated
    await scene.end("ana", "i1")
    assert await router.end(org_id, "i1", "ana", number) == repeated
    assert await router.accept(org_id, "i1", "ana", number) == repeated
    await scene.finish("ana", "i1")
    for again in (router.finish_wrapup, router.end, router.accept):
        assert await again(org_id, "i1", "ana", number) == repeated
    assert await router.conclude(org_id, "i1", "visitor") == repeated
    assert await router.enqueue(item) == repeated


async def test_repeats_of_decline_and_transfer(scene: Scene) -> None:
    number = await started(scene)
    move = {"queue": "support", "requirement": Requirement()}
    assert kinds(scene.take(await scene.router.transfer(scene.org_id, "i1", "ana", number, **move))) == ["transferred"]  # type: ignore[arg-type]
    again = await scene.router.transfer(scene.org_id, "i1", "ana", number, **move)  # type: ignore[arg-type]
    assert again.outcome is Outcome.REPEATED
    await scene.enqueue("i2")
    number = await scene.assignment("ana", "i2")
    await scene.decline("ana")
    assert (await scene.router.decline(scene.org_id, "i2", "ana", number)).outcome is Outcome.REPEATED
    assert (await scene.router.accept(scene.org_id, "i2", "ana", number)).outcome is Outcome.STALE_ASSIGNMENT


async def test_older_assignments_are_refused(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana", "ben")
    await scene.enqueue("i1")
    old = await scene.assignment("ana", "i1")
    await scene.decline("ana")
    new = await scene.assignment("ben", "i1")
    router, org_id = scene.router, scene.org_id
    assert new > old
    for command in (router.accept, router.end, router.finish_wrapup):
        assert (await command(org_id, "i1", "ana", old)).outcome is Outcome.STALE_ASSIGNMENT
        assert (await command(org_id, "i1", "ana", new)).outcome is Outcome.NOT_YOURS
    assert (await router.end(org_id, "i1", "ben", new)).outcome is Outcome.WRONG_STATE
    assert (await router.finish_wrapup(org_id, "i1", "ben", new)).outcome is Outcome.WRONG_STATE
    await scene.accept("ben")
    assert (await router.decline(org_id, "i1", "ben", new)).outcome is Outcome.WRONG_STATE
    assert await scene.items_of("ben") == {"i1": "active"}


async def test_what_is_unknown_is_refused_by_name(scene: Scene) -> None:
    number = await started(scene)
    router, org_id = scene.router, scene.org_id
    nowhere = WorkItem(id="i9", org_id=org_id, kind="chat", queue="nowhere", requirement=Requirement())
    move = {"queue": "nowhere", "requirement": Requirement()}
    answers = {
        Outcome.UNKNOWN_ITEM: [
            await router.accept(org_id, "i9", "ana", 1),
            await router.conclude(org_id, "i9", "visitor"),
            await router.reprioritise(org_id, "i9", 1),
        ],
        Outcome.UNKNOWN_AGENT: [
            await router.accept(org_id, "i1", "zoe", number),
            await router.connect_agent(org_id, "zoe", "socket"),
            await router.set_status(org_id, "zoe", "available"),
        ],
        Outcome.UNKNOWN_QUEUE: [
            await router.enqueue(nowhere),
            await router.transfer(org_id, "i1", "ana", number, **move),  # type: ignore[arg-type]
        ],
        Outcome.UNKNOWN_STATUS: [await router.set_status(org_id, "ana", "dancing")],
        Outcome.INVALID: [
            await router.accept(org_id, "i1", "ana", 0),
            await router.sign_out(org_id, "ana", "shrug"),
        ],
    }
    for outcome, replies in answers.items():
        assert {reply.outcome for reply in replies} == {outcome}
        assert all(not reply.events for reply in replies)


async def test_no_board(valkey_address: str, org: str) -> None:
    scene = Scene(valkey_address, org)
    await scene.valkey.connect()
    assert (await scene.router.sign_out(org, "ana", "end")).outcome is Outcome.NO_BOARD
    assert (await scene.router.tick(org)).outcome is Outcome.NO_BOARD
    await scene.close()


@pytest.mark.parametrize("state", ["queued", "offered"])
async def test_the_customer_leaves_while_waiting(scene: Scene, state: str) -> None:
    await scene.open(organisation(scene.org_id, {"ana": {}}, profiles=single()))
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    await scene.enqueue("i2")
    item = {"queued": "i2", "offered": "i1"}[state]
    scene.clock.ms += 700
    events = scene.take(await scene.router.conclude(scene.org_id, item, "visitor"))
    assert kinds(events) == {"queued": ["abandoned"], "offered": ["abandoned", "offered"]}[state]
    assert events[0].data["reason"] == "visitor"
    assert events[0].data["waited_ms"] == {"queued": 700, "offered": 701}[state]
    assert events[0].agent_id == {"queued": "", "offered": "ana"}[state]
    assert (await scene.items_of("ana")) == {"i1" if state == "queued" else "i2": "offered"}
    assert (await scene.view("ana")).used == 1


async def test_the_customer_ends_an_active_contact(scene: Scene) -> None:
    await started(scene)
    events = scene.take(await scene.router.conclude(scene.org_id, "i1", "idle"))
    assert (kinds(events), events[0].data["reason"]) == (["ended"], "idle")
    assert await scene.items_of("ana") == {"i1": "wrapup"}


async def test_without_wrap_up_an_end_closes_at_once(scene: Scene) -> None:
    queues = {"sales": Queue(key="sales", name="Sales", wrapup_ms=0)}
    await scene.open(organisation(scene.org_id, {"ana": {}}, queues=queues, profiles=single()))
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    await scene.enqueue("i2")
    await scene.accept("ana")
    assert kinds(await scene.end("ana", "i1")) == ["ended", "closed", "offered"]
    await scene.accept("ana")
    assert kinds(scene.take(await scene.router.conclude(scene.org_id, "i2", "visitor"))) == ["ended", "closed"]
    assert (await scene.view("ana")).used == 0


async def test_wrap_up_ends_by_itself(scene: Scene) -> None:
    await started(scene)
    await scene.end("ana", "i1")
    deadline = (await scene.view("ana")).items[0].deadline_ms
    assert deadline == scene.clock.ms + 30_000
    assert "closed" not in kinds(await scene.advance(29_500))
    closed = await scene.advance(500)
    assert (kinds(closed), closed[0].data["reason"]) == (["closed"], "time-over")


async def test_a_transfer_keeps_age_and_passes_the_agent_over(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    await scene.advance(4_000)
    await scene.accept("ana")
    await scene.advance(60_000)
    number = await scene.assignment("ana", "i1")
    reply = await scene.router.transfer(
        scene.org_id, "i1", "ana", number, queue="support", requirement=Requirement(), note="please"
    )
    event = scene.take(reply)[0]
    told = {"from_queue": "sales", "to_queue": "support", "note": "please"}
    assert {name: event.data[name] for name in told} == told
    assert (await scene.router.board_view(scene.org_id)).queues["support"].longest_wait_ms == 4_000
    assert (await scene.explained("i1"))["ana"] == "passed-over"
    assert (await scene.view("ana")).used == 0
    await scene.sign_in("ben")
    assert await scene.offer_of("ben") == "i1"


async def test_a_transfer_to_a_queue_of_ones_own_comes_back_after_the_memory(scene: Scene) -> None:
    number = await started(scene)
    move = {"queue": "sales", "requirement": Requirement()}
    scene.take(await scene.router.transfer(scene.org_id, "i1", "ana", number, **move))  # type: ignore[arg-type]
    assert kinds(await scene.advance(29_500)) == []
    assert kinds(await scene.advance(500)) == ["offered"]
    assert await scene.offer_of("ana") == "i1"


@pytest.mark.parametrize(
    "wrong", [("fly_home", 0), ("park_item", 9, "i1"), ("park_item", "many")], ids=["unknown", "short", "no count"]
)
async def test_of_a_batch_with_a_wrong_command_nothing_is_done(scene: Scene, wrong: tuple[str | int, ...]) -> None:
    await started(scene)
    ended = ("conclude_item", 2, "i1", "visitor")
    answer = await scene.board.ask_in(0, scene.org_id, "run_batch", 0, *ended, *wrong)
    assert (answer.outcome, answer.events) == (Outcome.INVALID, ())
    assert await scene.items_of("ana") == {"i1": "active"}
    answer = await scene.board.ask_in(0, scene.org_id, "run_batch", 0, *ended, *ended)
    assert [outcome for outcome, _, _ in answer.result] == ["ok", "repeated"]
    assert await scene.items_of("ana") == {"i1": "wrapup"}


async def test_a_batch_that_takes_too_long_carries_out_the_first_and_says_how_many(scene: Scene) -> None:
    await started(scene)
    ended = ("conclude_item", 2, "i1", "visitor")
    answer = await scene.board.ask_in(0, scene.org_id, "run_batch", 1, *ended, *ended, *ended)
    assert [outcome for outcome, _, _ in answer.result] == ["ok"]
    assert await scene.items_of("ana") == {"i1": "wrapup"}
    answer = await scene.board.ask_in(0, scene.org_id, "run_batch", 60_000_000, *ended, *ended, *ended)
    assert [outcome for outcome, _, _ in answer.result] == ["repeated"] * 3
