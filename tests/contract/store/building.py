"""Arrivals, messages and routing events to feed a store with."""

from dataclasses import replace

from engine.cases.changes import Wish, wanted
from engine.cases.draft import CaseRules
from engine.cases.planner import planner
from engine.model.case import Case
from engine.model.case_list import CaseWanted
from engine.model.conversation import Arrival, Author, Draft, EntryKind
from engine.model.organisation import CasePolicy, Role
from engine.model.record import Opened
from engine.model.user import User
from engine.model.work import EventKind, Plan, Requirement, RoutingEvent
from engine.store.store import Store
from tests.organisations import small_organisation

START_MS = 1_800_000_000_000
LATE_MS = START_MS + 3_600_000
"""When all of a short story is over."""
PLAN = Plan(queue="sales", requirement=Requirement(skills={"english": 3}), priority=1, rules=("first",))


def arrival(org: str, **changes: object) -> Arrival:
    made = Arrival(
        org_id=org,
        channel="web",
        conversation_key="k" * 64,
        token_hash="k" * 64,
        name="Zoë Ødegård",
        email="Zoe@Example.org",
        topic="billing",
        body="My bill is wrong.\nPlease help.",
        client_id="first",
        address="192.0.2.7",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


async def opened(
    store: Store, org: str, *, policy: CasePolicy = CasePolicy.FIRST_MESSAGE, now_ms: int = START_MS, **changes: object
) -> Opened:
    return await store.arrivals.open_interaction(
        arrival(org, **changes), kind="chat", plan=PLAN, case_policy=policy, now_ms=now_ms
    )


def said(body: str, *, author: Author = Author.VISITOR, client_id: str = "", author_id: str = "") -> Draft:
    return Draft(kind=EntryKind.MESSAGE, author=author, client_id=client_id, body=body, author_id=author_id)


async def agent(store: Store, org: str, login: str = "ana", role: Role = Role.AGENT) -> User:
    return await store.users.create(org, login=login, name=login.title(), role=role, now_ms=START_MS)


async def listed(
    store: Store, org: str, *, text: str = "", tag: str = "", limit: int = 100, **columns: str | None
) -> list[Case]:
    """Return cases by their columns, newest first."""
    among = {column: (value,) for column, value in columns.items() if value}
    wanted = CaseWanted(among=among, text=text, tags=(tag,) if tag else ())
    return list((await store.case_lists.page(org, wanted, limit=limit)).cases)


async def changed(
    store: Store,
    org: str,
    case_id: str,
    *,
    version: int = 0,
    actor_id: str = "",
    now_ms: int = START_MS,
    **changes: object,
) -> Case:
    """Change a case as a person does, in an organisation that configures nothing of cases."""
    rules = CaseRules(organisation=small_organisation(org), new_id=store._access.new_id)
    decide = planner(rules, first=wanted(Wish(changes=changes, version=version)))
    return (await store.cases.decide(org, case_id, decide, actor_id=actor_id, now_ms=now_ms)).case


class Story:
    """Tell routing events of one work item, each one second after the last."""

    def __init__(self, opened: Opened, *, epoch: int = 1) -> None:
        assert opened.item is not None
        self.item_id = opened.item.id
        self.org = opened.item.org_id
        self.queue = opened.item.queue
        self.epoch = epoch
        self.seq = 0
        self.at_ms = START_MS

    def tell(self, kind: EventKind, agent_id: str = "", assignment: int = 0, **data: object) -> RoutingEvent:
        self.seq += 1
        self.at_ms += 1_000
        return RoutingEvent(
            org_id=self.org,
            epoch=self.epoch,
            seq=self.seq,
            stream_id=f"{self.at_ms}-0",
            at_ms=self.at_ms,
            kind=kind,
            item_id=self.item_id,
            agent_id=agent_id,
            queue=self.queue,
            assignment=assignment,
            data=data,
        )

    def answered(self, agent_id: str, assignment: int = 1) -> list[RoutingEvent]:
        """Tell of an item that was enqueued, offered and accepted."""
        return [
            self.tell(EventKind.ENQUEUED),
            self.tell(EventKind.OFFERED, agent_id, assignment, score=1.5, candidates=2),
            self.tell(EventKind.ACCEPTED, agent_id, assignment),
        ]
