"""Decisions about a case: facts, decision and consumed signals are of one transaction."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from engine.cases.draft import begin
from engine.errors import NotFound
from engine.model.case_setup import Filing
from engine.model.casework import (
    CaseDecision,
    CaseFacts,
    Change,
    Effect,
    EffectKind,
    Firing,
    Milestone,
    MilestoneState,
    SignalKind,
)
from engine.model.conversation import Author
from engine.model.organisation import CasePolicy
from engine.model.record import Opened
from engine.model.service import Entitlement, EntitlementKind
from engine.store.store import Store
from tests.contract.store.building import PLAN, START_MS, Story, agent, arrival, said

NOW_MS = START_MS + 60_000
WATCHED = Filing(watched=True)


async def watched(store: Store, org: str, policy: CasePolicy = CasePolicy.FIRST_MESSAGE, **changes: object) -> Opened:
    return await store.arrivals.open_interaction(
        arrival(org, **changes), kind="chat", plan=PLAN, case_policy=policy, now_ms=START_MS, filing=WATCHED
    )


async def seen(store: Store, org: str, case_id: str, *, consume: bool = True) -> CaseFacts:
    """Return what a decision sees now, and let it decide nothing."""
    facts: list[CaseFacts] = []

    def look(known: CaseFacts) -> CaseDecision:
        facts.append(known)
        if not consume:
            raise NotFound("only looking")
        return CaseDecision()

    try:
        await store.cases.decide(org, case_id, look, now_ms=NOW_MS)
    except NotFound:
        assert not consume
    return facts[-1]


def milestone(case_id: str, **changes: object) -> Milestone:
    made = Milestone(
        id=f"m-{case_id}",
        case_id=case_id,
        key="first_response",
        occurrence=1,
        plan="gold",
        hours="",
        target_ms=60_000,
        state=MilestoneState.RUNNING,
        started_ms=START_MS,
        running_since_ms=START_MS,
        due_ms=START_MS + 60_000,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


async def test_what_happens_to_a_watched_case_is_told(store: Store, org: str) -> None:
    ana = await agent(store, org)
    opened = await watched(store, org)
    assert opened.case is not None
    chat, case_id = opened.interaction, opened.case.id
    story = Story(opened)
    await store.routing.apply(story.answered(ana.id))
    draft = said("hello " + "x" * 3_000, author=Author.AGENT, author_id=ana.id, client_id="1")
    for _ in range(2):
        await store.transcripts.append(org, chat.id, draft, now_ms=START_MS + 5)
    await store.transcripts.append(org, chat.id, said("投诉"), now_ms=START_MS + 6)
    await store.conversations.close(org, chat.id, reason="visitor", now_ms=START_MS + 7)
    facts = await seen(store, org, case_id)
    assert [one.kind for one in facts.signals] == [
        SignalKind.OPENED, SignalKind.ACCEPTED, SignalKind.REPLY, SignalKind.MESSAGE, SignalKind.ENDED,
    ]  # fmt: skip
    first, accepted, reply, message, ended = (one.data for one in facts.signals)
    assert first == {"interaction_id": chat.id, "text": opened.entries[0].body}
    assert accepted == {"agent_id": ana.id}
    assert (reply["seq"], len(str(reply["text"]))) == (3, 2_000)
    assert message == {"interaction_id": chat.id, "seq": 4, "text": "投诉"}
    assert ended == {"interaction_id": chat.id, "reason": "visitor"}
    assert facts.contact is not None
    assert (facts.contact.id, facts.recent_contacts) == (opened.contact.id, 1)
    assert (await seen(store, org, case_id)).signals == ()


async def test_nothing_is_told_of_a_case_that_nobody_watches(store: Store, org: str) -> None:
    ana = await agent(store, org)
    opened = await store.arrivals.open_interaction(
        arrival(org), kind="chat", plan=PLAN, case_policy=CasePolicy.FIRST_MESSAGE, now_ms=START_MS
    )
    assert opened.case is not None
    await store.routing.apply(Story(opened).answered(ana.id))
    await store.transcripts.append(org, opened.interaction.id, said("more"), now_ms=START_MS + 6)
    await store.conversations.close(org, opened.interaction.id, reason="visitor", now_ms=START_MS + 7)
    assert (await seen(store, org, opened.case.id)).signals == ()


async def test_a_case_opened_later_is_watched_from_then(store: Store, org: str) -> None:
    chat = (await watched(store, org, CasePolicy.MANUAL)).interaction
    await store.transcripts.append(org, chat.id, said("before"), now_ms=START_MS + 1)
    case = await store.cases.open_for(org, chat.id, subject="S", actor_id="u", now_ms=START_MS + 2, filing=WATCHED)
    await store.transcripts.append(org, chat.id, said("after"), now_ms=START_MS + 3)
    facts = await seen(store, org, case.id)
    assert [(one.kind, one.data.get("text")) for one in facts.signals] == [("opened", ""), ("message", "after")]


async def test_a_decision_is_written_whole(store: Store, org: str) -> None:
    ana = await agent(store, org)
    opened = await watched(store, org)
    assert opened.case is not None
    case_id = opened.case.id

    def decide(facts: CaseFacts) -> CaseDecision:
        draft = begin(facts)
        draft = draft.with_change("priority", 3, asked=True).with_change("priority", 8, why="tier gold")
        draft = draft.with_change("tags", ("vip", "late")).with_change("fields", {"colour": "red"})
        draft = draft.with_line("escalated", step="late/1").with_milestones(milestone(case_id))
        draft = draft.with_timers("milestone", {"first_response/1": START_MS + 90_000})
        draft = draft.with_firing(Firing(case_id=case_id, step="late/1", occurrence=1, due_ms=START_MS))
        draft = draft.with_effect(Effect(id=f"e-{case_id}", kind=EffectKind.EMAIL, data={"to": "lead"}))
        return draft.with_followers(ana.id).with_child(subject="Check the stock", queue="stock").finished(WATCHED)

    decided = await store.cases.decide(org, case_id, decide, actor_id=ana.id, now_ms=NOW_MS)
    case = decided.case
    assert case == await store.cases.get(org, case_id)
    assert (case.version, case.priority, case.tags, case.fields) == (2, 8, ("vip", "late"), {"colour": "red"})
    assert [(one.kind, one.actor_id) for one in decided.events] == [
        ("priority", ana.id), ("priority", ""), ("tags", ""), ("fields", ""), ("escalated", ""),
    ]  # fmt: skip
    assert [one.data for one in decided.events[:2]] == [
        {"from": 1, "to": 3}, {"from": 3, "to": 8, "why": "tier gold"},
    ]  # fmt: skip
    (child,) = decided.children
    assert (child.parent_id, child.subject, child.queue, child.number) == (case_id, "Check the stock", "stock", 2)
    facts = await seen(store, org, case_id)
    assert facts.milestones == (milestone(case_id),)
    assert facts.timers == {"milestone:first_response/1": START_MS + 90_000}
    assert [(one.step, one.at_ms) for one in facts.firings] == [("late/1", NOW_MS)]
    assert facts.followers == {ana.id}
    assert [one.kind for one in (await seen(store, org, child.id)).signals] == [SignalKind.OPENED]


async def test_a_decision_that_is_refused_leaves_everything(store: Store, org: str) -> None:
    opened = await watched(store, org)
    assert opened.case is not None
    before = await seen(store, org, opened.case.id, consume=False)
    firing = Firing(case_id=opened.case.id, step="late/1", occurrence=1, due_ms=START_MS)
    taken = CaseDecision(firings=(firing,))
    await store.cases.decide(org, opened.case.id, lambda facts: replace(taken), now_ms=NOW_MS)
    twice = CaseDecision(changes=(Change(field="priority", to=9),), firings=(firing,))
    with pytest.raises(RuntimeError):
        await store.cases.decide(org, opened.case.id, lambda facts: twice, now_ms=NOW_MS)
    assert before.signals
    assert (await store.cases.get(org, opened.case.id)).priority == 1
    with pytest.raises(NotFound):
        await store.cases.decide("other", opened.case.id, lambda facts: CaseDecision(), now_ms=NOW_MS)


async def test_milestones_and_timers_are_replaced(store: Store, org: str) -> None:
    opened = await watched(store, org)
    assert opened.case is not None
    case_id = opened.case.id

    def first(facts: CaseFacts) -> CaseDecision:
        return begin(facts).with_milestones(milestone(case_id)).with_timers("m", {"a": 5, "b": NOW_MS + 9}).finished()

    def second(facts: CaseFacts) -> CaseDecision:
        draft = begin(facts)
        assert draft.due == {"m:a": 5}
        met = replace(draft.milestones[0], state=MilestoneState.MET, met_ms=NOW_MS, due_ms=0)
        return draft.with_milestones(met).with_timers("e", {"c": NOW_MS + 7}).finished()

    await store.cases.decide(org, case_id, first, now_ms=NOW_MS)
    await store.cases.decide(org, case_id, second, now_ms=NOW_MS)
    facts = await seen(store, org, case_id)
    assert facts.timers == {"m:b": NOW_MS + 9, "e:c": NOW_MS + 7}
    assert [(one.state, one.met_ms) for one in facts.milestones] == [(MilestoneState.MET, NOW_MS)]
    assert facts.case.version == 1


async def test_cases_that_need_a_clerk_are_found_oldest_first(store: Store, org: str) -> None:
    cases = [
        one.case
        for one in [await watched(store, org, conversation_key=key, token_hash=key) for key in ("a", "b", "c")]
        if one.case is not None
    ]
    assert await store.cases.attention("other", now_ms=NOW_MS, limit=9) == []
    ids = [one.id for one in cases]
    assert [one[0] for one in await store.cases.attention(org, now_ms=NOW_MS, limit=9)] == ids

    def at(times: Sequence[int]) -> CaseDecision:
        return CaseDecision(timers={f"x:{at_ms}": at_ms for at_ms in times})

    await store.cases.decide(org, ids[0], lambda facts: at((NOW_MS + 1,)), now_ms=NOW_MS)
    await store.cases.decide(org, ids[1], lambda facts: at((NOW_MS - 2, NOW_MS - 1)), now_ms=NOW_MS)
    await store.cases.decide(org, ids[2], lambda facts: at((NOW_MS - 3,)), now_ms=NOW_MS)
    found = [(ids[2], NOW_MS - 3), (ids[1], NOW_MS - 2)]
    assert await store.cases.attention(org, now_ms=NOW_MS, limit=9) == found
    assert await store.cases.attention(org, now_ms=NOW_MS, limit=1) == found[:1]
    assert (await store.cases.attention(org, now_ms=NOW_MS + 1, limit=9))[-1] == (ids[0], NOW_MS + 1)


async def test_a_decision_sees_the_latest_occurrences_of_each_milestone(store: Store, org: str) -> None:
    opened = await watched(store, org)
    assert opened.case is not None
    case_id = opened.case.id
    names = [("first_response", 1), *(("next_response", number) for number in range(1, 31))]
    some = tuple(
        milestone(case_id, id=f"{case_id}-{place:02}", key=key, occurrence=occurrence)
        for place, (key, occurrence) in enumerate(names)
    )
    await store.cases.decide(org, case_id, lambda _facts: CaseDecision(milestones=some), now_ms=NOW_MS)
    known = [(one.key, one.occurrence) for one in (await seen(store, org, case_id)).milestones]
    assert known == [names[0], *names[-20:]]


async def test_a_case_with_much_to_see_to_hides_no_other(store: Store, org: str) -> None:
    loud, quiet = [
        one.case.id
        for one in [await watched(store, org, conversation_key=key, token_hash=key) for key in ("a", "b")]
        if one.case is not None
    ]
    await seen(store, org, quiet)
    for number in range(4):
        await store.happenings.tell(
            org, loud, name="x", data={}, actor_id="u", client_id=str(number), now_ms=START_MS + number
        )
    await store.happenings.tell(org, quiet, name="x", data={}, actor_id="u", client_id="", now_ms=NOW_MS)
    assert [one[0] for one in await store.cases.attention(org, now_ms=NOW_MS, limit=2)] == [loud, quiet]
    due = CaseDecision(timers={f"x:{number}": NOW_MS - 9 + number for number in range(4)})
    await store.cases.decide(org, loud, lambda _facts: due, now_ms=NOW_MS)
    await store.cases.decide(org, quiet, lambda _facts: CaseDecision(timers={"x:1": NOW_MS}), now_ms=NOW_MS)
    assert await store.cases.attention(org, now_ms=NOW_MS, limit=2) == [(loud, NOW_MS - 9), (quiet, NOW_MS)]


async def test_decisions_at_once_see_each_other(store: Store, org: str) -> None:
    opened = await watched(store, org)
    assert opened.case is not None

    def raise_it(facts: CaseFacts) -> CaseDecision:
        return begin(facts).with_change("priority", facts.case.priority + 1).finished()

    case_id = opened.case.id
    await asyncio.gather(*(store.cases.decide(org, case_id, raise_it, now_ms=NOW_MS) for _ in range(10)))
    case = await store.cases.get(org, case_id)
    assert (case.priority, case.version) == (11, 11)


async def test_a_decision_knows_who_looks_after_the_customer_and_what_he_holds(store: Store, org: str) -> None:
    made = await watched(store, org)
    assert made.case is not None
    contact = made.contact
    care = Entitlement(id=f"{org}-e", org_id=org, kind=EntitlementKind.MAINTENANCE, name="Care", contact_id=contact.id)
    held = await store.entitlements.create(care)
    before = await seen(store, org, made.case.id, consume=False)
    assert (before.contact, before.entitlement_kind) == (contact, "")
    await store.customers.change(
        org, contact.id, version=1, changes={"owner_id": "ana"}, address=None, now_ms=START_MS + 1
    )
    claim = CaseDecision(changes=(Change(field="entitlement_id", to=held.id),))
    await store.cases.decide(org, made.case.id, lambda _: claim, now_ms=NOW_MS)
    after = await seen(store, org, made.case.id)
    assert after.contact is not None
    assert (after.contact.owner_id, after.entitlement_kind) == ("ana", "maintenance")
