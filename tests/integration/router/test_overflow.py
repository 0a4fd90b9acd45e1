"""Queues that take nothing more in: full, too long a wait, closed, unstaffed; and what becomes of arrivals then."""

from dataclasses import replace

import pytest

from engine.model.organisation import Overflow, OverflowTo, Pressure, Queue
from engine.model.work import Outcome, Reply, Requirement, WorkItem
from engine.router.explanation import past_of
from tests.integration.router.scene import Scene, channels_status, kinds, organisation, single

FULL, WAIT, CLOSED, UNSTAFFED = Pressure.FULL, Pressure.WAIT, Pressure.CLOSED, Pressure.UNSTAFFED


def to(queue: str) -> OverflowTo:
    return OverflowTo(to=queue)


def do(what: Overflow) -> OverflowTo:
    return OverflowTo(do=what)


async def open_with(scene: Scene, **queues: dict[str, object]) -> None:
    """Open a board of single chats and mails with queues of these fields."""
    made = {key: replace(Queue(key=key, name=key, wrapup_ms=0), **fields) for key, fields in queues.items()}  # type: ignore[arg-type]
    shape = organisation(
        scene.org_id, {"ana": {"english": 5}}, queues=made, profiles=single(), statuses=channels_status("chat", "email")
    )
    ana = replace(shape.agents["ana"], queues=tuple(queues))
    await scene.open(replace(shape, agents={"ana": ana}))


async def arrive(
    scene: Scene, item_id: str, queue: str = "sales", kind: str = "chat", not_before_ms: int = 0, **skills: int
) -> Reply:
    item = WorkItem(
        id=item_id,
        org_id=scene.org_id,
        kind=kind,
        queue=queue,
        requirement=Requirement(skills=skills),
        created_ms=1,
        not_before_ms=not_before_ms,
    )
    scene.clock.ms += 1
    return await scene.router.enqueue(item)


async def where(scene: Scene, item_id: str) -> object:
    return (await scene.shown(item_id))["queue"]


async def test_a_full_queue_refuses(scene: Scene) -> None:
    await open_with(scene, sales={"limit_items": 2})
    for name in ("i1", "i2"):
        assert (await arrive(scene, name)).ok
    reply = await arrive(scene, "i3")
    assert (reply.outcome, reply.detail) == (
        Outcome.QUEUE_FULL,
        {"why": "full", "do": "refuse", "queue": "sales"},
    )
    assert reply.events == ()
    assert (await arrive(scene, "i1")).outcome is Outcome.REPEATED
    await scene.sign_in("ana")
    assert (await arrive(scene, "i3")).ok  # what is offered waits in the line no more


@pytest.mark.parametrize("what", [Overflow.MESSAGE, Overflow.CALLBACK, Overflow.REFUSE])
@pytest.mark.parametrize("why", list(Pressure))
async def test_what_is_done_instead(scene: Scene, why: Pressure, what: Overflow) -> None:
    await open_with(scene, sales={"limit_items": 1, "limit_wait_ms": 60_000, "overflow": {why: do(what)}})
    if why is FULL:
        await arrive(scene, "i1")
    elif why is WAIT:
        scene.take(await scene.router.set_queue(scene.org_id, "sales", estimate_ms=60_001))
    elif why is CLOSED:
        scene.take(await scene.router.set_queue(scene.org_id, "sales", closed=True))
    reply = await arrive(scene, "i9")
    assert reply.outcome is (Outcome.QUEUE_FULL if why in (FULL, WAIT) else Outcome.QUEUE_CLOSED)
    assert reply.detail == {"why": why.value, "do": what.value, "queue": "sales"}


@pytest.mark.parametrize("why", list(Pressure))
async def test_it_may_wait_all_the_same(scene: Scene, why: Pressure) -> None:
    limit = 1 if why is FULL else 0
    await open_with(scene, sales={"limit_items": limit, "limit_wait_ms": 1, "overflow": {why: do(Overflow.WAIT)}})
    if why is WAIT:
        scene.take(await scene.router.set_queue(scene.org_id, "sales", estimate_ms=2))
    if why is CLOSED:
        scene.take(await scene.router.set_queue(scene.org_id, "sales", closed=True))
    assert (await arrive(scene, "i1")).ok
    assert (await arrive(scene, "i2")).ok


async def test_a_short_wait_and_an_unknown_one_let_in(scene: Scene) -> None:
    await open_with(scene, sales={"limit_wait_ms": 60_000})
    assert (await arrive(scene, "i1")).ok
    scene.take(await scene.router.set_queue(scene.org_id, "sales", estimate_ms=60_000))
    assert (await arrive(scene, "i2")).ok
    scene.take(await scene.router.set_queue(scene.org_id, "sales", estimate_ms=60_001))
    assert (await arrive(scene, "i3")).outcome is Outcome.QUEUE_FULL
    scene.take(await scene.router.set_queue(scene.org_id, "sales", estimate_ms=0))
    assert (await arrive(scene, "i3")).ok


