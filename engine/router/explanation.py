"""Say in words why a work item is where it is: who may have it now, and what became of it so far. Pure.

The living part is the board's answer (``Router.explain``), the past one the routing events of the record, on which
each decision's score and number of candidates ride.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from engine.model.work import EventKind, RoutingEvent

REASONS: Mapping[str, str] = {
    "": "may have it",
    "not-a-member": "does not work in its queues",
    "not-connected": "is not connected",
    "status": "is in a status that does not take this kind of work",
    "passed-over": "declined, missed or transferred it a moment ago",
    "queue-paused": "its queue is paused",
    "held-for-another": "it is held for another agent",
    "offer-pending": "has another offer in front of him",
    "phone-rings": "his telephone rings",
    "return-pace": "has just come back and gets work one by one",
    "room-held": "his room is kept for heavier work",
    "channel-not-in-profile": "his capacity profile does not take this kind of work",
    "exclusive-work": "holds work that allows nothing beside it",
    "needs-empty": "holds other work, and this needs an empty desk",
    "no-room": "has no room",
    "channel-maximum": "has as many of this kind as he may",
}
"""Each of the board's reasons in words."""

_CHOSEN_BY: Mapping[str, str] = {
    "item": "the best-ranked of {candidates} agents like him who were ready",
    "agent": "the best-ranked item for an agent who became free",
    "preferred": "he is the agent it was held for",
    "own-line": "it was held for him",
}


_PRESSURES: Mapping[str, str] = {
    "full": "too many waited there",
    "wait": "the wait there would have been too long",
    "closed": "it was closed",
    "unstaffed": "nobody who could have it was signed in there",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One decision about an item, in words, with the figures behind it."""

    at_ms: int
    kind: EventKind
    agent_id: str
    queue: str
    words: str
    data: Mapping[str, object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Past:
    """What became of an item so far."""

    steps: tuple[Step, ...]
    waited_ms: int  # queued or offered, until it was accepted or over; each wait counted
    offers: int
    declines: int
    misses: int
    relaxations: int
    transfers: int


Names = Callable[[str], str]
"""Return an agent's name by id."""


def reason_words(reason: str) -> str:
    """Return one of the board's reasons in words; what is not known is returned as it is."""
    word, _, skill = reason.partition(":")
    return f"lacks {skill} at the level that is asked for" if word == "skill" else REASONS.get(word, reason)


def past_of(events: Sequence[RoutingEvent], name: Names) -> Past:
    """Return the story that an item's events, oldest first, tell."""
    counts = {kind: sum(event.kind is kind for event in events) for kind in EventKind}
    return Past(
        steps=tuple(
            Step(
                at_ms=event.at_ms,
                kind=event.kind,
                agent_id=event.agent_id,
                queue=event.queue,
                words=_words(event, name),
                data=event.data,
            )
            for event in events
        ),
        waited_ms=_waited_ms(events),
        offers=counts[EventKind.OFFERED],
        declines=counts[EventKind.DECLINED],
        misses=counts[EventKind.MISSED],
        relaxations=counts[EventKind.RELAXED],
        transfers=counts[EventKind.TRANSFERRED],
    )


_BEGINS = frozenset({EventKind.ENQUEUED, EventKind.TRANSFERRED, EventKind.RESUMED, EventKind.LOST})
_ENDS = frozenset({EventKind.ACCEPTED, EventKind.ABANDONED, EventKind.CLOSED, EventKind.ENDED, EventKind.PARKED})


def _waited_ms(events: Sequence[RoutingEvent]) -> int:
    waited, since = 0, -1
    for event in events:
        if event.kind in _BEGINS and since < 0:
            since = event.at_ms
        elif event.kind in _ENDS and since >= 0:
            waited, since = waited + event.at_ms - since, -1
    return waited


def _words(event: RoutingEvent, name: Names) -> str:
    """Return an event as a sentence."""
    data, who = event.data, name(event.agent_id) if event.agent_id else ""
    if event.kind is EventKind.OFFERED:
        chosen = _CHOSEN_BY.get(str(data.get("by", "")), "").format(candidates=data.get("candidates", "?"))
        return f"offered to {who}" + (f": {chosen}" if chosen else "")
    if event.kind is EventKind.ACCEPTED:
        how = {"pick": " (picked)", "outside": " (put with him from outside)"}.get(str(data.get("by", "")), "")
        return f"accepted by {who}" + (" at once, as the queue is set" if data.get("auto") else how)
    if event.kind is EventKind.TRANSFERRED:
        by = f" by {who}" if who else ": its queue was removed"
        return f"transferred from {data.get('from_queue', '')} to {data.get('to_queue', '')}{by}" + _overflowed(data)
    plain = {
        EventKind.ENQUEUED: f"entered the queue {event.queue}, priority {data.get('priority', 0)}" + _overflowed(data),
        EventKind.DECLINED: f"declined by {who}" + _because(data),
        EventKind.MISSED: f"missed by {who}",
        EventKind.RESCINDED: f"the offer to {who} was taken back" + _because(data),
        EventKind.ENDED: "the contact ended" + _because(data) + ", wrap-up began",
        EventKind.WRAPUP_EXTENDED: f"{who} got more time for the wrap-up",
        EventKind.CLOSED: "closed" + _because(data),
        EventKind.LOST: f"{who} was lost; it waits again",
        EventKind.ABANDONED: "given up while it waited" + _because(data),
        EventKind.REPRIORITISED: f"priority set to {data.get('priority', '?')}",
        EventKind.SCHEDULED: f"waits for its time in {event.queue}" + _overflowed(data),
        EventKind.PARKED: f"parked by {who}: it waits for the customer",
        EventKind.RESUMED: "waits again after it was parked",
        EventKind.CHANGED: "what it asks for was changed" + _overflowed(data),
        EventKind.RELAXED: f"asks for less: step {data.get('stage', '?')}" + _asks(data),
        EventKind.RESTORED: f"the board was rebuilt; it was {data.get('state', 'there')}",
    }
    return plain.get(event.kind, event.kind.value)


def _overflowed(data: Mapping[str, object]) -> str:
    why = _PRESSURES.get(str(data.get("why", "")))
    return f"; {data.get('from', 'its queue')} sent it on: {why}" if why else ""


def _because(data: Mapping[str, object]) -> str:
    return f" ({data['reason']})" if data.get("reason") else ""


def _asks(data: Mapping[str, object]) -> str:
    skills, queues = data.get("skills"), str(data.get("queues", "")).replace("+", " and ")
    wanted = ", ".join(f"{skill} {level:.0f}" for skill, level in skills.items()) if isinstance(skills, dict) else ""
    return f", now {wanted or 'no skill'}" + (f" in {queues}" if queues else "")
