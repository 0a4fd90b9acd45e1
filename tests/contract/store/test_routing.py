"""Routing events: each applied once, in any order, with its cursor."""

import asyncio
import itertools

import pytest
from sqlalchemy import select

from engine.errors import Conflict
from engine.model.conversation import Author, Entry, EntryKind, InteractionState
from engine.model.record import Applied, BoardMark, Opened
from engine.model.work import EventKind, RoutingEvent, WorkState
from engine.store.store import Store
from engine.store.tables import assignments, segments
from tests.contract.store.building import LATE_MS, START_MS, Story, agent, opened, said


async def told(store: Store, result: Opened) -> list[Entry]:
    return await store.transcripts.since(result.interaction.org_id, result.interaction.id, after_seq=0)


async def kinds(store: Store, result: Opened) -> list[EntryKind]:
    return [entry.kind for entry in await told(store, result)]


async def assignment_rows(store: Store, item_id: str) -> list[tuple[int, str, bool, str]]:
    query = select(assignments).where(assignments.c.item_id == item_id).order_by(assignments.c.number)
    rows = await store._access.read(lambda conn: conn.execute(query).all())
    return [(row.number, row.agent_id, row.ended_ms > 0, row.end_reason) for row in rows]


async def segment_rows(store: Store, item_id: str) -> list[tuple[int, str, bool]]:
    query = select(segments).where(segments.c.item_id == item_id).order_by(segments.c.number)
    rows = await store._access.read(lambda conn: conn.execute(query).all())
    return [(row.number, row.queue, row.ended_ms > 0) for row in rows]


async def test_a_chat_from_queue_to_close(store: Store, org: str) -> None:
    result = await opened(store, org)
    ana = await agent(store, org)
    story = Story(result)
    applied = await store.routing.apply(story.answered(ana.id))
    assert [one.fresh for one in applied] == [True] * 3
    (joined,) = applied[-1].entries
    assert (joined.kind, joined.author, joined.author_id, joined.author_name) == (
        EntryKind.JOINED, Author.AGENT, ana.id, "Ana",
    )  # fmt: skip
    item = await store.work.get(org, story.item_id)
    assert (item.state, item.agent_id, item.assignment, item.age_ms) == (WorkState.ACTIVE, ana.id, 1, 3_000)
    case = await store.cases.get(org, item.case_id)
    assert (case.owner_id, case.status) == (ana.id, "open")
    assert [event.kind for event in await store.cases.events(org, case.id)] == ["opened", "owner", "status"]

    ended = await store.routing.apply([story.tell(EventKind.ENDED, ana.id, 1, reason="agent")])
    assert ended[0].interaction is not None
    assert ended[0].interaction.state is InteractionState.CLOSED
    assert (await store.work.get(org, story.item_id)).state is WorkState.WRAPUP
    await store.work.set_disposition(org, story.item_id, disposition="sold", note="nice", now_ms=START_MS)
    await store.routing.apply([story.tell(EventKind.CLOSED, ana.id, 1)])
    assert (await store.work.get(org, story.item_id)).state is WorkState.CLOSED
    assert await store.work.for_interaction(org, result.interaction.id) is None
    assert await kinds(store, result) == [EntryKind.MESSAGE, EntryKind.JOINED, EntryKind.ENDED]
    assert await assignment_rows(store, story.item_id) == [(1, ana.id, True, "agent")]
    history = await store.routing.history(org, story.item_id)
    assert [event.seq for event in history] == [1, 2, 3, 4, 5]
    assert history[1].data == {"score": 1.5, "candidates": 2}


async def test_applying_again_changes_nothing_and_tells_the_same(store: Store, org: str) -> None:
    result = await opened(store, org)
    ana = await agent(store, org)
    story = Story(result)
    events = [*story.answered(ana.id), story.tell(EventKind.ENDED, ana.id, 1)]
    first = await store.routing.apply(events)
    before = await told(store, result)
    again = await store.routing.project(org, events, cursor_id="9-0")
    assert [one.fresh for one in again] == [False] * 4
    assert [one.entries for one in again] == [one.entries for one in first]
    assert await told(store, result) == before
    assert len(await assignment_rows(store, story.item_id)) == 1


