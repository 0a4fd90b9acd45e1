"""A board on a real Valkey under virtual time, with a record in memory: what most router tests play on."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine.model.board import AgentView
from engine.model.call import Ring
from engine.model.organisation import (
    AgentSetup,
    CapacityProfile,
    ChannelCapacity,
    Organisation,
    PresenceStatus,
    Queue,
    Role,
    StatusKind,
)
from engine.model.record import Applied, BoardMark, QueueState
from engine.model.work import EventKind, Outcome, Reply, Requirement, RoutingEvent, WorkItem, WorkState
from engine.router.board import Board
from engine.router.library import compose_library
from engine.router.reconcile import Reconciler
from engine.router.router import Router
from engine.valkey.client import Valkey
from engine.valkey.lease import Leases
from tests.organisations import small_organisation

START_MS = 1_800_000_000_000
TICK_MS = 500


class VirtualClock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.ms = START_MS

    def now_ms(self) -> int:
        return self.ms


class MemoryRecord:
    """The record's part in routing, kept in memory: items, cursor, history."""

    def __init__(self) -> None:
        self.items: dict[str, WorkItem] = {}
        self.mark = BoardMark()
        self.history: list[RoutingEvent] = []
        self.queues: dict[str, QueueState] = {}
        self.ringing: list[Ring] = []

    async def cursor(self, org_id: str) -> BoardMark:
        return self.mark

    async def begin_epoch(self, org_id: str, *, at_least: int) -> int:
        self.mark = BoardMark(epoch=max(self.mark.epoch, at_least) + 1)
        return self.mark.epoch

    async def queue_states(self, org_id: str) -> dict[str, QueueState]:
        return self.queues

    async def open_items(self, org_id: str) -> list[WorkItem]:
        return [item for item in self.items.values() if item.state is not WorkState.CLOSED]

    async def rings(self, org_id: str) -> list[Ring]:
        return self.ringing

    async def project(self, org_id: str, events: Sequence[RoutingEvent], *, cursor_id: str) -> list[Applied]:
        self.apply(events)
        self.history += events
        self.mark = BoardMark(epoch=events[-1].epoch, seq=events[-1].seq, stream_id=cursor_id)
        return [Applied(event=event, fresh=True) for event in events]

    def apply(self, events: Sequence[RoutingEvent]) -> None:
        for event in events:
            item = self.items.get(event.item_id)
            state = STATES.get(event.kind)
            if item is not None and state is not None:
                holds = state in (WorkState.OFFERED, WorkState.ACTIVE, WorkState.WRAPUP, WorkState.PARKED)
                queue = str(event.data.get("to_queue", event.queue))
                self.items[item.id] = replace(
                    item,
                    state=state,
                    queue=queue,
                    agent_id=event.agent_id if holds else "",
                    assignment=event.assignment if holds else 0,
                )


STATES: Mapping[EventKind, WorkState] = {
    EventKind.ENQUEUED: WorkState.QUEUED,
    EventKind.OFFERED: WorkState.OFFERED,
    EventKind.ACCEPTED: WorkState.ACTIVE,
    EventKind.DECLINED: WorkState.QUEUED,
    EventKind.MISSED: WorkState.QUEUED,
    EventKind.RESCINDED: WorkState.QUEUED,
    EventKind.ENDED: WorkState.WRAPUP,
    EventKind.CLOSED: WorkState.CLOSED,
    EventKind.TRANSFERRED: WorkState.QUEUED,
    EventKind.LOST: WorkState.QUEUED,
    EventKind.ABANDONED: WorkState.CLOSED,
    EventKind.SCHEDULED: WorkState.SCHEDULED,
    EventKind.PARKED: WorkState.PARKED,
    EventKind.RESUMED: WorkState.QUEUED,
}


def organisation(org_id: str, agents: Mapping[str, Mapping[str, int]] | None = None, **changes: object) -> Organisation:
    """Return an organisation; ``agents`` maps log-ins to skills, all members of both queues."""
    agents = {"ana": {}, "ben": {}} if agents is None else agents
    setups = {
        login: AgentSetup(
            login=login,
            name=login,
            role=Role.AGENT,
            profile="standard",
            skills=dict(skills),
            queues=("sales", "support"),
        )
        for login, skills in agents.items()
    }
    queues = {
        "sales": Queue(key="sales", name="Sales"),
        "support": Queue(key="support", name="Support"),
    }
    return small_organisation(org_id, **{"agents": setups, "queues": queues, **changes})


