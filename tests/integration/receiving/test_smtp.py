"""Mail over SMTP from real clients and from wires."""

import asyncio
import contextlib
from email.message import EmailMessage

import aiosmtplib
import pytest

from engine.model.mail_record import Source
from engine.store.disk import Disk
from tests.integration.receiving.house import MAIL, House
from tests.integration.receiving.server import Wire, receiving
from tests.servers import eventually


def letter(number: int = 1, text: str = "It does not boil.\n.\n..\n") -> EmailMessage:
    message = EmailMessage()
    message["Message-ID"] = f"<{number}@customer.example>"
    message["From"] = "Ada <ada@customer.example>"
    message["To"] = "desk@shop.example"
    message["Subject"] = "Kettle"
    message.set_content(text)
    return message


async def test_a_mail_of_a_real_client_is_kept_as_it_was_sent(house: House) -> None:
    async with receiving(house) as running:
        refused, answer = await aiosmtplib.send(letter(), hostname="127.0.0.1", port=running.port, start_tls=False)
    (mail,) = await house.mails()
    assert (refused, answer) == ({}, f"2.6.0 Taken as {mail.received.id}")
    envelope = mail.received.envelope
    assert (envelope.org_id, envelope.channel, envelope.source) == ("acme", "desk", Source.SMTP)
    assert (envelope.sender, envelope.recipients) == ("ada@customer.example", ("desk@shop.example",))
    assert envelope.peer.startswith("[127.0.0.1] ")
    assert await house.source(mail) == bytes(letter()).replace(b"\n", b"\r\n")
    assert running.counts == {("accepted", ""): 1}


async def test_what_the_server_offers(house: House) -> None:
    async with receiving(house, most_bytes=50_000) as running, await Wire.open(running.port) as wire:
        assert await wire.reply() == "220 mx.shop.example ESMTP"
        assert await wire.say("EHLO customer.example") == (
            "250-mx.shop.example\n250-SIZE 50000\n250-8BITMIME\n250-SMTPUTF8\n250-PIPELINING\n250 ENHANCEDSTATUSCODES"
        )
        assert await wire.say("VRFY desk@shop.example") == "252 2.5.0 Send a mail and see"
        assert (await wire.say("EXPN all")).startswith("502 5.5.1")
        assert (await wire.say("AUTH PLAIN AGEAYg==")).startswith("502 5.5.1")
        assert (await wire.say("STARTTLS")).startswith("454 4.7.0")
        assert (await wire.say("HELP")).startswith("214")
        assert await wire.say("QUIT") == "221 2.0.0 Bye"
        assert await wire.closed()


async def test_several_mails_over_one_connection_and_one_that_comes_again(house: House) -> None:
    async with receiving(house) as running, await Wire.greeted(running.port, "HELO") as wire:
        first = await wire.mail(MAIL)
        assert first == await wire.mail(b"Received: by another way\r\n" + MAIL)
        assert (await wire.mail(MAIL.replace(b"<1@", b"<2@"), "DESK@shop.example")).startswith("250 2.6.0")
        assert len(await house.mails()) == 2
        assert running.counts == {("accepted", ""): 2, ("repeated", ""): 1}


async def test_the_null_sender_and_addresses_in_other_scripts(house: House) -> None:
    async with receiving(house) as running, await Wire.greeted(running.port) as wire:
        assert (await wire.begin(sender=""))[0] == "250 2.1.0 Sender taken"
        await wire.say("DATA")
        assert (await wire.say(MAIL + b".\r\n")).startswith("250")
        assert (await wire.say("MAIL FROM:<jürgen@bücher.example> SMTPUTF8 BODY=8BITMIME SIZE=900")).startswith("250")
        await wire.say("RCPT TO:<sales@shop.example>")
        await wire.say("DATA")
        assert (await wire.say("Message-ID: <2@x>\r\n\r\nGrüße\r\n.")).startswith("250")
    assert [mail.received.envelope.sender for mail in await house.mails()] == ["", "jürgen@bücher.example"]


