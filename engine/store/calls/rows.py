"""Rows of calls to nouns, and back."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from engine.model.call import Call, CallEvent, CallPicture, CallState, Direction, Leg, LegState
from engine.store.json_text import dump, load
from engine.store.rows import AnyRow

_LEG = ("party", "agent_id", "cause", "rang_ms", "answered_ms", "left_ms", "ring_ms", "talk_ms", "hold_ms", "since_ms")
_PICTURE = (
    "from_number", "to_number", "queue", "cause", "recording",
    "started_ms", "answered_ms", "ended_ms", "since_ms", "ring_ms", "talk_ms", "hold_ms",
)  # fmt: skip


def event_of(row: AnyRow) -> CallEvent:
    """Read a report."""
    return msgspec.json.decode(row.data, type=CallEvent)


def row_of_event(org_id: str, source: str, call_id: str, event: CallEvent) -> dict[str, object]:
    """Write a report as a row."""
    return {
        "org_id": org_id,
        "source": source,
        "event_id": event.event_id,
        "call_id": call_id,
        "data": msgspec.json.encode(event).decode(),
        "at_ms": event.at_ms,
        "received_ms": event.received_ms,
    }


def leg_of(row: AnyRow) -> Leg:
    """Read a leg."""
    return Leg(leg_id=row.leg_id, state=LegState(row.state), **{name: getattr(row, name) for name in _LEG})


def row_of_leg(leg: Leg, *, item_id: str) -> dict[str, object]:
    """Write what may change of a leg."""
    return {"state": leg.state.value, "item_id": item_id, **{name: getattr(leg, name) for name in _LEG}}


def row_of_picture(picture: CallPicture) -> dict[str, object]:
    """Write what reports came to as columns of the call."""
    return {
        "state": picture.state.value,
        "direction": picture.direction.value,
        "given": dump(picture.given),
        **{name: getattr(picture, name) for name in _PICTURE},
    }


def call_of(row: AnyRow, legs: Iterable[AnyRow]) -> Call:
    """Read a call; ``row`` has its conversation's ``contact_id`` and ``case_id`` beside it."""
    legs = tuple(legs)
    picture = CallPicture(
        state=CallState(row.state),
        direction=Direction(row.direction),
        given={name: str(value) for name, value in load(row.given).items()},
        legs=tuple(leg_of(one) for one in legs),
        **{name: getattr(row, name) for name in _PICTURE},
    )
    return Call(
        id=row.id,
        org_id=row.org_id,
        channel=row.channel,
        source=row.source,
        reference=row.reference,
        picture=picture,
        items={one.leg_id: one.item_id for one in legs if one.item_id},
        interaction_id=row.interaction_id,
        contact_id=row.contact_id or "",
        case_id=row.case_id or "",
        known=bool(row.known),
        events=row.events,
        dropped=row.dropped,
        heard_ms=row.heard_ms,
        version=row.version,
    )
