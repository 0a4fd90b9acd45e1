"""Corners that random histories found: rules that meet in one item or agent."""

from dataclasses import replace

from engine.model.organisation import (
    CapacityProfile,
    ChannelCapacity,
    Organisation,
    Overflow,
    OverflowTo,
    Pressure,
    Queue,
    RelaxationStep,
)
from engine.model.work import Outcome
from tests.integration.router.scene import Scene, channels_status, kinds, organisation


def shop(org_id: str, sales: Queue, agents: dict[str, dict[str, int]], units: int = 2) -> Organisation:
    """Return chats of one unit and mail of two; ``far…`` work in support, others in both queues."""
    channels = {"chat": ChannelCapacity(), "email": ChannelCapacity(weight=2)}
    small = organisation(
        org_id,
        agents,
        queues={"sales": sales, "support": Queue(key="support", name="Support", wrapup_ms=0)},
        profiles={"standard": CapacityProfile(key="standard", units=units, channels=channels)},
        statuses=channels_status(*channels),
    )
    setups = {
        login: replace(setup, queues=("support",) if login.startswith("far") else ("sales", "support"))
        for login, setup in small.agents.items()
    }
    return replace(small, agents=setups)


async def test_preferred_skills_that_end_take_no_relaxation_back(scene: Scene) -> None:
    steps = (RelaxationStep(after_ms=5_000, lower={"english": 3}),)
    sales = Queue(key="sales", name="Sales", relaxation=steps, preferred_skills_wait_ms=10_000)
    await scene.open(shop(scene.org_id, sales, {"ana": {}}))
    await scene.enqueue("i1", skills={"english": 5}, preferred={"english": 8, "billing": 3})
    await scene.advance(5_000)
    assert (await scene.shown("i1"))["requires"] == {"english": 5, "billing": 3}
    await scene.advance(5_000)
    assert (await scene.shown("i1"))["requires"] == {"english": 2}


async def test_room_is_held_for_work_that_was_widened_and_needs_no_skill(scene: Scene) -> None:
    steps = (RelaxationStep(after_ms=1_000, widen=("support",)),)
    sales = Queue(key="sales", name="Sales", relaxation=steps, hold_room_after_ms=3_000, wrapup_ms=0)
    await scene.open(shop(scene.org_id, sales, {"far": {}}))
    await scene.sign_in("far")
    await scene.enqueue("light", "support")
    await scene.accept("far")
    await scene.enqueue("heavy", kind="email")
    await scene.advance(4_500)
    assert (await scene.shown("heavy"))["room_held_of"] == "far"
    await scene.enqueue("light-2", "support")
    assert await scene.offer_of("far") == ""
    await scene.end("far", "light")
    assert await scene.offer_of("far") == "heavy"


async def test_room_is_no_longer_held_by_who_lacks_what_the_queue_asks_for_now(scene: Scene) -> None:
    sales = Queue(key="sales", name="Sales", hold_room_after_ms=1_000, wrapup_ms=0)
    await scene.open(shop(scene.org_id, sales, {"ana": {}}))
    await scene.sign_in("ana")
    await scene.enqueue("light", "support")
    await scene.accept("ana")
    await scene.enqueue("heavy", kind="email")
    await scene.advance(1_500)
    assert (await scene.shown("heavy"))["room_held_of"] == "ana"
    await scene.configure(queues={**scene.organisation.queues, "sales": replace(sales, skills={"billing": 3})})
    await scene.advance(1_500)
    assert (await scene.shown("heavy"))["room_held_of"] == ""
    await scene.end("ana", "light")
    assert await scene.offer_of("ana") == ""


async def test_a_change_that_overflows_to_where_the_item_is_changes_nothing(scene: Scene) -> None:
    sales = Queue(key="sales", name="Sales", limit_items=1, overflow={Pressure.FULL: OverflowTo(to="support")})
    await scene.open(shop(scene.org_id, sales, {}))
    await scene.enqueue("i1")
    await scene.enqueue("i2", "support")
    reply = await scene.router.change(scene.org_id, "i2", {"queue": "sales"})
    assert (reply.outcome, reply.events) == (Outcome.REPEATED, ())


async def test_who_signs_out_ends_a_consult_with_its_parent_though_he_has_both(scene: Scene) -> None:
    sales = Queue(key="sales", name="Sales", wrapup_ms=0, overflow={Pressure.CLOSED: OverflowTo(do=Overflow.WAIT)})
    await scene.open(shop(scene.org_id, sales, {"ana": {}}))
    await scene.sign_in("ana")
    await scene.enqueue("parent")
    await scene.accept("ana")
    await scene.enqueue("consult", parent_id="parent")
    await scene.accept("ana")
    events = scene.take(await scene.router.sign_out(scene.org_id, "ana", "end"))
    assert kinds(events) == ["presence", "ended", "closed", "ended", "closed"]
    assert await scene.items_of("ana") == {}


async def test_what_the_end_of_a_pause_sets_free_is_handed_out_once(scene: Scene) -> None:
    sales = Queue(key="sales", name="Sales", hold_room_after_ms=1_000, wrapup_ms=0)
    await scene.open(shop(scene.org_id, sales, {"ana": {}, "ben": {}}))
    await scene.sign_in("ana")
    await scene.enqueue("light", "support")
    await scene.accept("ana")
    await scene.enqueue("heavy", kind="email")
    await scene.advance(1_500)
    assert (await scene.shown("heavy"))["room_held_of"] == "ana"
    scene.take(await scene.router.set_queue(scene.org_id, "sales", mode="paused"))
    await scene.enqueue("light-2")
    await scene.sign_in("ben")
    scene.take(await scene.router.set_queue(scene.org_id, "sales", mode="open"))
    await scene.tick()
    assert (await scene.offer_of("ben"), await scene.offer_of("ana")) == ("heavy", "light-2")
    assert (await scene.router.board_view(scene.org_id)).queues["sales"].waiting == 0


async def test_what_is_held_for_one_does_not_speak_for_all_that_ask_the_same(scene: Scene) -> None:
    sales = Queue(key="sales", name="Sales", preferred_wait_ms=60_000)
    await scene.open(shop(scene.org_id, sales, {"ana": {}, "ben": {}, "chen": {}}))
    await scene.sign_in("ana", status="break")
    await scene.sign_in("chen", "ben")  # chen has been idle longer
    scene.take(await scene.router.set_queue(scene.org_id, "sales", mode="paused"))
    await scene.enqueue("held", preferred_agent="ana")
    await scene.enqueue("free")
    scene.take(await scene.router.set_queue(scene.org_id, "sales", mode="open"))
    await scene.tick()
    assert (await scene.offer_of("chen"), await scene.offer_of("ben")) == ("free", "")
