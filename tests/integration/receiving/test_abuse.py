"""What must not work: mails smuggled, commands injected, connections held, passwords guessed."""

import asyncio
import base64
import ssl
from pathlib import Path

import aiosmtplib
import pytest

from engine.channels.email.smtp.server import MailServer
from engine.errors import ConfigurationError
from tests.integration.receiving.house import MAIL, House
from tests.integration.receiving.server import Wire, make_certificate, receiving
from tests.servers import eventually

PLAIN = base64.b64encode(b"\0gateway\0s3cret").decode()
WRONG = base64.b64encode(b"\0gateway\0wrong").decode()

FALSE_ENDS = (
    b"\n.\n",
    b"\n.\r\n",
    b"\r\n.\n",
    b"\r.\r",
    b"\r.\n",
    b"\r.\r\n",
    b"\r\n.\r",
    b"\r\n\x00.\r\n",
    b"\r\n.\x00\r\n",
    b"\n\n.\r\r\n",
)
"""Ends that some servers take for the end of a mail and others do not (CVE-2023-51764, -51765, -51766)."""


@pytest.mark.parametrize("false_end", FALSE_ENDS)
async def test_a_mail_is_not_smuggled_within_another(house: House, false_end: bytes) -> None:
    hidden = (
        b"mail FROM:<boss@shop.example>\r\nrcpt TO:<desk@shop.example>\r\ndata\r\nFrom: boss@shop.example\r\n\r\npay"
    )
    async with receiving(house) as running, await Wire.greeted(running.port) as wire:
        assert (await wire.mail(MAIL + b"text" + false_end + hidden + b"\r\n")).startswith("554 5.5.2")
        assert (await wire.say("NOOP")).startswith("250")
        assert running.counts == {("refused", "mail-smuggled"): 1}
    assert await house.mails() == []


async def test_commands_injected_before_tls_are_dropped(house: House, tmp_path: Path) -> None:
    chain, key = make_certificate(tmp_path)
    async with receiving(house, certificate=chain, key=key) as running, await Wire.greeted(running.port) as wire:
        wire.send(b"STARTTLS\r\nEHLO evil\r\nMAIL FROM:<evil@x.example>\r\nRCPT TO:<desk@shop.example>\r\n")
        assert (await wire.reply()).startswith("220 2.0.0")
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            await wire.writer.start_tls(context)
        except (ssl.SSLError, ConnectionError):
            return  # they came behind the command and were taken for TLS: the connection is gone
        assert (await wire.say("RCPT TO:<desk@shop.example>")).startswith("503")
        assert (await wire.say("DATA")).startswith("503")


async def test_tls_begins_once_and_everything_before_it_is_forgotten(house: House, tmp_path: Path) -> None:
    chain, key = make_certificate(tmp_path)
    async with receiving(house, certificate=chain, key=key) as running, await Wire.greeted(running.port) as wire:
        await wire.begin()
        await wire.secure()
        assert (await wire.say("MAIL FROM:<a@b.example>")).startswith("503")
        assert "STARTTLS" not in await wire.say("EHLO x")
        assert (await wire.say("STARTTLS")).startswith("503 5.5.1")
        assert (await wire.mail(MAIL)).startswith("250")
    (mail,) = await house.mails()
    assert mail.received.envelope.peer.startswith("[127.0.0.1] x TLSv1.3 ")


async def test_a_failed_handshake_leaves_nothing(house: House, tmp_path: Path) -> None:
    chain, key = make_certificate(tmp_path)
    async with receiving(house, certificate=chain, key=key) as running:
        async with await Wire.greeted(running.port) as wire:
            await wire.say("STARTTLS")
            wire.send(b"this is no TLS at all" * 10)
            assert await wire.closed()
        await eventually(lambda: running.server.connections() == 0)


async def test_a_renewed_certificate_is_used_and_a_broken_one_is_not(house: House, tmp_path: Path) -> None:
    def shown(wire: Wire) -> bytes:
        certificate: bytes = wire.writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return certificate

    async def seen(port: int) -> bytes:
        async with await Wire.greeted(port) as wire:
            await wire.secure()
            return shown(wire)

    chain, key = make_certificate(tmp_path)
    async with receiving(house, certificate=chain, key=key) as running:
        first = await seen(running.port)
        assert await seen(running.port) == first
        new_chain, new_key = make_certificate(tmp_path, "renewed")
        chain.write_text("broken")
        assert await seen(running.port) == first
        key.write_bytes(new_key.read_bytes())
        chain.write_bytes(new_chain.read_bytes())
        assert await seen(running.port) != first


