"""What the desk does beyond passing commands on: repeats, supervisors, checks before the first write."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from engine import failpoints
from engine.agents import settling
from engine.agents.desk import Desk
from engine.agents.destination import Destination
from engine.agents.outcome import SENTENCES
from engine.clock import SystemClock
from engine.errors import Conflict, Forbidden, InvalidInput, NotFound, Refused, Unavailable
from engine.model.board import AgentView, HeldItem
from engine.model.conversation import Appended, Author, Draft, Entry
from engine.model.organisation import Organisation, Queue, Role
from engine.model.user import Principal
from engine.model.work import EventKind, Outcome, Reply, Requirement, RoutingEvent, WorkItem, WorkState
from engine.skills.requirement import requirement_after
from tests.organisations import small_organisation

ANA = Principal(org_id="acme", user_id="ana", login="ana", name="Ana", role=Role.AGENT, via="session")
SUE = replace(ANA, user_id="sue", login="sue", name="Sue", role=Role.SUPERVISOR)


def event(kind: EventKind = EventKind.ACCEPTED) -> RoutingEvent:
    return RoutingEvent(org_id="acme", epoch=1, seq=1, stream_id="1-0", at_ms=1, kind=kind, item_id="w1")


class Board:
    """Answers as told, and remembers what was asked."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.asked: list[tuple[Any, ...]] = []
        self.items: tuple[HeldItem, ...] = ()
        self.stream: list[RoutingEvent] = []

    async def events(self, org_id: str, after_stream_id: str, block_ms: int) -> list[RoutingEvent]:
        batch, self.stream = self.stream, []
        return batch

    def __getattr__(self, name: str) -> Any:
        async def command(*args: object, **kwargs: object) -> Reply:
            self.asked.append((name, *args, *kwargs.values()))
            return self.replies.pop(0)

        return command

    async def agent_view(self, org_id: str, agent_id: str) -> AgentView:
        return AgentView(
            agent_id=agent_id,
            status="available",
            status_since_ms=1,
            connected=True,
            units=3,
            used=len(self.items),
            items=self.items,
        )


class Record:
    """The work item, the events written, the transcript."""

    def __init__(self) -> None:
        self.item = WorkItem(
            id="w1",
            org_id="acme",
            kind="chat",
            queue="sales",
            requirement=Requirement(skills={"english": 3}),
            interaction_id="i1",
            state=WorkState.OFFERED,
            agent_id="ana",
            assignment=7,
        )
        self.later: list[WorkState] = []
        self.written: list[RoutingEvent] = []
        self.dispositions: list[str] = []
        self.drafts: list[Draft] = []

    async def get(self, org_id: str, item_id: str) -> WorkItem:
        if self.later:
            self.item = replace(self.item, state=self.later.pop(0))
        return self.item

    async def for_interaction(self, org_id: str, interaction_id: str) -> WorkItem | None:
        return None if self.item.state is WorkState.CLOSED else self.item

    async def set_disposition(self, org_id: str, item_id: str, *, disposition: str, note: str, now_ms: int) -> None:
        self.dispositions.append(disposition)

    async def record(self, events: Sequence[RoutingEvent]) -> list[Any]:
        self.written += events
        return []

    async def append(self, org_id: str, interaction_id: str, draft: Draft) -> Appended:
        self.drafts.append(draft)
        entry = Entry(
            id="e", interaction_id=interaction_id, seq=1, kind=draft.kind, author=Author.AGENT, body=draft.body, at_ms=1
        )
        return Appended(entry=entry, repeated=False)


class Book:
    """One organisation."""

    def __init__(self, organisation: Organisation) -> None:
        self.organisation = organisation

    def get(self, org_id: str) -> Organisation:
        return self.organisation


