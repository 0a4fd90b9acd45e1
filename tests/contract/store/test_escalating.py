"""Each step of an escalation is taken once: by several clerks at a time, after a time without any, for many cases."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from engine.cases.clerk import Clerk
from engine.cases.happenings import Happenings
from engine.cases.ladders import LadderState
from engine.clock import SystemClock
from engine.ids import id_source
from engine.model.case import NewCase
from engine.model.casework import EffectKind
from engine.model.escalation import Action, ActionKind, EscalationStep, NotifyBy, RuleSet, Trigger, TriggerKind
from engine.model.organisation import Organisation
from engine.store.cases.tables import case_effects, case_events
from engine.store.store import Store
from engine.wiring.organisations import OrganisationBook
from tests.contract.store.building import START_MS
from tests.organisations import small_organisation

HOUR = 3_600_000
RAISE = Action(kind=ActionKind.RAISE_PRIORITY, points=5)
TELL = Action(kind=ActionKind.NOTIFY, by=NotifyBy.CONSOLE, to=("supervisors",), text="{case.number}")
OLD = RuleSet(
    key="old",
    name="Old",
    trigger=Trigger(kind=TriggerKind.AGE, after_ms=HOUR),
    steps=(
        EscalationStep(key="1", after_ms=0, actions=(RAISE, TELL)),
        EscalationStep(key="2", after_ms=HOUR, actions=(RAISE, TELL)),
    ),
)
FAILED = RuleSet(
    key="failed",
    name="Failed",
    trigger=Trigger(kind=TriggerKind.EVENT, event="failed"),
    steps=(EscalationStep(key="1", after_ms=0, actions=(RAISE,)),),
)


@dataclass
class Hands:
    """A clock that is set by hand."""

    at_ms: int = START_MS

    def now_ms(self) -> int:
        return self.at_ms


@dataclass
class Desk:
    """Clerks of one organisation, each over a store of its own."""

    stores: list[Store]
    clock: Hands
    organisation: Organisation

    @property
    def org(self) -> str:
        return self.organisation.id

    @property
    def book(self) -> OrganisationBook:
        book = OrganisationBook()
        book.put(self.organisation)
        return book

    async def run(self) -> None:
        """Let every clerk work until there is nothing left to do, all at the same time."""
        await asyncio.gather(*(self._work(store) for store in self.stores))

    async def _work(self, store: Store) -> None:
        clerk = Clerk(record=store.cases, organisations=self.book, clock=self.clock, new_id=id_source(self.clock))
        for _ in range(20):
            if not await store.cases.attention(self.org, now_ms=self.clock.at_ms, limit=1):
                return
            await clerk.step()
        raise AssertionError("the clerks do not come to an end")

    async def open(self, count: int) -> list[str]:
        made = []
        for number in range(count):
            new = NewCase(
                org_id=self.org, subject=f"Case {number}", request_key=str(number), filing=self.organisation.filing
            )
            made.append((await self.stores[0].cases.open(new, actor_id="", now_ms=self.clock.at_ms)).id)
        return made

    async def counts(self, case_id: str) -> tuple[int, int, int]:
        """Return priority, lines of escalation in the history, and effects of a case."""
        store = self.stores[0]
        case = await store.cases.get(self.org, case_id)
        lines = select(case_events.c.id).where(case_events.c.case_id == case_id, case_events.c.kind == "escalated")
        told = select(case_effects.c.id).where(
            case_effects.c.case_id == case_id, case_effects.c.kind == EffectKind.CONSOLE.value
        )
        found = await store._access.read(lambda conn: [len(conn.execute(query).all()) for query in (lines, told)])
        return case.priority, found[0], found[1]


@pytest.fixture
async def desk(url: str, org: str) -> AsyncIterator[Desk]:
    clock = Hands()
    count = 2 if url.startswith("postgresql") else 1
    stores = [Store(url=url, clock=SystemClock(), new_id=id_source(SystemClock())) for _ in range(count)]
    for store in stores:
        await store.start()
    organisation = small_organisation(org, escalations={"old": OLD, "failed": FAILED})
    yield Desk(stores=stores, clock=clock, organisation=organisation)
    for store in stores:
        await store.stop()


async def test_clerks_that_race_take_each_step_once(desk: Desk) -> None:
    cases = await desk.open(30)
    await desk.run()
    for at_ms, expected in ((HOUR - 1, (0, 0, 0)), (HOUR, (5, 1, 1)), (2 * HOUR, (10, 2, 2)), (9 * HOUR, (10, 2, 2))):
        desk.clock.at_ms = START_MS + at_ms
        await desk.run()
        assert {await desk.counts(case_id) for case_id in cases} == {expected}


async def test_what_was_due_while_nobody_was_there_is_taken_with_its_time(desk: Desk) -> None:
    (case_id,) = await desk.open(1)
    await desk.run()
    desk.clock.at_ms = START_MS + 30 * HOUR
    await desk.run()
    assert await desk.counts(case_id) == (10, 2, 2)
    happenings = Happenings(record=desk.stores[0].happenings, organisations=desk.book, clock=desk.clock)
    (ladder,) = await happenings.ladders(desk.org, case_id)
    assert (ladder.state, ladder.begun_ms) == (LadderState.COMPLETE, START_MS + HOUR)
    assert [(rung.due_ms - START_MS, rung.taken_ms - START_MS) for rung in ladder.rungs] == [
        (HOUR, 30 * HOUR),
        (2 * HOUR, 30 * HOUR),
    ]


async def test_an_event_is_told_once_and_begins_a_ladder(desk: Desk) -> None:
    (case_id,) = await desk.open(1)
    happenings = Happenings(record=desk.stores[0].happenings, organisations=desk.book, clock=desk.clock)
    told = []
    for _ in range(2):
        event = await happenings.tell(
            desk.org, case_id, name="failed", data={"why": "card"}, actor_id="erp", client_id="1"
        )
        told.append(event.data)
        await desk.run()
    assert told == [{"name": "failed", "data": {"why": "card"}}] * 2
    assert (await desk.counts(case_id))[0] == 5
    waiting, complete = sorted(await happenings.ladders(desk.org, case_id), key=lambda one: one.state, reverse=True)
    assert (waiting.rule_set, waiting.state, waiting.next_ms) == ("old", LadderState.WAITING, START_MS + HOUR)
    assert complete.rungs[0].why["data"] == {"why": "card"}
