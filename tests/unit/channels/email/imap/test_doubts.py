"""Mails whose fetching ends connections."""

from engine.channels.email.imap.doubts import Doubts
from engine.channels.email.imap.faults import Dismissed, Fault, Faulty

BROKEN = Faulty(Fault.UNREACHABLE, "the server closed the connection")
PLACES = [str(number) for number in range(7)]


def test_those_of_a_group_that_ended_a_connection_are_fetched_one_by_one() -> None:
    doubts = Doubts()
    assert list(doubts.groups(PLACES, 3)) == [3, 3, 1]
    doubts.failed(PLACES[2:4], Dismissed("no"))
    assert list(doubts.groups(PLACES, 3)) == [2, 1, 1, 3]
    doubts.passed(PLACES[2:3])
    assert list(doubts.groups(PLACES, 3)) == [3, 1, 3]


def test_one_that_the_server_hangs_up_on_is_given_up_soon_and_a_broken_line_is_forgiven_for_long() -> None:
    doubts = Doubts()
    for _ in range(30):
        doubts.failed(PLACES, Dismissed("no"))  # it may be any of them
    assert not any(doubts.hopeless(place) for place in PLACES)
    for _ in range(3):
        assert not doubts.hopeless("1")
        doubts.failed(["1"], Dismissed("no"))
    assert doubts.hopeless("1")
    for _ in range(9):
        doubts.failed(["2"], BROKEN)
    assert doubts.hopeless("2")
    doubts.failed(["3"], BROKEN)
    assert not doubts.hopeless("3")


def test_what_turned_out_to_be_too_long_is_remembered() -> None:
    doubts = Doubts()
    doubts.longer("1")
    assert doubts.too_long("1")
    doubts.passed(["1"])
    assert not doubts.too_long("1")