class Office:
    """A desk with everything around it."""

    def __init__(self) -> None:
        self.board, self.record = Board(), Record()
        self.desk = Desk(
            offers=self.board,
            statuses=self.board,
            recorder=self.record,
            transcript=self.record,
            work=self.record,
            organisations=Book(small_organisation()),
            clock=SystemClock(),
        )


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setattr(settling, "SETTLE_WAITS_S", (0.0, 0.0, 0.0))
    return Office()


async def test_what_the_board_did_is_in_the_record_before_the_answer(office: Office) -> None:
    office.board.replies = [Reply(outcome=Outcome.OK, events=(event(),))]
    office.record.later = [WorkState.ACTIVE]
    item = await office.desk.accept(ANA, "w1", 7)
    assert office.record.written == [event()]
    assert item.state is WorkState.ACTIVE


async def test_a_repeat_answers_only_once_the_first_is_in_the_record(office: Office) -> None:
    office.board.replies = [Reply(outcome=Outcome.REPEATED)]
    office.record.later = [WorkState.OFFERED, WorkState.OFFERED, WorkState.ACTIVE]
    assert (await office.desk.accept(ANA, "w1", 7)).state is WorkState.ACTIVE
    office.board.replies = [Reply(outcome=Outcome.REPEATED)]
    office.record.item = replace(office.record.item, state=WorkState.OFFERED)
    with pytest.raises(Unavailable) as behind:
        await office.desk.accept(ANA, "w1", 7)
    assert behind.value.slug == "record-behind"


async def test_what_a_killed_process_left_on_the_stream_is_written_by_the_repeat(office: Office) -> None:
    others = replace(event(), item_id="w2", stream_id="2-0")
    office.board.replies = [Reply(outcome=Outcome.REPEATED)]
    office.board.stream = [event(), others]

    async def record(events: Sequence[RoutingEvent]) -> list[Any]:
        office.record.written += events
        office.record.item = replace(office.record.item, state=WorkState.ACTIVE)
        return []

    office.desk._settling._recovery._recorder.record = record  # type: ignore[method-assign]
    assert (await office.desk.accept(ANA, "w1", 7)).state is WorkState.ACTIVE
    assert office.record.written == [event()], "its own events only"


@pytest.mark.parametrize(
    ("shown", "in_sql", "wait"),
    [
        (WorkState.ACTIVE, WorkState.ACTIVE, False),
        (WorkState.ACTIVE, WorkState.CLOSED, False),
        (WorkState.ACTIVE, WorkState.OFFERED, True),
        (WorkState.WRAPUP, WorkState.ACTIVE, True),
        (WorkState.WRAPUP, WorkState.WRAPUP, False),
    ],
)
async def test_what_is_shown_is_in_the_record(office: Office, shown: WorkState, in_sql: WorkState, wait: bool) -> None:
    held = HeldItem(
        item_id="w1", interaction_id="i1", kind="chat", state=shown, assignment=7, queue="sales", since_ms=1
    )
    office.record.item = replace(office.record.item, state=in_sql)
    office.board.stream = [event()]
    await office.desk.recorded("acme", held)
    assert (office.record.written == [event()]) is wait


@pytest.mark.parametrize("outcome", [one for one in Outcome if one not in (Outcome.OK, Outcome.REPEATED)])
async def test_every_refusal_of_the_router_has_its_slug_and_sentence(office: Office, outcome: Outcome) -> None:
    assert outcome in SENTENCES
    office.board.replies = [Reply(outcome=outcome)]
    with pytest.raises(Refused) as refused:
        await office.desk.decline(ANA, "w1", 7)
    assert refused.value.slug == outcome.value


@pytest.mark.parametrize("outcome", [Outcome.NOT_YOURS, Outcome.UNKNOWN_AGENT])
async def test_a_supervisor_acts_as_the_holder_and_an_agent_does_not(office: Office, outcome: Outcome) -> None:
    not_yours = Reply(outcome=outcome)
    office.board.replies = [not_yours, Reply(outcome=Outcome.OK, events=(event(EventKind.ENDED),))]
    office.record.item = replace(office.record.item, state=WorkState.WRAPUP)
    await office.desk.end(SUE, "w1", 7)
    assert [one[3] for one in office.board.asked] == ["sue", "ana"]
    office.board.replies = [not_yours]
    with pytest.raises(Refused):
        await office.desk.end(replace(ANA, user_id="ben"), "w1", 7)


