"""Cases: one per interaction, numbered, changed under a version."""

import asyncio

import pytest

from engine.errors import Conflict, InvalidInput, NotFound
from engine.model.case import CaseStatus
from engine.model.organisation import CasePolicy
from engine.store.store import Store
from tests.contract.store.building import START_MS, agent, opened, said


async def test_an_interaction_has_one_case(store: Store, org: str) -> None:
    chat = (await opened(store, org, policy=CasePolicy.END)).interaction
    await store.conversations.close(org, chat.id, reason="visitor", now_ms=START_MS + 5)
    found = await store.cases.closed_without_case(org, channels=["web", "x"], since_ms=START_MS, limit=5)
    assert [one.id for one in found] == [chat.id]
    both = await asyncio.gather(
        *(store.cases.open_for(org, chat.id, subject="S", actor_id="", now_ms=START_MS + 9) for _ in range(4))
    )
    assert len({case.id for case in both}) == 1
    assert await store.cases.closed_without_case(org, channels=["web"], since_ms=START_MS, limit=5) == []
    assert (await store.conversations.get(org, chat.id)).case_id == both[0].id
    assert (await store.cases.by_number(org, both[0].number)) == both[0]


async def test_numbers_count_without_gaps_at_once(store: Store, org: str) -> None:
    await asyncio.gather(*(opened(store, org, conversation_key=f"{n}", token_hash=f"{n}") for n in range(20)))
    assert sorted(case.number for case in await store.cases.list(org)) == list(range(1, 21))


async def test_a_stale_version_is_refused(store: Store, org: str) -> None:
    case = (await opened(store, org)).case
    assert case is not None
    changes = {"subject": "New Subject", "priority": 3}
    changed = await store.cases.change(org, case.id, version=1, changes=changes, actor_id="u", now_ms=START_MS + 7)
    assert (changed.version, changed.subject, changed.priority, changed.updated_ms) == (
        2, "New Subject", 3, START_MS + 7,
    )  # fmt: skip
    with pytest.raises(Conflict) as stale:
        await store.cases.change(org, case.id, version=1, changes={"priority": 9}, actor_id="u", now_ms=START_MS)
    assert (stale.value.slug, stale.value.fields["version"]) == ("stale-version", 2)
    same = await store.cases.change(org, case.id, version=2, changes=changes, actor_id="u", now_ms=START_MS + 99)
    assert same == changed
    events = await store.cases.events(org, case.id)
    assert [(event.kind, event.actor_id) for event in events] == [("opened", ""), ("subject", "u"), ("priority", "u")]
    assert events[2].data == {"from": 1, "to": 3}


async def test_of_two_writers_one_wins(store: Store, org: str) -> None:
    case = (await opened(store, org)).case
    assert case is not None
    outcomes = await asyncio.gather(
        *(
            store.cases.change(org, case.id, version=1, changes={"priority": n}, actor_id="u", now_ms=START_MS)
            for n in (5, 6)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 1


async def test_status_changes_follow_the_table(store: Store, org: str) -> None:
    case = (await opened(store, org)).case
    assert case is not None

    async def become(status: str, version: int) -> None:
        await store.cases.change(
            org, case.id, version=version, changes={"status": status}, actor_id="", now_ms=START_MS + 3
        )

    await become("closed", 1)
    assert (await store.cases.get(org, case.id)).closed_ms == START_MS + 3
    with pytest.raises(Conflict) as illegal:
        await become("waiting", 2)
    assert illegal.value.slug == "illegal-status"
    await become("open", 2)
    again = await store.cases.get(org, case.id)
    assert (again.status, again.closed_ms) == (CaseStatus.OPEN, 0)
    for changes in ({"status": "nonsense"}, {"id": "x"}, {"priority": "high"}):
        with pytest.raises(InvalidInput):
            await store.cases.change(org, case.id, version=3, changes=changes, actor_id="", now_ms=START_MS)
    with pytest.raises(NotFound):
        await store.cases.get("other", case.id)


async def test_a_comment_is_written_once(store: Store, org: str) -> None:
    case = (await opened(store, org)).case
    assert case is not None
    first, again = [
        await store.cases.comment(org, case.id, body="called", actor_id="u", client_id="c", now_ms=START_MS)
        for _ in range(2)
    ]
    assert first == again
    assert len(await store.cases.events(org, case.id)) == 2


async def test_cases_are_found(store: Store, org: str) -> None:
    ana = await agent(store, org)
    first = await opened(store, org)
    second = await opened(store, org, conversation_key="b", token_hash="b", body="50% off? ÜBER all", email="")
    assert second.case is not None
    await store.cases.change(
        org, second.case.id, version=1, changes={"owner_id": ana.id, "status": "open"}, actor_id="", now_ms=START_MS
    )

    async def numbers(**wanted: object) -> list[int]:
        return [case.number for case in await store.cases.list(org, **wanted)]  # type: ignore[arg-type]

    assert await numbers() == [2, 1]
    assert await numbers(status="new") == [1]
    assert await numbers(owner_id=ana.id) == [2]
    assert await numbers(contact_id=first.contact.id) == [1]
    assert await numbers(text="über OFF") == [2]
    assert await numbers(text="50%") == [2]
    assert await numbers(text="5_%") == []
    assert await numbers(before_number=2) == [1]
    assert await numbers(limit=1) == [2]


async def test_the_timeline_spans_interactions(store: Store, org: str) -> None:
    result = await opened(store, org)
    assert result.case is not None
    await store.transcripts.append(org, result.interaction.id, said("more"), now_ms=START_MS + 1)
    timeline = await store.cases.timeline(org, result.case.id, limit=100)
    assert timeline.case == result.case
    assert [event.kind for event in timeline.events] == ["opened"]
    assert [entry.body for entry in timeline.conversations[0].entries] == [result.entries[0].body, "more"]


async def test_contacts_are_found_with_their_interactions(store: Store, org: str) -> None:
    result = await opened(store, org)
    assert [one.id for one in await store.customers.list(org, "ødegård EXAMPLE", 10)] == [result.contact.id]
    assert await store.customers.list(org, "nobody", 10) == []
    assert [one.id for one in await store.customers.interactions(org, result.contact.id, 10)] == [result.interaction.id]
