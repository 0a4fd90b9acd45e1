"""Spam rules, each alone and together; no text makes them fail."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.channels.form.guard import Decision, Human, Seen, Verdict, blocked_sender, judge
from engine.model.form import Captcha, Guarding, SpamGuard, Unproven

GUARD = SpamGuard(words=("casino", "赌场", "buy now"), senders=("spam.example", "mallory@mail.example"))
CAPTCHA = Captcha(verify_url="https://c.example", site_key="k", script_url="https://c.example/s", secret="s")
CLEAN = Seen(lines=("My kettle",), text="My kettle\nIt drips.", sender="vera@example.com", age_ms=60_000)


def test_who_writes_like_a_person_is_let_through() -> None:
    assert judge(GUARD, CLEAN) == Verdict(decision=Decision.ACCEPT)


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (replace(CLEAN, honeypot=True), "honeypot"),
        (replace(CLEAN, age_ms=1_999), "too-fast"),
        (replace(CLEAN, text="https://a http://b www.c [url=d] <a href=e> HTTPS://F"), "links"),
        (replace(CLEAN, text="The best Casino!"), "blocked"),
        (replace(CLEAN, text="请来赌场玩"), "blocked"),
        (replace(CLEAN, text="so buy now, friend"), "blocked"),
        (replace(CLEAN, sender="x@spam.example"), "blocked"),
        (replace(CLEAN, sender="x@mail.spam.example"), "blocked"),
        (replace(CLEAN, sender="mallory@mail.example"), "blocked"),
        (replace(CLEAN, lines=("Hi\nBcc: a@b.example",)), "headers"),
        (replace(CLEAN, lines=("bcc: a@b.example",)), "headers"),
        (replace(CLEAN, repeated=True), "duplicate"),
    ],
)
def test_each_rule_holds(seen: Seen, reason: str) -> None:
    assert judge(GUARD, seen) == Verdict(decision=Decision.HOLD, reasons=(reason,))
    assert judge(SpamGuard(), CLEAN).decision is Decision.ACCEPT


@pytest.mark.parametrize(
    ("text", "sender"),
    [
        ("casinos are no word of ours", "vera@example.com"),
        ("five https://a https://b https://c https://d https://e", "vera@example.com"),
        ("It drips.", "x@notspam.example"),
        ("It drips.", "vera@mail.example"),
    ],
)
def test_what_only_looks_alike_is_let_through(text: str, sender: str) -> None:
    assert judge(GUARD, replace(CLEAN, text=text, sender=sender)).decision is Decision.ACCEPT


def test_the_strictest_answer_counts() -> None:
    guard = replace(GUARD, honeypot=Guarding.OFF, links=Guarding.REFUSE, most_links=0)
    seen = replace(CLEAN, honeypot=True, repeated=True, text="https://a")
    assert judge(guard, seen) == Verdict(decision=Decision.REFUSE, reasons=("links",))
    assert judge(guard, replace(seen, text="a")) == Verdict(decision=Decision.HOLD, reasons=("duplicate",))


def test_without_proof_of_work() -> None:
    seen = replace(CLEAN, proven=False)
    assert judge(GUARD, seen).decision is Decision.ACCEPT
    assert judge(replace(GUARD, without_work=Unproven.HOLD), seen).reasons == ("no-work",)


@pytest.mark.parametrize(
    ("human", "away", "decision"),
    [
        (Human.YES, Unproven.HOLD, Decision.ACCEPT),
        (Human.NO, Unproven.ACCEPT, Decision.REFUSE),
        (Human.NONE, Unproven.ACCEPT, Decision.HOLD),
        (Human.AWAY, Unproven.HOLD, Decision.HOLD),
        (Human.AWAY, Unproven.ACCEPT, Decision.ACCEPT),
    ],
)
def test_captchas(human: Human, away: Unproven, decision: Decision) -> None:
    guard = replace(GUARD, captcha=replace(CAPTCHA, when_away=away))
    assert judge(guard, replace(CLEAN, human=human)).decision is decision


@given(st.lists(st.text(), max_size=5), st.text(), st.text(), st.integers(min_value=0))
def test_no_text_makes_it_fail(lines: list[str], text: str, sender: str, age_ms: int) -> None:
    judge(GUARD, Seen(lines=lines, text=text, sender=sender, age_ms=age_ms))
    blocked_sender(("a.example", "@"), sender)
