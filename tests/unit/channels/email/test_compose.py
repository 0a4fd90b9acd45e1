"""What we write is read again as it was meant, keeps its thread, and can carry no second header or address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.channels.email import tokens
from engine.channels.email.compose import (
    Enclosure,
    Letter,
    answer_references,
    answer_subject,
    answered_to,
    message_id,
    message_of,
    quotation,
    source_of,
)
from engine.channels.email.reading.mail import read_mail
from engine.channels.email.robots import Circumstances, nature
from engine.errors import InvalidInput
from engine.model.mail import Mailbox, MailNature, ParsedMail
from tests.unit.channels.email.reading.test_read_mail import Kept

CASE = "0197a000-0000-7000-8000-000000000001"
TOKEN = tokens.token_of(b"s" * 32, "tea", CASE)
ANA = Mailbox(email="ana@shop.example", name="Ana Müller, Köln")
TEA = Mailbox(email="help@tea.example", name="Kettle & Crane")


def letter(**said: object) -> Letter:
    usual: dict[str, object] = {
        "sender": TEA,
        "to": (ANA,),
        "subject": "Re: [#1] Kettle",
        "text": "Dear Ana",
        "message_id": message_id(TOKEN, "7", "tea.example"),
        "token": TOKEN,
        "at_ms": 1_795_338_000_000,
    }
    return Letter(**(usual | said))  # type: ignore[arg-type] # the test's own words


def sent(one: Letter) -> tuple[ParsedMail, Kept]:
    kept = Kept()
    return read_mail(message_of(one).as_bytes(), kept), kept


def test_a_letter_is_read_as_it_was_written() -> None:
    got, kept = sent(
        letter(
            cc=(Mailbox(email="bo@shop.example"),),
            bcc=(Mailbox(email="eve@shop.example"),),
            text="Liebe Ana,\n\n投诉 ist da.",
            html='<p>Liebe Ana <img src="cid:l@x"></p>',
            in_reply_to="m.2@shop.example",
            references=("m.1@shop.example", "m.2@shop.example"),
            reply_to=tokens.plus_address(TEA.email, TOKEN),
            enclosures=(
                Enclosure(name="Rechnung für Ana.pdf", content_type="application/pdf", content=b"%PDF"),
                Enclosure(name="l.png", content_type="image/png", content=b"PNG", content_id="l@x"),
            ),
        )
    )
    assert (got.sender, got.to) == (TEA, (ANA,))
    assert [one.email for one in got.cc] == ["bo@shop.example"]
    assert got.text.startswith("Liebe Ana,\n\n投诉 ist da.")
    assert got.in_reply_to == ("m.2@shop.example",)
    assert got.references == ("m.1@shop.example", "m.2@shop.example")
    assert got.date_ms == 1_795_338_000_000
    files = {one.name: kept.files[one.sha256] for one in got.parts}
    assert files == {"Rechnung für Ana.pdf": b"%PDF", "l.png": b"PNG"}
    assert "eve" not in message_of(letter(bcc=(Mailbox(email="eve@shop.example"),))).as_string()
    assert nature(got, Circumstances()).kind is MailNature.PERSON


def test_the_token_comes_back_three_ways() -> None:
    got, _kept = sent(letter(reply_to=tokens.plus_address(TEA.email, TOKEN)))
    assert tokens.in_message_ids([got.message_id]) == (TOKEN,)
    assert tokens.in_addresses([got.reply_to[0].email]) == (TOKEN,)
    assert tokens.in_text(quotation(got.text, "On Sunday, Tea wrote:")) == (TOKEN,)


def test_no_machine_answers_what_a_machine_wrote() -> None:
    for answered in ("", "m@shop.example"):
        got, _kept = sent(letter(automatic=True, in_reply_to=answered))
        assert nature(got, Circumstances()).kind is MailNature.AUTO_REPLY


@pytest.mark.parametrize("address", ["", "ana", "a@b@c", "a@b\r\nBcc: e@f", "a@b, c@d", "<a@b>", "a b@c", '"a"@b'])
def test_what_is_no_address_is_refused_by_name(address: str) -> None:
    for where in ("to", "cc"):
        with pytest.raises(InvalidInput, match=r"no mail address|1 to"):
            message_of(letter(**{where: (Mailbox(email=address), *((ANA,) if where == "cc" else ()))}))


@given(name=st.text(max_size=60), subject=st.text(max_size=300), text=st.text(max_size=200))
def test_nothing_that_people_write_makes_another_header(name: str, subject: str, text: str) -> None:
    one = letter(sender=Mailbox(email=TEA.email, name=name), subject=subject, text=text)
    try:
        raw = message_of(one).as_bytes()
    except UnicodeEncodeError:  # half characters, which the API refuses
        return
    got = read_mail(raw, Kept())
    names = [key for key, _value in got.headers]
    assert sorted(set(names)) == sorted(names)
    assert not set(names) & {"bcc", "cc", "x-evil"}
    assert got.sender is not None
    assert got.sender.email == TEA.email


EVIL = "=?utf-8?b?DQpYLUV2aWw6IDENCg0KSSBhbSB0aGUgYm9keQ==?="
"""An encoded word that holds the end of a line, a header, the end of the headers, and a text."""


@pytest.mark.parametrize(
    "said",
    [
        {"subject": f"Re: [#1] {EVIL}"},
        {"to": (Mailbox(email="ana@shop.example", name=EVIL),)},
        {"cc": (Mailbox(email="ana@shop.example", name=f'Ana "{EVIL}'),)},
        {"sender": Mailbox(email="help@tea.example", name=EVIL)},
        {"in_reply_to": f"{EVIL}@shop.example", "references": (f"{EVIL}@shop.example", "a b@x", "é@x", "ok@x")},
        {"in_reply_to": "a>\r\nX-Evil: 1", "references": ("a\nX-Evil:1@x", "")},
        {"language": EVIL},
        {"language": "en\r\nX-Evil: 1"},
        {"enclosures": (Enclosure(name=EVIL, content_type="application/pdf", content=b"%PDF"),)},
        {"enclosures": (Enclosure(name="a\r\nX-Evil: 1", content_type="application/pdf", content=b"%PDF"),)},
    ],
)
def test_no_encoded_word_of_others_is_written_as_a_header_or_as_text(said: dict[str, object]) -> None:
    source = source_of(message_of(letter(**said)))
    assert b"\nX-Evil" not in source
    assert b"I am the body" not in source
    assert read_mail(source, Kept()).text.startswith("Dear Ana")


def test_an_address_that_is_an_encoded_word_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no mail address"):
        message_of(letter(to=(Mailbox(email=f"{EVIL}@shop.example"),)))


@pytest.mark.parametrize("broken", [EVIL, "a =?utf-8?q?=0a?="])
def test_a_header_that_ends_in_its_middle_is_never_sent(broken: str) -> None:
    message = message_of(letter())
    message.replace_header("Subject", broken)
    with pytest.raises(InvalidInput, match="header"):
        source_of(message)


def test_whom_an_answer_goes_to() -> None:
    mail = ParsedMail(
        sender=ANA,
        reply_to=(Mailbox(email="office@shop.example"),),
        to=(Mailbox(email=tokens.plus_address(TEA.email, TOKEN)), Mailbox(email="Bo@shop.example")),
        cc=(Mailbox(email="bo@shop.example"), Mailbox(email="office@shop.example"), Mailbox(email="", name="x")),
    )
    own = frozenset({TEA.email})
    assert answered_to(mail, own, everybody=False) == ((Mailbox(email="office@shop.example"),), ())
    assert [one.email for one in answered_to(mail, own, everybody=True)[1]] == ["Bo@shop.example"]


def test_references_grow_and_are_bounded() -> None:
    assert answer_references(ParsedMail(message_id="b", in_reply_to=("a",))) == ("b", ("a", "b"))
    assert answer_references(ParsedMail()) == ("", ())
    many = tuple(str(one) for one in range(100))
    chain = answer_references(ParsedMail(message_id="new", references=many))[1]
    assert (len(chain), chain[0], chain[-1]) == (30, "0", "new")


def test_subjects_do_not_grow() -> None:
    assert answer_subject("AW: Re: [#7] Kettle", 7) == "Re: [#7] Kettle"
    assert answer_subject("", 7) == "Re: [#7]"


def test_ids_of_a_long_thread_are_never_folded_into_encoded_words() -> None:
    ids = tuple(f"c{TOKEN}.0192f0c3-1111-7222-8333-{number:012}@support.kettle.example" for number in range(30))
    letter = Letter(
        sender=Mailbox(email="support@kettle.example"),
        to=(Mailbox(email="zoe@example.org"),),
        subject="Re: Kettle",
        text="Hello",
        message_id=ids[-1],
        in_reply_to=ids[-2],
        references=ids[:-1],
        at_ms=1_000,
    )
    raw = message_of(letter).as_bytes()
    assert b"=?" not in raw
    assert max(len(line) for line in raw.split(b"\r\n")) < 200
    got = read_mail(raw, lambda pieces: ("", sum(map(len, pieces))))
    assert (got.message_id, got.in_reply_to, got.references) == (ids[-1], (ids[-2],), ids[:-1])
