import random

import pytest

from engine.channels.email.fingerprint import LONGEST_LINE, MOST_LINES, Fingerprint

MAIL = (
    b"Received: from mx.example by us.example; Sun, 22 Nov 2026 10:00:00 +0000\r\n"
    b"Message-ID: <1@customer.example>\r\n"
    b"Date: Sun, 22 Nov 2026 10:00:00 +0000\r\n"
    b"From: Ada <ada@customer.example>\r\n"
    b"To: desk@shop.example\r\n"
    b"Subject: My kettle is\r\n broken\r\n"
    b"\r\n"
    b"It does not boil.\r\n\r\nAda\r\n"
)


def fingerprint(source: bytes, *, mailbox: str = "desk", pieces: int = 1 << 30) -> str:
    taken = Fingerprint()
    for start in range(0, len(source), pieces):
        taken.add(source[start : start + pieces])
    return taken.hex(mailbox)


@pytest.mark.parametrize(
    "other",
    [
        MAIL.replace(b"\r\n", b"\n"),
        b"Received: from another.example\r\nX-Spam: no\r\nDKIM-Signature: a=b\r\n" + MAIL,
        MAIL.replace(b"is\r\n broken", b"is broken"),
        MAIL.replace(b"Subject: My kettle", b"SUBJECT:  My\r\n\tkettle"),
        MAIL + b"\r\n\r\n\r\n",
        MAIL.rstrip(b"\r\n"),
        MAIL.replace(b"Received:", b"Delivered-To:"),
        b"From ada@customer.example Sun Nov 22 10:00:00 2026\n" + MAIL,
    ],
    ids=["line ends", "trace lines", "unfolded", "folded anew", "empty lines", "no last line end", "header", "mbox"],
)
def test_the_same_mail_has_the_same_fingerprint_whatever_servers_did_to_it(other: bytes) -> None:
    assert fingerprint(other) == fingerprint(MAIL)
    assert fingerprint(other, mailbox="elsewhere") == fingerprint(MAIL)


@pytest.mark.parametrize(
    "other",
    [
        MAIL.replace(b"<1@", b"<2@"),
        MAIL.replace(b"does not", b"does"),
        MAIL.replace(b"Ada <", b"Eve <"),
        MAIL.replace(b"To: desk@", b"To: sales@"),
        MAIL.replace(b"My kettle", b"Your kettle"),
        MAIL.replace(b"10:00:00 +0000\r\nFrom", b"10:00:01 +0000\r\nFrom"),
        MAIL.replace(b"boil.\r\n\r\nAda", b"boil.\r\nAda"),
        MAIL.replace(b"Subject: My kettle is", b"Subject:\r\nSubject: My kettle is"),
    ],
)
def test_another_mail_has_another_fingerprint(other: bytes) -> None:
    assert fingerprint(other) != fingerprint(MAIL)


def test_of_a_mail_without_message_id_and_date_all_of_it_counts() -> None:
    bare = b"From: alarm@plant.example\r\nSubject: Too hot\r\n\r\nPump 7\r\n"
    assert fingerprint(bare) == fingerprint(bare)
    assert fingerprint(bare) != fingerprint(b"Received: from a\r\n" + bare)
    assert fingerprint(bare) != fingerprint(bare, mailbox="other")
    for header in (b"Message-ID: <9@x>\r\n", b"Date: now\r\n"):
        assert fingerprint(header + bare) == fingerprint(b"Received: from a\r\n" + header + bare, mailbox="other")


def test_an_empty_message_id_is_told_from_none() -> None:
    rest = b"From: a@b.example\r\n\r\nhello\r\n"
    assert fingerprint(b"Message-ID:\r\n" + rest) != fingerprint(rest)


@pytest.mark.parametrize(
    "source",
    [
        MAIL,
        b"",
        b"\r\n",
        b"\r\nbody\r\n",
        b"no header at all\r\nbut text\r\n",
        b"Message-ID: <1@x>\r\nno colon here\r\n\r\nDate: in the body",
        b"Date",
        b"Date: x",
        b" folded: before anything\r\n\r\n",
        b"Date: a\rb\r\n\r\n\r\r\r\n\r\n\n\r",
        b"Subject: " + b"x" * (LONGEST_LINE * 2) + b"\r\nDate: y\r\n\r\n" + b"\n" * 200_000 + b"z",
        b"\x00\xff\x00:\r\n\xff",
    ],
)
def test_how_it_is_cut_does_not_matter(source: bytes) -> None:
    whole = fingerprint(source)
    chance = random.Random(3)
    assert len(whole) == 64
    assert fingerprint(source, pieces=4_096) == whole
    if len(source) < 1_000:
        assert {fingerprint(source, pieces=size) for size in range(1, 30)} == {whole}
    taken, at = Fingerprint(), 0
    while at < len(source):
        size = chance.randint(0, 40_000)
        taken.add(source[at : at + size])
        at += size
    assert taken.hex("desk") == whole
    assert taken.hex("desk") == whole


def test_a_body_without_a_line_before_it_counts() -> None:
    one = fingerprint(b"Date: x\r\nthis is text\r\nand more\r\n")
    assert one != fingerprint(b"Date: x\r\nthis is text\r\nand less\r\n")
    assert one == fingerprint(b"Date: x\r\n\r\nthis is text\r\nand more\r\n")


def test_hops_are_counted_in_the_header_only() -> None:
    taken = Fingerprint()
    taken.add(b"Received: a\r\n b\r\nRECEIVED : c\r\nX-Received: d\r\n\r\nReceived: e\r\n")
    assert taken.received == 2


@pytest.mark.parametrize("pieces", [4_096, 1 << 30])
def test_of_an_endless_header_the_rest_is_body(pieces: int) -> None:
    flood = MAIL.partition(b"\r\n\r\n")[0] + b"\r\n" + b"a:\r\n" * MOST_LINES
    whole = fingerprint(flood + b"Received: x\r\nend", pieces=pieces)
    assert whole == fingerprint(flood + b"Received: x\r\nend")
    assert whole != fingerprint(flood + b"Received: y\r\nend", pieces=pieces)  # a trace line of a header does not count
    taken = Fingerprint()
    taken.add(flood + b"Received: x\r\n" * 100)
    assert taken.received == 1