async def test_closed_hours_and_draining(scene: Scene) -> None:
    await open_with(scene, sales={})
    await arrive(scene, "i1")
    events = scene.take(await scene.router.set_queue(scene.org_id, "sales", closed=True))
    assert [(event.kind.value, event.queue, event.data) for event in events] == [
        ("queue", "sales", {"mode": "open", "closed": True})
    ]
    assert (await scene.router.set_queue(scene.org_id, "sales", closed=True)).outcome is Outcome.REPEATED
    assert (await arrive(scene, "i2")).outcome is Outcome.QUEUE_CLOSED
    scene.take(await scene.router.set_queue(scene.org_id, "sales", closed=False, mode="draining"))
    reply = await arrive(scene, "i2")
    assert (reply.outcome, reply.detail["why"]) == (Outcome.QUEUE_CLOSED, "closed")
    view = (await scene.router.board_view(scene.org_id)).queues["sales"]
    assert (view.mode, view.closed, view.waiting) == ("draining", False, 1)
    await scene.sign_in("ana")
    assert await scene.offer_of("ana") == "i1"  # what is in is served to its end
    await scene.decline("ana")
    await scene.advance(30_500)
    assert await scene.offer_of("ana") == "i1"
    scene.take(await scene.router.set_queue(scene.org_id, "sales", mode="open"))
    assert (await arrive(scene, "i2")).ok


async def test_nobody_staffed_means_nobody_who_could_do_it(scene: Scene) -> None:
    await open_with(scene, sales={"overflow": {UNSTAFFED: to("support")}}, support={})
    assert (await arrive(scene, "i1")).detail == {"from": "sales", "to": "support", "why": "unstaffed"}
    await scene.sign_in("ana", status="break")
    assert (await arrive(scene, "i2")).detail == {}
    assert (await arrive(scene, "i3", english=5)).detail == {}
    assert (await arrive(scene, "i4", english=6)).detail["to"] == "support"
    assert (await arrive(scene, "i5", billing=1)).detail["to"] == "support"
    assert [await where(scene, name) for name in ("i1", "i2", "i4")] == ["support", "sales", "support"]


async def test_an_overflow_to_a_queue_tells_where_it_went(scene: Scene) -> None:
    await open_with(scene, sales={"limit_items": 1, "overflow": {FULL: to("support")}}, support={})
    await arrive(scene, "i1")
    reply = await arrive(scene, "i2")
    assert (reply.outcome, reply.detail) == (Outcome.OK, {"from": "sales", "to": "support", "why": "full"})
    assert [(event.kind.value, event.queue) for event in reply.events] == [("enqueued", "support")]
    assert (reply.events[0].data["from"], reply.events[0].data["why"]) == ("sales", "full")
    assert past_of(reply.events, str).steps[0].words == (
        "entered the queue support, priority 0; sales sent it on: too many waited there"
    )
    (scheduled,) = (await arrive(scene, "i3", not_before_ms=scene.clock.ms + 60_000)).events
    assert (scheduled.data["from"], scheduled.data["why"]) == ("sales", "full")
    queues = (await scene.router.board_view(scene.org_id)).queues
    assert (queues["sales"].waiting, queues["support"].waiting) == (1, 1)


async def test_a_chain_of_queues(scene: Scene) -> None:
    await open_with(
        scene,
        sales={"limit_items": 1, "overflow": {FULL: to("support")}},
        support={"limit_items": 1, "overflow": {FULL: to("late")}},
        late={"limit_items": 1, "overflow": {FULL: do(Overflow.MESSAGE)}},
    )
    for number in range(3):
        await arrive(scene, f"i{number}")
    assert [await where(scene, f"i{number}") for number in range(3)] == ["sales", "support", "late"]
    reply = await arrive(scene, "i3")
    assert (reply.outcome, reply.detail) == (
        Outcome.QUEUE_FULL,
        {"why": "full", "do": "message", "queue": "late"},
    )


async def test_a_circle_ends(scene: Scene) -> None:
    await open_with(
        scene,
        sales={"limit_items": 1, "overflow": {FULL: to("support")}},
        support={"limit_items": 1, "overflow": {FULL: to("late")}},
        late={"limit_items": 1, "overflow": {FULL: to("support")}},
    )
    for number in range(5):
        assert (await arrive(scene, f"i{number}")).ok
    queues = (await scene.router.board_view(scene.org_id)).queues
    assert sum(queue.waiting for queue in queues.values()) == 5


async def test_mail_is_never_refused_but_may_be_sent_on(scene: Scene) -> None:
    await open_with(scene, sales={"limit_items": 1}, support={"limit_items": 1, "overflow": {FULL: to("sales")}})
    for number in range(3):
        assert (await arrive(scene, f"m{number}", kind="email")).ok
    assert (await arrive(scene, "u1", "support", kind="email")).ok
    assert (await arrive(scene, "u2", "support", kind="email")).detail["to"] == "sales"
    scene.take(await scene.router.set_queue(scene.org_id, "sales", mode="draining"))
    assert (await arrive(scene, "m4", kind="email")).ok
    assert (await arrive(scene, "c1")).outcome is Outcome.QUEUE_CLOSED


