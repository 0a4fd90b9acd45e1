"""Parked work whose customer writes again; since when a segment counts."""

from engine.model.conversation import Author
from engine.model.record import Opened
from engine.model.work import EventKind, WorkItem
from engine.store.store import Store
from tests.contract.store.building import START_MS, Story, agent, opened, said
from tests.contract.store.test_work import Tale, added


async def talking(store: Store, org: str) -> tuple[Opened, Story, str]:
    """Return a chat that an agent has; so far it has a message and the line that tells of him."""
    result, ana = await opened(store, org), await agent(store, org)
    story = Story(result)
    await store.routing.apply(story.answered(ana.id))
    return result, story, ana.id


async def write(store: Store, result: Opened, body: str, author: Author = Author.VISITOR) -> int:
    where = result.interaction
    draft = said(body, author=author, client_id=body)
    return (await store.transcripts.append(where.org_id, where.id, draft, now_ms=START_MS + 60_000)).entry.seq


async def returned(store: Store, org: str, after: str = "") -> list[str]:
    found = await store.parked.returned(limit=1_000, after=after)
    return [item.id for item in found if item.org_id == org]


async def test_parked_work_is_found_when_its_customer_writes(store: Store, org: str) -> None:
    result, story, ana = await talking(store, org)
    await write(store, result, "Back in a moment")
    seen = await write(store, result, "All right", Author.AGENT)
    assert await returned(store, org) == []
    await store.routing.apply([story.tell(EventKind.PARKED, ana, 1, seen_seq=seen)])
    assert await returned(store, org) == []
    await write(store, result, "Take your time", Author.AGENT)
    assert await returned(store, org) == []  # the agent's own words bring nobody back
    await write(store, result, "Here I am")
    assert await returned(store, org) == [story.item_id]
    assert await returned(store, org, after=story.item_id) == []
    (item,) = [one for one in await store.parked.returned(limit=1_000) if one.org_id == org]
    assert item.assignment == 1
    await store.routing.apply([story.tell(EventKind.RESUMED, ana, age_ms=1_000)])
    assert await returned(store, org) == []


async def test_a_message_between_board_and_record_is_not_missed(store: Store, org: str) -> None:
    result, story, ana = await talking(store, org)
    parked = story.tell(EventKind.PARKED, ana, 1, seen_seq=2)
    await write(store, result, "Just a second")
    await store.routing.apply([parked])
    assert await returned(store, org) == [story.item_id]


async def test_without_a_number_all_that_was_said_is_known(store: Store, org: str) -> None:
    result, story, ana = await talking(store, org)
    await write(store, result, "Wait for me")
    await store.routing.apply([story.tell(EventKind.PARKED, ana, 1)])
    assert await returned(store, org) == []
    await write(store, result, "Here I am")
    assert await returned(store, org) == [story.item_id]


async def test_a_conversation_that_has_ended_brings_nothing_back(store: Store, org: str) -> None:
    result, story, ana = await talking(store, org)
    await store.routing.apply([story.tell(EventKind.PARKED, ana, 1, seen_seq=0)])
    assert await returned(store, org) == [story.item_id]
    await store.conversations.close(org, result.interaction.id, reason="visitor", now_ms=START_MS + 90_000)
    assert await returned(store, org) == []


async def segment_of(store: Store, item: WorkItem) -> int:
    return (await store.work.get(item.org_id, item.id)).segment_ms


async def test_a_segment_counts_from_when_it_began(store: Store, org: str) -> None:
    item, ana = await added(store, org), (await agent(store, org)).id
    tale = Tale(item)
    await store.routing.apply([tale.tell(EventKind.ENQUEUED, age_ms=700)])
    assert await segment_of(store, item) == 700  # it had waited for the board
    offered, accepted = tale.tell(EventKind.OFFERED, ana, 1), tale.tell(EventKind.ACCEPTED, ana, 1)
    transferred = tale.tell(EventKind.TRANSFERRED, ana, 1, to_queue="support", segment_ms=3_000)
    raised = tale.tell(EventKind.REPRIORITISED, priority=9, segment_ms=3_000)
    await store.routing.apply([raised])
    await store.routing.apply([offered, accepted, transferred])  # told late
    assert await segment_of(store, item) == 3_000
    await store.routing.apply([tale.tell(EventKind.CHANGED, to_queue="sales", segment_ms=8_500)])
    await store.routing.apply([tale.tell(EventKind.RESUMED, ana, age_ms=9_000)])
    assert await segment_of(store, item) == 9_000
    (waiting,) = await store.work.open_items(org)
    assert waiting.segment_ms == 9_000
