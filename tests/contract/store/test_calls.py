"""Calls on the record: reports once each, the same call in whatever order they come, and what it opens."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

import pytest

from engine.cti.machine import fold
from engine.errors import NotFound
from engine.ids import id_source
from engine.model.call import (
    LOST,
    RINGS_MS,
    Call,
    CallChange,
    CallEvent,
    CallFilter,
    CallKind,
    CallState,
    CallTerms,
    Direction,
    LegState,
)
from engine.model.case_setup import Filing
from engine.model.conversation import EntryKind, InteractionState
from engine.model.organisation import CasePolicy, Role
from engine.model.visibility import EVERYTHING, Guarded, Right
from engine.model.work import Plan, Requirement, WorkState
from engine.store.calls import taking
from engine.store.store import Store
from tests.records import Ticking

pytestmark = pytest.mark.asyncio
_new_id = id_source(Ticking())
VERA = "+441632960001"
PBX = "pbx"
AT_MS = 1_790_000_000_000


def terms(policy: CasePolicy = CasePolicy.FIRST_MESSAGE) -> CallTerms:
    return CallTerms(
        channel="phone",
        plan=lambda _: Plan(queue="sales", requirement=Requirement()),
        phone_key=lambda picture: picture.customer_number,
        subject="Telephone",
        case_policy=policy,
        filing=Filing(),
    )


def report(number: int, kind: CallKind, party: str = "", *, agent_id: str = "") -> CallEvent:
    return CallEvent(
        event_id=f"e{number}",
        reference="7",
        leg_id=party,
        party=party,
        agent_id=agent_id,
        kind=kind,
        at_ms=AT_MS + number * 1_000,
        received_ms=AT_MS,
        from_number=VERA,
        to_number="600",
    )


def whole(agent_id: str) -> list[CallEvent]:
    return [
        report(0, CallKind.RINGING, "201", agent_id=agent_id),
        report(5, CallKind.ANSWERED, "201", agent_id=agent_id),
        report(9, CallKind.HELD, "201", agent_id=agent_id),
        report(11, CallKind.RESUMED, "201", agent_id=agent_id),
        report(65, CallKind.ENDED),
    ]


async def agent(store: Store, org_id: str, login: str = "ana") -> str:
    user = await store.users.create(org_id, login=login, name=login.title(), role=Role.AGENT, now_ms=1)
    return user.id


async def taken(store: Store, org_id: str, events: Sequence[CallEvent], of: CallTerms | None = None) -> CallChange:
    return await store.calls.take(org_id, PBX, events, terms=of or terms(), fold=fold)


def told(call: Call) -> tuple[object, ...]:
    picture = call.picture
    legs = [replace(leg, agent_id="") for leg in picture.legs]
    return (picture.state, picture.ring_ms, picture.talk_ms, picture.hold_ms, picture.cause, legs)


async def test_a_call_is_a_conversation_with_a_contact_a_case_and_work(store: Store) -> None:
    org_id = _new_id()
    ana = await agent(store, org_id)
    first, *others = whole(ana)

    rang = (await taken(store, org_id, [first])).call
    assert (rang.picture.state, rang.known, rang.case_id, rang.items) == (CallState.RINGING, False, "", {})
    assert (await store.customers.get(org_id, rang.contact_id)).name == ""

    answered = await taken(store, org_id, others[:1])
    item = await store.work.get(org_id, answered.call.items["201"])
    assert (item.state, item.agent_id, item.kind, item.queue) == (WorkState.PENDING, ana, "voice", "sales")
    assert item.case_id == answered.call.case_id != ""
    assert answered.owed
    assert await store.arrivals.pending_items(10, 2**60) == []  # the sweep would offer it to somebody

    over = await taken(store, org_id, others[1:])
    call = over.call
    assert told(call)[:4] == (CallState.ENDED, 5_000, 58_000, 2_000)
    talk = await store.conversations.get(org_id, call.interaction_id)
    assert (talk.state, talk.close_reason, talk.kind) == (InteractionState.CLOSED, taking.HANG_UP, "voice")
    lines = await store.transcripts.since(org_id, talk.id, after_seq=0)
    assert [str(one.data.get("event", one.kind)) for one in lines] == [
        "ringing", "answered", "held", "resumed", "ended", "ended",
    ]  # fmt: skip
    assert (lines[-2].kind, lines[-2].data["talk_ms"]) == (EntryKind.CALL, 58_000)
    assert lines[1].author_name == "Ana"


async def test_the_same_reports_again_change_nothing(store: Store) -> None:
    org_id = _new_id()
    events = whole(await agent(store, org_id))
    first = await taken(store, org_id, events)
    again = await taken(store, org_id, [*events, *events])
    assert (again.fresh, again.entries) == (0, ())
    assert again.call == first.call


async def test_in_whatever_order_they_come_it_is_the_same_call(store: Store) -> None:
    events = whole("")
    wanted = None
    for order in list(permutations(events))[::17]:
        org_id = _new_id()
        change = await taken(store, org_id, order[:1])
        for event in order[1:]:
            change = await taken(store, org_id, [event])
        wanted = wanted or told(change.call)
        assert told(change.call) == wanted


async def test_who_is_known_is_not_made_again(store: Store) -> None:
    org_id = _new_id()
    one = (await taken(store, org_id, [report(0, CallKind.RINGING, "201")])).call
    other = (await taken(store, org_id, [replace(report(1, CallKind.RINGING, "201"), reference="8")])).call
    assert (other.known, other.contact_id) == (True, one.contact_id)
    assert other.interaction_id != one.interaction_id
    found = await store.calls.list(org_id, EVERYTHING, CallFilter(contact_id=one.contact_id), internal=False)
    assert [call.id for call in found] == [other.id, one.id]


async def test_a_transfer_is_work_of_both(store: Store) -> None:
    org_id = _new_id()
    ana = await agent(store, org_id)
    bob = await agent(store, org_id, "bob")
    await taken(store, org_id, whole(ana)[:2])
    handed = [
        replace(report(20, CallKind.TRANSFERRED, "201", agent_id=ana), to="202"),
        report(21, CallKind.RINGING, "202", agent_id=bob),
        report(24, CallKind.ANSWERED, "202", agent_id=bob),
    ]
    change = await taken(store, org_id, handed)
    assert set(change.call.items) == {"201", "202"}
    items = [await store.work.get(org_id, one) for one in change.call.items.values()]
    assert {one.agent_id for one in items} == {ana, bob}
    assert {one.interaction_id for one in items} == {change.call.interaction_id}
    assert [one.call.id for one in await store.calls.of_agent(org_id, bob)] == [change.call.id]
    assert await store.calls.of_agent(org_id, ana) == []


async def test_an_internal_call_concerns_no_customer(store: Store) -> None:
    org_id = _new_id()
    ana = await agent(store, org_id)
    events = [replace(one, direction=Direction.INTERNAL, from_number="202") for one in whole(ana)]
    call = (await taken(store, org_id, events[:3])).call
    assert (call.interaction_id, call.contact_id, call.case_id) == ("", "", "")
    assert (await store.work.get(org_id, call.items["201"])).interaction_id == ""
    assert await store.calls.list(org_id, EVERYTHING, CallFilter(), internal=False) == []
    assert len(await store.calls.list(org_id, EVERYTHING, CallFilter(agent_id=ana), internal=True)) == 1


@pytest.mark.parametrize("policy", [CasePolicy.END, CasePolicy.MANUAL])
async def test_other_policies_open_no_case_at_the_answer(store: Store, policy: CasePolicy) -> None:
    org_id = _new_id()
    call = (await taken(store, org_id, whole(await agent(store, org_id)), terms(policy))).call
    assert (call.picture.state, call.case_id) == (CallState.ENDED, "")


async def test_the_board_is_owed_until_it_knows_the_newest(store: Store) -> None:
    org_id = _new_id()
    events = whole(await agent(store, org_id))
    answered = (await taken(store, org_id, events[:2])).call
    mine = [one for one in await store.calls.owed(until_ms=2**60, limit=1_000) if one.org_id == org_id]
    assert mine == [answered]
    ended = (await taken(store, org_id, events[2:])).call
    assert not await store.calls.settled(answered)
    assert await store.calls.settled(ended)
    assert [one for one in await store.calls.owed(until_ms=2**60, limit=1_000) if one.org_id == org_id] == []


async def test_the_board_is_owed_what_rings_and_what_does_no_more(store: Store) -> None:
    org_id = _new_id()
    ana = await agent(store, org_id)
    rings = await taken(store, org_id, [report(0, CallKind.RINGING, "201", agent_id=ana)])
    assert rings.owed
    (ring,) = rings.call.rings
    assert (ring.agent_id, ring.leg) == (ana, f"{rings.call.id}/201")
    assert ring.until_ms == rings.call.heard_ms + RINGS_MS
    assert await store.calls.rings(org_id) == [ring]
    assert await store.calls.settled(rings.call)
    other = await taken(store, org_id, [report(1, CallKind.RINGING, "999")])  # nobody's
    assert not other.owed
    silent = await taken(store, org_id, [report(2, CallKind.LEFT, "201", agent_id=ana)])
    assert (silent.owed, silent.call.rings) == (True, ())
    assert await store.calls.rings(org_id) == []


async def test_what_is_owed_comes_in_pages_without_those_whose_board_is_away(store: Store) -> None:
    org_id, away = _new_id(), _new_id()
    ana, bob = await agent(store, org_id), await agent(store, away, "bob")
    mine = [
        (await taken(store, org_id, [replace(one, reference=str(number)) for one in whole(ana)[:2]])).call
        for number in range(3)
    ]
    theirs = (await taken(store, away, whole(bob)[:2])).call
    found: list[Call] = []
    while page := await store.calls.owed(until_ms=2**60, limit=2, after=found[-1] if found else None):
        found += page
    assert [one for one in found if one.org_id in (org_id, away)] == [*mine, theirs]
    assert len({one.id for one in found}) == len(found)
    others = await store.calls.owed(until_ms=2**60, limit=1_000, without={away})
    assert [one for one in others if one.org_id in (org_id, away)] == mine


async def test_calls_of_a_channel_that_is_no_more_are_found(store: Store) -> None:
    org_id = _new_id()
    call = (await taken(store, org_id, whole("")[:1])).call
    for besides, rings_ms, expected in (
        (["phone"], 2**60, []),
        (["web"], 2**60, [call]),
        ([], 0, []),
        ([], 2**60, [call]),
    ):
        found = await store.calls.lasting(org_id, besides=besides, rings_ms=rings_ms, talks_ms=0, limit=5)
        assert found == expected, (besides, rings_ms)
    talks = (await taken(store, org_id, whole("")[1:2])).call
    assert await store.calls.lasting(org_id, besides=[], rings_ms=2**60, talks_ms=0, limit=5) == []
    assert await store.calls.lasting(org_id, besides=[], rings_ms=0, talks_ms=2**60, limit=5) == [talks]


async def test_a_call_without_an_end_is_lost_once(store: Store) -> None:
    org_id = _new_id()
    events = whole("")
    rings = (await taken(store, org_id, events[:1])).call
    assert await store.calls.silent(org_id, "phone", rings_ms=0, talks_ms=2**60, limit=5) == []
    assert await store.calls.silent(org_id, "phone", rings_ms=2**60, talks_ms=0, limit=5) == [rings]
    talks = (await taken(store, org_id, events[1:2])).call
    assert await store.calls.lose(rings, terms=terms(), fold=fold) is None  # heard of since

    change = await store.calls.lose(talks, terms=terms(), fold=fold)
    assert change is not None
    assert (change.call.picture.state, change.call.picture.cause) == (CallState.ENDED, LOST)
    assert change.call.picture.talk_ms == 0  # nobody knows how long
    assert await store.calls.silent(org_id, "phone", rings_ms=2**60, talks_ms=2**60, limit=5) == []
    again = await store.calls.lose(change.call, terms=terms(), fold=fold)
    assert again is not None
    assert again.fresh == 0


async def test_no_call_has_reports_without_end(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "MOST_EVENTS", 3)
    org_id = _new_id()
    events = whole("")
    change = await taken(store, org_id, events)
    assert (change.fresh, change.call.events, change.call.dropped) == (4, 4, 1)
    assert change.call.picture.state is CallState.ENDED
    late = await taken(store, org_id, [report(70, CallKind.LEFT, "201")])
    assert (late.fresh, late.call.dropped) == (0, 2)


async def test_another_organisation_knows_nothing_of_it(store: Store) -> None:
    org_id, other = _new_id(), _new_id()
    call = (await taken(store, org_id, whole(""))).call
    with pytest.raises(NotFound):
        await store.calls.get(other, call.id)
    with pytest.raises(NotFound):
        await store.calls.reports(other, call.id)
    assert await store.calls.list(other, EVERYTHING, CallFilter(), internal=True) == []
    assert (await taken(store, other, whole(""))).call.id != call.id
    assert await store.sights.right(org_id, EVERYTHING, Guarded.CALL, call.id) is Right.WRITE
    assert await store.sights.right(other, EVERYTHING, Guarded.CALL, call.id) is None


async def test_a_source_may_begin_its_ids_anew_with_each_call(store: Store) -> None:
    org_id = _new_id()
    events = whole(await agent(store, org_id))
    first = await taken(store, org_id, events)
    others = [replace(one, reference="8") for one in events]
    second = await taken(store, org_id, others)
    assert (second.fresh, second.call.picture.state) == (len(events), CallState.ENDED)
    assert told(second.call) == told(first.call)
    assert second.call.id != first.call.id
    assert (await taken(store, org_id, [*others, *others])).fresh == 0
    assert len(await store.calls.reports(org_id, second.call.id)) == len(events)


async def test_who_is_in_no_call_any_more_by_a_late_report_is_let_go(store: Store) -> None:
    org_id = _new_id()
    rang, answered, *_ = whole(await agent(store, org_id))
    call = (await taken(store, org_id, [rang, answered])).call
    assert await store.calls.settled(call)
    change = await taken(store, org_id, [replace(report(6, CallKind.ENDED), at_ms=rang.at_ms - 1)])
    assert (change.call.picture.state, change.owed) == (CallState.ENDED, True)
    assert change.call.items == call.items
    assert [leg.state for leg in change.call.picture.legs] == [LegState.LEFT]


async def test_a_call_that_was_heard_of_meanwhile_is_not_lost(store: Store) -> None:
    org_id = _new_id()
    rang, answered, *_ = whole(await agent(store, org_id))
    before = (await taken(store, org_id, [rang])).call
    await taken(store, org_id, [answered])
    assert await store.calls.lose(before, terms=terms(), fold=fold) is None
    assert await store.calls.lose(replace(before, reference="none"), terms=terms(), fold=fold) is None
