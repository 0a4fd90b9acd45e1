# ruff: noqa: E501 - mails are as wide as they are
"""What was written now is told from what it quotes, whatever program wrote it, in whatever language."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.channels.email.body.splitting import split_text
from engine.channels.email.html_text import BREAK
from engine.model.mail import Mailbox
from tests.unit.channels.email.body.corpus import NEW, OLD, SAMPLES, Sample, quoted
from tests.unit.channels.email.body.habits import SAMPLES as HABITS


@pytest.mark.parametrize("sample", [*SAMPLES, *HABITS], ids=lambda sample: sample.name)
def test_what_is_new(sample: Sample) -> None:
    body = split_text(sample.text, subject=sample.subject)
    assert body.new == sample.new, body


PASSED_ON = [
    "---------- Forwarded message ---------\nFrom: Ana Müller <ana@shop.example>\nDate: Sun, Nov 22, 2026\nSubject: Leak\nTo: <help@tea.example>\n\n\n",
    "Begin forwarded message:\n\n> From: Ana Müller <ana@shop.example>\n> Subject: Leak\n> Date: 22 Nov 2026\n> To: help@tea.example\n>\n",
    "-------- Weitergeleitete Nachricht --------\nBetreff: \tLeak\nDatum: \tSun, 22 Nov 2026\nVon: \tAna Müller <ana@shop.example>\nAn: \thelp@tea.example\n\n",
    "-------- 转发邮件信息 --------\n发件人：Ana Müller <ana@shop.example>\n发送日期：2026-11-22\n收件人：help@tea.example\n主题：Leak\n\n",
    "________________________________\nFrom: Ana Müller <ana@shop.example>\nSent: Sunday\nTo: Tea\nSubject: Leak\n\n",
    "-----Original Message-----\nFrom: Ana Müller [mailto:ana@shop.example]\nSent: Sunday\nTo: Tea\nSubject: Leak\n\n",
]


@pytest.mark.parametrize("head", PASSED_ON)
def test_who_wrote_what_was_passed_on(head: str) -> None:
    words = quoted(OLD) if head.startswith("Begin") else OLD
    body = split_text(f"Please see below.\n\n{head}{words}", subject="Fwd: Leak")
    assert body.new == "Please see below."
    assert body.forwarded is not None
    assert body.forwarded.sender == Mailbox(email="ana@shop.example", name="Ana Müller")
    assert body.forwarded.subject == "Leak"
    assert body.forwarded.text == OLD


def test_the_signature_is_kept_apart() -> None:
    body = split_text(f"{NEW}\n-- \nAna\n\nOn 22 Nov 2026, Tea wrote:\n{quoted(OLD)}")
    assert body.signature == "Ana"
    assert body.quoted.endswith("> Tea")
    assert body.rules == ("attribution", "signature")


def test_where_a_program_says_that_it_quotes_it_is_believed() -> None:
    body = split_text(f"{NEW}\n{BREAK}\n22.11.26\n{quoted(OLD)}")
    assert (body.new, body.rules) == (NEW, ("program",))
    below = split_text(f"{BREAK}\nOn 22 Nov 2026, Tea wrote:\n{quoted(OLD)}\n\n{NEW}")
    assert below.new == NEW


words = st.sampled_from([*OLD.splitlines(), *NEW.splitlines(), "> one", "", "-- ", BREAK, "On 22 Nov 2026, Tea wrote:", "From: a@b", "Sent: x", "To: y", "Subject: z", "Sent from my iPhone", "_" * 32])  # fmt: skip


@settings(max_examples=200)
@given(lines=st.lists(words, max_size=30), subject=st.sampled_from(["Re: x", "Fwd: x"]))
def test_no_word_is_lost(lines: list[str], subject: str) -> None:
    body = split_text("\n".join(lines), subject=subject)
    forwarded = body.forwarded
    told = [body.new, body.quoted, body.signature]
    told += [forwarded.text, forwarded.subject, forwarded.sender.email if forwarded.sender else ""] if forwarded else []
    together = "\n".join(told)
    for line in {"It still leaks.", "does your kettle still leak?"} & set(lines):
        assert line in together


@given(text=st.text(max_size=400))
def test_nothing_raises(text: str) -> None:
    split_text(text)


@pytest.mark.parametrize(
    "line", [" " * 50_000 + "x", "Sent from my" + " " * 5_000 + "x", "-" * 50_000, "\n" * 60_000 + "x"]
)
def test_long_lines_of_little_are_read_once(line: str) -> None:
    """Each of these took minutes where what was taken was given back, in all ways."""
    assert split_text(line).new.strip() == line.strip()
