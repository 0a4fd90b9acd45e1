"""What reports of a call come to, in whatever order they arrive."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.cti.machine import fold
from engine.model.call import LEGAL, CallEvent, CallKind, CallPicture, CallState, Direction, LegState

K = CallKind


def told(*steps: tuple[int, CallKind, str], direction: Direction = Direction.INBOUND) -> list[CallEvent]:
    """Build reports: when, what, on whose leg ("" = the customer's)."""
    return [
        CallEvent(
            event_id=f"e{number}", reference="c", leg_id=party, party=party, kind=kind, at_ms=at_ms,
            direction=direction, from_number="+441632960001", to_number="600",
            cause="normal" if kind in (K.LEFT, K.ENDED) else "",
        )
        for number, (at_ms, kind, party) in enumerate(steps)
    ]  # fmt: skip


def out_of_place(call: CallPicture) -> list[str]:
    return [one.event.event_id for one in call.timeline if not one.in_place]


def test_a_plain_call() -> None:
    call = fold(told((0, K.RINGING, "201"), (5, K.ANSWERED, "201"), (65, K.ENDED, "")))
    assert (call.state, call.ring_ms, call.talk_ms, call.hold_ms) == (CallState.ENDED, 5, 60, 0)
    assert (call.answered_ms, call.ended_ms, call.cause) == (5, 65, "normal")
    assert [(leg.party, leg.ring_ms, leg.talk_ms, leg.left_ms) for leg in call.legs] == [("201", 5, 60, 65)]
    assert out_of_place(call) == []


def test_hold_is_counted_apart() -> None:
    call = fold(told((0, K.ANSWERED, "201"), (10, K.HELD, "201"), (30, K.RESUMED, "201"), (35, K.ENDED, "")))
    assert (call.talk_ms, call.hold_ms) == (15, 20)


def test_an_agent_who_does_not_answer_ends_no_call() -> None:
    call = fold(told((0, K.RINGING, "201"), (20, K.LEFT, "201"), (21, K.RINGING, "202"), (25, K.ANSWERED, "202")))
    assert (call.state, call.ring_ms) == (CallState.ANSWERED, 25)
    assert [leg.state for leg in call.legs] == [LegState.LEFT, LegState.TALKING]


def test_a_telephone_that_nobody_answered_is_rung_again() -> None:
    tries = [(1, K.RINGING, "201"), (16, K.LEFT, "201"), (20, K.RINGING, "201")]
    call = fold(told((0, K.ANSWERED, ""), *tries))
    assert [(leg.state, leg.left_ms, leg.cause) for leg in call.legs[1:]] == [(LegState.RINGING, 0, "")]
    call = fold(told((0, K.ANSWERED, ""), *tries, (25, K.ANSWERED, "201"), (65, K.ENDED, "")))
    assert [(leg.rang_ms, leg.ring_ms, leg.talk_ms, leg.left_ms) for leg in call.legs[1:]] == [(1, 20, 40, 65)]
    assert out_of_place(call) == []
    over = told((0, K.ANSWERED, ""), (1, K.ANSWERED, "201"), (5, K.LEFT, "201"), (6, K.RINGING, "201"))
    assert out_of_place(fold(over)) == ["e3"]


def test_the_call_ends_with_the_customer() -> None:
    call = fold(told((0, K.RINGING, ""), (5, K.ANSWERED, "201"), (9, K.LEFT, "")))
    assert (call.state, call.ended_ms, call.cause) == (CallState.ENDED, 9, "normal")


def test_who_are_conferenced_go_on_without_the_customer() -> None:
    steps = [(0, K.ANSWERED, ""), (1, K.ANSWERED, "201"), (2, K.ANSWERED, "202"), (3, K.CONFERENCED, "201")]
    call = fold(told(*steps, (4, K.LEFT, "")))
    assert call.state is CallState.CONFERENCED
    assert fold(told(*steps, (4, K.LEFT, ""), (5, K.LEFT, "202"))).state is CallState.ENDED


def test_a_blind_transfer_waits_for_the_next() -> None:
    steps = [(0, K.ANSWERED, ""), (1, K.ANSWERED, "201"), (9, K.TRANSFERRED, "201"), (9, K.RINGING, "202")]
    call = fold(told(*steps))
    assert call.state is CallState.RINGING
    assert call.legs[1].cause == "transferred"
    assert fold(told(*steps, (12, K.ANSWERED, "202"))).state is CallState.ANSWERED


def test_an_attended_transfer() -> None:
    steps = [(0, K.ANSWERED, ""), (1, K.ANSWERED, "201"), (5, K.HELD, "201"), (6, K.RINGING, "202")]
    call = fold(
        told(*steps, (8, K.ANSWERED, "202"), (20, K.TRANSFERRED, "201"), (50, K.LEFT, "202"), (50, K.ENDED, ""))
    )
    assert out_of_place(call) == []
    assert [(leg.party, leg.talk_ms, leg.hold_ms) for leg in call.legs] == [("", 50, 0), ("201", 4, 15), ("202", 42, 0)]


def test_parked_and_retrieved() -> None:
    steps = [(0, K.ANSWERED, ""), (0, K.ANSWERED, "201"), (10, K.PARKED, ""), (11, K.LEFT, "201")]
    assert fold(told(*steps)).state is CallState.PARKED
    call = fold(told(*steps, (20, K.RETRIEVED, ""), (20, K.ANSWERED, "202"), (25, K.ENDED, "")))
    assert (call.state, call.talk_ms, call.hold_ms) == (CallState.ENDED, 16, 9)


def test_an_outgoing_call_is_answered_by_the_customer() -> None:
    steps = [(0, K.ANSWERED, "201"), (1, K.RINGING, ""), (9, K.ANSWERED, "")]
    assert fold(told(*steps[:2], direction=Direction.OUTBOUND)).state is CallState.RINGING
    assert fold(told(*steps, direction=Direction.OUTBOUND)).state is CallState.ANSWERED


def test_nothing_opens_a_call_that_ended() -> None:
    call = fold(told((0, K.RINGING, "201"), (5, K.ENDED, ""), (6, K.ANSWERED, "201"), (7, K.ENDED, "")))
    assert (call.state, call.talk_ms, call.ended_ms) == (CallState.ENDED, 0, 5)
    assert out_of_place(call) == ["e2", "e3"]


def test_what_fits_nowhere_changes_nothing() -> None:
    call = fold(told((0, K.RINGING, "201"), (1, K.HELD, "201"), (2, K.RESUMED, "202"), (3, K.TRANSFERRED, "")))
    assert call.state is CallState.RINGING
    assert out_of_place(call) == ["e1", "e2", "e3"]


def test_a_late_report_takes_its_place() -> None:
    first = told((0, K.RINGING, "201"), (5, K.ANSWERED, "201"), (65, K.ENDED, ""))
    assert fold([first[0], first[2]]).talk_ms == 0
    assert fold([first[0], first[2], first[1]]).talk_ms == 60


def test_what_the_caller_keyed_in_is_collected() -> None:
    first, second = told((0, K.RINGING, "201"), (5, K.ANSWERED, "201"))
    call = fold([replace(second, given={"case": "1001"}), replace(first, given={"account": "K-7"})])
    assert call.given == {"account": "K-7", "case": "1001"}


@pytest.mark.parametrize("kind", list(CallKind))
def test_no_leg_comes_back(kind: CallKind) -> None:
    assert LEGAL[kind].get(LegState.LEFT, LegState.LEFT) is LegState.LEFT


STEPS = st.lists(
    st.tuples(st.integers(0, 9), st.sampled_from(list(CallKind)), st.sampled_from(["", "201", "202"])), max_size=12
)


@settings(deadline=None)
@given(steps=STEPS, seed=st.integers(0, 2**32))
def test_any_order_and_any_repetition_is_the_same_call(steps: list[tuple[int, CallKind, str]], seed: int) -> None:
    events = told(*steps)
    random = Random(seed)
    shuffled = events + [random.choice(events) for _ in range(5) if events]
    random.shuffle(shuffled)
    call = fold(shuffled)
    assert call == fold(events)
    total = call.ring_ms + call.talk_ms + call.hold_ms
    if events:
        assert total == (call.since_ms - call.started_ms)
