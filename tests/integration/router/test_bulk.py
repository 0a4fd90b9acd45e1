"""One call that touches more records and timers than go into one command."""

from dataclasses import replace

from engine.model.organisation import Queue, RelaxationStep
from engine.model.work import Outcome, Requirement, WorkItem
from engine.router.router import item_fields, json_of
from tests.integration.chaos.audit import audit
from tests.integration.chaos.picture import take
from tests.integration.router.scene import Scene, organisation

MANY = 250


async def test_a_call_writes_and_drops_what_one_command_does_not_hold(scene: Scene) -> None:
    sales = Queue(key="sales", name="Sales", relaxation=(RelaxationStep(after_ms=60_000, lower={"billing": 1}),))
    plain = organisation(scene.org_id)
    await scene.open(replace(plain, queues={**plain.queues, "sales": sales}))
    items = [
        WorkItem(id=f"i{number:03}", org_id=scene.org_id, kind="chat", queue="sales", requirement=Requirement())
        for number in range(MANY)
    ]
    answer = await scene.board.ask_in(0, scene.org_id, "enqueue_items", json_of([item_fields(item) for item in items]))
    assert answer.result == ["ok"] * MANY
    scene.note(answer.events)
    picture = await take(scene.valkey, scene.org_id)
    assert len(picture.items) == MANY
    assert sum(alarm.startswith("relax|") for alarm in picture.lines["alarms"]) == MANY
    assert audit(picture) == []
    gone = [word for item in items for word in ("conclude_item", 2, item.id, "gone")]
    answer = await scene.board.ask_in(0, scene.org_id, "run_batch", 0, *gone)
    assert answer.outcome is Outcome.OK
    scene.note(answer.events)
    picture = await take(scene.valkey, scene.org_id)
    assert picture.items == {}
    assert audit(picture) == []


async def test_what_calls_leave_behind_is_collected(scene: Scene) -> None:
    """Lua's memory stays within a few times of what is kept, however many calls there were, refused ones included."""
    await scene.open()

    async def work(turns: int) -> int:
        for turn in range(turns):
            ids = [f"i{turn:05}{place}" for place in range(8)]
            items = [
                WorkItem(id=one, org_id=scene.org_id, kind="chat", queue="sales", requirement=Requirement())
                for one in ids
            ]
            come = [word for item in items for word in ("enqueue_item", 1, json_of(item_fields(item)))]
            scene.note((await scene.board.ask_in(0, scene.org_id, "run_batch", 0, *come)).events)
            gone = [word for one in ids for word in ("conclude_item", 2, one, "gone")]
            scene.note((await scene.board.ask_in(0, scene.org_id, "run_batch", 0, *gone)).events)
            assert (await scene.board.ask_in(0, scene.org_id, "conclude_item", "nobody", "gone")).events == ()
        return await _lua_bytes(scene)

    kept = await work(20)
    assert await work(200) < 4 * kept + 1_000_000


async def _lua_bytes(scene: Scene) -> int:
    return int((await scene.valkey.command("INFO", "memory"))["used_memory_vm_functions"])
