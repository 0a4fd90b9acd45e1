"""Milestones as the record keeps them, and word to cases that the clocks behind them have changed."""

import asyncio

import pytest

from engine.cases.clerk import Clerk
from engine.cases.reckoning import SETTLE_MS, Reckoning
from engine.model.case_setup import Filing
from engine.model.casework import Milestone, MilestoneState
from engine.model.conversation import Author
from engine.model.organisation import CasePolicy, Organisation, Queue
from engine.model.plan import Plan, Target
from engine.model.record import Opened
from engine.store.cases import milestones
from engine.store.store import Store
from tests.contract.store.building import PLAN, START_MS, agent, arrival, said
from tests.organisations import small_organisation

MINUTE, HOUR = 60_000, 3_600_000


class Hands:
    """A clock that stands where it is put, and one organisation."""

    def __init__(self, organisation: Organisation) -> None:
        self.at_ms = START_MS
        self.organisation = organisation

    def now_ms(self) -> int:
        return self.at_ms

    def wall_ms(self) -> int:
        return self.at_ms

    def all(self) -> tuple[Organisation, ...]:
        return (self.organisation,)

    def get(self, _org_id: str) -> Organisation:
        return self.organisation


def promising(org: str, *, within_ms: int = HOUR) -> Organisation:
    targets = {"first_response": (Target(within_ms=within_ms),), "resolution": (Target(within_ms=8 * HOUR),)}
    queue = Queue(key="sales", name="Sales", plan="gold")
    gold = Plan(key="gold", name="Gold", targets=targets)
    return small_organisation(org, queues={"sales": queue}, plans={"gold": gold})


async def filed(store: Store, org: str, **changes: object) -> Opened:
    return await store.arrivals.open_interaction(
        arrival(org, **changes),
        kind="chat",
        plan=PLAN,
        case_policy=CasePolicy.FIRST_MESSAGE,
        now_ms=START_MS,
        filing=Filing(watched=True),
    )


def clerk_of(store: Store, hands: Hands) -> Clerk:
    return Clerk(record=store.cases, organisations=hands, clock=hands, new_id=store._access.new_id)


async def seen_to(store: Store, hands: Hands) -> None:
    clerk = clerk_of(store, hands)
    while await clerk.step() == 0.0:
        pass


async def first_response(store: Store, org: str, case_id: str) -> Milestone:
    found = await store.milestones.of_cases(org, [case_id])
    return next(one for one in found[case_id] if one.key == "first_response")


async def test_a_clock_from_the_first_message_to_the_reply(store: Store, org: str) -> None:

    hands = Hands(promising(org))
    opened = await filed(store, org)
    assert opened.case is not None
    await seen_to(store, hands)
    case = await store.cases.get(org, opened.case.id)
    assert case.plan == "gold"
    running = await first_response(store, org, case.id)
    assert (running.state, running.due_ms, running.missed_ms) == (MilestoneState.RUNNING, START_MS + HOUR, 0)
    hands.at_ms = START_MS + HOUR + 5 * MINUTE
    await seen_to(store, hands)
    assert (await first_response(store, org, case.id)).missed_ms == START_MS + HOUR
    ana = await agent(store, org)
    draft = said("hello", author=Author.AGENT, author_id=ana.id)
    await store.transcripts.append(org, opened.interaction.id, draft, now_ms=START_MS + HOUR)
    await seen_to(store, hands)
    met = await first_response(store, org, case.id)
    assert (met.state, met.met_ms, met.missed_ms) == (MilestoneState.MET, START_MS + HOUR, 0)
    kinds = [event.kind for event in await store.cases.events(org, case.id)]
    assert [kind for kind in kinds if kind.startswith("milestone_")] == [
        "milestone_started",
        "milestone_started",
        "milestone_missed",
        "milestone_met",
    ]
    assert await store.milestones.of_cases(org, []) == {}
    assert await store.milestones.of_cases("other", [case.id]) == {}


async def test_other_plans_are_told_to_every_open_case_once(store: Store, org: str) -> None:
    hands = Hands(promising(org))
    made = await asyncio.gather(
        *(filed(store, org, conversation_key=f"{n}" * 64, token_hash=f"{n}" * 64) for n in "abc")
    )
    cases = [one.case.id for one in made if one.case]
    await seen_to(store, hands)
    known = {"queues": ["sales"], "over": ["resolved", "closed"], "now_ms": START_MS + MINUTE}
    assert not await store.milestones.told(org, "first")
    assert not await store.milestones.retell(org, "first", **known, limit=9)  # type: ignore[arg-type]
    assert await store.milestones.told(org, "first")
    await seen_to(store, hands)

    hands.organisation = promising(org, within_ms=2 * HOUR)
    assert await store.milestones.retell(org, "second", **known, limit=2)  # type: ignore[arg-type]
    assert not await store.milestones.told(org, "second")
    # Whoever goes on after a crash goes on where it was.
    assert not await store.milestones.retell(org, "second", **known, limit=2)  # type: ignore[arg-type]
    assert await store.milestones.told(org, "second")
    waiting = await store.cases.attention(org, now_ms=START_MS + MINUTE, limit=10)
    assert sorted(case_id for case_id, _ in waiting) == sorted(cases)
    hands.at_ms = START_MS + MINUTE
    await seen_to(store, hands)
    for case_id in cases:
        assert (await first_response(store, org, case_id)).due_ms == START_MS + 2 * HOUR


async def test_what_an_organisation_left_that_watches_no_more_is_seen_to(store: Store, org: str) -> None:
    hands = Hands(promising(org))
    case = (await filed(store, org)).case
    assert case is not None
    await seen_to(store, hands)
    await store.happenings.tell(org, case.id, name="x", data={}, actor_id="u", client_id="", now_ms=START_MS + 1)
    hands.organisation = small_organisation(org)
    assert not hands.organisation.watches_cases
    await seen_to(store, hands)
    assert await store.cases.attention(org, now_ms=START_MS + 9 * HOUR, limit=9) == []
    milestones_now = (await store.milestones.of_cases(org, [case.id]))[case.id]
    assert {one.state for one in milestones_now} == {MilestoneState.CANCELLED}


async def test_who_must_wait_for_the_clerk_does_not_keep_the_writer_busy(
    store: Store, org: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(milestones, "ENOUGH", 1)
    hands = Hands(promising(org))
    await filed(store, org)  # its clerk has not come by
    role = Reckoning(record=store.milestones, organisations=hands, clock=hands)
    await role.step()
    hands.at_ms += SETTLE_MS
    assert await role.step() >= 0.1


async def test_the_role_waits_until_every_process_knows(store: Store, org: str) -> None:
    hands = Hands(promising(org))
    await filed(store, org)
    await seen_to(store, hands)
    role = Reckoning(record=store.milestones, organisations=hands, clock=hands)
    for _ in range(3):
        await role.step()
        hands.at_ms += SETTLE_MS
    await seen_to(store, hands)
    hands.organisation = promising(org, within_ms=2 * HOUR)
    await role.step()
    assert await store.cases.attention(org, now_ms=hands.at_ms, limit=10) == []
    hands.at_ms += SETTLE_MS
    await role.step()
    assert len(await store.cases.attention(org, now_ms=hands.at_ms, limit=10)) == 1