def single() -> dict[str, CapacityProfile]:
    """Return profiles in which an agent holds one chat at a time."""
    return {"standard": CapacityProfile(key="standard", units=1, channels={"chat": ChannelCapacity()})}


def channels_status(*channels: str) -> dict[str, PresenceStatus]:
    """Return statuses of which ``available`` takes ``channels``."""
    return {
        "available": PresenceStatus(
            key="available", name="Available", kind=StatusKind.AVAILABLE, channels=frozenset(channels)
        ),
        "break": PresenceStatus(key="break", name="Break", kind=StatusKind.BREAK),
        "offline": PresenceStatus(key="offline", name="Offline", kind=StatusKind.OFFLINE),
    }


class Scene:
    """An organisation's board, its clock and its record; an agent's id is his log-in."""

    def __init__(self, address: str, org_id: str) -> None:
        self.org_id = org_id
        self.clock = VirtualClock()
        self.record = MemoryRecord()
        self.valkey = Valkey(address=address, library=compose_library())
        self.board = Board(valkey=self.valkey, clock=self.clock)
        self.router = Router(board=self.board)
        self.leases = Leases(commands=self.valkey)
        self.organisation = organisation(org_id)
        self.statuses: dict[str, str] = {}
        self.connections: dict[str, str] = {}
        self.seen: list[RoutingEvent] = []
        self.reconciler = Reconciler(
            board=self.board,
            record=self.record,
            leases=self.leases,
            configuration=self._configuration,
            statuses=self._statuses,
        )

    async def _configuration(self, org_id: str) -> tuple[Organisation, Mapping[str, str]]:
        return self.organisation, self.user_ids

    async def _statuses(self, org_id: str) -> Mapping[str, str]:
        return self.statuses

    @property
    def user_ids(self) -> dict[str, str]:
        return {login: login for login in self.organisation.agents}

    async def open(self, organisation: Organisation | None = None) -> "Scene":
        """Connect and build a first board."""
        self.organisation = organisation or self.organisation
        await self.valkey.connect()
        await self.reconciler.run(self.org_id)
        return self

    async def close(self) -> None:
        await self.valkey.close()

    def take(self, reply: Reply) -> list[RoutingEvent]:
        """Keep a reply's events and check that the command had its effect."""
        assert reply.ok, reply
        return self.note(reply.events)

    def note(self, events: Sequence[RoutingEvent]) -> list[RoutingEvent]:
        self.seen += events
        self.record.apply(events)
        for event in events:
            if event.kind is EventKind.PRESENCE:
                self.statuses[event.agent_id] = str(event.data["status"])
        return list(events)

    async def sign_in(self, *agents: str, status: str = "available") -> None:
        """Connect agents, one millisecond apart, so that the first is the longest idle."""
        for agent in agents:
            self.clock.ms += 1
            self.connections[agent] = f"socket-{agent}"
            self.take(await self.router.connect_agent(self.org_id, agent, self.connections[agent]))
            self.take(await self.router.set_status(self.org_id, agent, status))

    async def hang_up(self, agent: str) -> list[RoutingEvent]:
        """Close the agent's socket."""
        return self.take(await self.router.disconnect_agent(self.org_id, agent, self.connections.pop(agent)))

    async def enqueue(self, item_id: str, queue: str = "sales", **changes: object) -> list[RoutingEvent]:
        """Enqueue a chat; ``changes`` are skills, priority, age_ms, kind."""
        skills = changes.pop("skills", {})
        item = WorkItem(
            id=item_id,
            org_id=self.org_id,
            kind="chat",
            queue=queue,
            requirement=Requirement(skills=skills),  # type: ignore[arg-type] # a test's keyword
            interaction_id=f"interaction-{item_id}",
            created_ms=self.clock.ms,
        )
        item = replace(item, **changes)  # type: ignore[arg-type] # a test's keywords
        self.record.items[item_id] = item
        self.clock.ms += 1
        return self.take(await self.router.enqueue(item))

    async def accept(self, agent: str) -> list[RoutingEvent]:
        """Let the agent accept the offer he has."""
        offer = (await self.view(agent)).offers[0]
        return self.take(await self.router.accept(self.org_id, offer.item_id, agent, offer.assignment))

    async def decline(self, agent: str) -> list[RoutingEvent]:
        """Let the agent decline the offer he has."""
        offer = (await self.view(agent)).offers[0]
        return self.take(await self.router.decline(self.org_id, offer.item_id, agent, offer.assignment, "busy"))

    async def end(self, agent: str, item_id: str) -> list[RoutingEvent]:
        """Let the agent end the contact."""
        return self.take(await self.router.end(self.org_id, item_id, agent, await self.assignment(agent, item_id)))

    async def finish(self, agent: str, item_id: str) -> list[RoutingEvent]:
        """Let the agent finish his wrap-up."""
        number = await self.assignment(agent, item_id)
        return self.take(await self.router.finish_wrapup(self.org_id, item_id, agent, number))

    async def transfer(self, agent: str, item_id: str, *, queue: str = "", to: str = "", **needs: int) -> Reply:
        """Let the agent hand the item on; ``needs`` are skills."""
        number = await self.assignment(agent, item_id)
        requirement = Requirement(skills=needs)
        return await self.router.transfer(
            self.org_id, item_id, agent, number, queue=queue, requirement=requirement, to_agent=to
        )

    async def park(self, agent: str, item_id: str) -> Reply:
        """Let the agent put the item aside."""
        number = await self.assignment(agent, item_id)
        return await self.router.park(self.org_id, item_id, agent, number, "waiting")

    async def configure(self, **changes: object) -> list[RoutingEvent]:
        """Put a changed organisation in force."""
        self.organisation = replace(self.organisation, **changes)  # type: ignore[arg-type] # a test's keywords
        return self.take(await self.router.configure(self.organisation, self.user_ids))

    async def stage(self, item_id: str) -> int:
        """Return how many relaxation steps the item has taken."""
        return int(str((await self.shown(item_id))["stage"]))

    async def shown(self, item_id: str) -> dict[str, object]:
        """Return where the item stands, as the explanation tells it."""
        return dict((await self.router.explain(self.org_id, item_id))["item"])

    async def order(self, *item_ids: str) -> list[str]:
        """Return the items in the order in which they stand in their queue."""
        places = await self.router.position(self.org_id, item_ids)
        return sorted(item_ids, key=places.__getitem__)

    async def assignment(self, agent: str, item_id: str) -> int:
        view = await self.view(agent)
        held = {item.item_id: item.assignment for item in view.items}
        held |= {offer.item_id: offer.assignment for offer in view.offers}
        return held[item_id]

    async def view(self, agent: str) -> AgentView:
        return await self.router.agent_view(self.org_id, agent)

    async def offer_of(self, agent: str) -> str:
        """Return the item offered to the agent, or an empty string."""
        view = await self.view(agent)
        return view.offers[0].item_id if view.offers else ""

    async def items_of(self, agent: str) -> dict[str, str]:
        """Return what the agent holds: item → state."""
        view = await self.view(agent)
        held = {item.item_id: item.state.value for item in view.items}
        return held | {offer.item_id: "offered" for offer in view.offers}

    async def explained(self, item_id: str) -> dict[str, str]:
        return dict((await self.router.explain(self.org_id, item_id))["agents"])

    async def advance(self, ms: int, *, heartbeats: bool = True) -> list[RoutingEvent]:
        """Let time pass as in production: ticks and heartbeats."""
        events: list[RoutingEvent] = []
        end = self.clock.ms + ms
        while self.clock.ms < end:
            self.clock.ms = min(end, self.clock.ms + TICK_MS)
            if heartbeats:
                events += self.take(await self.router.renew(self.org_id, list(self.connections.items())))
            events += await self.tick()
        return events

    async def tick(self) -> list[RoutingEvent]:
        """Handle everything that is due now."""
        events: list[RoutingEvent] = []
        while True:
            tick = await self.router.tick(self.org_id)
            assert tick.outcome is Outcome.OK, tick
            events += self.note(tick.events)
            if not tick.more:
                return events

    async def stream(self) -> list[RoutingEvent]:
        """Return every event of this epoch."""
        events: list[RoutingEvent] = []
        while part := await self.router.events(self.org_id, events[-1].stream_id if events else "0-0", 0):
            events += part
        return events


def kinds(events: Sequence[RoutingEvent]) -> list[str]:
    """Return the kinds of events, in order."""
    return [event.kind.value for event in events]
