"""What the reports of a call come to: a fold over all of them in one canonical order. Pure.

However often, in whatever order and however late reports arrive, the same set of them is the same call. That is why
the call is not changed report by report: a late one takes its place in the timeline, and what came after it is
judged again. One call is told by one source, whose clock orders its reports; how far that clock is off changes no
duration. Reports that fit nowhere (``LEGAL``) stay in the timeline and change nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from engine.model.call import (
    LEGAL,
    CallEvent,
    CallKind,
    CallPicture,
    CallState,
    Direction,
    Leg,
    LegState,
    TimelineEvent,
)

PRECEDENCE: Mapping[CallKind, int] = {kind: place for place, kind in enumerate(CallKind)}
"""Of reports of one moment: as the kinds stand there, an end last."""
MOST_GIVEN = 20
CONFERENCE = 2
"""Parties besides who called that can go on without him."""
_COUNTED: Mapping[LegState, str] = {
    LegState.RINGING: "ring_ms",
    LegState.TALKING: "talk_ms",
    LegState.HELD: "hold_ms",
    LegState.PARKED: "hold_ms",
}
_CALL_COUNTED: Mapping[CallState, str] = {
    CallState.RINGING: "ring_ms",
    CallState.ANSWERED: "talk_ms",
    CallState.CONFERENCED: "talk_ms",
    CallState.HELD: "hold_ms",
    CallState.PARKED: "hold_ms",
}


def fold(events: Iterable[CallEvent]) -> CallPicture:
    """Return the call that these reports are of, in whatever order and however often they are given.

    Reports with one ``event_id`` are the same report.
    """
    ordered = sorted({one.event_id: one for one in events}.values(), key=_place)
    if not ordered:
        return CallPicture()
    folding = _Folding(started_ms=ordered[0].at_ms, direction=ordered[0].direction)
    for event in ordered:
        folding.take(event)
    return folding.picture(ordered)


def _place(event: CallEvent) -> tuple[int, int, str]:
    return (event.at_ms, PRECEDENCE[event.kind], event.event_id)


class _Folding:
    """A call while its reports are gone through, in their order."""

    def __init__(self, *, started_ms: int, direction: Direction) -> None:
        self._started_ms = started_ms
        self._direction = direction
        self._legs: dict[str, Leg] = {}
        self._timeline: list[TimelineEvent] = []
        self._state = CallState.RINGING
        self._since_ms = started_ms
        self._times = dict.fromkeys(_CALL_COUNTED.values(), 0)
        self._conference = False
        self._answered_ms = 0
        self._ended_ms = 0
        self._cause = ""

    def take(self, event: CallEvent) -> None:
        """Judge the next report by what those before it made of the call."""
        in_place = self._legal(event)
        self._timeline.append(TimelineEvent(event=event, in_place=in_place))
        if not in_place:
            return
        if event.kind is CallKind.ENDED:
            self._end(event)
            return
        self._move(event)
        self._settle(event)

    def _legal(self, event: CallEvent) -> bool:
        leg = self._legs.get(event.leg_id)
        if self._state is CallState.ENDED:
            return False
        return (leg.state if leg else None) in LEGAL[event.kind] or _rings_again(leg, event)

    def _move(self, event: CallEvent) -> None:
        before = self._legs.get(event.leg_id)
        if before is not None and _rings_again(before, event):
            again = replace(before, state=LegState.RINGING, since_ms=event.at_ms, left_ms=0, cause="")
            self._legs[event.leg_id] = again
            return
        state = LEGAL[event.kind][before.state if before else None]
        leg = before or Leg(leg_id=event.leg_id, state=state, since_ms=event.at_ms)
        if before is None and state is LegState.RINGING:
            leg = replace(leg, rang_ms=event.at_ms)
        if state is not leg.state:
            leg = _counted(leg, event.at_ms, state)
        if event.kind is CallKind.ANSWERED and not leg.answered_ms:
            leg = replace(leg, answered_ms=event.at_ms)
        if state is LegState.LEFT and not leg.left_ms:
            cause = event.cause or (event.kind.value if event.kind is CallKind.TRANSFERRED else "")
            leg = replace(leg, left_ms=event.at_ms, cause=cause)
        if event.kind is CallKind.CONFERENCED:
            self._conference = True
        self._legs[event.leg_id] = replace(leg, party=leg.party or event.party, agent_id=leg.agent_id or event.agent_id)

    def _settle(self, event: CallEvent) -> None:
        """See how the whole call stands after a report of one leg."""
        parties = [leg for leg in self._legs.values() if leg.connected and not leg.customer]
        if len(parties) < CONFERENCE:
            self._conference = False
        gone = any(leg.customer and leg.state is LegState.LEFT for leg in self._legs.values())
        waits = any(leg.customer and leg.state is not LegState.LEFT for leg in self._legs.values())
        if gone and not waits and len(parties) < CONFERENCE:
            self._end(event)
            return
        self._enter(self._standing(parties), event.at_ms)
        if self._state is not CallState.RINGING and not self._answered_ms:
            self._answered_ms = event.at_ms

    def _standing(self, parties: list[Leg]) -> CallState:
        customers = [leg for leg in self._legs.values() if leg.customer and leg.connected]
        if self._direction is Direction.OUTBOUND and not customers and self._rings_customer():
            return CallState.RINGING
        if not parties:
            parked = any(leg.state is LegState.PARKED for leg in customers)
            return CallState.PARKED if parked else self._between(customers)
        return self._talking(parties, customers)

    def _talking(self, parties: list[Leg], customers: list[Leg]) -> CallState:
        """Say how a call stands in which somebody besides the customer takes part."""
        if self._conference:
            return CallState.CONFERENCED
        if any(leg.state is LegState.HELD for leg in customers):
            return CallState.HELD
        states = {leg.state for leg in parties}
        if LegState.TALKING in states:
            return CallState.ANSWERED
        return CallState.HELD if LegState.HELD in states else CallState.PARKED

    def _rings_customer(self) -> bool:
        return any(leg.customer and leg.state is LegState.RINGING for leg in self._legs.values())

    def _between(self, customers: list[Leg]) -> CallState:
        """Say how a call stands that nobody has right now: it waits, or is about to end and stands as it did."""
        ringing = any(leg.state is LegState.RINGING for leg in self._legs.values())
        return CallState.RINGING if ringing or customers else self._state

    def _end(self, event: CallEvent) -> None:
        for leg_id, leg in self._legs.items():
            if leg.state is not LegState.LEFT:
                left = _counted(leg, event.at_ms, LegState.LEFT)
                self._legs[leg_id] = replace(left, left_ms=event.at_ms, cause=leg.cause or event.cause)
        self._enter(CallState.ENDED, event.at_ms)
        self._ended_ms = event.at_ms
        self._cause = event.cause

    def _enter(self, state: CallState, at_ms: int) -> None:
        if state is self._state:
            return
        self._times[_CALL_COUNTED[self._state]] += at_ms - self._since_ms
        self._state, self._since_ms = state, at_ms

    def picture(self, ordered: list[CallEvent]) -> CallPicture:
        """Return the call after its last report."""
        given: dict[str, str] = {}
        for event in ordered:
            for name, value in event.given.items():
                if len(given) < MOST_GIVEN or name in given:
                    given[name] = value
        return CallPicture(
            state=self._state,
            direction=self._direction,
            from_number=_first(one.from_number for one in ordered),
            to_number=_first(one.to_number for one in ordered),
            queue=_first(one.queue for one in reversed(ordered)),
            recording=_first(one.recording for one in reversed(ordered)),
            cause=self._cause,
            given=given,
            legs=tuple(self._legs.values()),
            timeline=tuple(self._timeline),
            started_ms=self._started_ms,
            answered_ms=self._answered_ms,
            ended_ms=self._ended_ms,
            since_ms=self._since_ms,
            **self._times,
        )


def _rings_again(leg: Leg | None, event: CallEvent) -> bool:
    """Say whether a telephone that nobody answered is rung again, as queues do that try one after the other."""
    if leg is None or leg.customer or leg.state is not LegState.LEFT:
        return False
    return event.kind is CallKind.RINGING and not leg.answered_ms


def _counted(leg: Leg, at_ms: int, state: LegState) -> Leg:
    """Return a leg that goes to another state, the time in the one before added up."""
    name = _COUNTED.get(leg.state)
    times = {name: getattr(leg, name) + at_ms - leg.since_ms} if name else {}
    return replace(leg, **times, state=state, since_ms=at_ms)


def _first(texts: Iterable[str]) -> str:
    return next((one for one in texts if one), "")