async def test_applying_at_once_from_two_sides_is_once(store: Store, org: str) -> None:
    result = await opened(store, org)
    ana = await agent(store, org)
    events = Story(result).answered(ana.id)
    both = await asyncio.gather(
        store.routing.apply(events[-1:]),
        store.routing.project(org, events, cursor_id="3-0"),
        store.routing.apply(events[-1:]),
    )
    of_accept = [one.fresh for applied in both for one in applied if one.event.kind is EventKind.ACCEPTED]
    assert sorted(of_accept) == [False, False, True]
    assert await kinds(store, result) == [EntryKind.MESSAGE, EntryKind.JOINED]


async def test_any_order_ends_alike(store: Store, org: str) -> None:
    """A command's events are written before the projector brings the earlier ones."""
    ana, ben = await agent(store, org), await agent(store, org, "ben")
    for number, order in enumerate(itertools.permutations(range(4))):
        result = await opened(store, org, conversation_key=f"k{number}", token_hash=f"k{number}")
        story = Story(result, epoch=number + 1)
        events = [
            story.tell(EventKind.ENQUEUED),
            story.tell(EventKind.ACCEPTED, ana.id, 1),
            story.tell(EventKind.TRANSFERRED, ana.id, 1, from_queue="sales", to_queue="support", note="please"),
            story.tell(EventKind.ACCEPTED, ben.id, 2),
        ]
        for place in order:
            await store.routing.apply([events[place]])
        item = await store.work.get(org, story.item_id)
        assert (item.state, item.agent_id, item.assignment) == (WorkState.ACTIVE, ben.id, 2), order
        rows = await assignment_rows(store, story.item_id)
        assert [row[:3] for row in rows] == [(1, ana.id, True), (2, ben.id, False)], order
        assert await segment_rows(store, story.item_id) == [(1, "sales", True), (2, "support", False)], order
        assert sorted(await kinds(store, result)) == sorted(
            [EntryKind.MESSAGE, EntryKind.JOINED, EntryKind.LEFT, EntryKind.TRANSFERRED, EntryKind.JOINED]
        ), order


async def test_the_end_may_come_before_the_beginning(store: Store, org: str) -> None:
    result = await opened(store, org)
    ana = await agent(store, org)
    story = Story(result)
    events = [*story.answered(ana.id), story.tell(EventKind.ENDED, ana.id, 1), story.tell(EventKind.CLOSED, ana.id, 1)]
    for event in reversed(events):
        await store.routing.apply([event])
    assert (await store.work.get(org, story.item_id)).state is WorkState.CLOSED
    assert [row[:3] for row in await assignment_rows(store, story.item_id)] == [(1, ana.id, True)]
    assert await segment_rows(store, story.item_id) == [(1, "sales", True)]
    assert sorted(await kinds(store, result)) == sorted([EntryKind.MESSAGE, EntryKind.JOINED, EntryKind.ENDED])
    await store.routing.project(org, events, cursor_id="9-0")
    assert (await store.conversations.get(org, result.interaction.id)).last_seq == 3


async def test_a_lost_agent_continues_the_segment(store: Store, org: str) -> None:
    result = await opened(store, org)
    ana, ben = await agent(store, org), await agent(store, org, "ben")
    story = Story(result)
    await store.routing.apply([*story.answered(ana.id), story.tell(EventKind.LOST, ana.id, 1)])
    item = await store.work.get(org, story.item_id)
    assert (item.state, item.agent_id) == (WorkState.QUEUED, "")
    assert await segment_rows(store, story.item_id) == [(1, "sales", False)]
    await store.routing.apply([story.tell(EventKind.OFFERED, ben.id, 2), story.tell(EventKind.ACCEPTED, ben.id, 2)])
    item = await store.work.get(org, story.item_id)
    assert item.age_ms == 3_000 + 2_000  # waited before the first accept, and again after the loss
    assert [row[:3] for row in await assignment_rows(store, story.item_id)] == [(1, ana.id, True), (2, ben.id, False)]


