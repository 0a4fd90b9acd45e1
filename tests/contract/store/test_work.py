"""Work that other systems hand in, and what the router's events make of it."""

import itertools
from dataclasses import replace

from engine.model.record import Added, NewWork
from engine.model.work import EventKind, Requirement, RoutingEvent, WorkItem, WorkState
from engine.store.store import Store
from tests.contract.store.building import LATE_MS, START_MS, agent, opened
from tests.contract.store.test_routing import assignment_rows, segment_rows

NUMBERS = itertools.count(1)


def item(org: str, **changes: object) -> WorkItem:
    made = WorkItem(
        id=f"{org}-{next(NUMBERS):06d}",
        org_id=org,
        kind="task",
        queue="sales",
        requirement=Requirement(skills={"english": 3}),
        created_ms=START_MS,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


async def added(store: Store, org: str, **changes: object) -> WorkItem:
    (one,) = await store.work.add(org, [NewWork(item=item(org, **changes))])
    assert not one.fault
    return one.item


class Tale:
    """Tell events of an item, a second apart."""

    def __init__(self, of: WorkItem, epoch: int = 1, seq: int = 0) -> None:
        self.item, self.epoch, self.seq, self.at_ms = of, epoch, seq, START_MS

    def tell(self, kind: EventKind, agent_id: str = "", assignment: int = 0, **data: object) -> RoutingEvent:
        self.seq, self.at_ms = self.seq + 1, self.at_ms + 1_000
        return RoutingEvent(
            org_id=self.item.org_id,
            epoch=self.epoch,
            seq=self.seq,
            stream_id=f"{self.at_ms}-0",
            at_ms=self.at_ms,
            kind=kind,
            item_id=self.item.id,
            agent_id=agent_id,
            queue="sales",
            assignment=assignment,
            data=data,
        )


async def test_everything_asked_for_is_kept(store: Store, org: str) -> None:
    wanted = item(
        org,
        weight=2,
        preferred={"billing": 4},
        preferred_agent=(await agent(store, org)).id,
        preferred_required=True,
        due_ms=START_MS + 5,
        not_before_ms=START_MS + 3,
        attributes={"amount": 12.5, "tags": ["a", "ü"]},
        reference="erp-1",
    )
    (one,) = await store.work.add(org, [NewWork(item=wanted, rules=("first",))])
    assert one == Added(item=wanted)
    kept = await store.work.get(org, wanted.id)
    assert replace(kept, age_ms=0) == wanted
    (waiting,) = await store.work.open_items(org)
    assert replace(waiting, age_ms=0) == wanted


async def test_a_request_made_again_finds_what_it_made(store: Store, org: str) -> None:
    first = NewWork(item=item(org), request_key="r")
    again = NewWork(item=item(org), request_key="r")
    other = NewWork(item=item(org), request_key="s")
    answers = [*await store.work.add(org, [first]), *await store.work.add(org, [again, other])]
    assert [one.repeated for one in answers] == [False, True, False]
    assert answers[1].item.id == first.item.id
    assert len(await store.work.list(org)) == 2
    assert await store.work.purge(START_MS + 86_400_001) >= 2
    (later,) = await store.work.add(org, [NewWork(item=item(org), request_key="r")])
    assert not later.repeated


async def test_a_reference_is_taken_once(store: Store, org: str) -> None:
    kept = await added(store, org, reference="erp-1")
    taken, fine = await store.work.add(
        org, [NewWork(item=item(org, reference="erp-1")), NewWork(item=item(org, reference="erp-2"))]
    )
    assert (taken.fault, taken.item.id, fine.fault) == ("reference-taken", kept.id, "")
    assert [one.id for one in await store.work.list(org, wanted={"reference": "erp-1"})] == [kept.id]


async def test_what_it_refers_to_must_be_there(store: Store, org: str) -> None:
    chat = await opened(store, org)
    assert chat.case is not None
    good = item(org, case_id=chat.case.id, contact_id=chat.contact.id)
    faults = [
        one.fault
        for one in await store.work.add(
            org,
            [
                NewWork(item=good),
                NewWork(item=item(org, case_id="none")),
                NewWork(item=item(org, contact_id="none")),
                NewWork(item=item(org, parent_id="none")),
                NewWork(item=item(org, preferred_agent="none")),
                NewWork(item=item(org, parent_id=(await added(store, org)).id)),
            ],
        )
    ]
    assert faults == ["", "unknown-case", "unknown-contact", "unknown-parent", "unknown-user", ""]
    assert [one.id for one in await store.work.list(org, wanted={"contact_id": chat.contact.id})] == [good.id]


async def test_the_board_may_refuse_only_what_is_pending(store: Store, org: str) -> None:
    kept = await added(store, org)
    assert await store.work.refuse(org, {kept.id: "queue-full"}, now_ms=START_MS + 1) == 1
    assert await store.work.refuse(org, {kept.id: "queue-full"}, now_ms=START_MS + 1) == 0
    assert (await store.work.get(org, kept.id)).state is WorkState.CLOSED


async def test_work_without_a_conversation_is_nobody_s_conversation(store: Store, org: str) -> None:
    await added(store, org)
    assert await store.work.for_interaction(org, "") is None


async def test_work_without_a_conversation_is_answered_when_it_is_taken(store: Store, org: str) -> None:
    tale = Tale(await added(store, org))
    ana = await agent(store, org)
    events = [
        tale.tell(EventKind.ENQUEUED),
        tale.tell(EventKind.OFFERED, ana.id, 1),
        tale.tell(EventKind.ACCEPTED, ana.id, 1),
        tale.tell(EventKind.ENDED, ana.id, 1),
    ]
    for event in reversed(events):
        await store.routing.apply([event])
    statistics = (await store.routing.service_level(org, since_ms=1, now_ms=LATE_MS))["sales"]
    assert (statistics.offered, statistics.answered, statistics.asa_ms) == (1, 1, 2_000)


async def test_scheduled_work_waits_in_no_queue_and_has_no_age(store: Store, org: str) -> None:
    tale = Tale(await added(store, org, not_before_ms=START_MS + 60_000))
    await store.routing.apply([tale.tell(EventKind.SCHEDULED, not_before=START_MS + 60_000)])
    kept = await store.work.get(org, tale.item.id)
    assert (kept.state, kept.not_before_ms, kept.age_ms) == (WorkState.SCHEDULED, START_MS + 60_000, 0)
    assert await segment_rows(store, tale.item.id) == []
    tale.at_ms = START_MS + 60_000
    await store.routing.apply([tale.tell(EventKind.ENQUEUED), tale.tell(EventKind.ACCEPTED, "ana", 1)])
    kept = await store.work.get(org, tale.item.id)
    assert (kept.state, kept.age_ms) == (WorkState.ACTIVE, 1_000)


async def test_scheduled_work_that_is_cancelled_was_never_offered(store: Store, org: str) -> None:
    tale = Tale(await added(store, org, not_before_ms=START_MS + 60_000))
    events = [tale.tell(EventKind.SCHEDULED), tale.tell(EventKind.ABANDONED, reason="cancelled")]
    await store.routing.apply(events)
    assert (await store.work.get(org, tale.item.id)).state is WorkState.CLOSED
    assert await store.routing.service_level(org, since_ms=1, now_ms=LATE_MS) == {}


async def test_of_several_offers_the_first_to_accept_has_the_number(store: Store, org: str) -> None:
    tale = Tale(await added(store, org))
    events = [
        tale.tell(EventKind.ENQUEUED),
        tale.tell(EventKind.OFFERED, "ana", 1),
        tale.tell(EventKind.OFFERED, "ben", 2),
        tale.tell(EventKind.OFFERED, "cem", 3),
    ]
    await store.routing.apply(events)
    await store.routing.apply([tale.tell(EventKind.DECLINED, "cem", 3, state="offered")])
    assert (await store.work.get(org, tale.item.id)).state is WorkState.OFFERED
    won = [tale.tell(EventKind.RESCINDED, "ben", 2, state="offered"), tale.tell(EventKind.ACCEPTED, "ana", 1)]
    for again in (won, won):
        await store.routing.apply(again)
        kept = await store.work.get(org, tale.item.id)
        assert (kept.state, kept.agent_id, kept.assignment) == (WorkState.ACTIVE, "ana", 1)
    assert await assignment_rows(store, tale.item.id) == [(1, "ana", False, "")]


async def test_the_last_offer_declined_lets_it_wait(store: Store, org: str) -> None:
    tale = Tale(await added(store, org))
    await store.routing.apply(
        [
            tale.tell(EventKind.ENQUEUED),
            tale.tell(EventKind.OFFERED, "ana", 1),
            tale.tell(EventKind.OFFERED, "ben", 2),
            tale.tell(EventKind.MISSED, "ana", 1, state="offered"),
            tale.tell(EventKind.MISSED, "ben", 2, state="queued"),
        ]
    )
    kept = await store.work.get(org, tale.item.id)
    assert (kept.state, kept.agent_id) == (WorkState.QUEUED, "")


async def test_automatic_accept_and_pick(store: Store, org: str) -> None:
    tale = Tale(await added(store, org))
    await store.routing.apply(
        [
            tale.tell(EventKind.ENQUEUED),
            tale.tell(EventKind.OFFERED, "ana", 1, auto=True),
            tale.tell(EventKind.ACCEPTED, "ana", 1, auto=True),
        ]
    )
    assert (await store.work.get(org, tale.item.id)).state is WorkState.ACTIVE
    picked = Tale(await added(store, org), seq=100)
    await store.routing.apply([picked.tell(EventKind.ENQUEUED), picked.tell(EventKind.ACCEPTED, "ben", 7, by="pick")])
    kept = await store.work.get(org, picked.item.id)
    assert (kept.state, kept.agent_id, kept.assignment) == (WorkState.ACTIVE, "ben", 7)


async def test_parking_ends_the_segment_and_resuming_begins_another(store: Store, org: str) -> None:
    for number, order in enumerate(itertools.permutations(range(2))):
        tale = Tale(await added(store, org), epoch=number + 1)
        await store.routing.apply([tale.tell(EventKind.ENQUEUED), tale.tell(EventKind.ACCEPTED, "ana", 1)])
        pair = [tale.tell(EventKind.PARKED, "ana", 1, why="waits"), tale.tell(EventKind.RESUMED, "ana")]
        for place in order:
            await store.routing.apply([pair[place]])
        kept = await store.work.get(org, tale.item.id)
        assert (kept.state, kept.agent_id, kept.preferred_agent) == (WorkState.QUEUED, "", "ana"), order
        assert await assignment_rows(store, tale.item.id) == [(1, "ana", True, "parked")], order
        assert await segment_rows(store, tale.item.id) == [(1, "sales", True), (2, "sales", False)], order


async def test_parked_work_remembers_its_agent_and_does_not_age(store: Store, org: str) -> None:
    tale = Tale(await added(store, org))
    await store.routing.apply([tale.tell(EventKind.ENQUEUED), tale.tell(EventKind.ACCEPTED, "ana", 1)])
    await store.routing.apply([tale.tell(EventKind.PARKED, "ana", 1)])
    kept = await store.work.get(org, tale.item.id)
    assert (kept.state, kept.agent_id, kept.age_ms) == (WorkState.PARKED, "ana", 2_000)
    await store.routing.apply([tale.tell(EventKind.CLOSED, reason="silence")])
    assert (await store.work.get(org, tale.item.id)).state is WorkState.CLOSED


async def test_a_change_is_kept_and_changes_nothing_else(store: Store, org: str) -> None:
    tale = Tale(await added(store, org, due_ms=5, preferred={"billing": 2}))
    await store.routing.apply([tale.tell(EventKind.ENQUEUED)])
    await store.routing.apply([tale.tell(EventKind.CHANGED, priority=7, skills={"chinese": 4}, preferred_agent="ben")])
    await store.routing.apply([tale.tell(EventKind.RELAXED, stage=1)])
    kept = await store.work.get(org, tale.item.id)
    assert (kept.priority, kept.requirement.skills, kept.preferred_agent) == (7, {"chinese": 4}, "ben")
    assert (kept.state, kept.queue, kept.due_ms, kept.preferred) == (WorkState.QUEUED, "sales", 5, {"billing": 2})
    await store.routing.apply([tale.tell(EventKind.CHANGED, to_queue="support", skills={})])
    kept = await store.work.get(org, tale.item.id)
    assert (kept.queue, kept.requirement.skills) == ("support", {})
    assert await segment_rows(store, tale.item.id) == [(1, "sales", True), (2, "support", False)]


async def test_how_a_queue_stands_is_known_after_the_board(store: Store, org: str) -> None:
    def told(seq: int, mode: str, *, closed: bool = False) -> RoutingEvent:
        return RoutingEvent(
            org_id=org,
            epoch=1,
            seq=seq,
            stream_id="",
            at_ms=START_MS,
            kind=EventKind.QUEUE,
            queue="sales",
            data={"mode": mode, "closed": closed},
        )

    await store.routing.apply([told(1, "paused")])
    await store.routing.apply([told(3, "draining", closed=True)])
    await store.routing.apply([told(2, "open")])
    state = (await store.routing.queue_states(org))["sales"]
    assert (state.mode, state.closed) == ("draining", True)
