"""Arrivals: contact, interaction, entry, case and work item together, once."""

import asyncio
from dataclasses import replace

import pytest

from engine.clock import SystemClock
from engine.ids import id_source
from engine.model.conversation import Author, EntryKind, InteractionState
from engine.model.organisation import CasePolicy
from engine.model.record import Opened
from engine.model.work import EventKind, Plan, Requirement, WorkState
from engine.store.store import Store
from tests.contract.store.building import PLAN, START_MS, Story, arrival, changed, listed, opened


async def test_an_arrival_is_written_with_all_that_belongs_to_it(store: Store, org: str) -> None:
    result = await opened(store, org)
    assert not result.repeated
    assert result.interaction == await store.conversations.get(org, result.interaction.id)
    assert result.contact == await store.customers.get(org, result.contact.id)
    assert result.case == await store.cases.get(org, result.interaction.case_id)
    assert list(result.entries) == await store.transcripts.since(org, result.interaction.id, after_seq=0)
    assert result.item is not None
    assert (result.item.state, result.item.requirement) == (WorkState.PENDING, PLAN.requirement)
    assert result.case is not None
    assert (result.case.number, result.case.subject, result.case.status) == (1, "My bill is wrong.", "new")
    (first,) = result.entries
    assert (first.seq, first.kind, first.author, first.client_id) == (1, EntryKind.MESSAGE, Author.VISITOR, "first")


async def test_what_a_plan_prefers_is_kept(store: Store, org: str) -> None:
    plan = replace(PLAN, preferred={"german": 4})
    result = await store.arrivals.open_interaction(
        arrival(org), kind="chat", plan=plan, case_policy=CasePolicy.MANUAL, now_ms=START_MS
    )
    assert result.item is not None
    assert (await store.work.get(org, result.item.id)).preferred == result.item.preferred == {"german": 4}
    again = await store.work.reclassify(org, result.item.id, replace(PLAN, preferred={"english": 8}))
    assert again is not None
    assert again.preferred == {"english": 8}


async def test_five_at_once_are_one(store: Store, org: str) -> None:
    results = await asyncio.gather(*(opened(store, org) for _ in range(5)))
    assert sorted(result.repeated for result in results) == [False, True, True, True, True]
    assert len({result.interaction.id for result in results}) == 1
    assert len({result.item.id for result in results if result.item}) == 1
    assert len(await store.customers.list(org)) == 1
    assert len(await listed(store, org)) == 1
    assert len(await store.work.list(org)) == 1


async def test_five_processes_at_once_are_one(url: str, org: str) -> None:
    """Each store has a writer of its own, as each process would."""
    clock = SystemClock()
    stores = [Store(url=url, clock=clock, new_id=id_source(clock)) for _ in range(5)]
    await asyncio.gather(*(store.start() for store in stores))
    results = await asyncio.gather(*(opened(store, org, email="") for store in stores))
    assert sum(not result.repeated for result in results) == 1
    assert len({result.interaction.id for result in results}) == 1
    assert len(await stores[0].customers.list(org)) == 1
    assert len(await stores[0].work.list(org)) == 1
    await asyncio.gather(*(store.stop() for store in stores))


async def test_a_known_address_is_the_same_contact(store: Store, org: str) -> None:
    first = await opened(store, org)
    second = await opened(store, org, conversation_key="b", token_hash="b", email=" zoe@example.ORG ", name="Someone")
    third = await opened(store, org, conversation_key="c", token_hash="c", email="")
    assert second.contact == first.contact
    assert third.contact.id != first.contact.id
    assert [case.number for case in await listed(store, org)] == [3, 2, 1]


async def test_a_token_is_one_interaction_for_ever(store: Store, org: str) -> None:
    first = await opened(store, org)
    await store.conversations.close(org, first.interaction.id, reason="visitor", now_ms=START_MS + 1)
    again = await opened(store, org)
    assert again.repeated
    assert again.interaction.id == first.interaction.id
    assert again.interaction.state is InteractionState.CLOSED
    assert again.item is None
    assert again.case == first.case


async def test_the_key_alone_identifies_a_chat(store: Store, org: str) -> None:
    first = await opened(store, org, token_hash="", conversation_key="only")
    assert (await opened(store, org, token_hash="", conversation_key="only")).repeated
    found = await store.conversations.by_token(org, "web", "only")
    assert found is not None
    assert found.id == first.interaction.id
    assert await store.conversations.by_token(org, "other", "only") is None


async def test_the_policy_decides_about_the_case(store: Store, org: str) -> None:
    result = await opened(store, org, policy=CasePolicy.END, body="")
    assert result.case is None
    assert result.entries == ()
    assert result.interaction.case_id == ""


async def test_a_form_becomes_a_case_without_work(store: Store, org: str) -> None:
    results = [
        await store.arrivals.leave_message(arrival(org), kind="chat", plan=PLAN, now_ms=START_MS) for _ in range(2)
    ]
    assert [result.repeated for result in results] == [False, True]
    result = results[0]
    assert result.item is None
    assert result.case is not None
    assert result.interaction.state is InteractionState.CLOSED
    assert len(await listed(store, org)) == 1
    assert await store.work.for_interaction(org, result.interaction.id) is None


