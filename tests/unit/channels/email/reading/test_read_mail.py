"""Any mail is read, and what people really send is read as they meant it."""

import base64
import hashlib
import quopri
from collections.abc import Iterable
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.channels.email.reading.mail import MOST_FILES, read_mail
from engine.channels.email.reading.splitting import MOST_PARTS
from engine.model.mail import Mailbox, ParsedMail


class Kept:
    """Files by their hash."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def __call__(self, pieces: Iterable[bytes]) -> tuple[str, int]:
        data = b"".join(pieces)
        name = hashlib.sha256(data).hexdigest()
        self.files[name] = data
        return name, len(data)


def read(raw: bytes) -> tuple[ParsedMail, Kept]:
    kept = Kept()
    return read_mail(raw, kept), kept


def lines(*said: str | bytes) -> bytes:
    return b"\r\n".join(one.encode() if isinstance(one, str) else one for one in said) + b"\r\n"


def test_a_usual_mail() -> None:
    message = EmailMessage()
    message["From"] = "Ana Müller <ana@shop.example>"
    message["To"] = '"Help, Tea" <help@tea.example>, bo@tea.example'
    message["Cc"] = "Undisclosed: ;"
    message["Subject"] = "Der Wasserkocher tröpfelt schon wieder, und zwar sehr viel mehr als beim letzten Mal"
    message["Date"] = "Sun, 22 Nov 2026 10:00:00 +0100"
    message["Message-ID"] = "<m.1@shop.example>"
    message["In-Reply-To"] = "<r.1@tea.example>"
    message["References"] = "<r.0@tea.example> <r.1@tea.example>"
    message.set_content("Grüße\nAna\n")
    message.add_alternative('<p>Grüße<br>Ana <img src="cid:logo@x"></p>', subtype="html")
    html = next(one for one in message.walk() if one.get_content_type() == "text/html")
    html.add_related(b"\x89PNG", "image", "png", cid="<logo@x>")
    message.add_attachment(b"%PDF-1", maintype="application", subtype="pdf", filename="Rechnung für Ana.pdf")
    got, kept = read(message.as_bytes())
    assert got.sender == Mailbox(email="ana@shop.example", name="Ana Müller")
    assert got.to == (Mailbox(email="help@tea.example", name="Help, Tea"), Mailbox(email="bo@tea.example"))
    assert got.subject.endswith("mehr als beim letzten Mal")
    assert (got.message_id, got.in_reply_to) == ("m.1@shop.example", ("r.1@tea.example",))
    assert got.references == ("r.0@tea.example", "r.1@tea.example")
    assert got.date_ms == 1_795_338_000_000
    assert got.text == "Grüße\nAna"
    assert 'src="cid:logo@x"' in got.html
    picture, invoice = got.parts
    assert (picture.content_type, picture.content_id, picture.inline) == ("image/png", "logo@x", True)
    assert (invoice.name, invoice.size, invoice.inline) == ("Rechnung für Ana.pdf", 6, False)
    assert kept.files[invoice.sha256] == b"%PDF-1"
    assert got.faults == ()


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"\xe4\xf6\xfc", "äöü"),
        ("投诉：水壶漏水".encode("gb2312"), "投诉：水壶漏水"),
        ("ご注文ありがとうございます".encode("shift_jis"), "ご注文ありがとうございます"),
        ("ご注文".encode("iso-2022-jp"), "ご注文"),
        ("안녕하세요".encode("euc-kr"), "안녕하세요"),
        ("Привет".encode("koi8-r"), "Привет"),
    ],
)
@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable"])
def test_character_sets(raw: bytes, text: str, encoding: str) -> None:
    charset = {
        "äöü": "iso-8859-1",
        "投诉：水壶漏水": "GB2312",
        "안녕하세요": "ks_c_5601-1987",
        "Привет": "KOI8-R",
        "ご注文": "iso-2022-jp",
    }
    body = {"8bit": raw, "base64": base64.encodebytes(raw), "quoted-printable": quopri.encodestring(raw)}[encoding]
    header = f'Content-Type: text/plain; charset="{charset.get(text, "Shift_JIS")}"'
    got, _kept = read(lines(header, f"Content-Transfer-Encoding: {encoding}", "", body))
    assert got.text.strip() == text
    assert got.faults == ()


@pytest.mark.parametrize("charset", ["", "unknown-8bit", "no-such-set", "us-ascii", "rot13", "idna"])
def test_text_of_an_unsaid_character_set_is_guessed(charset: str) -> None:
    got, _kept = read(lines(f"Content-Type: text/plain; charset={charset}", "", "Grüße aus Köln, 投诉"))
    assert got.text.strip() == "Grüße aus Köln, 投诉"


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?= =?utf-8?q?_an_alle?=", "Grüße an alle"),
        ("=?utf-8?b?5oqV?= =?utf-8?b?6K+J?=", "投诉"),
        ("=?utf-8?b?5oo=?=\r\n =?utf-8?b?leiviQ==?=", "投诉"),  # a character cut in two
        ("=?utf-8?b?5oqV6K+J", "=?utf-8?b?5oqV6K+J"),
        ("=?iso-8859-1*de?Q?K=F6ln?=", "Köln"),
        ("Grüße", "Grüße"),
        ("=?nosuch?q?abc?= def", "abc def"),
        ("a\r\n\tb\x00c", "a bc"),
    ],
)
def test_encoded_words(header: str, text: str) -> None:
    assert read(lines(f"Subject: {header}", "", "x"))[0].subject == text


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("attachment; filename*=UTF-8''%E6%8A%95%E8%AF%89.pdf", "投诉.pdf"),
        ("attachment; filename*0*=UTF-8''%E6%8A; filename*1*=%95.pdf", "投.pdf"),
        ('attachment; filename="=?utf-8?b?5oqV6K+JLnBkZg==?="', "投诉.pdf"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:\\\\x\\\\con.txt"', "_con.txt"),
        ('attachment; filename="a\u202efdp.exe"', "a fdp.exe"),
        ("attachment", "file.pdf"),
    ],
)
def test_names_of_files(header: str, name: str) -> None:
    got, _kept = read(lines("Content-Type: application/pdf", f"Content-Disposition: {header}", "", "x"))
    assert [one.name for one in got.parts] == [name]


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ('"help@tea.example" <eve@evil.example>', [("help@tea.example", "eve@evil.example")]),
        ("help@tea.example <eve@evil.example>", [("help@tea.example", "eve@evil.example")]),
        (
            "a@x.example, Bo <b@x.example>; c@x.example",
            [("", "a@x.example"), ("Bo", "b@x.example"), ("", "c@x.example")],
        ),
        ('"Team, Tea" <t@x.example>', [("Team, Tea", "t@x.example")]),
        ("Friends: a@x.example, b@x.example;", [("", "a@x.example"), ("", "b@x.example")]),
        ("a@x.example (Ana)", [("Ana", "a@x.example")]),
        ("=?utf-8?q?M=C3=BCller=2C_Ana?= <a@x.example>", [("Müller, Ana", "a@x.example")]),
        ("<@relay.example:a@x.example>", [("", "a@x.example")]),
        ("undisclosed-recipients:;", []),
        ("Ana", [("Ana", "")]),
        ('"open <a@x.example>', [("open", "a@x.example")]),
        ("", []),
    ],
)
def test_whom_a_header_names(header: str, found: list[tuple[str, str]]) -> None:
    got, _kept = read(lines(f"To: {header}", "", "x"))
    assert [(one.name, one.email) for one in got.to] == found


def test_a_mail_with_no_headers_no_body_or_nothing() -> None:
    for raw in (b"", b"\r\n", b"\r\n\r\n", b"no header at all", b"From: a@b"):
        got, _kept = read(raw)
        assert got.message_id == ""
    assert read(b"\r\njust text")[0].text == "just text"


def test_a_multipart_whose_boundary_never_comes_keeps_its_words() -> None:
    got, _kept = read(lines("Content-Type: multipart/mixed; boundary=x", "", "the words"))
    assert got.text == "the words"
    assert got.faults == ("boundary-never-comes",)


def test_a_multipart_that_is_cut_keeps_what_came() -> None:
    whole = lines(
        "Content-Type: multipart/mixed; boundary=x",
        "",
        "--x",
        "",
        "the words",
        "--x",
        "Content-Type: image/png",
        "",
        "half",
    )
    got, kept = read(whole)
    assert got.text == "the words"
    assert [kept.files[one.sha256] for one in got.parts] == [b"half\r\n"]
    assert "boundary-unclosed" in got.faults


def test_a_report_is_read_with_the_mail_it_is_about() -> None:
    got, _kept = read(
        lines(
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
            "", "--b", "", "Sorry.", "--b", "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; mx", "",
            "Final-Recipient: rfc822; ana@shop.example", "Action: failed", "--b", "Content-Type: text/rfc822-headers",
            "", "Message-ID: <ours@tea.example>", "--b--",
        )
    )  # fmt: skip
    assert "ana@shop.example" in got.report
    assert ("message-id", "<ours@tea.example>") in got.returned
    assert got.text == "Sorry."


def test_a_mail_within_a_mail_is_a_file_with_its_subject() -> None:
    inner = lines(
        "Subject: Inner one", "Content-Type: multipart/mixed; boundary=x", "", "--x", "", "inner words", "--x--"
    )
    got, kept = read(
        lines(
            "Content-Type: multipart/mixed; boundary=x", "", "--x", "", "see", "--x", "Content-Type: message/rfc822", ""
        )
        + inner.replace(b"--x", b"--y").replace(b"=x", b"=y")
        + b"\r\n--x--"
    )
    assert [one.name for one in got.parts] == ["Inner one.eml"]
    assert b"inner words" in kept.files[got.parts[0].sha256]
    assert got.text == "see"


def test_an_invitation() -> None:
    calendar = (
        "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:u1\r\nSUMMARY:Tea\r\nDTSTART:20261122T100000Z\r\n"
    )
    calendar += "ORGANIZER:mailto:ana@shop.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    got, _kept = read(lines("Content-Type: text/calendar; method=REQUEST; charset=utf-8", "", calendar))
    assert got.invitation is not None
    assert (got.invitation.method, got.invitation.summary) == ("REQUEST", "Tea")
    assert got.invitation.start_ms == 1_795_341_600_000
    assert [one.name for one in got.parts] == ["file.ics"]
    assert read(lines("Content-Type: text/calendar", "", "BEGIN:VCALENDAR\r\nnonsense"))[0].invitation is None


def test_a_zip_bomb_is_a_file_like_any_other() -> None:
    bomb = b"PK\x03\x04" + b"\0" * 1_000
    got, kept = read(
        lines("Content-Type: application/zip", "Content-Transfer-Encoding: base64", "", base64.encodebytes(bomb))
    )
    assert kept.files[got.parts[0].sha256] == bomb


def test_an_envelope_of_outlook_that_is_broken_is_a_file() -> None:
    got, _kept = read(lines('Content-Type: application/ms-tnef; name="winmail.dat"', "", "no tnef"))
    assert got.faults == ("winmail-unreadable",)
    assert [one.name for one in got.parts] == ["winmail.dat"]


def test_ten_thousand_parts_and_fifty_thousand_headers() -> None:
    part = b"--x\r\nContent-Type: image/png\r\n\r\nA\r\n"
    raw = (
        b"Content-Type: multipart/mixed; boundary=x\r\n"
        + b"X-Spam: yes\r\n" * 50_000
        + b"\r\n"
        + part * (MOST_PARTS + 5)
    )
    got, _kept = read(raw)
    assert len(got.parts) == MOST_FILES
    assert {"files-cut", "parts-cut", "headers-cut"} <= set(got.faults)


def test_a_thousand_levels_are_not_taken_apart() -> None:
    raw = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(1_000))
    got, _kept = read(raw + b"\r\ndeep words")
    assert "nested-too-deep" in got.faults
    assert "deep words" in got.text


def test_base64_with_anything_between_its_letters() -> None:
    body = "\r\n".join(base64.b64encode(b"The kettle leaks.").decode()) + " !!\r\n-- \r\nfooter="
    got, _kept = read(lines("Content-Type: text/plain", "Content-Transfer-Encoding: base64", "", body))
    assert got.text.startswith("The kettle leaks.")


pieces = st.sampled_from(
    rb"""