async def test_a_disposition_is_kept_before_the_wrapup_ends(office: Office) -> None:
    office.record.item = replace(office.record.item, state=WorkState.WRAPUP)
    office.board.replies = [Reply(outcome=Outcome.OK, events=(event(EventKind.CLOSED),))]
    await office.desk.finish_wrapup(ANA, "w1", 7, disposition="solved")
    assert office.record.dispositions == ["solved"]


async def test_a_disposition_that_comes_after_the_timer_is_kept_too(office: Office) -> None:
    office.record.item = replace(office.record.item, state=WorkState.CLOSED)
    item = await office.desk.finish_wrapup(ANA, "w1", 7, disposition="solved")
    assert item.state is WorkState.CLOSED
    assert office.record.dispositions == ["solved"]
    assert office.board.asked == []


@pytest.mark.parametrize(
    ("who", "state", "asked", "slug"),
    [
        (ANA, WorkState.WRAPUP, (7, "unheard-of"), "unknown-disposition"),
        (replace(ANA, user_id="ben"), WorkState.WRAPUP, (7, "solved"), "not-yours"),
        (ANA, WorkState.ACTIVE, (7, "solved"), "wrong-state"),
        (ANA, WorkState.WRAPUP, (6, "solved"), "stale-assignment"),
    ],
)
async def test_a_wrong_wrapup_writes_nothing(
    office: Office, who: Principal, state: WorkState, asked: tuple[int, str], slug: str
) -> None:
    office.record.item = replace(office.record.item, state=state)
    with pytest.raises((Conflict, Forbidden, InvalidInput)) as refused:
        await office.desk.finish_wrapup(who, "w1", asked[0], disposition=asked[1])
    assert refused.value.slug == slug
    assert office.record.dispositions == []
    assert office.board.asked == []


async def test_only_the_holder_speaks(office: Office) -> None:
    ben = replace(ANA, user_id="ben")
    office.record.item = replace(office.record.item, state=WorkState.ACTIVE)
    await office.desk.say(ANA, "i1", client_id="1", body="hello")
    for who in (ben, SUE):
        with pytest.raises(Forbidden):
            await office.desk.say(who, "i1", client_id="1", body="hello")
    await office.desk.note(SUE, "i1", client_id="2", body="careful")
    with pytest.raises(Forbidden):
        await office.desk.note(ben, "i1", client_id="2", body="careful")
    office.record.item = replace(office.record.item, state=WorkState.OFFERED)
    with pytest.raises(Forbidden):
        await office.desk.say(ANA, "i1", client_id="3", body="an offer is not held yet")
    assert [one.body for one in office.record.drafts] == ["hello", "careful"]


async def test_a_character_that_no_database_keeps_is_replaced(office: Office) -> None:
    office.record.item = replace(office.record.item, state=WorkState.ACTIVE)
    await office.desk.say(ANA, "i1", client_id="1", body="a\0b")
    assert [one.body for one in office.record.drafts] == ["a\N{REPLACEMENT CHARACTER}b"]


@pytest.mark.parametrize(("client_id", "body"), [("", "x"), ("c" * 101, "x"), ("c", " \n"), ("c", "é" * 8_193)])
async def test_texts_are_bounded(office: Office, client_id: str, body: str) -> None:
    with pytest.raises(InvalidInput):
        await office.desk.say_as_holder(ANA, "i1", client_id=client_id, body=body)
    assert office.record.drafts == []