async def test_a_wrong_set_up_is_told_at_the_start(house: House, tmp_path: Path) -> None:
    (tmp_path / "users").write_text("gateway\n")
    (tmp_path / "cert").write_text("no certificate")
    chain, key = make_certificate(tmp_path)
    for settings, word in (
        ({"certificate": tmp_path / "cert"}, "certificate"),
        ({"certificate": tmp_path / "missing"}, "No such file"),
        ({"users": tmp_path / "users"}, "smtp_certificate"),
        ({"users": tmp_path / "users", "certificate": chain, "key": key}, "users:1: no password"),
        ({"smtp": "203.0.113.1:1"}, "cannot listen"),
        ({"smtp": "", "lmtp": str(tmp_path / "missing" / "socket")}, "cannot listen"),
    ):
        with pytest.raises(ConfigurationError, match=word):
            async with receiving(house, **settings):
                pass


@pytest.fixture
def users(tmp_path: Path) -> Path:
    file = tmp_path / "users"
    file.write_text("# who may\n\ngateway:s3cret\nother:with:colon\n")
    return file


async def test_with_users_mail_is_taken_after_auth_over_tls_only(house: House, tmp_path: Path, users: Path) -> None:
    chain, key = make_certificate(tmp_path)
    async with (
        receiving(house, certificate=chain, key=key, users=users) as running,
        await Wire.greeted(running.port) as wire,
    ):
        assert (await wire.say("MAIL FROM:<a@b.example>")).startswith("530 5.7.0")
        assert (await wire.say(f"AUTH PLAIN {PLAIN}")).startswith("538 5.7.11")
        await wire.secure()
        assert "250-AUTH LOGIN PLAIN" in await wire.say("EHLO x")
        assert (await wire.say("MAIL FROM:<a@b.example>")).startswith("530 5.7.0")
        assert (await wire.say(f"AUTH PLAIN {WRONG}")).startswith("535 5.7.8")
        assert (await wire.say(f"AUTH PLAIN {PLAIN}")).startswith("235 2.7.0")
        assert (await wire.mail(MAIL)).startswith("250")
        client = aiosmtplib.SMTP(
            hostname="127.0.0.1", port=running.port, start_tls=True, validate_certs=False, username="other",
            password="with:colon",
        )  # fmt: skip
        async with client:
            await client.sendmail("a@b.example", "desk@shop.example", MAIL.replace(b"<1@", b"<2@"))
    first, second = await house.mails()
    assert first.received.envelope.peer.endswith(" as gateway")
    assert second.received.envelope.peer.endswith(" as other")


async def test_passwords_are_not_guessed(house: House, tmp_path: Path, users: Path) -> None:
    chain, key = make_certificate(tmp_path)
    async with receiving(house, certificate=chain, key=key, users=users, networks=("127.0.0.0/8",)) as running:
        tried = 0
        for _ in range(5):
            async with await Wire.greeted(running.port) as wire:
                await wire.secure()
                await wire.say("EHLO x")
                while (reply := await wire.say(f"AUTH PLAIN {WRONG}")).startswith("535"):
                    tried += 1
                assert reply.startswith("421 4.7.0")
                assert await wire.closed()
        assert tried <= 10
        assert running.counts[("refused", "guesses")] >= 1


async def test_connections_are_bounded_in_all_and_by_address(house: House) -> None:
    for settings, code in (
        ({"connections_per_address": 3}, "421 4.7.0"),
        ({"connections": 3}, "421 4.3.2"),
        ({"connections": 3, "networks": ("127.0.0.0/8",)}, "421 4.3.2"),
    ):
        async with receiving(house, **settings) as running:
            held = [await Wire.greeted(running.port) for _ in range(3)]
            async with await Wire.open(running.port) as refused:
                assert (await refused.reply()).startswith(code)
                assert await refused.closed()
            held.pop().writer.close()
            await eventually(lambda server=running.server: server.connections() == 2)  # type: ignore[misc]
            held.append(await Wire.greeted(running.port))
            for wire in held:
                wire.writer.close()
    async with receiving(house, connections_per_address=1, networks=("127.0.0.0/8",)) as running:
        for wire in [await Wire.greeted(running.port) for _ in range(5)]:
            wire.writer.close()


async def test_an_address_may_send_so_many_mails(house: House) -> None:
    async with receiving(house, rate=2) as running, await Wire.greeted(running.port) as wire:
        assert [(await wire.mail(MAIL))[:3] for _ in range(2)] == ["250", "250"]
        assert (await wire.say("MAIL FROM:<a@b.example>")).startswith("451 4.7.1")
    async with (
        receiving(house, rate=2, networks=("127.0.0.1/32",)) as running,
        await Wire.greeted(running.port) as wire,
    ):
        assert [(await wire.mail(MAIL))[:3] for _ in range(5)] == ["250"] * 5


async def test_addresses_are_not_searched_for(house: House) -> None:
    async with receiving(house, most_unknown=3) as running, await Wire.greeted(running.port) as wire:
        replies = (await wire.begin(*(f"guess{number}@shop.example" for number in range(4))))[1:]
        assert [reply[:9] for reply in replies] == ["550 5.1.1"] * 3 + ["421 4.7.0"]
        assert await wire.closed()


