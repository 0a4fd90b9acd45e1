"""An event as other systems read it: the same object in the stream and in webhooks. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from engine.clock import rfc3339
from engine.model.outside import ToldEvent
from engine.model.work import EventKind

TYPES: Mapping[EventKind, str] = {
    **{kind: f"work_item.{kind.value}" for kind in EventKind},
    EventKind.PRESENCE: "agent.presence",
    EventKind.QUEUE: "queue.state",
}
"""What a webhook's ``type`` says."""


class EventPart(msgspec.Struct, kw_only=True, frozen=True):
    """One routing event. Fields may be added; ignore those you do not know."""

    epoch: int
    seq: int  # gapless per organisation and epoch
    at: str
    kind: EventKind
    item_id: str
    work_kind: str
    reference: str
    queue: str
    agent_id: str
    assignment: int
    interaction_id: str
    case_id: str
    data: Mapping[str, Any]


def event_part(told: ToldEvent) -> EventPart:
    """Write an event."""
    event = told.event
    return EventPart(
        epoch=event.epoch,
        seq=event.seq,
        at=rfc3339(event.at_ms),
        kind=event.kind,
        item_id=event.item_id,
        work_kind=told.work_kind,
        reference=told.reference,
        queue=event.queue,
        agent_id=event.agent_id,
        assignment=event.assignment,
        interaction_id=told.interaction_id,
        case_id=told.case_id,
        data=event.data,
    )


def message_id(told: ToldEvent) -> str:
    """Return what tells a webhook's message from every other, the same however often it is sent."""
    return f"{told.event.org_id}.{told.event.epoch}.{told.event.seq}"


class Message(msgspec.Struct, kw_only=True, frozen=True):
    """A webhook's body, as Standard Webhooks asks for: type, timestamp, data."""

    type: str
    timestamp: str
    data: EventPart


def message_of(told: ToldEvent) -> bytes:
    """Write a webhook's body."""
    part = event_part(told)
    return msgspec.json.encode(Message(type=TYPES[told.event.kind], timestamp=part.at, data=part))
