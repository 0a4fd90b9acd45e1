import pytest

from engine.channels.email.inlet import Taken
from engine.channels.email.smtp.answers import answer_of, counted, enhanced
from engine.errors import CordboardError, InvalidInput, Unavailable


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("250 OK", "250 2.0.0 OK"),
        ("503 Error: send HELO first", "503 5.5.1 Error: send HELO first"),
        ("250 2.1.0 Sender taken", "250 2.1.0 Sender taken"),
        ("354 Go on", "354 Go on"),
        ("250-SIZE 100", "250-SIZE 100"),
        ("334 ", "334 "),
        ("500 Error: a\rb\nc\0", "500 5.5.1 Error: a?b?c?"),
        ("nonsense", "nonsense"),
    ],
)
def test_every_answer_has_a_status_code_and_is_one_line(reply: str, said: str) -> None:
    assert enhanced(reply) == said


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (InvalidInput("", slug="too-large"), "552 5.3.4", "too-large"),
        (InvalidInput("", slug="mail-loop"), "554 5.4.6", "mail-loop"),
        (InvalidInput("", slug="mail-smuggled"), "554 5.5.2", "mail-smuggled"),
        (InvalidInput("something else"), "451 4.3.0", "invalid-input"),
        (Unavailable("", slug="storage-away"), "452 4.3.1", "away"),
        (CordboardError("anything"), "452 4.3.1", "away"),
    ],
)
def test_only_what_can_never_be_taken_is_refused_for_good(error: CordboardError, code: str, reason: str) -> None:
    assert answer_of(error).startswith(code)
    assert counted(error) == ("refused", reason)


def test_a_repeat_is_answered_like_the_first() -> None:
    first, again = (Taken(mail_id="7", repeated=repeated, sha256="", size=1) for repeated in (False, True))
    assert answer_of(first) == answer_of(again) == "250 2.6.0 Taken as 7"
    assert (counted(first), counted(again)) == (("accepted", ""), ("repeated", ""))