async def test_declined_offers_return_to_the_queue(store: Store, org: str) -> None:
    result = await opened(store, org)
    ana = await agent(store, org)
    story = Story(result)
    await store.routing.apply([story.tell(EventKind.ENQUEUED)])
    for kind in (EventKind.DECLINED, EventKind.MISSED, EventKind.RESCINDED):
        await store.routing.apply([story.tell(EventKind.OFFERED, ana.id, story.seq)])
        assert (await store.work.get(org, story.item_id)).state is WorkState.OFFERED
        await store.routing.apply([story.tell(kind, ana.id, story.seq)])
        item = await store.work.get(org, story.item_id)
        assert (item.state, item.agent_id) == (WorkState.QUEUED, "")
    await store.routing.apply([story.tell(EventKind.REPRIORITISED, priority=7)])
    assert (await store.work.get(org, story.item_id)).priority == 7
    assert await assignment_rows(store, story.item_id) == []


async def test_abandoned_in_the_queue(store: Store, org: str) -> None:
    result = await opened(store, org)
    story = Story(result)
    await store.routing.apply([story.tell(EventKind.ENQUEUED), story.tell(EventKind.ABANDONED, reason="gone")])
    chat = await store.conversations.get(org, result.interaction.id)
    assert (chat.state, chat.close_reason) == (InteractionState.CLOSED, "gone")
    assert (await store.work.get(org, story.item_id)).state is WorkState.CLOSED


async def test_one_open_assignment_per_item(store: Store, org: str) -> None:
    result = await opened(store, org)
    ana, ben = await agent(store, org), await agent(store, org, "ben")
    story = Story(result)
    first, second = story.tell(EventKind.ACCEPTED, ana.id, 1), story.tell(EventKind.ACCEPTED, ben.id, 2)
    await asyncio.gather(store.routing.apply([second]), store.routing.apply([first]))
    assert [row[:3] for row in await assignment_rows(store, story.item_id)] == [(1, ana.id, True), (2, ben.id, False)]
    assert (await store.work.get(org, story.item_id)).agent_id == ben.id


async def test_a_projector_that_slept_does_not_move_the_cursor_back(store: Store, org: str) -> None:
    story = Story(await opened(store, org))
    events = [story.tell(EventKind.ENQUEUED), *(presence(story, "break") for _ in range(2))]
    await store.routing.project(org, events, cursor_id="3-0")
    await store.routing.project(org, events[:2], cursor_id="2-0")
    assert await store.routing.cursor(org) == BoardMark(epoch=events[0].epoch, seq=3, stream_id="3-0")


async def test_the_cursor_moves_with_the_history(store: Store, org: str) -> None:
    assert await store.routing.cursor(org) == BoardMark()
    epoch = await store.routing.begin_epoch(org, at_least=4)
    assert epoch == 5
    assert await store.routing.cursor(org) == BoardMark(epoch=5, seq=0, stream_id="0-0")
    result = await opened(store, org)
    story = Story(result, epoch=5)
    events = [story.tell(EventKind.ENQUEUED), presence(story, "break")]
    await store.routing.project(org, events, cursor_id="7-1")
    assert await store.routing.cursor(org) == BoardMark(epoch=5, seq=2, stream_id="7-1")
    assert await store.routing.statuses(org) == {"ana": "break"}
    assert await store.routing.begin_epoch(org, at_least=0) == 6
    with pytest.raises(Conflict) as moved:
        await store.routing.project(org, [story.tell(EventKind.OFFERED, "ana", 1)], cursor_id="8-0")
    assert moved.value.slug == "cursor-moved"
    with pytest.raises(Conflict) as stale:
        await store.routing.apply([story.tell(EventKind.ACCEPTED, "ana", 1)])
    assert stale.value.slug == "stale-epoch"
    assert (await store.work.get(org, story.item_id)).state is WorkState.QUEUED


def presence(story: Story, status: str) -> RoutingEvent:
    event = story.tell(EventKind.PRESENCE, "ana", status=status, connected=True)
    return RoutingEvent(
        org_id=event.org_id, epoch=event.epoch, seq=event.seq, stream_id=event.stream_id, at_ms=event.at_ms,
        kind=event.kind, agent_id="ana", data=event.data,
    )  # fmt: skip


