"""Old routing history goes; what is open, or ahead of the projector's cursor, stays however old it is."""

import asyncio
from functools import partial

import pytest
from sqlalchemy import func, select

from engine.model.work import EventKind, RoutingEvent
from engine.store import retention
from engine.store.store import Store
from engine.store.tables import agent_statuses, routing_events
from tests.contract.store.building import START_MS, Story, agent, opened

LATE_MS = START_MS + 86_400_000
MANY = 100_000


async def count(store: Store, org: str) -> int:
    query = select(func.count()).select_from(routing_events).where(routing_events.c.org_id == org)
    return await store._access.read(lambda conn: conn.execute(query).scalar_one())


async def statuses(store: Store, org: str, agent_id: str) -> list[str]:
    log = agent_statuses.c
    query = select(log.status).where(log.org_id == org, log.agent_id == agent_id).order_by(log.epoch, log.seq)
    return await store._access.read(lambda conn: list(conn.scalars(query)))


async def tell(store: Store, events: list[RoutingEvent]) -> None:
    await store.routing.project(events[0].org_id, events, cursor_id=events[-1].stream_id)


def closed(story: Story, agent_id: str) -> list[RoutingEvent]:
    return [story.tell(EventKind.ENDED, agent_id, 1, reason="agent"), story.tell(EventKind.CLOSED, agent_id, 1)]


async def test_closed_work_is_forgotten_and_open_work_is_not(store: Store, org: str) -> None:
    ana = await agent(store, org)
    another = await opened(store, org, conversation_key="o" * 64, token_hash="o" * 64, client_id="another")
    story, other = Story(await opened(store, org)), Story(another)
    assert story.item_id != other.item_id
    await tell(store, story.answered(ana.id))
    other.seq, other.at_ms = story.seq, story.at_ms
    await tell(store, other.answered(ana.id, 2))
    assert await store.retention.trim(LATE_MS, most=MANY) == 0, "both are open"
    story.seq = other.seq
    await tell(store, closed(story, ana.id))
    assert await store.retention.trim(START_MS, most=MANY) == 0, "nothing is old enough"
    assert await store.retention.trim(START_MS + 2_001, most=MANY) == 2, "what is young stays"
    assert await store.retention.trim(LATE_MS, most=MANY) == 2, "all but the one the cursor stands on"
    assert await store.routing.history(org, other.item_id) != []
    assert [one.kind for one in await store.routing.history(org, story.item_id)] == [EventKind.CLOSED]
    assert await count(store, org) == 4


async def test_what_the_projector_has_not_passed_stays(store: Store, org: str) -> None:
    ana = await agent(store, org)
    story = Story(await opened(store, org))
    told = [*story.answered(ana.id), *closed(story, ana.id)]
    await store.routing.apply(told)  # by the command that caused them; the projector is behind
    assert await store.retention.trim(LATE_MS, most=MANY) == 0, "there is no cursor yet"
    await tell(store, told[:2])
    assert await store.retention.trim(LATE_MS, most=MANY) == 1
    again = await store.routing.project(org, told[2:], cursor_id=told[-1].stream_id)
    assert [one.fresh for one in again] == [False] * 3, "nothing is applied twice"
    await store.routing.begin_epoch(org, at_least=1)
    assert await store.retention.trim(LATE_MS, most=MANY) == 4, "an epoch that is over holds nothing up"
    assert await count(store, org) == 0


async def test_the_last_status_before_a_time_stays(store: Store, org: str) -> None:
    ana, ben = await agent(store, org), await agent(store, org, "ben")
    story = Story(await opened(store, org))
    story.item_id = ""
    told = [story.tell(EventKind.PRESENCE, ana.id, status=status) for status in ("available", "", "break", "")]
    told += [story.tell(EventKind.PRESENCE, ben.id, status="available")]
    told += [story.tell(EventKind.PRESENCE, ana.id, status="available")]
    await tell(store, told)
    before = START_MS + 4_001
    await store.retention.trim(before, most=MANY)
    assert await statuses(store, org, ana.id) == ["break", "", "available"]
    await store.retention.trim(LATE_MS, most=MANY)
    assert await statuses(store, org, ana.id) == ["available"]
    assert await statuses(store, org, ben.id) == ["available"]
    assert await store.routing.statuses(org) == {ana.id: "available", ben.id: "available"}


async def test_much_goes_in_small_steps_also_from_two_processes(
    store: Store, org: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 7)
    story = Story(await opened(store, org))
    story.item_id = "of another record"
    await tell(store, [story.tell(EventKind.ENQUEUED) for _ in range(120)])
    trim = partial(store.retention._trim, routing_events, retention._old_events, org, LATE_MS)
    assert await trim(most=20) == 20
    assert sum(await asyncio.gather(trim(most=MANY), trim(most=MANY))) == 99
    assert await trim(most=MANY) == 0
    assert await count(store, org) == 1, "the one the cursor stands on"