Content-Type: multipart/mixed; boundary=x
Content-Type: multipart/alternative; boundary="x"
Content-Type: multipart/report; boundary=x
--x
--x--
Content-Type: text/html; charset=utf-7
Content-Type: message/rfc822
Content-Type: message/delivery-status
Content-Type: application/ms-tnef
Content-Type: text/calendar
Content-Type: ;;;=
Content-Transfer-Encoding: base64
Content-Transfer-Encoding: uuencode
BEGIN:VCALENDAR
From: =?utf-8?q?=FF?= <a@b>, "
Date: Tue, 99 Xxx 99999 99:99:99 +9999
Message-ID: <>
Content-Disposition: attachment; filename*0*=x''%ZZ; filename*1=?
 folded
YWJj=
begin 644 x
#86)C
<blockquote><div
x\x9f>"\x01
""".split(b"\n")
)


def test_an_identifier_that_no_index_keeps_is_none() -> None:
    mail, _kept = read(lines(f"Message-ID: <{'茶' * 400}@tea.example>", f"References: <{'茶' * 200}@x> <r.1@x>", ""))
    assert (mail.message_id, mail.references) == ("", (f"{'茶' * 200}@x", "r.1@x"))


@settings(max_examples=300)
@given(
    said=st.lists(st.one_of(pieces, st.binary(max_size=40)), max_size=40), ends=st.sampled_from([b"\r\n", b"\n", b"\r"])
)
def test_nothing_raises(said: list[bytes], ends: bytes) -> None:
    got, _kept = read(ends.join(said))
    for text in (got.text, got.subject, got.html, *(one.name for one in got.parts)):
        text.encode()  # no half characters
        assert "\0" not in text


def test_a_long_name_without_an_address_is_read_once() -> None:
    mail, _ = read(lines(b"From: Ana " + b"a" * 60_000, "", "Hi"))
    assert mail.sender is None or "@" not in mail.sender.email


def test_ids_in_encoded_words_are_read() -> None:
    mail = EmailMessage(policy=SMTP)
    ids = [f"c{'a' * 42}.0192f0c3-1111-7222-8333-{number:012}@support.kettle.example" for number in range(3)]
    mail["In-Reply-To"] = f"<{ids[2]}>"
    mail["References"] = " ".join(f"<{one}>" for one in ids)
    mail.set_content("Hello")
    assert b"=?utf-8?q?" in mail.as_bytes(), "as Python's library folds what is long"
    got = read_mail(mail.as_bytes(), Kept())
    assert (got.in_reply_to, got.references) == ((ids[2],), tuple(ids))