async def test_a_board_that_tells_another_story_is_refused(store: Store, org: str) -> None:
    result = await opened(store, org)
    story = Story(result)
    await store.routing.apply([story.tell(EventKind.ENQUEUED), story.tell(EventKind.OFFERED, "ana", 1)])
    story.seq = 1
    for write in (store.routing.apply([story.tell(EventKind.ABANDONED)]),):
        with pytest.raises(Conflict) as stale:
            await write
        assert stale.value.slug == "stale-epoch"


async def test_restored_items_keep_their_agent_across_epochs(store: Store, org: str) -> None:
    result = await opened(store, org)
    ana = await agent(store, org)
    story = Story(result)
    await store.routing.apply(story.answered(ana.id, assignment=3))
    story.epoch, story.seq = await store.routing.begin_epoch(org, at_least=1), 0
    (item,) = await store.work.open_items(org)
    assert (item.state, item.agent_id, item.assignment) == (WorkState.ACTIVE, ana.id, 3)
    restored = story.tell(EventKind.RESTORED, ana.id, 3, state="active", age_ms=item.age_ms)
    ended = story.tell(EventKind.ENDED, ana.id, 3, reason="agent")
    await store.routing.project(org, [restored, ended], cursor_id="2-0")
    assert await assignment_rows(store, story.item_id) == [(3, ana.id, True, "agent")]
    assert (await store.work.get(org, story.item_id)).state is WorkState.WRAPUP


async def test_unknown_items_are_history_only(store: Store, org: str) -> None:
    result = await opened(store, org)
    story = Story(result)
    story.item_id = "unknown"
    applied: list[Applied] = await store.routing.project(org, story.answered("ana"), cursor_id="1-0")
    assert [(one.fresh, one.entries, one.interaction) for one in applied] == [(True, (), None)] * 3
    assert len(await store.routing.history(org, "unknown")) == 3


async def test_a_transfer_that_is_told_late_leaves_the_item_where_it_is(store: Store, org: str) -> None:
    result = await opened(store, org)
    story, ana, ben = Story(result), await agent(store, org), await agent(store, org, "ben")
    await store.routing.apply(story.answered(ana.id))
    transferred = story.tell(EventKind.TRANSFERRED, ana.id, 1, from_queue="sales", to_queue="support")
    story.queue = "support"
    accepted = [story.tell(kind, ben.id, 2) for kind in (EventKind.OFFERED, EventKind.ACCEPTED)]
    await store.routing.apply(accepted)
    await store.routing.apply([transferred])
    item = await store.work.get(org, story.item_id)
    assert (item.state, item.queue, item.agent_id) == (WorkState.ACTIVE, "support", ben.id)
    query = select(assignments.c.end_reason).where(assignments.c.item_id == item.id).order_by(assignments.c.number)
    reasons = await store._access.read(lambda conn: list(conn.execute(query).scalars()))
    assert reasons == ["transferred", ""]


async def test_service_level_counts_segments(store: Store, org: str) -> None:
    ana = await agent(store, org)
    await store.configuration.put(
        org, name="Acme", digest="d", compiled=b"", agents=(), author="", now_ms=1, targets={"sales": 4_000}
    )
    for number, answer_ms in enumerate((3_000, 9_000)):
        result = await opened(store, org, conversation_key=str(number), token_hash=str(number))
        story = Story(result, epoch=number + 1)
        await store.routing.apply(story.answered(ana.id))
        draft = said("Hello", author=Author.AGENT, author_id=ana.id)
        await store.transcripts.append(org, result.interaction.id, draft, now_ms=START_MS + 1_000 + answer_ms)
        await store.transcripts.append(org, result.interaction.id, draft, now_ms=START_MS + 99_000)
    for number, leave in ((2, 1), (3, 8)):
        result = await opened(store, org, conversation_key=str(number), token_hash=str(number))
        story = Story(result, epoch=number + 1)
        await store.routing.apply([story.tell(EventKind.ENQUEUED)])
        story.at_ms += leave * 1_000 - 1_000
        await store.routing.apply([story.tell(EventKind.ABANDONED)])
    counted = (await store.routing.service_level(org, since_ms=START_MS, now_ms=LATE_MS))["sales"]
    assert (counted.offered, counted.answered, counted.answered_in_target) == (4, 2, 1)
    assert (counted.abandoned, counted.short_abandoned, counted.asa_ms) == (2, 1, 6_000)
    assert counted.service_level == pytest.approx(1 / 3)
    assert await store.routing.service_level(org, since_ms=START_MS + 90_000, now_ms=LATE_MS) == {}


