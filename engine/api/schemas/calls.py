"""Telephone calls at the border."""

from typing import Self

from engine.api.schemas.model import Answer
from engine.clock import moment, rfc3339
from engine.cti.reception import TakenReport
from engine.model.call import Call, CallKind, CallState, Direction, Leg, LegState, TimelineEvent


class TakenReportAnswer(Answer):
    """What became of one report: `call_id` of the call it belongs to, or what is wrong with it."""

    id: str
    call_id: str
    error: str
    detail: str

    @classmethod
    def of(cls, one: TakenReport) -> Self:
        """Build from the noun."""
        error = one.error
        return cls(
            id=one.event_id, call_id=one.call_id, error=error.slug if error else "", detail=str(error) if error else ""
        )


class TakenReportsAnswer(Answer):
    """What became of reports, in the order in which they were sent."""

    taken: int
    reports: list[TakenReportAnswer]

    @classmethod
    def of(cls, reports: list[TakenReport]) -> Self:
        """Build from the nouns."""
        return cls(
            taken=sum(one.error is None for one in reports), reports=[TakenReportAnswer.of(one) for one in reports]
        )


class CallLegAnswer(Answer):
    """One party of a call; `party` is an extension, device or user, empty: the customer. Times in milliseconds."""

    leg_id: str
    party: str
    agent_id: str
    item_id: str
    state: LegState
    rang_at: str | None
    answered_at: str | None
    left_at: str | None
    ring_ms: int
    talk_ms: int
    hold_ms: int
    cause: str

    @classmethod
    def of(cls, leg: Leg, item_id: str) -> Self:
        """Build from the noun."""
        return cls(
            leg_id=leg.leg_id,
            party=leg.party,
            agent_id=leg.agent_id,
            item_id=item_id,
            state=leg.state,
            rang_at=moment(leg.rang_ms),
            answered_at=moment(leg.answered_ms),
            left_at=moment(leg.left_ms),
            ring_ms=leg.ring_ms,
            talk_ms=leg.talk_ms,
            hold_ms=leg.hold_ms,
            cause=leg.cause,
        )


class CallLine(Answer):
    """A call, with how it stands; the milliseconds in a state count it once it is over."""

    id: str
    channel: str
    source: str
    reference: str
    state: CallState
    direction: Direction
    from_number: str
    to_number: str
    queue: str
    contact_id: str
    case_id: str
    interaction_id: str
    known: bool
    started_at: str | None
    answered_at: str | None
    ended_at: str | None
    since: str | None
    ring_ms: int
    talk_ms: int
    hold_ms: int
    cause: str
    recording: str
    given: dict[str, str]
    legs: list[CallLegAnswer]

    @classmethod
    def of(cls, call: Call) -> Self:
        """Build from the noun."""
        return cls(**_of_call(call))


class TimelineLine(Answer):
    """A report in its place; one that is not `in_place` fits nowhere and changed nothing."""

    id: str
    kind: CallKind
    at: str
    received_at: str
    leg_id: str
    party: str
    agent_id: str
    to: str
    cause: str
    in_place: bool

    @classmethod
    def of(cls, one: TimelineEvent) -> Self:
        """Build from the noun."""
        event = one.event
        return cls(
            id=event.event_id,
            kind=event.kind,
            at=rfc3339(event.at_ms),
            received_at=rfc3339(event.received_ms),
            leg_id=event.leg_id,
            party=event.party,
            agent_id=event.agent_id,
            to=event.to,
            cause=event.cause,
            in_place=one.in_place,
        )


class CallAnswer(CallLine):
    """A call with its timeline; `dropped` counts reports beyond the most that are kept."""

    dropped: int
    timeline: list[TimelineLine]

    @classmethod
    def with_timeline(cls, call: Call, timeline: tuple[TimelineEvent, ...]) -> Self:
        """Build from the nouns."""
        return cls(**_of_call(call), dropped=call.dropped, timeline=[TimelineLine.of(one) for one in timeline])


def _of_call(call: Call) -> dict[str, object]:
    picture = call.picture
    names = ("state", "direction", "from_number", "to_number", "queue", "ring_ms", "talk_ms", "hold_ms", "cause")
    kept = ("id", "channel", "source", "reference", "contact_id", "case_id", "interaction_id", "known")
    return {
        **{name: getattr(call, name) for name in kept},
        **{name: getattr(picture, name) for name in (*names, "recording")},
        "given": dict(picture.given),
        "started_at": moment(picture.started_ms),
        "answered_at": moment(picture.answered_ms),
        "ended_at": moment(picture.ended_ms),
        "since": moment(picture.since_ms),
        "legs": [CallLegAnswer.of(leg, call.items.get(leg.leg_id, "")) for leg in picture.legs],
    }
