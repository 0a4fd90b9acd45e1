"""What people wrote opens cases; what machines wrote does not, and is never answered by a machine."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.channels.email.robots import Circumstances, nature, unanswerable
from engine.model.mail import FailedAddress, Mailbox, MailNature, ParsedMail

OURS = Circumstances(own=frozenset({"help@tea.example", "orders@tea.example"}))
QMAIL = """Hi. This is the qmail-send program at mx.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<ana@shop.example>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Message-ID: <abc.1@tea.example>
"""
EXIM = """This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  ana@shop.example
    host mx.shop.example [192.0.2.1]
    SMTP error from remote mail server after RCPT TO:<ana@shop.example>:
    550 5.7.1 Relaying denied
"""
REPORT = """Reporting-MTA: dns; mx.example.net
Arrival-Date: Sun, 22 Nov 2026 10:00:00 +0000

Original-Recipient: rfc822;Ana@shop.example
Final-Recipient: rfc822; ana+old@shop.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1
 no such user

Final-Recipient: rfc822; bo@shop.example
Action: delayed
Status: 4.4.1 (no answer)
"""


def mail(
    subject: str = "My kettle leaks",
    *,
    sender: str = "ana@shop.example",
    reply_to: str = "",
    text: str = "Hello, it leaks.",
    report: str = "",
    returned: tuple[tuple[str, str], ...] = (),
    in_reply_to: tuple[str, ...] = (),
    **headers: str,
) -> ParsedMail:
    """Return a mail with these headers, ``list_id`` for List-Id."""
    return ParsedMail(
        message_id="1@shop.example",
        subject=subject,
        sender=Mailbox(email=sender) if sender else None,
        reply_to=(Mailbox(email=reply_to),) if reply_to else (),
        text=text,
        report=report,
        returned=returned,
        in_reply_to=in_reply_to,
        headers=tuple((name.replace("_", "-"), value) for name, value in headers.items()),
    )


PEOPLE = [
    mail(),
    mail("Re: Automatic reply: Kettle", in_reply_to=("x@y",)),
    mail("AW: Abwesenheitsnotiz"),
    mail("Undeliverable parcel"),
    mail("My autoresponder is broken"),
    mail("Autorisation pour un retour"),
    mail("Out of office chairs?"),
    mail(auto_submitted="no"),
    mail(x_auto_response_suppress="DR, RN"),
    mail(precedence="normal"),
    mail(sender="help@tea.example", reply_to="ana@shop.example"),
    mail(sender="no-reply@shop.example"),
]
MACHINES = [
    (mail(auto_submitted="auto-replied"), MailNature.AUTO_REPLY),
    (mail(auto_submitted="auto-generated; owner-email=a@b"), MailNature.AUTO_REPLY),
    (mail("Automatic reply: Kettle", auto_submitted="auto-replied"), MailNature.AUTO_REPLY),
    (mail("Automatic reply: Out of office until Monday", auto_submitted="auto-replied"), MailNature.OUT_OF_OFFICE),
    (mail("Automatische Antwort: Abwesend bis Montag"), MailNature.OUT_OF_OFFICE),
    (mail("Out of Office: Kettle", in_reply_to=("x@tea.example",)), MailNature.OUT_OF_OFFICE),
    (mail("Réponse automatique : bonjour"), MailNature.AUTO_REPLY),
    (mail("自动回复：您好"), MailNature.AUTO_REPLY),
    (mail("自動返信: お問い合わせ"), MailNature.AUTO_REPLY),
    (mail(precedence="auto_reply"), MailNature.AUTO_REPLY),
    (mail(x_autoreply="yes"), MailNature.AUTO_REPLY),
    (mail(x_post_messageclass="9; Autoresponder"), MailNature.AUTO_REPLY),
    (mail(content_type="multipart/report; report-type=disposition-notification"), MailNature.AUTO_REPLY),
    (mail(content_type='multipart/report; boundary=x; report-type="feedback-report"'), MailNature.COMPLAINT),
    (mail(report="Feedback-Type: abuse\nVersion: 1\n"), MailNature.COMPLAINT),
    (mail(list_id="Tea lovers <tea.lists.example>"), MailNature.LIST),
    (mail(list_unsubscribe="<mailto:x@y>"), MailNature.LIST),
    (mail(precedence="bulk"), MailNature.LIST),
    (mail(sender="Help@tea.example"), MailNature.OWN),
    (mail(sender="help@tea.example", reply_to="orders@tea.example"), MailNature.OWN),
    (mail("failure notice", sender="MAILER-DAEMON@mx.example.net", text=QMAIL), MailNature.BOUNCE),
    (mail("系统退信", sender="postmaster@qq.example"), MailNature.BOUNCE),
    (mail(content_type="multipart/report; report-type=delivery-status", report=REPORT), MailNature.BOUNCE),
    (mail(x_failed_recipients="ana@shop.example", text=EXIM), MailNature.BOUNCE),
]


@pytest.mark.parametrize("one", PEOPLE, ids=lambda one: one.subject)
def test_people_are_people(one: ParsedMail) -> None:
    assert nature(one, OURS).kind is MailNature.PERSON


@pytest.mark.parametrize(("one", "kind"), MACHINES)
def test_machines_are_told_with_the_reason(one: ParsedMail, kind: MailNature) -> None:
    found = nature(one, OURS)
    assert found.kind is kind
    assert found.why
    assert unanswerable(one, found.kind, OURS) == f"it is {kind.value}"


def test_what_the_envelope_and_the_record_know_counts() -> None:
    assert nature(mail(), Circumstances(null_sender=True)).kind is MailNature.AUTO_REPLY
    assert nature(mail(), Circumstances(own_id=True)).kind is MailNature.OWN
    through = mail(list_id="<help.tea.example>", list_unsubscribe="<mailto:x@y>", precedence="list")
    assert nature(through, Circumstances(lists=frozenset({"help.tea.example"}))).kind is MailNature.PERSON


def test_a_mail_that_goes_round_in_circles_is_told() -> None:
    turning = ParsedMail(headers=(("received", "from a by b"),) * 101, sender=Mailbox(email="ana@shop.example"))
    assert "servers" in nature(turning, OURS).why


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (mail(), ""),
        (mail(sender="no-reply@shop.example"), "its address is no person's"),
        (mail(sender="no-reply+a1@shop.example", reply_to="ana@shop.example"), ""),
        (mail(sender="bounces+17@shop.example"), "its address is no person's"),
        (mail(sender=""), "it has no address to answer"),
        (mail(x_auto_response_suppress="OOF, AutoReply"), "it asks for no automatic answer"),
        (mail(reply_to="help@tea.example"), "it is from ourselves"),
    ],
)
def test_only_people_get_automatic_answers(one: ParsedMail, why: str) -> None:
    assert unanswerable(one, MailNature.PERSON, OURS) == why


@pytest.mark.parametrize(
    "one",
    [
        mail("failure notice", sender="mailer-daemon@x.example", text="to" + " " * 20_000),
        mail("failure notice", sender="mailer-daemon@x.example", text="to a@b.example\n" * 1_500),
        ParsedMail(
            text="a@b " * 5_000,
            headers=tuple(("x-failed-recipients", "a@b.example," * 150) for _ in range(500)),
        ),
    ],
    ids=["blanks", "words", "header"],
)
def test_a_hostile_report_is_read_in_a_moment(one: ParsedMail) -> None:
    found = nature(one, OURS)  # minutes where every address is looked up anew, and blanks are tried in every way
    assert found.kind is MailNature.BOUNCE
    assert len(found.failed) <= 2


def test_nobody_is_answered_whose_name_was_forged() -> None:
    assert unanswerable(mail(), MailNature.PERSON, Circumstances(forged=True)) == "its sender is forged"


def test_a_report_names_each_recipient_as_we_wrote_to_him() -> None:
    found = nature(
        mail(
            content_type="multipart/report; report-type=delivery-status",
            report=REPORT,
            returned=(("subject", "x"), ("message-id", "<r.1@tea.example>")),
        ),
        OURS,
    )
    first, second = found.failed
    assert first == FailedAddress(email="Ana@shop.example", status="5.1.1", diagnostic="smtp; 550 5.1.1 no such user")
    assert (first.permanent, second.permanent) == (True, False)
    assert (second.email, second.action, second.status) == ("bo@shop.example", "delayed", "4.4.1")
    assert found.about == "r.1@tea.example"


@pytest.mark.parametrize(
    ("one", "status", "permanent"),
    [
        (mail("failure notice", sender="mailer-daemon@x.example", text=QMAIL), "5.1.1", True),
        (mail(x_failed_recipients=" ana@shop.example", text=EXIM), "5.7.1", True),
        (
            mail(
                "Undelivered Mail Returned to Sender",
                sender="MAILER-DAEMON@x.example",
                text="<ana@shop.example>: host mx said: 452 4.2.2 mailbox full",
            ),
            "4.2.2",
            False,
        ),
        (
            mail(
                "Delivery delayed",
                sender="postmaster@x.example",
                text="Warning: delayed mail. It will be retried.\n  ana@shop.example\n will be retried for 2 days",
            ),
            "",
            False,
        ),
    ],
)
def test_reports_in_words_are_read(one: ParsedMail, status: str, permanent: bool) -> None:
    found = nature(one, OURS)
    assert found.kind is MailNature.BOUNCE, found
    assert [one.email for one in found.failed] == ["ana@shop.example"]
    assert (found.failed[0].status, found.failed[0].permanent) == (status, permanent)


def test_the_mail_that_a_bounce_is_about_is_found_in_its_text() -> None:
    assert nature(mail("failure notice", sender="mailer-daemon@x", text=QMAIL), OURS).about == "abc.1@tea.example"


anything = st.text(max_size=300)


@given(said=st.tuples(*[anything] * 5), null=st.booleans())
def test_nothing_raises(said: tuple[str, ...], null: bool) -> None:
    subject, sender, text, report, value = said
    one = mail(subject, sender=sender, text=text, report=report, x_failed_recipients=value, content_type=value)
    found = nature(one, Circumstances(null_sender=null))
    assert found.kind in MailNature
    unanswerable(one, found.kind, OURS)


@pytest.mark.parametrize("text", ["\n" * 20_000 + "x", " \n" * 10_000, "<a@b>" + "\n" * 19_000 + "x"])
def test_empty_lines_of_a_bounce_are_read_once(text: str) -> None:
    found = nature(ParsedMail(subject="failure notice", text=text), Circumstances(null_sender=True))
    assert found.kind is MailNature.BOUNCE
    assert found.about == ""


@pytest.mark.parametrize(
    ("report", "returned", "named"),
    [
        ("Feedback-Type: abuse\nOriginal-Rcpt-To: <zoe@example.org>\nOriginal-Rcpt-To: lee@x.net\n", "", "zoe lee"),
        ("Feedback-Type: abuse\nRemoval-Recipient:\n zoe@example.org\n", "", "zoe"),
        ("Feedback-Type: fraud\nVersion: 1\n", "Zoe <zoe@example.org>", "zoe"),
        ("Feedback-Type: abuse\nOriginal-Rcpt-To: redacted\n", "", "redacted"),
        ("Feedback-Type: not-spam\nOriginal-Rcpt-To: zoe@example.org\n", "", ""),
        ("Feedback-Type: auth-failure\nOriginal-Rcpt-To: zoe@example.org\n", "", ""),
    ],
)
def test_an_abuse_report_names_who_complained(report: str, returned: str, named: str) -> None:
    found = nature(replace(mail(report=report), returned=(("to", returned),) if returned else ()), Circumstances())
    assert found.kind is MailNature.COMPLAINT
    assert [one.email.partition("@")[0] for one in found.failed] == named.split()
    assert {one.action for one in found.failed} <= {"complained"}
