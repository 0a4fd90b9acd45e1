"""One routing event being applied to its work item: what it may move, and its time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, and_, bindparam, literal_column, or_, select

from engine.ids import NewId
from engine.model.work import EventKind, RoutingEvent, WorkState
from engine.store.conditions import EVENT_OF_ITEM
from engine.store.direct import first, scalar
from engine.store.rows import AnyRow
from engine.store.tables import routing_events, users, work_items
from engine.store.upsert import change

_NAME = select(users.c.name).where(users.c.id == bindparam("user"), users.c.org_id == bindparam("org"))
ASKING = (EventKind.CHANGED, EventKind.REPRIORITISED, EventKind.RESUMED, EventKind.TRANSFERRED)
"""Kinds of events that tell what an item asks for."""
_LATER = or_(
    routing_events.c.epoch > bindparam("after_epoch"),
    and_(routing_events.c.epoch == bindparam("after_epoch"), routing_events.c.seq > bindparam("after_seq")),
)
_ASKED_LATER = (
    select(routing_events.c.seq)
    .where(
        routing_events.c.org_id == bindparam("org"),
        routing_events.c.item_id == bindparam("item"),
        or_(*(routing_events.c.kind == literal_column(f"'{kind.value}'") for kind in ASKING)),
        EVENT_OF_ITEM,
        _LATER,
    )
    .limit(1)
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """An event, the item's row as it was before (locked), and where to write."""

    conn: Connection
    event: RoutingEvent
    item: AnyRow
    new_id: NewId

    @property
    def late(self) -> bool:
        """Say whether a later event has moved the item already, or it is closed: its state must not go back."""
        event, item = self.event, self.item
        return item.state == WorkState.CLOSED or (event.epoch, event.seq) <= (item.epoch, item.event_seq)

    @property
    def client_id(self) -> str:
        """Return what makes a transcript line of this event unique."""
        return f"{self.event.epoch}:{self.event.seq}"

    def text(self, name: str, otherwise: str = "") -> str:
        """Return a text the event carries, if it does."""
        value = self.event.data.get(name)
        return value if isinstance(value, str) and value else otherwise

    def number(self, name: str, otherwise: int = 0) -> int:
        """Return a number the event carries, if it does."""
        value = self.event.data.get(name)
        return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else otherwise

    def move(self, state: WorkState | None, **values: object) -> None:
        """Change the item, unless the event is late; its mark moves along."""
        if self.late:
            return
        changes: dict[str, object] = {**values, "epoch": self.event.epoch, "event_seq": self.event.seq}
        if state is not None:
            changes["state"] = state.value
        if self.event.queue and self.event.queue != self.item.queue:
            changes.setdefault("queue", self.event.queue)  # the transfer there may be told later than this
        if "assignment" not in changes and self.event.assignment > self.item.assignment:
            changes["assignment"] = self.event.assignment
        change(self.conn, work_items, {"id": self.item.id}, changes)

    def ask(self, asked: Mapping[str, object]) -> None:
        """Write what the item asks for now, unless a later event has told it; the item's state has its own order."""
        event = self.event
        values = {"org": event.org_id, "item": event.item_id, "after_epoch": event.epoch, "after_seq": event.seq}
        if asked and first(self.conn, _ASKED_LATER, values) is None:
            change(self.conn, work_items, {"id": self.item.id}, dict(asked))

    def waiting(self, since_ms: int = 0) -> dict[str, object]:
        """Return the values of an item that waits, since ``since_ms`` or as before."""
        return {"agent_id": "", "waiting_since_ms": since_ms or self._since() or self.event.at_ms}

    def not_waiting(self) -> dict[str, object]:
        """Return the values of an item whose wait is over: it has grown older by it."""
        since = self._since()
        waited = max(0, self.event.at_ms - since) if since else 0
        return {"waited_ms": self.item.waited_ms + waited, "waiting_since_ms": 0}

    def _since(self) -> int:
        """Return since when the item waits; before the board knew it, it waited from its creation."""
        if self.item.state == WorkState.PENDING:
            return max(int(self.item.created_ms), int(self.item.not_before_ms))
        return int(self.item.waiting_since_ms)

    def agent_name(self) -> str:
        """Return the name of the event's agent, '' when unknown."""
        return scalar(self.conn, _NAME, {"user": self.event.agent_id, "org": self.event.org_id}) or ""
