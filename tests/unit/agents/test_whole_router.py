"""What agents see of the router's further rules: withdrawn offers, parked work, bare work, consults, what waits."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from engine.agents.consulting import Consult, Consulting
from engine.agents.delivery import withdrawn
from engine.agents.destination import Destination, requirement_of
from engine.agents.ledger import Ledger
from engine.agents.offers import OfferDesk
from engine.agents.render import held_part
from engine.agents.waiting import MOST, WaitingRoom, WaitingView
from engine.agents.works import Works
from engine.errors import Conflict, Forbidden, InvalidInput, NotFound
from engine.model.board import HeldItem
from engine.model.organisation import CapacityProfile, ChannelCapacity, Organisation, Queue, Role
from engine.model.record import Applied, Waiting
from engine.model.user import Principal
from engine.model.work import (
    EventKind,
    Offer,
    Outcome,
    Reply,
    Requirement,
    RoutingEvent,
    WorkItem,
    WorkState,
)
from tests.organisations import small_organisation

ANA = Principal(org_id="acme", user_id="ana", login="ana", name="Ana", role=Role.AGENT, via="session")
BEN = replace(ANA, user_id="ben", login="ben", name="Ben")


def event(kind: EventKind, agent_id: str = "ana", **data: str) -> RoutingEvent:
    return RoutingEvent(
        org_id="acme", epoch=1, seq=1, stream_id="1-0", at_ms=1, kind=kind, item_id="w1", agent_id=agent_id, data=data
    )


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (event(EventKind.RESCINDED, reason="taken"), "taken"),
        (event(EventKind.RESCINDED, reason="picked"), "picked"),
        (event(EventKind.RESCINDED, reason="visitor"), "gone"),
        (event(EventKind.RESCINDED, reason="status"), ""),  # he did that himself
        (event(EventKind.ABANDONED, reason="visitor"), "gone"),
        (event(EventKind.ABANDONED, agent_id="", reason="visitor"), ""),  # nobody had it
        (event(EventKind.MISSED), "missed"),
        (event(EventKind.ACCEPTED), ""),
    ],
)
def test_why_an_offer_is_gone(told: RoutingEvent, why: str) -> None:
    assert withdrawn(told) == why


def held(state: WorkState = WorkState.ACTIVE, **about: object) -> HeldItem:
    usual = {"item_id": "w1", "interaction_id": "", "kind": "chat", "assignment": 7, "queue": "sales", "since_ms": 1}
    return HeldItem(state=state, **(usual | about))  # type: ignore[arg-type]


async def test_parked_work_is_shown_when_the_record_has_it() -> None:
    ledger, parked = Ledger(), held(WorkState.PARKED, assignment=0)
    accepted = replace(event(EventKind.ACCEPTED), assignment=7)
    await ledger.follow([Applied(event=accepted, fresh=True)])
    assert not ledger.shows("acme", parked)
    await ledger.follow([Applied(event=replace(accepted, kind=EventKind.PARKED), fresh=True)])
    assert ledger.shows("acme", parked)


def test_what_can_be_done_with_held_work_follows_the_configuration() -> None:
    organisation = small_organisation()
    plain = held_part(held(), organisation, "standard", None)
    assert (plain.can_park, plain.extensions_left) == (False, 0)
    generous = replace(
        organisation,
        queues={"sales": Queue(key="sales", name="Sales", wrapup_extensions=2, wrapup_extend_ms=15_000)},
        profiles={
            "standard": CapacityProfile(key="standard", units=1, channels={"chat": ChannelCapacity(parked_maximum=3)})
        },
    )
    assert held_part(held(), generous, "standard", None).can_park
    wrapping = held(WorkState.WRAPUP, deadline_ms=9_000, extensions=1)
    part = held_part(wrapping, generous, "standard", None)
    assert (part.extensions_left, part.extend_ms) == (1, 15_000)
    assert held_part(replace(wrapping, extensions=5), generous, "nowhere", None).extensions_left == 0


def item(item_id: str = "w1", **about: object) -> WorkItem:
    usual = {"org_id": "acme", "kind": "chat", "queue": "sales", "requirement": Requirement(skills={"english": 3})}
    return WorkItem(id=item_id, **(usual | about))  # type: ignore[arg-type]


class Record:
    """Work items, and how often they were read."""

    def __init__(self, *items: WorkItem) -> None:
        self.items = {one.id: one for one in items}
        self.reads = 0

    async def get(self, org_id: str, item_id: str) -> WorkItem:
        self.reads += 1
        if item_id not in self.items:
            raise NotFound("no such item")
        return self.items[item_id]

    async def shown(self, org_id: str, interaction_id: str, *, last: int) -> None:
        raise AssertionError("it has no conversation")


CONSULT = item(
    "c1",
    parent_id="w1",
    attributes={"asked_by": "ben", "asked_by_name": "Ben", "interaction_id": "i1", "hint": "x" * 500},
)


async def test_work_without_a_conversation_is_described_from_the_record_once() -> None:
    task = item(
        "t1", kind="task", reference="INV-7", attributes={"amount": 12, "deep": {"a": 1}, "note": "pay"}, case_id="k1"
    )
    record = Record(task, CONSULT)
    works = Works(org_id="acme", record=record)
    for _ in range(3):
        await works.learn(["t1", "c1", "lost"])
    assert record.reads == 2 + 3, "what is not there is asked for again"
    offers = OfferDesk(entries=record, works=works)  # type: ignore[arg-type]
    one = Offer(item_id="t1", agent_id="ana", assignment=3, queue="sales", offered_ms=1, expires_ms=2)
    (shown,) = await offers.describe("acme", [one])
    assert (shown.contact.name, shown.preview, shown.interaction.id) == ("INV-7", "amount: 12, note: pay", "")
    assert shown.work is not None
    assert shown.work.case_id == "k1"
    part = works.part("c1")
    assert part is not None
    assert (part.asked_by, list(part.details)) == ("Ben", ["hint"])
    assert len(part.details["hint"]) == 160
    (consult, plain) = works.with_conversations([held(item_id="c1"), held(item_id="t1")])
    assert (consult.interaction_id, consult.parent_id) == ("i1", "w1")
    assert (plain.interaction_id, plain.parent_id) == ("", "")
    await works.learn([])
    assert works.part("t1") is None


def test_a_destination_names_something_that_exists() -> None:
    organisation = small_organisation()
    with pytest.raises(InvalidInput):
        Destination()
    with pytest.raises(InvalidInput):
        requirement_of(item(), organisation, "nowhere", {})
    with pytest.raises(InvalidInput):
        requirement_of(item(), organisation, "sales", {"juggling": 1})
    assert requirement_of(item(), organisation, "support", {"billing": 4}).skills == {"english": 3, "billing": 4}


class Silent:
    """A recorder."""

    async def record(self, events: Sequence[RoutingEvent]) -> None:
        return None


class Office:
    """Whom consults go to."""

    def __init__(self, *items: WorkItem) -> None:
        self.record = Record(*items)
        self.asked: list[Consult] = []
        self.notes: list[tuple[str, str]] = []
        self.done: list[str] = []
        self.consulting = Consulting(
            asking=self,
            board=self,
            recorder=Silent(),
            notes=self,  # type: ignore[arg-type]
            work=self.record,
            organisations=self,
        )

    def get(self, org_id: str) -> Organisation:
        return small_organisation(org_id)

    async def ask(self, consult: Consult) -> WorkItem:
        self.asked.append(consult)
        return CONSULT

    async def note_as_asked(
        self, who: Principal, interaction_id: str, *, client_id: str, body: str, consult_id: str = ""
    ) -> None:
        self.notes.append((interaction_id, body))

    async def conclude(self, org_id: str, item_id: str, reason: str) -> Reply:
        self.done.append("conclude")
        self.record.items[item_id] = replace(self.record.items[item_id], state=WorkState.WRAPUP)
        return Reply(outcome=Outcome.OK)

    async def finish_wrapup(self, org_id: str, item_id: str, agent_id: str, assignment: int) -> Reply:
        self.done.append("finish")
        self.record.items[item_id] = replace(self.record.items[item_id], state=WorkState.CLOSED)
        return Reply(outcome=Outcome.OK)


PARENT = item("w1", interaction_id="i1", state=WorkState.ACTIVE, agent_id="ana", assignment=7)


async def test_who_holds_work_asks_with_a_first_note() -> None:
    office = Office(PARENT)
    to = Destination(agent_id="ben")
    await office.consulting.ask(ANA, "w1", 7, to=to, question="May I?", request="r1")
    (consult,) = office.asked
    assert (consult.queue, consult.agent_id, consult.parent.id) == ("sales", "ben", "w1")
    assert office.notes == [("i1", "May I?")]
    with pytest.raises(Forbidden):
        await office.consulting.ask(BEN, "w1", 7, to=to, question="", request="r1")
    with pytest.raises(Conflict):
        await office.consulting.ask(ANA, "w1", 6, to=to, question="", request="r1")
    office.record.items["w1"] = replace(PARENT, state=WorkState.WRAPUP)
    with pytest.raises(Conflict):
        await office.consulting.ask(ANA, "w1", 7, to=to, question="", request="r1")


async def test_a_consult_ends_without_a_wrap_up() -> None:
    office = Office(PARENT, replace(CONSULT, state=WorkState.ACTIVE, agent_id="ben", assignment=9))
    with pytest.raises(Forbidden):
        await office.consulting.end(replace(ANA, user_id="eve"), "c1")
    with pytest.raises(Conflict):
        await office.consulting.end(ANA, "w1")
    ended = await office.consulting.end(BEN, "c1")
    assert (ended.state, office.done) == (WorkState.CLOSED, ["conclude", "finish"])
    assert (await office.consulting.end(ANA, "c1")).state is WorkState.CLOSED
    assert office.done == ["conclude", "finish"]


class Watch:
    """A clock that stands still."""

    def __init__(self) -> None:
        self.at_ms = 1_000_000

    def now_ms(self) -> int:
        return self.at_ms


class Line:
    """What waits."""

    def __init__(self, count: int) -> None:
        self.found = [Waiting(item=item(f"w{number}"), contact_name="Vera") for number in range(count)]
        self.reads: list[Sequence[str]] = []

    async def waiting(self, org_id: str, queues: Sequence[str], *, limit: int) -> list[Waiting]:
        self.reads.append(queues)
        return self.found[:limit]


class Book:
    """One organisation."""

    def get(self, org_id: str) -> Organisation:
        return small_organisation(org_id)


async def test_what_waits_is_read_once_for_all_and_sent_when_it_changes() -> None:
    line, clock = Line(MOST + 5), Watch()
    room, sent = WaitingRoom(record=line, clock=clock), list[str]()
    views = [
        WaitingView(who=who, room=room, organisations=Book(), send=sent.append)
        for who in (ANA, BEN, replace(ANA, login="stranger"))
    ]
    for view in views:
        await view._look()
        await view._look()
    first, _, strangers = (json.loads(text) for text in sent)
    assert (len(first["items"]), first["more"], first["items"][0]["name"]) == (MOST, True, "Vera")
    assert strangers["items"] == []
    assert line.reads == [["sales", "support"]]
    clock.at_ms += 5_000
    line.found = line.found[:1]
    await views[0]._look()
    assert json.loads(sent[-1])["more"] is False
    task = asyncio.create_task(views[0].run())
    views[0].watch(on=True)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    assert len(sent) == 5, "whoever begins to watch is sent everything"
