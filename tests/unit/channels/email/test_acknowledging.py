"""What a machine answers, and what goes around the words of every mail."""

from dataclasses import replace

import pytest

from engine.channels.email import tokens
from engine.channels.email.acknowledging import Acknowledged, acknowledgement, pace_key
from engine.channels.email.body.splitting import split_text
from engine.channels.email.drafting import (
    WROTE,
    Marks,
    forwarded_text,
    quoted_text,
    sender_of,
    signature_of,
    subject_of,
    whole_text,
)
from engine.model.case import Case
from engine.model.mail import MailBody, Mailbox, ParsedMail
from engine.model.mail_channel import Acknowledgement, Email
from engine.model.mail_record import Envelope, Mail, MailSummary, OutgoingKind, OutgoingMail, ReceivedMail, Source
from engine.skills.merging import merge_known

CASE = Case(id="11111111-1111-7111-8111-111111111111", org_id="tea", number=7, subject="Kettle", contact_id="zoe")
TOKEN = tokens.token_of(b"s" * 32, "tea", CASE.id)
EMAIL = Email(
    address="help@shop.example",
    from_by_queue={"billing": "billing@shop.example"},
    signature="{agent.name}\nKettle & Crane",
    signatures={"zh": "{agent.name}\n水壶与鹤"},
    acknowledgement=Acknowledgement(text="Hello {contact.name|there}, your number is {case.number}. {nothing}"),
    acknowledgements={"de": "Ihre Nummer: {case.number}"},
)
ZOE = Mailbox(email="zoe@example.org", name="Zoë")
PARSED = ParsedMail(message_id="m1@example.org", references=("m0@example.org",), subject="AW: Kettle", sender=ZOE)


def mail(text: str = "Where is it?\nZoë") -> Mail:
    envelope = Envelope(org_id="tea", channel="mail", source=Source.SMTP)
    received = ReceivedMail(
        id="m", envelope=envelope, fingerprint="f", sha256="a", size=1, received_ms=1_800_000_000_000
    )
    summary = MailSummary(
        subject="Kettle", sender=ZOE, to=(Mailbox(email="help@shop.example"),), body=MailBody(new=text)
    )
    return Mail(received=received, summary=summary)


def answer(**changes: object) -> OutgoingMail | None:
    asked = Acknowledged(
        channel="mail", channel_name="Help", email=EMAIL, mail_id="m", mail=PARSED, at_ms=5, fill=merge_known
    )
    asked = replace(asked, **changes)  # type: ignore[arg-type]
    return acknowledgement(asked, CASE, interaction_id="i", token=TOKEN, new_id="n")


def test_a_mail_is_acknowledged_by_a_machine() -> None:
    told = answer()
    assert told is not None
    assert (told.to, told.automatic, told.kind) == ((ZOE,), True, OutgoingKind.ACKNOWLEDGEMENT)
    assert told.subject == "Re: [#7] Kettle"
    assert told.text == f"Hello there, your number is 7.\n\n{tokens.marker(TOKEN)}\n"
    assert (told.in_reply_to, told.references) == ("m1@example.org", ("m0@example.org", "m1@example.org"))
    assert told.message_id == f"c{TOKEN}.n@shop.example"
    assert tokens.in_addresses([told.reply_to]) == (TOKEN,)


def test_in_the_customers_language_with_his_name() -> None:
    german, named = answer(language="de-AT"), answer(contact_name="Zoë")
    assert german is not None
    assert named is not None
    assert german.text.startswith("Ihre Nummer: 7\n")
    assert named.text.startswith("Hello Zoë,")


@pytest.mark.parametrize(
    "changes",
    [
        {"email": replace(EMAIL, acknowledgement=None)},
        {"mail": ParsedMail(sender=None)},
        {"mail": ParsedMail(sender=Mailbox(email="", name="Zoë"))},
    ],
)
def test_nothing_to_say_or_nobody_to_answer(changes: dict[str, object]) -> None:
    assert answer(**changes) is None


def test_a_subject_of_its_own_is_one_line() -> None:
    own = replace(EMAIL, acknowledgement=Acknowledgement(text="x", subject="We have it\r\nBcc: x {case.number}"))
    told = answer(email=own)
    assert told is not None
    assert told.subject == "We have it Bcc: x 7"


def test_a_mail_is_from_its_channel_or_its_queue() -> None:
    assert sender_of(EMAIL, channel_name="Help", queue="sales") == Mailbox(email="help@shop.example", name="Help")
    assert sender_of(EMAIL, channel_name="Help", queue="billing").email == "billing@shop.example"
    assert signature_of(EMAIL, "", "zh-CN", {"agent.name": "Ana"}, merge_known) == "Ana\n水壶与鹤"
    assert signature_of(EMAIL, "", "fr", {"agent.name": "Ana"}, merge_known) == "Ana\nKettle & Crane"


def test_subjects_hold_the_number_of_the_case() -> None:
    assert subject_of(OutgoingKind.REPLY, "Re: AW: [#7] Kettle", CASE) == "Re: [#7] Kettle"
    assert subject_of(OutgoingKind.FORWARD, "Kettle", CASE) == "Fwd: [#7] Kettle"
    assert subject_of(OutgoingKind.NEW, "", CASE) == "[#7] Kettle"


def test_a_text_is_put_together_and_taken_apart_again() -> None:
    quoted = quoted_text(mail(), locale="en")
    text = whole_text("It is on its way.", signature="Ana", quoted=quoted, marks=Marks.of(EMAIL, TOKEN))
    assert text.startswith(
        "It is on its way.\n\n-- \nAna\n\nOn 2027-01-15 08:00 UTC, Zoë <zoe@example.org> wrote:\n> Where"
    )
    assert text.endswith(f"{tokens.marker(TOKEN)}\n")
    hidden = Marks.of(replace(EMAIL, shows_token=False), TOKEN)
    assert whole_text("Hi", signature="-- \nAna", quoted="", marks=hidden) == "Hi\n\n-- \nAna\n"
    assert hidden.reply_to(Mailbox(email="help@shop.example")) == ""


@pytest.mark.parametrize("language", sorted(WROTE))
def test_our_quotations_are_known_when_they_come_back(language: str) -> None:
    found = split_text(f"Thank you!\n\n{quoted_text(mail(), locale=language)}\n")
    assert found.new.strip() == "Thank you!"


def test_what_is_passed_on_says_whose_it_was() -> None:
    text = forwarded_text(mail())
    assert (
        "From: Zoë <zoe@example.org>\nDate: 2027-01-15 08:00 UTC\nSubject: Kettle\nTo: help@shop.example\n\nWhere"
        in text
    )
    found = split_text(f"See below.\n\n{text}")
    assert found.forwarded is not None
    assert found.forwarded.sender is not None
    assert found.forwarded.sender.email == "zoe@example.org"


def test_details_of_an_address_are_one_sender() -> None:
    assert {pace_key(one) for one in ("Zoe@x.example", "zoe+1@x.example", "zoe+2@X.example")} == {"zoe@x.example"}
    assert pace_key("+@x.example") == "+@x.example"