async def test_pending_items_come_page_by_page_and_get_another_plan(store: Store, org: str) -> None:
    for number in range(5):
        await opened(store, org, conversation_key=f"k{number}", token_hash=f"k{number}", now_ms=2_000 + number // 2)
    seen: list[str] = []
    after = (0, "")
    while page := await store.arrivals.pending_items(2, 5_000, after=after):
        seen += [one.id for one in page if one.org_id == org]
        after = (page[-1].created_ms, page[-1].id)
    assert len(seen) == len(set(seen)) == 5
    plan = Plan(queue="support", requirement=Requirement(skills={"german": 2}), priority=4)
    changed = await store.work.reclassify(org, seen[0], plan)
    assert changed is not None
    assert (changed.queue, changed.requirement, changed.priority) == ("support", plan.requirement, 4)
    assert await store.work.reclassify("other", seen[0], plan) is None


async def test_work_in_queues_that_are_no_more_is_found_and_moved(store: Store, org: str) -> None:
    result = await opened(store, org)
    story = Story(result)
    await store.routing.apply([story.tell(EventKind.ENQUEUED)])
    assert await store.work.waiting_outside(org, ["sales"], limit=9) == []
    assert [one.id for one in await store.work.waiting_outside(org, ["support"], limit=9)] == [story.item_id]
    assert await store.work.reclassify(org, story.item_id, PLAN) is None
    moved = story.tell(EventKind.TRANSFERRED, from_queue="sales", to_queue="support")
    applied = await store.routing.apply([moved])
    assert [one.kind for one in applied[0].entries] == [EntryKind.TRANSFERRED]
    item = await store.work.get(org, story.item_id)
    assert (item.state, item.queue) == (WorkState.QUEUED, "support")


async def test_what_is_refused_is_closed_as_refused(store: Store, org: str) -> None:
    pending, waiting = await opened(store, org), await opened(store, org, conversation_key="w", token_hash="w")
    told = await store.conversations.close(org, pending.interaction.id, reason="refused", now_ms=START_MS)
    assert told is not None
    assert told.data == {"reason": "refused"}
    story = Story(waiting)
    await store.routing.apply([story.tell(EventKind.ENQUEUED), story.tell(EventKind.ABANDONED, reason="refused")])
    for item in (pending.item, waiting.item):
        assert item is not None
        kept = await store.work.get(org, item.id)
        assert kept.state is WorkState.CLOSED
        assert (await store.conversations.get(org, kept.interaction_id)).close_reason == "refused"


async def test_pending_items_wait_for_the_sweep(store: Store, org: str) -> None:
    old = await opened(store, org, now_ms=1_000)
    await opened(store, org, conversation_key="young", token_hash="young", now_ms=9_000)
    pending = await store.arrivals.pending_items(1_000, 5_000)
    mine = [item for item in pending if item.org_id == org]
    assert old.item is not None
    assert [item.id for item in mine] == [old.item.id]
    assert mine[0].age_ms > 0


async def left(store: Store, org: str, **changes: object) -> Opened:
    form = arrival(org, **{"conversation_key": "l" * 64, "token_hash": "l" * 64, "body": "Call me", **changes})
    return await store.arrivals.leave_message(form, kind="chat", plan=PLAN, now_ms=START_MS + 5_000)


@pytest.mark.parametrize("reason", ["message", "callback", "full", "closed", "refused"])
async def test_a_message_left_after_being_turned_away_is_of_the_same_case(store: Store, org: str, reason: str) -> None:
    first = await opened(store, org, email="")
    assert first.case is not None
    await store.conversations.close(org, first.interaction.id, reason=reason, now_ms=START_MS + 1_000)
    message = await left(store, org, after_hash=first.interaction.conversation_key)
    (case,) = await listed(store, org)
    assert case == message.case
    assert (case.id, case.number) == (first.case.id, first.case.number)
    assert case.contact_id == message.contact.id  # who can be reached
    assert (
        message.interaction.case_id == (await store.conversations.get(org, message.interaction.id)).case_id == case.id
    )
    assert (await left(store, org, after_hash=first.interaction.conversation_key)).case == case  # a repeat
    assert len(await listed(store, org)) == 1


async def test_the_case_of_the_message_is_that_of_the_conversation_without_one(store: Store, org: str) -> None:
    first = await opened(store, org, policy=CasePolicy.END)
    await store.conversations.close(org, first.interaction.id, reason="message", now_ms=START_MS + 1_000)
    message = await left(store, org, after_hash=first.interaction.conversation_key)
    assert message.case is not None
    assert (await store.conversations.get(org, first.interaction.id)).case_id == message.case.id


@pytest.mark.parametrize("end", ["visitor", "another token", "closed case"])
async def test_what_was_not_turned_away_has_a_case_of_its_own(store: Store, org: str, end: str) -> None:
    first = await opened(store, org)
    assert first.case is not None
    reason = "visitor" if end == "visitor" else "message"
    await store.conversations.close(org, first.interaction.id, reason=reason, now_ms=START_MS + 1_000)
    if end == "closed case":
        await changed(store, org, first.case.id, status="closed", now_ms=START_MS + 2_000)
    token = "x" * 64 if end == "another token" else first.interaction.conversation_key
    message = await left(store, org, after_hash=token)
    assert message.case is not None
    assert message.case.id != first.case.id
    assert len(await listed(store, org)) == 2
