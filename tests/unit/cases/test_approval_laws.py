"""Whatever people ask, answer and let pass: nothing guarded is done without every yes that it takes, nor twice."""

import contextlib
from collections.abc import Iterable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from engine.errors import CordboardError
from engine.model.approval import Approval, ApprovalState, Need, Then, TurnState
from tests.unit.cases.approval_world import HOUR, ROLES, World, at_least, organisation, process, step

LOGINS = some.sampled_from(sorted(ROLES))
STEPS = (
    step("team_lead", "ben", timeout_ms=3 * HOUR),
    step("ben", "role:supervisor", need=Need.ALL, remind_ms=HOUR),
    step("role:admin", when=at_least("fields.refund", 500)),
)
"""None of them is as good as answered when its time is over."""
DEEDS = some.one_of(
    some.tuples(some.just("ask"), LOGINS, some.sampled_from([50, 150, 700])),
    some.tuples(some.sampled_from(["yes", "no", "withdraw"]), LOGINS, some.integers(0, 3)),
    some.tuples(some.just("delegate"), LOGINS, LOGINS),
    some.tuples(some.just("change"), some.just("ana"), some.sampled_from([50, 150, 700])),
    some.tuples(some.just("wait"), some.just(""), some.sampled_from([1, 4])),
    some.tuples(some.just("status"), some.just("ana"), some.sampled_from(["waiting", "resolved", "open", "closed"])),
)


def done(here: World, deed: tuple[str, str, object]) -> None:
    """Do something; what is refused changes nothing."""
    what, who, which = deed
    waiting = [one for one in here.approvals.values() if one.state is ApprovalState.WAITING]
    if what == "wait":
        here.wait(int(str(which)) * HOUR)
    elif what == "ask":
        here.ask(by=who, fields={"refund": which})
    elif what == "change":
        here.change(fields={"refund": which})
    elif what == "status":
        here.change(status=which)
    elif waiting and what == "delegate":
        here.delegate(waiting[0], who, str(which))
    elif waiting and what == "withdraw":
        here.withdraw(waiting[0], who)
    elif waiting:
        here.answer(waiting[0], who, yes=what == "yes")


def every_yes(one: Approval) -> bool:
    """Say whether everybody who has to has said yes, and nobody twice in a step or to himself."""
    refund = one.changes["fields"]["refund"]  # type: ignore[index]
    for number in (1, 2, *((3,) if refund >= 500 else ())):
        turns = [turn for turn in one.turns if turn.step == number and turn.state is TurnState.APPROVED]
        people = [turn.decided_by for turn in turns]
        if len(people) != len(set(people)) or one.asked_by in people:
            return False
        if len(people) != (2 if number == 2 else 1):
            return False
    return True


def guarded(lines: Iterable[tuple[str, object]]) -> list[object]:
    return [data for kind, data in lines if kind == "approval_ended"]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some.lists(DEEDS, min_size=3, max_size=25))
def test_nothing_guarded_is_done_without_every_yes_nor_twice(deeds: list[tuple[str, str, object]]) -> None:
    here = World(organisation=organisation(process(*STEPS)))
    made = 0
    for deed in deeds:
        before, approved = here.refund, states(here, ApprovalState.APPROVED)
        with contextlib.suppress(CordboardError):
            done(here, deed)
        after = states(here, ApprovalState.APPROVED)
        assert len(after) - len(approved) in (0, 1)
        if here.refund != before and int(str(here.refund)) >= 100:
            (one,) = [one for one in after if one not in approved]
            assert one.changes == {"fields": {"refund": here.refund}}
            made += 1
        assert len(states(here, ApprovalState.WAITING)) <= 1
        due = {at_ms for at_ms in here.timers.values() if at_ms <= here.now_ms}
        assert not due
    assert all(every_yes(one) for one in states(here, ApprovalState.APPROVED))
    over = [one for one in here.approvals.values() if one.state is not ApprovalState.WAITING]
    assert len(guarded(here.lines)) == len(over)
    assert all(not one.waiting and one.decided_ms for one in over)
    assert made <= len(states(here, ApprovalState.APPROVED))


def states(here: World, state: ApprovalState) -> list[Approval]:
    return [one for one in here.approvals.values() if one.state is state]


def test_the_end_of_a_time_is_the_same_however_late_it_is_seen_to() -> None:
    steps = (
        step("lea", timeout_ms=HOUR, then=Then.NEXT),
        step("ben", timeout_ms=HOUR, then=Then.APPROVE),
        step("sue", timeout_ms=HOUR),
    )
    ends = []
    for pace in (1, 2, 7):
        here = World(organisation=organisation(process(*steps)))
        one = here.ask(fields={"refund": 150})
        for _ in range(0, 14, pace):
            here.wait(pace * HOUR)
        now = here.approvals[one.id]
        ends.append((now.state, now.decided_ms, [(turn.step, turn.state, turn.decided_ms) for turn in now.turns]))
    assert ends[0] == ends[1] == ends[2]
