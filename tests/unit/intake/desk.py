"""Contract-faithful small doubles of record and board, for the rules of intake alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from engine.errors import Unavailable
from engine.model.case_setup import Filing
from engine.model.conversation import Arrival, Author, Entry, EntryKind, Interaction
from engine.model.customer import Contact
from engine.model.organisation import CasePolicy
from engine.model.record import Applied, Opened, Overview
from engine.model.work import EventKind, Outcome, Plan, Reply, Requirement, RoutingEvent, WorkItem


class StillClock:
    def __init__(self, now_ms: int = 1_000_000) -> None:
        self.at_ms = now_ms

    def now_ms(self) -> int:
        return self.at_ms


class Record:
    """Arrivals, conversations and work in one."""

    def __init__(self) -> None:
        self.opened: dict[tuple[str, str, str], Opened] = {}
        self.closed: list[tuple[str, str]] = []
        self.refused: dict[str, str] = {}

    @property
    def arrivals(self) -> "Record":
        return self

    @property
    def conversations(self) -> "Record":
        return self

    @property
    def work(self) -> "Record":
        return self

    async def open_interaction(
        self,
        arrival: Arrival,
        *,
        kind: str,
        plan: Plan,
        case_policy: CasePolicy,
        now_ms: int,
        filing: Filing | None = None,
    ) -> Opened:
        key = (arrival.org_id, arrival.channel, arrival.conversation_key)
        if key in self.opened:
            return replace(self.opened[key], repeated=True)
        number = len(self.opened) + 1
        interaction = Interaction(
            id=f"i{number}", org_id=arrival.org_id, channel=arrival.channel, kind=kind, conversation_key=key[2],
            contact_id=f"c{number}",
        )  # fmt: skip
        item = WorkItem(
            id=f"w{number}", org_id=arrival.org_id, kind=kind, queue=plan.queue, requirement=plan.requirement,
            interaction_id=interaction.id, created_ms=now_ms,
        )  # fmt: skip
        entry = Entry(
            id=f"e{number}", interaction_id=interaction.id, seq=1, kind=EntryKind.MESSAGE, author=Author.VISITOR,
            body=arrival.body, at_ms=now_ms,
        )  # fmt: skip
        contact = Contact(id=interaction.contact_id, org_id=arrival.org_id, name=arrival.name)
        self.opened[key] = Opened(interaction=interaction, contact=contact, item=item, case=None, entries=(entry,))
        return self.opened[key]

    async def leave_message(
        self,
        arrival: Arrival,
        *,
        kind: str,
        plan: Plan,
        now_ms: int,
        callback_ms: int | None = None,
        filing: Filing | None = None,
    ) -> Opened:
        opened = await self.open_interaction(
            arrival, kind=kind, plan=plan, case_policy=CasePolicy.FIRST_MESSAGE, now_ms=now_ms
        )
        return replace(opened, item=None)

    @property
    def transcripts(self) -> "Record":
        return self

    async def pending_items(
        self, limit: int, older_than_ms: int, *, after: tuple[int, str] = (0, "")
    ) -> list[WorkItem]:
        items = [one.item for one in self.opened.values() if one.item is not None]
        return [one for one in items if one.created_ms < older_than_ms and (one.created_ms, one.id) > after][:limit]

    async def overview(self, org_id: str, interaction_id: str) -> Overview:
        one = next(one for one in self.opened.values() if one.interaction.id == interaction_id)
        return Overview(interaction=one.interaction, contact=one.contact, case=None, item=one.item)

    async def since(self, org_id: str, interaction_id: str, *, after_seq: int, limit: int = 200) -> list[Entry]:
        opened = next(one for one in self.opened.values() if one.interaction.id == interaction_id)
        return list(opened.entries[:limit])

    async def reclassify(self, org_id: str, item_id: str, plan: Plan) -> WorkItem | None:
        for key, one in self.opened.items():
            if one.item is not None and one.item.id == item_id:
                item = replace(one.item, queue=plan.queue, requirement=plan.requirement)
                self.opened[key] = replace(one, item=item)
                return item
        return None

    async def refuse(self, org_id: str, whys: Mapping[str, str], *, now_ms: int) -> int:
        self.refused.update(whys)
        return len(whys)

    async def waiting_outside(self, org_id: str, queues: Sequence[str], *, limit: int) -> list[WorkItem]:
        items = [one.item for one in self.opened.values() if one.item is not None]
        return [one for one in items if one.queue not in queues and (one.interaction_id, "refused") not in self.closed]

    async def close(
        self, org_id: str, interaction_id: str, *, reason: str, now_ms: int, text: str = ""
    ) -> Entry | None:
        if (interaction_id, reason) in self.closed:
            return None
        self.closed.append((interaction_id, reason))
        return Entry(
            id="end", interaction_id=interaction_id, seq=2, kind=EntryKind.ENDED, author=Author.SYSTEM, at_ms=now_ms
        )

    async def for_interaction(self, org_id: str, interaction_id: str) -> WorkItem | None:
        return next((one.item for one in self.opened.values() if one.interaction.id == interaction_id), None)


@dataclass
class Board:
    staff: int = 1
    away: bool = False
    outcome: Outcome = Outcome.OK
    items: dict[str, str] = field(default_factory=dict)
    rebuilding: set[str] = field(default_factory=set)
    unknown: dict[str, set[str]] = field(default_factory=dict)  # queues, by organisation
    queues: dict[str, str] = field(default_factory=dict)  # by item
    reasons: dict[str, str] = field(default_factory=dict)

    async def enqueue(self, item: WorkItem) -> Reply:
        self._reach()
        if item.org_id in self.rebuilding:
            return Reply(outcome=Outcome.NO_BOARD)
        if self.outcome is not Outcome.OK:
            return Reply(outcome=self.outcome)
        if item.id in self.items:
            return Reply(outcome=Outcome.REPEATED)
        if item.queue in self.unknown.get(item.org_id, ()):
            return Reply(outcome=Outcome.UNKNOWN_QUEUE)
        self.items[item.id], self.queues[item.id] = "queued", item.queue
        return Reply(outcome=Outcome.OK, events=(event(EventKind.ENQUEUED, item.id),))

    async def refuse(self, org_id: str, answers: Mapping[str, Reply]) -> set[str]:
        self._reach()
        return {item_id for item_id in answers if item_id not in self.items}

    async def conclude(self, org_id: str, item_id: str, reason: str) -> Reply:
        self._reach()
        if self.outcome is not Outcome.OK:
            return Reply(outcome=self.outcome)
        state = self.items.get(item_id)
        if state is None:
            return Reply(outcome=Outcome.UNKNOWN_ITEM)
        if state == "closed":
            return Reply(outcome=Outcome.REPEATED)
        self.items[item_id], self.reasons[item_id] = "closed", reason
        return Reply(outcome=Outcome.OK, events=(event(EventKind.ABANDONED, item_id),))

    async def move(self, org_id: str, item_id: str, *, queue: str, requirement: Requirement) -> Reply:
        if item_id not in self.items:
            return Reply(outcome=Outcome.UNKNOWN_ITEM)
        self.queues[item_id] = queue
        return Reply(outcome=Outcome.OK)

    async def staffed(self, org_id: str, queue: str, requirement: Requirement) -> int:
        self._reach()
        return self.staff

    def _reach(self) -> None:
        if self.away:
            raise Unavailable("the board is away")


def event(kind: EventKind, item_id: str) -> RoutingEvent:
    return RoutingEvent(org_id="acme", epoch=1, seq=1, stream_id="1-1", at_ms=0, kind=kind, item_id=item_id)


@dataclass
class Recorder:
    events: list[RoutingEvent] = field(default_factory=list)

    async def record(self, events: Sequence[RoutingEvent]) -> list[Applied]:
        self.events.extend(events)
        return []


@dataclass
class Teller:
    told: list[Entry] = field(default_factory=list)

    def publish(self, entries: Iterable[Entry], *, org_id: str = "") -> None:
        self.told.extend(entries)