async def test_who_can_be_answered_in_time_still_does_not_count(store: Store, org: str) -> None:
    await store.configuration.put(
        org, name="Acme", digest="d", compiled=b"", agents=(), author="", now_ms=1, targets={"sales": 4_000}
    )
    story = Story(await opened(store, org))
    await store.routing.apply([story.tell(EventKind.ENQUEUED)])

    async def level(now_ms: int) -> tuple[int, float | None]:
        counted = (await store.routing.service_level(org, since_ms=0, now_ms=now_ms))["sales"]
        return counted.undecided, counted.service_level

    assert await level(story.at_ms + 3_000) == (1, None)
    assert await level(story.at_ms + 9_000) == (0, 0)


async def test_a_target_that_is_reckoned_anew_counts_from_then_on(store: Store, org: str) -> None:
    async def answered_in_target(token: str, target_ms: int) -> int:
        await store.configuration.put(
            org, name="Acme", digest="d", compiled=b"", agents=(), author="", now_ms=1, targets={"sales": target_ms}
        )
        result = await opened(store, org, conversation_key=token, token_hash=token)
        story = Story(result, epoch=len(token))
        await store.routing.apply(story.answered("ana"))
        draft = said("Hello", author=Author.AGENT, author_id="ana")
        await store.transcripts.append(org, result.interaction.id, draft, now_ms=START_MS + 10_000)
        return (await store.routing.service_level(org, since_ms=0, now_ms=LATE_MS))["sales"].answered_in_target

    assert await answered_in_target("a", 30_000) == 1
    assert await answered_in_target("bb", 5_000) == 1  # the second came too late, though the digest is the same
    assert await answered_in_target("ccc", 30_000) == 2


async def test_a_closed_item_is_never_opened_again(store: Store, org: str) -> None:
    """The visitor left between the commit and the board."""
    result = await opened(store, org)
    await store.conversations.close(org, result.interaction.id, reason="visitor", now_ms=START_MS)
    story = Story(result)
    await store.routing.apply([story.tell(EventKind.ENQUEUED)])
    assert (await store.work.get(org, story.item_id)).state is WorkState.CLOSED
    assert await segment_rows(store, story.item_id) == [(1, "sales", True)]


async def test_known_and_new_events_far_apart_are_told_apart(store: Store, org: str) -> None:
    result = await opened(store, org)
    ana = await agent(store, org)
    story = Story(result)
    enqueued, offered = story.tell(EventKind.ENQUEUED), story.tell(EventKind.OFFERED, ana.id, 1)
    story.seq = 5_000
    accepted = story.tell(EventKind.ACCEPTED, ana.id, 1)
    await store.routing.apply([accepted, enqueued])
    applied = await store.routing.apply([accepted, offered, enqueued, offered])
    assert [one.fresh for one in applied] == [False, True, False, False]
    assert [entry.kind for entry in applied[0].entries] == [EntryKind.JOINED]
    assert applied[0].interaction is not None
    assert [event.seq for event in await store.routing.history(org, story.item_id)] == [1, 2, 5_001]


async def test_what_was_applied_shows_the_item_as_the_record_has_it(store: Store, org: str) -> None:
    ana, result = await agent(store, org), await opened(store, org)
    applied = await store.routing.apply(Story(result).answered(ana.id))
    assert result.item is not None
    item = applied[-1].item
    assert item is not None
    assert item == await store.work.get(org, result.item.id)
    assert (item.state, item.agent_id) == (WorkState.ACTIVE, ana.id)
