"""Cases: one per interaction, numbered, changed under a version."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from engine.clock import SystemClock
from engine.errors import Conflict, InvalidInput, NotFound
from engine.ids import id_source
from engine.model.case import Comment, NewCase
from engine.model.case_setup import Filing
from engine.model.organisation import CasePolicy
from engine.store.store import Store
from tests.contract.store.building import START_MS, agent, changed, listed, opened, said


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
    assert sorted(case.number for case in await listed(store, org)) == list(range(1, 21))


async def test_a_stale_version_is_refused_with_the_newer_case(store: Store, org: str) -> None:
    case = (await opened(store, org)).case
    ana = await agent(store, org)
    assert case is not None
    changes: dict[str, Any] = {"subject": "New Subject", "priority": 3, "fields": {}}
    now = await changed(store, org, case.id, version=1, actor_id=ana.id, now_ms=START_MS + 7, **changes)
    assert (now.version, now.subject, now.priority, now.updated_ms) == (2, "New Subject", 3, START_MS + 7)
    with pytest.raises(Conflict) as stale:
        await changed(store, org, case.id, version=1, priority=9)
    assert (stale.value.slug, stale.value.fields["version"]) == ("stale-version", 2)
    assert stale.value.fields["case"] == now
    assert await changed(store, org, case.id, version=2, now_ms=START_MS + 99, **changes) == now
    events = await store.cases.events(org, case.id)
    assert [(event.kind, event.actor_id, event.number) for event in events] == [
        ("opened", "", 1), ("subject", ana.id, 2), ("priority", ana.id, 3),
    ]  # fmt: skip
    assert events[2].data == {"from": 1, "to": 3}
    assert await store.cases.events(org, case.id, after_number=1, limit=1) == events[1:2]


async def test_of_two_writers_one_wins(store: Store, org: str) -> None:
    case = (await opened(store, org)).case
    assert case is not None
    outcomes = await asyncio.gather(
        *(changed(store, org, case.id, version=1, priority=n) for n in (5, 6)), return_exceptions=True
    )
    (lost,) = [outcome for outcome in outcomes if isinstance(outcome, Conflict)]
    assert lost.fields["case"] == await store.cases.get(org, case.id)


async def test_of_two_writers_in_two_processes_one_wins(store: Store, url: str, org: str) -> None:
    case = (await opened(store, org)).case
    assert case is not None
    clock = SystemClock()
    other = Store(url=url, clock=clock, new_id=id_source(clock))
    await other.start()
    try:
        for version in range(1, 6):
            outcomes = await asyncio.gather(
                *(
                    changed(one, org, case.id, version=version, subject=f"{n} {version}")
                    for n, one in enumerate((store, other))
                ),
                return_exceptions=True,
            )
            assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Case", "Conflict"]
    finally:
        await other.stop()
    assert len(await store.cases.events(org, case.id)) == 6


async def test_status_changes_follow_the_machine(store: Store, org: str) -> None:
    case = (await opened(store, org)).case
    assert case is not None
    closed = await changed(store, org, case.id, status="closed", now_ms=START_MS + 3)
    assert (closed.closed_ms, closed.reopened) == (START_MS + 3, 0)
    with pytest.raises(Conflict) as illegal:
        await changed(store, org, case.id, status="waiting")
    assert illegal.value.slug == "illegal-status"
    again = await changed(store, org, case.id, status="open")
    assert (again.status, again.closed_ms, again.reopened) == ("open", 0, 1)
    several: list[dict[str, Any]] = [{"status": "nonsense"}, {"id": "x"}, {"priority": "high"}]
    for wrong in several:
        with pytest.raises(InvalidInput):
            await changed(store, org, case.id, **wrong)
    with pytest.raises(NotFound):
        await store.cases.get("other", case.id)


async def test_what_a_case_refers_to_has_to_be_there(store: Store, org: str) -> None:
    case = (await opened(store, org)).case
    assert case is not None
    for name in ("owner_id", "contact_id", "account_id", "parent_id"):
        wanted: dict[str, Any] = {name: "nobody"}
        with pytest.raises(NotFound):
            await changed(store, org, case.id, **wanted)
    ana = await agent(store, org)
    assert (await changed(store, org, case.id, owner_id=ana.id)).owner_id == ana.id
    assert (await changed(store, org, case.id, owner_id="")).owner_id == ""


async def test_no_case_comes_to_be_a_part_of_itself(store: Store, org: str) -> None:
    found = [await opened(store, org, conversation_key=key, token_hash=key) for key in ("a", "b", "c")]
    first, second, third = [one.case.id for one in found if one.case is not None]
    await changed(store, org, second, parent_id=first)
    await changed(store, org, third, parent_id=second)
    for above in (first, second, third):
        with pytest.raises(Conflict) as circle:
            await changed(store, org, first, parent_id=above)
        assert circle.value.slug == "case-circle"
    assert [one.id for one in await listed(store, org, parent_id=first)] == [second]


async def test_two_cases_that_take_each_other_make_no_circle(store: Store, url: str, org: str) -> None:
    clock = SystemClock()
    other = Store(url=url, clock=clock, new_id=id_source(clock))
    await other.start()
    try:
        for key in ("1", "2", "3"):
            found = [
                await opened(store, org, conversation_key=name, token_hash=name) for name in (f"a{key}", f"b{key}")
            ]
            one, two = [each.case.id for each in found if each.case is not None]
            outcomes = await asyncio.gather(
                changed(store, org, one, parent_id=two), changed(other, org, two, parent_id=one), return_exceptions=True
            )
            assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Case", "Conflict"]
    finally:
        await other.stop()


async def test_a_case_is_opened_by_hand_once(store: Store, org: str) -> None:
    ana = await agent(store, org)
    contact = (await opened(store, org)).contact
    new = NewCase(
        org_id=org,
        subject="He called",
        contact_id=contact.id,
        owner_id=ana.id,
        request_key=f"{ana.id}:1",
        tags=("vip",),
        fields={"colour": "red"},
        filing=Filing(watched=True, new="fresh", taken="busy"),
    )
    cases = await asyncio.gather(*(store.cases.open(new, actor_id=ana.id, now_ms=START_MS) for _ in range(3)))
    assert len({case.id for case in cases}) == 1
    assert await store.cases.get(org, cases[0].id) == cases[0]
    assert (cases[0].status, cases[0].tags, cases[0].fields) == ("busy", ("vip",), {"colour": "red"})
    assert [case_id for case_id, _ in await store.cases.attention(org, now_ms=START_MS, limit=9)] == [cases[0].id]
    with pytest.raises(NotFound):
        await store.cases.open(replace(new, request_key="", contact_id="nobody"), actor_id="", now_ms=START_MS)


async def test_a_comment_is_written_once(store: Store, org: str) -> None:
    case = (await opened(store, org)).case
    assert case is not None
    comment = Comment(body="called", actor_id="u", client_id="c", public=True)
    first, again = [await store.cases.comment(org, case.id, comment, now_ms=START_MS) for _ in range(2)]
    assert first == again
    assert first.data == {"body": "called", "public": True}
    assert len(await store.cases.events(org, case.id)) == 2
    with pytest.raises(NotFound):
        await store.cases.comment("other", case.id, comment, now_ms=START_MS)


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