async def test_recipients_and_commands_are_bounded(house: House) -> None:
    async with receiving(house, most_recipients=3, most_commands=5) as running:
        async with await Wire.greeted(running.port) as wire:
            replies = (await wire.begin(*["desk@shop.example"] * 4))[1:]
            assert [reply[:9] for reply in replies] == ["250 2.1.5"] * 3 + ["452 4.5.3"]
            assert [(await wire.say("NOOP"))[:3] for _ in range(6)] == ["250"] * 5 + ["421"]
            assert await wire.closed()
        async with await Wire.greeted(running.port) as wire:
            assert [(await wire.say("NONSENSE"))[:3] for _ in range(5)] == ["500"] * 4 + ["502"]
            assert await wire.closed()


async def test_who_is_silent_or_slow_is_cut_off(house: House) -> None:
    async with receiving(house, command_s=0.2) as running, await Wire.greeted(running.port) as wire:
        assert (await wire.reply()).startswith("421 4.4.2")
        assert await wire.closed()
    for settings in ({"data_s": 0.2}, {"mail_s": 0.0}):
        async with receiving(house, **settings) as running, await Wire.greeted(running.port) as wire:
            await wire.begin()
            await wire.say("DATA")
            wire.send(b"Subject: slow\r\n")
            assert (await wire.reply()).startswith("421 4.4.2")
            assert await wire.closed()
            await eventually(lambda counts=running.counts: counts[("refused", "connection-lost")] == 1)  # type: ignore[misc]
    assert house.files() == []


async def test_a_client_that_reads_no_answer_holds_nothing_for_ever(house: House) -> None:
    async with receiving(house, command_s=0.3) as running:
        wire = await Wire.greeted(running.port)
        wire.reader._transport.pause_reading()  # type: ignore[attr-defined]
        wire.send(b"NOOP\r\n" * 200_000)
        await eventually(lambda: running.server.connections() == 0, within_s=40)
        wire.writer.transport.abort()


async def test_the_disk_and_the_record_may_be_away_and_come_back(house: House) -> None:
    async with receiving(house) as running, await Wire.greeted(running.port) as wire:
        (house.directory / "attachments").write_text("in the way")
        assert (await wire.mail(MAIL)).startswith("452 4.3.1")
        (house.directory / "attachments").unlink()
        assert (await wire.mail(MAIL)).startswith("250")
        await house.store.stop()
        assert (await wire.mail(MAIL.replace(b"<1@", b"<2@"))).startswith("452 4.3.1")
        assert running.counts == {("refused", "away"): 2, ("accepted", ""): 1}


async def test_a_mistake_of_ours_ends_the_connection_and_nothing_of_the_mail_is_read_as_commands(house: House) -> None:
    async def broken(*_: object, **__: object) -> object:
        raise ZeroDivisionError

    house.inlet.take_each = broken  # type: ignore[method-assign, assignment]
    async with receiving(house) as running, await Wire.greeted(running.port) as wire:
        await wire.begin()
        wire.send(b"DATA\r\n" + MAIL + b"\r\nMAIL FROM:<a@b.example>\r\n.\r\n")
        assert (await wire.reply()).startswith("354")
        assert (await wire.reply()).startswith("452")
        assert (await wire.reply()).startswith("451 4.3.0")
        assert await wire.closed()


async def test_the_server_stops_when_the_last_mail_is_in(house: House) -> None:
    async with receiving(house, drain_s=20) as running:
        idle, busy = await Wire.greeted(running.port), await Wire.greeted(running.port)
        await busy.begin()
        await busy.say("DATA")
        busy.send(MAIL)
        await busy.writer.drain()
        stopping = asyncio.create_task(running.server.stop())
        assert (await idle.reply()).startswith("421 4.3.2")
        assert await idle.closed()
        assert not stopping.done()
        assert (await busy.say(b".\r\n")).startswith("250 2.6.0")
        assert (await busy.reply()).startswith("421 4.3.2")
        await stopping
        with pytest.raises(ConnectionError):
            await Wire.open(running.port if running.server.ports else 1)
        for wire in (idle, busy):
            wire.writer.close()
    assert len(await house.mails()) == 1


async def test_a_mail_that_does_not_end_holds_up_no_stop(house: House) -> None:
    async with receiving(house, drain_s=0.2) as running:
        wire = await Wire.greeted(running.port)
        await wire.begin()
        await wire.say("DATA")
        wire.send(MAIL)
        await wire.writer.drain()
        server: MailServer = running.server
        await server.stop()
        assert await wire.closed()
        assert server.connections() == 0
        wire.writer.close()
    assert house.files() == []