async def test_recipients_of_one_mail_are_brought_together_by_organisation(house: House) -> None:
    async with receiving(house) as running, await Wire.greeted(running.port) as wire:
        reply = await wire.mail(MAIL, "sales@shop.example", "post@zeta.example", "desk@shop.example")
        assert reply.startswith("250")
    (ours,), (theirs,) = await house.mails(), await house.mails("zeta")
    assert (ours.received.envelope.channel, ours.received.envelope.recipients) == (
        "sales",
        ("sales@shop.example", "desk@shop.example"),
    )
    assert (theirs.received.envelope.channel, theirs.received.envelope.recipients) == ("post", ("post@zeta.example",))


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("<nobody@shop.example>", "550 5.1.1"),
        ("<desk@elsewhere.example>", "550 5.7.1"),
        ("<desk%elsewhere.example@relay.example>", "550 5.7.1"),
        ("<@shop.example:desk@elsewhere.example>", "5"),
        ("<desk>", "550 5.7.1"),
        ("<>", "550 5.7.1"),
        ("<\x00desk@shop.example>", "5"),
        ("<desk@shop.example\rRCPT TO:<desk@shop.example>", "5"),
        ('<"desk@shop.example"@elsewhere.example>', "550 5.7.1"),
        ("<" + "d" * 400 + "@shop.example>", "5"),
        ("<desk@shop.example> NOTIFY=NEVER", "555 5.5.4"),
        ("", "501 5.5.4"),
    ],
)
async def test_who_is_not_here_is_refused(house: House, address: str, code: str) -> None:
    async with receiving(house) as running, await Wire.greeted(running.port) as wire:
        assert (await wire.say("MAIL FROM:<ada@customer.example>")).startswith("250")
        assert (await wire.say(f"RCPT TO:{address}")).startswith(code)
        assert (await wire.say("DATA")).startswith("503 5.5.1")
        assert (await wire.say("RCPT TO:<desk@shop.example>")).startswith("250")


@pytest.mark.parametrize("address", ["postmaster", "Postmaster@shop.example"])
async def test_the_postmaster_is_always_here(house: House, address: str) -> None:
    async with receiving(house) as running, await Wire.greeted(running.port) as wire:
        assert (await wire.say("MAIL FROM:<ada@customer.example>")).startswith("250")
        assert (await wire.say(f"RCPT TO:<{address}>")).startswith("250")


async def test_a_full_disk_is_told_before_the_mail_and_room_after_it(house: House) -> None:
    free = 0
    house.inlet._disk = Disk(house.directory, reserve=1_000, free=lambda _directory: free, look_s=0)
    async with receiving(house) as running, await Wire.greeted(running.port) as wire:
        assert (await wire.say("MAIL FROM:<ada@customer.example>")).startswith("452 4.3.1")
        assert running.counts == {("refused", "away"): 1}
        free = 1_000
        assert (await wire.say("MAIL FROM:<ada@customer.example>")).startswith("250")


async def test_a_server_that_knows_no_address_yet_asks_to_come_again(house: House) -> None:
    async with receiving(house) as running, await Wire.greeted(running.port) as wire:
        running.organisations.held = []
        assert (await wire.begin())[1].startswith("451 4.3.0")


async def test_commands_out_of_order_and_nonsense_are_answered(house: House) -> None:
    async with receiving(house) as running, await Wire.open(running.port) as wire:
        await wire.reply()
        for sent, code in (
            ("MAIL FROM:<a@b.example>", "503 5.5.1"),
            ("EHLO", "501"),
            ("EHLO x", "250"),
            ("RCPT TO:<desk@shop.example>", "503 5.5.1"),
            ("DATA", "503 5.5.1"),
            ("", "500 5.5.1"),
            ("x" * 5_000, "500 5.5.1"),
            ("x" * 200_000, "500 5.5.1"),
            (b"\xff\xfe\r\n", "500 5.5.1"),
            ("MAIL FROM:<a@b.example> SIZE=99999999999", "552 5.3.4"),
            ("MAIL FROM:<a@b.example> SIZE=many", "501 5.5.4"),
            ("MAIL FROM:<a@b.example> BODY=BINARYMIME", "501 5.5.4"),
            ("MAIL TO:<a@b.example>", "501 5.5.4"),
            ("MAIL FROM:<a@b.example>", "250"),
            ("MAIL FROM:<c@d.example>", "503 5.5.1"),
            ("RSET", "250 2.0.0"),
            ("RCPT TO:<desk@shop.example>", "503 5.5.1"),
            ("LHLO x", "500 5.5.1"),
            (b"VRFY \xff\xfe\r\n", "252"),
        ):
            assert (await wire.say(sent)).startswith(code), sent[:40]


