"""Escalation: once per segment, whoever tries, and everything together."""

import asyncio

from engine.model.conversation import Author
from engine.model.work import EventKind
from engine.store.store import Store
from tests.contract.store.building import START_MS, Story, agent, opened, said

RULES = {"sales": (10_000, 5), "support": (10_000, 2)}
LATE_MS = START_MS + 60_000


async def due(store: Store, org: str, now_ms: int = LATE_MS) -> list[str]:
    return await store.escalations.due(org, rules=RULES, now_ms=now_ms, limit=10)


async def test_late_work_is_raised_once(store: Store, org: str) -> None:
    result = await opened(store, org)
    story = Story(result)
    await store.routing.apply([story.tell(EventKind.ENQUEUED)])
    assert await due(store, org, START_MS + 5_000) == []
    assert await due(store, org) == [story.item_id]
    tried = await asyncio.gather(
        *(store.escalations.escalate(org, story.item_id, rules=RULES, now_ms=LATE_MS) for _ in range(6))
    )
    (escalation,) = [one for one in tried if one is not None]
    assert (escalation.priority, escalation.queue, escalation.done) == (6, "sales", False)
    assert (await store.work.get(org, story.item_id)).priority == 6
    case = await store.cases.get(org, escalation.case_id)
    assert (case.priority, case.escalated_ms, case.version) == (6, LATE_MS, 2)
    assert [event.kind for event in await store.cases.events(org, case.id)] == ["opened", "escalated"]
    (alert,) = await store.alerts.list(org, limit=10)
    assert alert.data["item_id"] == story.item_id
    assert await due(store, org) == []
    assert await store.escalations.unfinished(org, 10) == [escalation]
    await store.escalations.finish(org, escalation.id)
    assert await store.escalations.unfinished(org, 10) == []


async def test_each_segment_may_escalate(store: Store, org: str) -> None:
    result = await opened(store, org)
    story = Story(result)
    await store.routing.apply([story.tell(EventKind.ENQUEUED)])
    await store.escalations.escalate(org, story.item_id, rules=RULES, now_ms=LATE_MS)
    await store.routing.apply([story.tell(EventKind.TRANSFERRED, "ana", 1, to_queue="support")])
    assert await due(store, org) == [story.item_id]
    again = await store.escalations.escalate(org, story.item_id, rules=RULES, now_ms=LATE_MS)
    assert again is not None
    assert (again.queue, again.priority) == ("support", 8)


async def test_answered_or_ended_work_is_left_alone(store: Store, org: str) -> None:
    ana = await agent(store, org)
    answered = await opened(store, org)
    await store.routing.apply(Story(answered).answered(ana.id))
    assert len(await due(store, org)) == 1  # accepted, but nobody said a word
    draft = said("Hello", author=Author.AGENT, author_id=ana.id)
    await store.transcripts.append(org, answered.interaction.id, draft, now_ms=START_MS)
    ended = await opened(store, org, conversation_key="b", token_hash="b")
    story = Story(ended, epoch=2)
    await store.routing.apply([story.tell(EventKind.ENQUEUED), story.tell(EventKind.ABANDONED)])
    assert await due(store, org) == []
    for result in (answered, ended):
        assert result.item is not None
        assert await store.escalations.escalate(org, result.item.id, rules=RULES, now_ms=LATE_MS) is None


async def test_an_alert_is_acknowledged_once(store: Store, org: str) -> None:
    result = await opened(store, org)
    story = Story(result)
    await store.routing.apply([story.tell(EventKind.ENQUEUED)])
    await store.escalations.escalate(org, story.item_id, rules=RULES, now_ms=LATE_MS)
    (alert,) = await store.alerts.list(org, limit=10)
    seen = await store.alerts.acknowledge(org, alert.id, user_id="sue", now_ms=LATE_MS + 1)
    assert (seen.acknowledged_by, seen.acknowledged_ms) == ("sue", LATE_MS + 1)
    assert await store.alerts.acknowledge(org, alert.id, user_id="ada", now_ms=LATE_MS + 2) == seen