async def test_a_transfer_to_a_full_or_closed_queue_is_refused_before_he_lets_go(scene: Scene) -> None:
    await open_with(scene, sales={}, support={"limit_items": 1})
    await arrive(scene, "u1", "support", english=9)
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    await scene.accept("ana")
    reply = await scene.transfer("ana", "i1", queue="support")
    assert (reply.outcome, reply.detail["why"], reply.events) == (Outcome.QUEUE_FULL, "full", ())
    scene.take(await scene.router.set_queue(scene.org_id, "support", closed=True))
    assert (await scene.transfer("ana", "i1", queue="support")).outcome is Outcome.QUEUE_CLOSED
    assert (await scene.transfer("ana", "i1", queue="gone")).outcome is Outcome.UNKNOWN_QUEUE
    assert await scene.items_of("ana") == {"i1": "active"}
    assert kinds(scene.take(await scene.router.conclude(scene.org_id, "i1", "visitor"))) == ["ended", "closed"]


async def test_a_mail_is_transferred_to_a_closed_queue(scene: Scene) -> None:
    await open_with(scene, sales={}, support={})
    profile = scene.organisation.profiles["standard"]
    both = replace(profile, channels=dict(profile.channels) | {"email": profile.channels["chat"]})
    await scene.configure(profiles={"standard": both})
    scene.take(await scene.router.set_queue(scene.org_id, "support", closed=True))
    await scene.sign_in("ana")
    await scene.enqueue("m1", kind="email")
    await scene.accept("ana")
    assert (await scene.transfer("ana", "m1", queue="support")).ok
    assert await where(scene, "m1") == "support"


async def test_a_transfer_overflows_too_and_so_does_a_change(scene: Scene) -> None:
    await open_with(scene, sales={}, support={"limit_items": 1, "overflow": {FULL: to("late")}}, late={})
    await arrive(scene, "u1", "support", english=9)
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    await scene.accept("ana")
    (transferred, *_) = scene.take(await scene.transfer("ana", "i1", queue="support"))
    assert (transferred.data["to_queue"], transferred.data["from"]) == ("late", "support")
    assert past_of([transferred], str).steps[0].words == (
        "transferred from sales to late by ana; support sent it on: too many waited there"
    )
    assert await where(scene, "i1") == "late"
    await scene.enqueue("i2", skills={"english": 9})
    reply = await scene.router.change(scene.org_id, "i2", {"queue": "support"})
    assert (reply.outcome, reply.detail["to"]) == (Outcome.OK, "late")
    assert (reply.events[0].data["from"], reply.events[0].data["why"]) == ("support", "full")
    assert await where(scene, "i2") == "late"


async def test_limits_do_not_touch_what_comes_back(scene: Scene) -> None:
    await open_with(scene, sales={"limit_items": 1})
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    await scene.accept("ana")
    await arrive(scene, "i2")
    await scene.hang_up("ana")
    await scene.advance(30_000)
    assert (await scene.router.board_view(scene.org_id)).queues["sales"].waiting == 2


async def test_conditions_of_unknown_queues_and_modes(scene: Scene) -> None:
    await open_with(scene, sales={})
    assert (await scene.router.set_queue(scene.org_id, "gone", mode="paused")).outcome is Outcome.UNKNOWN_QUEUE
    assert (await scene.router.set_queue(scene.org_id, "sales", mode="asleep")).outcome is Outcome.INVALID
    assert (await scene.router.set_queue(scene.org_id, "sales")).outcome is Outcome.REPEATED


async def test_what_was_turned_away_cannot_be_enqueued_late(scene: Scene) -> None:
    await open_with(scene, sales={"limit_items": 1, "overflow": {FULL: do(Overflow.MESSAGE)}})
    await arrive(scene, "i1")
    answers = {name: await arrive(scene, name) for name in ("i2", "i3")}
    assert await scene.router.refuse(scene.org_id, answers | {"i1": answers["i2"]}) == {"i2", "i3"}
    assert await scene.router.refuse(scene.org_id, answers) == {"i2", "i3"}  # a repeat
    scene.take(await scene.router.conclude(scene.org_id, "i1", "visitor"))
    late = await arrive(scene, "i2")  # there is room now, but it was told otherwise
    assert (late.outcome, late.detail, late.events) == (Outcome.QUEUE_FULL, answers["i2"].detail, ())
    assert await scene.router.refuse(scene.org_id, {"i1": answers["i2"]}) == set()  # it was on the board
    assert (await scene.router.conclude(scene.org_id, "i2", "refused")).outcome is Outcome.REPEATED
    assert (await arrive(scene, "i4")).ok


async def test_who_found_room_first_is_not_turned_away(scene: Scene) -> None:
    await open_with(scene, sales={"limit_items": 1})
    await arrive(scene, "i1")
    refused = await arrive(scene, "i2")
    scene.take(await scene.router.conclude(scene.org_id, "i1", "visitor"))
    assert (await arrive(scene, "i2")).ok  # another process
    assert await scene.router.refuse(scene.org_id, {"i2": refused}) == set()
    assert (await scene.shown("i2"))["state"] == "queued"
