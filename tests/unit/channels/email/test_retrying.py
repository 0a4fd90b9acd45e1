"""Who is tried again when, and who is given up."""

import pytest

from engine.channels.email.retrying import FIRST_MS, LONGEST_MS, Reply, attempts_of, wait_ms
from engine.model.mail_record import OutgoingRecipient, RecipientState
from engine.model.mail_sending import Attempt

HOUR = 3_600_000


def tried(reply: Reply | None, *, tries: int = 0, now_ms: int = 0) -> Attempt:
    one = OutgoingRecipient(email="zoe@example.org", tries=tries)
    replies = {one.email: reply} if reply else {}
    (found,) = attempts_of([one], replies, since_ms=0, now_ms=now_ms, give_up_ms=100 * HOUR, chance=lambda: 0.5)
    return found


def test_waits_double_up_to_four_hours_and_spread() -> None:
    assert [wait_ms(tries, lambda: 0.5) for tries in (1, 2, 3)] == [FIRST_MS, 2 * FIRST_MS, 4 * FIRST_MS]
    assert wait_ms(500, lambda: 0.5) == LONGEST_MS
    assert (wait_ms(1, lambda: 0.0), wait_ms(1, lambda: 1.0)) == (45_000, 75_000)


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        (Reply(code=250), RecipientState.SENT),
        (Reply(code=251), RecipientState.SENT),
        (Reply(code=550), RecipientState.FAILED),
        (Reply(code=421), RecipientState.WAITING),
        (Reply(code=354), RecipientState.WAITING),
        (Reply(code=0), RecipientState.WAITING),
        (None, RecipientState.WAITING),
    ],
)
def test_an_answer_says_what_becomes_of_a_recipient(reply: Reply | None, state: RecipientState) -> None:
    found = tried(reply)
    assert found.state is state
    assert (found.next_ms > 0) == (state is RecipientState.WAITING)


def test_in_time_everybody_is_given_up_but_who_has_it() -> None:
    late = tried(Reply(code=451, said="busy"), tries=40, now_ms=100 * HOUR)
    assert (late.state, late.said) == (RecipientState.FAILED, "given up; the last answer: busy")
    assert tried(Reply(code=250), now_ms=100 * HOUR).state is RecipientState.SENT
    assert tried(Reply(code=451), now_ms=100 * HOUR - 1).state is RecipientState.WAITING