async def test_pipelined_commands_behind_a_mail_are_answered_in_order(house: House) -> None:
    async with receiving(house) as running, await Wire.greeted(running.port) as wire:
        one = b"MAIL FROM:<a@b.example>\r\nRCPT TO:<desk@shop.example>\r\nDATA\r\n"
        second = MAIL.replace(b"<1@", b"<2@") + b"." + b"x" * 100_000 + b"\r\n"
        wire.send(one + MAIL + b".\r\n" + one + second.replace(b"\r\n.x", b"\r\n..x") + b".\r\nNOOP\r\nQUIT\r\n")
        codes = [(await wire.reply())[:3] for _ in range(10)]
        assert codes == ["250", "250", "354", "250"] * 2 + ["250", "221"]
    assert [await house.source(mail) for mail in await house.mails()] == [MAIL, second]


@pytest.mark.parametrize("too_large", [True, False])
async def test_the_size_is_bound_by_what_comes_not_by_what_was_said(house: House, too_large: bool) -> None:
    async with receiving(house, most_bytes=100_000) as running, await Wire.greeted(running.port) as wire:
        source = MAIL + b"x" * (100_000 - len(MAIL) - 2 + too_large) + b"\r\n"
        assert (await wire.mail(source)).startswith("552 5.3.4" if too_large else "250 2.6.0")
        assert (await wire.mail(MAIL.replace(b"<1@", b"<2@"))).startswith("250")
        assert len(await house.mails()) == (1 if too_large else 2)


async def test_a_mail_that_never_ends_is_cut_off(house: House) -> None:
    async with receiving(house, most_bytes=50_000) as running, await Wire.greeted(running.port) as wire:
        await wire.begin()
        await wire.say("DATA")
        wire.send(b"QUIT\r\n" * 50_000)
        assert (await wire.reply()).startswith("552 5.3.4")
        assert (await wire.reply()).startswith("421 4.7.0")
        assert await wire.closed()
    assert house.files() == []


async def test_any_byte_and_any_length_of_line_is_kept(house: House) -> None:
    source = MAIL + b"\x00\xff bare \n and \r \x1b" + b"y" * 300_000 + b"\r\n..\r\n"
    async with receiving(house) as running, await Wire.greeted(running.port) as wire:
        assert (await wire.mail(source.replace(b"\r\n..", b"\r\n..."))).startswith("250")
    (mail,) = await house.mails()
    assert await house.source(mail) == source


async def test_a_mail_in_circles_is_refused(house: House) -> None:
    async with receiving(house) as running, await Wire.greeted(running.port) as wire:
        assert (await wire.mail(b"Received: from a\r\n" * 51 + MAIL)).startswith("554 5.4.6")
        assert running.counts == {("refused", "mail-loop"): 1}
    assert await house.mails() == []


@pytest.mark.parametrize("after", [b"MAIL", b"MAIL\r\n.", b"MAIL\r\n.\r"])
async def test_a_client_that_goes_in_the_middle_leaves_nothing(house: House, after: bytes) -> None:
    async with receiving(house) as running:
        wire = await Wire.greeted(running.port)
        await wire.begin()
        await wire.say("DATA")
        wire.send(MAIL + after)
        await wire.writer.drain()
        wire.writer.close()
        await eventually(
            lambda: running.counts[("refused", "connection-lost")] == 1 and running.server.connections() == 0
        )
        assert await house.mails() == []
        assert house.files() == []


async def test_a_mail_that_was_sent_whole_is_taken_though_its_client_went(house: House) -> None:
    async with receiving(house) as running:
        wire = await Wire.greeted(running.port)
        await wire.begin()
        await wire.say("DATA")
        wire.send(MAIL + b".\r\n")
        await wire.writer.drain()
        wire.writer.write_eof()
        await eventually(lambda: running.counts[("accepted", "")] == 1)
        with contextlib.suppress(ConnectionError):
            wire.writer.close()
    assert len(await house.mails()) == 1


async def test_hundreds_of_clients_at_once(house: House) -> None:
    async def one(number: int, port: int) -> str:
        async with await Wire.greeted(port) as wire:
            return await wire.mail(MAIL.replace(b"<1@", f"<{number}@".encode()) + b"z" * 20_000 + b"\r\n")

    async with receiving(house, connections_per_address=1_000) as running:
        replies = await asyncio.gather(*(one(number, running.port) for number in range(150)))
        assert all(reply.startswith("250") for reply in replies)
    assert len(await house.mails()) == 150
