"""What intake asks of the record, the board, the recorder and the configuration."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from engine.model.case_setup import Filing
from engine.model.conversation import Arrival, Entry
from engine.model.organisation import CasePolicy, Organisation
from engine.model.record import Applied, Opened, Overview
from engine.model.work import Plan, Reply, Requirement, RoutingEvent, WorkItem


class Arrivals(Protocol):
    """Commit arrivals."""

    async def open_interaction(
        self, arrival: Arrival, *, kind: str, plan: Plan, case_policy: CasePolicy, now_ms: int, filing: Filing
    ) -> Opened:
        """Commit contact, interaction, first entry and pending item in one transaction; idempotent by key.

        ``filing``: how its case begins.
        """
        ...

    async def leave_message(
        self,
        arrival: Arrival,
        *,
        kind: str,
        plan: Plan,
        now_ms: int,
        callback_ms: int | None = None,
        filing: Filing,
    ) -> Opened:
        """Commit a closed interaction with its entry and a case; idempotent by key.

        With ``callback_ms`` also a pending work item that is not to be begun before (0 = at once).
        """
        ...

    async def pending_items(
        self, limit: int, older_than_ms: int, *, after: tuple[int, str] = (0, "")
    ) -> list[WorkItem]:
        """Return items not yet on the board, created before ``older_than_ms``, of all organisations.

        Oldest first, from behind ``after`` (created, id).
        """
        ...


class Closing(Protocol):
    """Find conversations; close those that have no work item any more."""

    async def overview(self, org_id: str, interaction_id: str) -> Overview:
        """Return a conversation and what stands beside it; raise NotFound."""
        ...

    async def close(
        self, org_id: str, interaction_id: str, *, reason: str, now_ms: int, text: str = ""
    ) -> Entry | None:
        """Close once; return the ENDED entry, which tells ``text``, None when it was closed before."""
        ...


class Items(Protocol):
    """Find work items."""

    async def for_interaction(self, org_id: str, interaction_id: str) -> WorkItem | None:
        """Return the open work item of an interaction."""
        ...

    async def refuse(self, org_id: str, whys: Mapping[str, str], *, now_ms: int) -> int:
        """Close pending items (id → why) that have no place."""
        ...

    async def reclassify(self, org_id: str, item_id: str, plan: Plan) -> WorkItem | None:
        """Give a pending item another plan; None when it is pending no more."""
        ...

    async def waiting_outside(self, org_id: str, queues: Sequence[str], *, limit: int) -> list[WorkItem]:
        """Return items that wait on the board in another queue than these."""
        ...


class Transcripts(Protocol):
    """Read what was said."""

    async def since(self, org_id: str, interaction_id: str, *, after_seq: int, limit: int = 200) -> list[Entry]:
        """Return entries after a number, in order."""
        ...


class Record(Protocol):
    """The record (SQL) as far as intake needs it."""

    @property
    def arrivals(self) -> Arrivals:
        """Commit arrivals."""
        ...

    @property
    def conversations(self) -> Closing:
        """Close conversations."""
        ...

    @property
    def work(self) -> Items:
        """Find work items."""
        ...

    @property
    def transcripts(self) -> Transcripts:
        """Read what was said."""
        ...


class Router(Protocol):
    """The board as far as intake needs it."""

    async def enqueue(self, item: WorkItem) -> Reply:
        """Put an item on the board; idempotent by id. Raises Unavailable."""
        ...

    async def refuse(self, org_id: str, answers: Mapping[str, Reply]) -> set[str]:
        """Turn items away before the record closes them; return which, the others are on the board.

        Raises Unavailable.
        """
        ...

    async def conclude(self, org_id: str, item_id: str, reason: str) -> Reply:
        """Take an item off by the customer's side. Raises Unavailable."""
        ...

    async def move(self, org_id: str, item_id: str, *, queue: str, requirement: Requirement) -> Reply:
        """Let a waiting item wait in another queue. Raises Unavailable."""
        ...

    async def staffed(self, org_id: str, queue: str, requirement: Requirement) -> int:
        """Count the agents on duty who could take such an item. Raises Unavailable."""
        ...


class Recorder(Protocol):
    """Write what the board reported, and tell whoever listens."""

    async def record(self, events: Sequence[RoutingEvent]) -> list[Applied]:
        """Apply events to the record; idempotent."""
        ...


class Organisations(Protocol):
    """Hold the configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return an organisation; raise NotFound."""
        ...


class Teller(Protocol):
    """Tell the listeners of a conversation."""

    def publish(self, entries: Iterable[Entry], *, org_id: str = "") -> None:
        """Tell of entries that are committed."""
        ...