@pytest.mark.parametrize("client_id", ["1:17", "12:0", "transfer:w1:3", "transfer:\n"])
async def test_nobody_takes_the_place_of_the_engines_own_lines(office: Office, client_id: str) -> None:
    office.record.item = replace(office.record.item, state=WorkState.ACTIVE)
    for write in (office.desk.say, office.desk.say_as_holder, office.desk.note):
        with pytest.raises(InvalidInput) as refused:
            await write(ANA, "i1", client_id=client_id, body="x")
        assert (refused.value.slug, refused.value.fields["field"]) == ("reserved-client-id", "client_id")
    assert office.record.drafts == []


@pytest.mark.parametrize("client_id", ["1", "1:17:2", "a1:17", "01890a5d-ac96-774b-bcce-b302099a8057", "transfer"])
async def test_other_ids_are_the_clients_own(office: Office, client_id: str) -> None:
    office.record.item = replace(office.record.item, state=WorkState.ACTIVE)
    await office.desk.say(ANA, "i1", client_id=client_id, body="x")
    assert [one.client_id for one in office.record.drafts] == [client_id]


async def test_open_work_is_asked_for(office: Office) -> None:
    office.board.items = (
        HeldItem(
            item_id="w1",
            interaction_id="i1",
            kind="chat",
            state=WorkState.ACTIVE,
            assignment=7,
            queue="sales",
            since_ms=1,
        ),
    )
    for call in (office.desk.sign_out(ANA, None), office.desk.set_status(ANA, "offline")):
        with pytest.raises(Conflict) as asked:
            await call
        assert asked.value.fields["items"] == [{"item_id": "w1", "interaction_id": "i1", "state": "active"}]
    office.board.replies = [Reply(outcome=Outcome.OK)]
    await office.desk.sign_out(ANA, "end")
    assert office.board.asked == [("sign_out", "acme", "ana", "end")]
    with pytest.raises(InvalidInput):
        await office.desk.set_status(ANA, "dancing")


async def test_a_transfer_to_nowhere_writes_nothing(office: Office) -> None:
    with pytest.raises(InvalidInput):
        await office.desk.transfer(ANA, "w1", 7, to=Destination(queue="nowhere"), note="hm")
    assert office.record.drafts == []
    assert office.board.asked == []


@pytest.mark.parametrize(
    ("name", "recorded"), [("offer.before-accept", 0), ("offer.after-accept", 0), ("offer.after-record", 1)]
)
async def test_the_places_between_board_and_record_can_fail(office: Office, name: str, recorded: int) -> None:
    office.board.replies = [Reply(outcome=Outcome.OK, events=(event(),))]
    failpoints.arm(f"{name}=raise")
    try:
        with pytest.raises(Unavailable):
            await office.desk.accept(ANA, "w1", 7)
    finally:
        failpoints.arm("")
    assert len(office.record.written) == recorded


def test_a_transfer_keeps_what_the_customer_needs_and_drops_what_the_old_queue_asked_for() -> None:
    organisation = small_organisation(
        queues={
            "sales": Queue(key="sales", name="Sales", skills={"english": 3}),
            "billing": Queue(key="billing", name="Billing", skills={"billing": 5, "chinese": 2}),
        }
    )
    item = replace(Record().item, requirement=Requirement(skills={"english": 3, "chinese": 7}))
    assert requirement_after(item, organisation, "billing").skills == {"chinese": 7, "billing": 5}
    stricter = replace(item, requirement=Requirement(skills={"english": 8}))
    assert requirement_after(stricter, organisation, "billing").skills == {"english": 8, "billing": 5, "chinese": 2}
    gone = replace(item, queue="closed-down")
    assert requirement_after(gone, organisation, "sales").skills == {"english": 3, "chinese": 7}


async def test_an_unknown_item_is_not_found(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(org_id: str, item_id: str) -> WorkItem:
        raise NotFound("no", slug="unknown-item")

    monkeypatch.setattr(office.record, "get", unknown)
    with pytest.raises(NotFound):
        await office.desk.finish_wrapup(ANA, "w1", 7, disposition="solved")
