"""A service desk without its API: record, board, clerk and outbox, under a clock that tests set."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

from engine.cases.assigning import Assigning
from engine.cases.changes import Wish
from engine.cases.clerk import Clerk
from engine.cases.effects import Effects, EffectsSettings
from engine.cases.lifecycle import Cases
from engine.cases.work import CaseWork
from engine.errors import NotFound
from engine.ids import id_source
from engine.intake.dispatch import Dispatch, TakenIn
from engine.intake.wanted import Wanted
from engine.model.assignment import AssignmentRule
from engine.model.case import Case, NewCase
from engine.model.casework import EffectKind
from engine.model.organisation import AgentSetup, CapacityProfile, ChannelCapacity, Organisation, Queue, Role
from engine.model.work import Reply, WorkItem, WorkState
from engine.router.board import Board
from engine.router.library import compose_library
from engine.router.reconcile import Reconciler
from engine.router.router import Router
from engine.store.store import Store
from engine.valkey.client import Valkey
from engine.valkey.lease import Leases
from engine.wiring.recorder import Recorder
from engine.wiring.records import BoardRecord
from tests.integration.router.scene import VirtualClock, channels_status
from tests.organisations import small_organisation

LOGINS = ("ana", "ben", "cy")
KINDS = ("case", "chat", "email")
OPEN = (WorkState.PENDING, WorkState.QUEUED, WorkState.OFFERED, WorkState.ACTIVE, WorkState.PARKED)
ROUTE = AssignmentRule(name="route", queue="sales", route=True)


def desk_organisation(org_id: str, users: Mapping[str, str], **changes: object) -> Organisation:
    """Return an organisation whose three agents take cases; every new case is routed to the queue sales."""
    agents = {
        login: AgentSetup(
            login=login,
            name=login.title(),
            role=Role.AGENT,
            profile="standard",
            skills={"english": 5} if login != "cy" else {"english": 5, "billing": 5},
            queues=("sales", "support"),
            user_id=user_id,
        )
        for login, user_id in users.items()
    }
    channels = {kind: ChannelCapacity(parked_maximum=2) for kind in KINDS}
    queues = {
        "sales": Queue(key="sales", name="Sales", wrapup_ms=0, preferred_wait_ms=5_000),
        "support": Queue(key="support", name="Support", wrapup_ms=0, skills={"billing": 3}),
    }
    return small_organisation(
        org_id,
        agents=agents,
        queues=queues,
        statuses=channels_status(*KINDS),
        profiles={"standard": CapacityProfile(key="standard", units=3, channels=channels)},
        **{"assignment": (ROUTE,), **changes},
    )


class Book:
    """The one organisation there is."""

    def __init__(self) -> None:
        self.organisation: Organisation | None = None

    def get(self, org_id: str) -> Organisation:
        if self.organisation is None or self.organisation.id != org_id:
            raise NotFound("no such organisation")
        return self.organisation

    def all(self) -> list[Organisation]:
        return [self.organisation] if self.organisation else []


class House:
    """What a test plays with. Agents are named by log-in; their ids are in ``users``."""

    def __init__(self, store: Store, address: str, org_id: str, clock: VirtualClock) -> None:
        self.org_id, self.store, self.clock = org_id, store, clock
        self.users: dict[str, str] = {}
        self.book = Book()
        self.new_id = id_source(clock)
        self.valkey = Valkey(address=address, library=compose_library())
        self.board = Board(valkey=self.valkey, clock=clock)
        self.router = Router(board=self.board)
        self.recorder = Recorder(history=store.routing, follow=())
        self.cases = Cases(record=store.cases, organisations=self.book, clock=clock, new_id=self.new_id)
        self.assigning = Assigning(record=store.cases, organisations=self.book, clock=clock, new_id=self.new_id)
        self.clerk = Clerk(record=store.cases, organisations=self.book, clock=clock, new_id=self.new_id)
        self.dispatch = Dispatch(
            record=store.work,
            board=self.router,
            recorder=self.recorder,
            organisations=self.book,
            clock=clock,
            new_id=self.new_id,
        )
        self.work = CaseWork(
            record=store.case_items,
            board=self.router,
            intake=self.dispatch,
            recorder=self.recorder,
            organisations=self.book,
            clock=clock,
            new_id=self.new_id,
        )
        self.effects = self.outbox()
        self.projected = "0-0"

    def outbox(self) -> Effects:
        """Build the role that does effects, as a process that starts does."""
        return Effects(
            outbox=self.store.case_effects,
            handlers={EffectKind.WORK: self.work, EffectKind.BOARD: self.work},
            clock=self.clock,
            failed=lambda _: None,
            settings=EffectsSettings(first_ms=1),
        )

    async def open(self, **changes: object) -> None:
        """Make the users, put the configuration in force, build the board."""
        for login in LOGINS:
            user = await self.store.users.create(
                self.org_id, login=login, name=login.title(), role=Role.AGENT, now_ms=self.clock.ms
            )
            self.users[login] = user.id
        self.book.organisation = desk_organisation(self.org_id, self.users, **changes)
        await self.valkey.connect()
        reconciler = Reconciler(
            board=self.board,
            record=BoardRecord(self.store),
            leases=Leases(commands=self.valkey),
            configuration=self._configuration,
            statuses=self.store.routing.statuses,
        )
        await reconciler.run(self.org_id)

    async def _configuration(self, org_id: str) -> tuple[Organisation, Mapping[str, str]]:
        return self.book.get(org_id), self.users

    async def sign_in(self, *logins: str) -> None:
        for login in logins:
            await self.take(await self.router.connect_agent(self.org_id, self.users[login], f"socket-{login}"))
            await self.take(await self.router.set_status(self.org_id, self.users[login], "available"))

    async def take(self, reply: Reply) -> Reply:
        """Write a reply's events."""
        await self.recorder.record(reply.events)
        return reply

    async def settle(self) -> None:
        """Let clerk and outbox do all that there is to do."""
        for _ in range(40):
            self.clock.ms += 2
            await self.project()
            await self.clerk.step()
            await self.effects.step()
            if not await self.busy():
                return
        raise AssertionError("there is always something to do")

    async def project(self) -> None:
        """Write what the board told and a command that was cut off did not."""
        while events := await self.router.events(self.org_id, self.projected, 0):
            await self.recorder.record(events)
            self.projected = events[-1].stream_id

    async def busy(self) -> bool:
        """Say whether a signal or an effect is left."""
        if await self.store.cases.attention(self.org_id, now_ms=self.clock.ms, limit=1):
            return True
        far = self.clock.ms + 10_000_000_000
        pending = [
            await self.store.case_effects.due(kind, now_ms=far, in_order=True, limit=1)
            for kind in (EffectKind.WORK, EffectKind.BOARD)
        ]
        return any(pending)

    async def advance(self, ms: int) -> None:
        """Let time pass on the board."""
        end = self.clock.ms + ms
        while self.clock.ms < end:
            self.clock.ms = min(end, self.clock.ms + 500)
            leases = [(user_id, f"socket-{login}") for login, user_id in self.users.items()]
            await self.take(await self.router.renew(self.org_id, leases))
            tick = await self.router.tick(self.org_id)
            await self.recorder.record(tick.events)

    async def opened(self, **changes: object) -> str:
        """Open a case by hand, let the rules route it, and return its id."""
        new = NewCase(org_id=self.org_id, subject="Broken kettle", request_key=self.new_id())
        case = await self.cases.open_alone(replace(new, **changes), actor_id="")  # type: ignore[arg-type]
        await self.settle()
        return case.id

    async def case(self, case_id: str) -> Case:
        return await self.store.cases.get(self.org_id, case_id)

    async def change(self, case_id: str, by: str = "ben", **changes: object) -> Case:
        """Let a person change a case."""
        actor_id = self.users.get(by, by)
        return await self.cases.change(self.org_id, case_id, Wish(changes=changes), actor_id=actor_id)

    async def items(self, case_id: str) -> list[WorkItem]:
        """Return all items of a case, oldest first."""
        items = await self.store.work.list(self.org_id, wanted={"case_id": case_id})
        return items[::-1]

    async def item(self, case_id: str) -> WorkItem:
        """Return the one open item of a case."""
        (item,) = [item for item in await self.items(case_id) if item.state in OPEN]
        return item

    async def accept(self, login: str) -> Reply:
        """Let the agent accept the offer that he has."""
        offer = (await self.router.agent_view(self.org_id, self.users[login])).offers[0]
        return await self.take(
            await self.router.accept(self.org_id, offer.item_id, self.users[login], offer.assignment)
        )

    async def decline(self, login: str) -> None:
        offer = (await self.router.agent_view(self.org_id, self.users[login])).offers[0]
        await self.take(
            await self.router.decline(self.org_id, offer.item_id, self.users[login], offer.assignment, "busy")
        )

    async def offered(self) -> dict[str, str]:
        """Return who has an offer of what: log-in → item."""
        views = {login: await self.router.agent_view(self.org_id, user_id) for login, user_id in self.users.items()}
        return {login: view.offers[0].item_id for login, view in views.items() if view.offers}

    async def holds(self, login: str) -> dict[str, str]:
        """Return what an agent has in hand on the board: item → state."""
        view = await self.router.agent_view(self.org_id, self.users[login])
        return {item.item_id: item.state.value for item in view.items if item.state is not WorkState.PARKED}

    async def assign(self, case_id: str, by: str = "ben") -> None:
        """Run the assignment rules on a case because a person asks for it."""
        await self.assigning.assign(self.org_id, case_id, actor_id=self.users[by])

    async def open_rules(self, rules: tuple[AssignmentRule, ...] | None) -> None:
        """Put other assignment rules in force; None: those of the beginning. Cases are watched all the same."""
        organisation = self.book.get(self.org_id)
        self.book.organisation = replace(
            organisation, assignment=(ROUTE,) if rules is None else rules, verifies_entitlements=True
        )

    async def supervisor(self) -> str:
        """Make a user who takes no work; return his id."""
        user = await self.store.users.create(
            self.org_id, login="boss", name="Boss", role=Role.SUPERVISOR, now_ms=self.clock.ms
        )
        return user.id

    async def mail(self, case_id: str) -> TakenIn:
        """Let a mail of the case arrive, as a work item from another system."""
        return await self.dispatch.add(self.org_id, Wanted(kind="email", queue="sales", case_id=case_id))


@asynccontextmanager
async def built(url: str, address: str, org_id: str, **changes: object) -> AsyncIterator[House]:
    """Build a house, and take it down."""
    clock = VirtualClock()
    store = Store(url=url, clock=clock, new_id=id_source(clock))
    await store.start()
    house = House(store, address, org_id, clock)
    try:
        await house.open(**changes)
        yield house
    finally:
        await house.valkey.close()
        await store.stop()
