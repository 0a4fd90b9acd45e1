"""Mail goes out over real SMTP: what is taken, refused, put off, broken off; what is slow or away holds up nothing."""

import asyncio
import base64
import re
import ssl
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from sqlalchemy import Connection

from engine.channels.email.relays import Relays
from engine.channels.email.room import Room
from engine.channels.email.secret_files import SecretFiles
from engine.channels.email.sender import MailSender, SenderParts
from engine.channels.email.source import Sources
from engine.channels.email.turns import Turns
from engine.channels.email.ways import WayParts, Ways
from engine.clock import SystemClock
from engine.errors import Unavailable
from engine.ids import id_source
from engine.model.conversation import Entry
from engine.model.mail import Mailbox
from engine.model.mail_channel import Email
from engine.model.mail_record import OutgoingFile, OutgoingKind, OutgoingMail, OutgoingState, RecipientState
from engine.model.organisation import Channel, Organisation
from engine.store.blobs import Blobs
from engine.store.mail.outbox_rows import queue_in
from engine.store.mail.tables import outgoing_recipients
from engine.store.store import Store
from engine.store.upsert import change
from tests.integration.channels.email.sink import CLOSE, Sink
from tests.organisations import small_organisation
from tests.records import migrated_file
from tests.servers import eventually

ZOE = Mailbox(email="Zoe@example.org", name="Zoë")
LEE = Mailbox(email="lee@example.net")


class Shifted(SystemClock):
    """A clock that a test may set on."""

    by_ms = 0

    def now_ms(self) -> int:
        return super().now_ms() + self.by_ms


@dataclass
class Post:
    """A record with an outbox, and a sender that empties it."""

    store: Store
    blobs: Blobs
    directory: Path
    clock: SystemClock = field(default_factory=SystemClock)
    emails: dict[str, Email] = field(default_factory=dict)
    told: list[Entry] = field(default_factory=list)

    def get(self, org_id: str) -> Organisation:
        channels = {
            key: Channel(key=key, kind="email", name="Help", queue="sales", email=one)
            for key, one in self.emails.items()
        }
        return small_organisation(org_id, channels=channels)

    def sender(self, relay_url: str, *, relays: Relays | None = None, **changes: object) -> MailSender:
        secrets = SecretFiles(directory=self.directory / "secrets")
        outbox = self.store.outgoing
        relays = relays or Relays(timeout_s=300, connections=4, name="client.test")
        parts = SenderParts(
            outbox=outbox,
            sources=Sources(blobs=self.blobs, outbox=outbox, read_secret=secrets.read, clock=self.clock),
            relays=relays,
            turns=Turns(at_once=4, per_minute=60_000, clock=self.clock),
            ways=Ways(
                parts=WayParts(
                    blocked=self.store.outgoing_blocked,
                    organisations=self,
                    read_secret=secrets.read,
                    relay_url=relay_url,
                    away=relays.away,
                    clock=self.clock,
                )
            ),
            told=lambda _org, entries: self.told.extend(entries),
            failed=lambda _org, _user: None,
            clock=self.clock,
            chance=lambda: 0.5,
        )
        return MailSender(replace(parts, **changes))  # type: ignore[arg-type]

    async def queue(self, **changes: object) -> OutgoingMail:
        new_id = self.store._access.new_id
        mail_id = new_id()
        mail = OutgoingMail(
            id=mail_id,
            org_id="acme",
            channel="mail",
            kind=OutgoingKind.REPLY,
            case_id="case",
            message_id=f"{mail_id}@shop.example",
            in_reply_to="m1@example.org",
            references=("m0@example.org", "m1@example.org"),
            sender=Mailbox(email="help@shop.example", name="Kettle & Crane"),
            reply_to="help+token@shop.example",
            to=(ZOE,),
            subject="Re: [#1] Teekessel — 茶壶",
            text="Grüße.\n.\nFrom here on.\n",
            created_ms=self.clock.now_ms(),
        )
        mail = replace(mail, **changes)  # type: ignore[arg-type]
        return await self.store._access.write(mail.org_id, lambda conn: queue_in(conn, mail))

    async def now(self, mail: OutgoingMail) -> OutgoingMail:
        return await self.store.outgoing.get(mail.org_id, mail.id)

    def is_(self, mail: OutgoingMail, state: OutgoingState) -> "Callable[[], object]":
        async def look() -> bool:
            return (await self.now(mail)).state is state

        return look


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    clock = SystemClock()
    new_id = id_source(clock)
    store = Store(url=migrated_file(tmp_path / "record.db"), clock=clock, new_id=new_id)
    await store.start()
    blobs = Blobs(directory=tmp_path / "blobs", new_id=new_id)
    made = Post(store=store, blobs=blobs, directory=tmp_path)
    made.emails["mail"] = Email(address="help@shop.example")
    yield made
    await store.stop()


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with Sink().running() as running:
        yield running


def url(sink: Sink) -> str:
    return f"smtp-plain://127.0.0.1:{sink.port}"


async def test_a_mail_arrives_as_it_was_written(post: Post, sink: Sink) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"%PDF\r\n\0"

    blob = await post.blobs.write(chunks(), most_bytes=100)
    file = OutgoingFile(name="Rechnung ü.pdf", media_type="application/pdf", size=7, sha256=blob.sha256)
    mail = await post.queue(cc=(LEE,), bcc=(Mailbox(email="boss@shop.example"),), files=(file,))
    assert await post.sender(url(sink)).step() > 0
    (got,) = sink.taken
    message = got.message
    assert (got.sender, got.to) == (
        "help+token@shop.example",
        ("Zoe@example.org", "lee@example.net", "boss@shop.example"),
    )
    assert (message["From"], message["Cc"], message["Bcc"]) == (
        "Kettle & Crane <help@shop.example>",
        "lee@example.net",
        None,
    )
    assert (message["Subject"], message["In-Reply-To"]) == ("Re: [#1] Teekessel — 茶壶", "<m1@example.org>")
    assert message["References"] == "<m0@example.org> <m1@example.org>"
    assert (message["Auto-Submitted"], message["List-Unsubscribe"]) == (None, None)
    assert got.message_id == f"<{mail.message_id}>"
    text = message.get_body(("plain",))
    assert text is not None
    assert text.get_content().replace("\r", "") == "Grüße.\n.\nFrom here on.\n"
    (attached,) = message.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("Rechnung ü.pdf", b"%PDF\r\n\0")
    assert all(byte < 128 for byte in got.source)
    now = await post.now(mail)
    assert (now.state, [one.state for one in now.recipients]) == (OutgoingState.SENT, [RecipientState.SENT] * 3)
    await post.sender(url(sink)).step()
    assert len(sink.taken) == 1


async def test_a_machines_mail_has_no_return_path(post: Post, sink: Sink) -> None:
    await post.queue(automatic=True, kind=OutgoingKind.ACKNOWLEDGEMENT)
    await post.sender(url(sink)).step()
    assert sink.taken[0].sender == "<>"
    assert sink.taken[0].message["Auto-Submitted"] == "auto-replied"


async def test_each_recipient_has_his_own_answer(post: Post, sink: Sink) -> None:
    sink.refuse["zoe@example.org"] = ["550 5.1.1 no such user"]
    sink.refuse["lee@example.net"] = ["451 4.7.1 come back later"]
    mail = await post.queue(cc=(LEE, Mailbox(email="bob@example.net")))
    sender = post.sender(url(sink))
    await sender.step()
    now = await post.now(mail)
    assert [one.state.value for one in now.recipients] == ["failed", "waiting", "sent"]
    assert (now.state, now.recipients[1].code, now.recipients[1].tries) == (OutgoingState.WAITING, 451, 1)
    assert 50_000 < now.recipients[1].next_ms - mail.created_ms < 120_000
    await post.store.outgoing.hurry("acme", mail.id, now_ms=post.clock.now_ms())
    await sender.step()
    assert [one.to for one in sink.taken] == [("bob@example.net",), ("Zoe@example.org", "lee@example.net")]
    assert len({one.source for one in sink.taken}) == 1
    assert (await post.now(mail)).state is OutgoingState.SENT


@pytest.mark.parametrize(
    ("answer", "state", "code"),
    [
        ("552 5.3.4 too big", OutgoingState.FAILED, 552),
        ("452 4.3.1 disk full", OutgoingState.WAITING, 452),
        (CLOSE, OutgoingState.WAITING, 0),
    ],
)
async def test_the_content_is_refused_or_broken_off(
    post: Post, sink: Sink, answer: str, state: OutgoingState, code: int
) -> None:
    sink.content = [answer]
    mail = await post.queue()
    await post.sender(url(sink)).step()
    now = await post.now(mail)
    assert (now.state, now.recipients[0].code) == (state, code)
    assert now.fault


async def test_a_mail_that_is_broken_off_goes_again_as_it_was(post: Post, sink: Sink) -> None:
    sink.content = [CLOSE]
    mail = await post.queue()
    sender = post.sender(url(sink))
    await sender.step()
    await post.store.outgoing.hurry("acme", mail.id, now_ms=post.clock.now_ms())
    await sender.step()
    first, second = sink.taken
    assert first == second


async def test_a_mail_is_given_up_in_time(post: Post, sink: Sink) -> None:
    sink.content = ["451 later"]
    mail = await post.queue(created_ms=post.clock.now_ms() - 3_600_000)
    await post.sender(url(sink), give_up_ms=3_600_000).step()
    now = await post.now(mail)
    assert (now.state, now.fault) == (OutgoingState.FAILED, "given up; the last answer: later")


async def test_without_a_relay_mail_waits_and_says_so(post: Post, tmp_path: Path) -> None:
    mail = await post.queue()
    await post.sender("").step()
    now = await post.now(mail)
    assert now.state is OutgoingState.WAITING
    assert now.fault.startswith("No mail relay is configured")
    assert now.recipients[0].tries == 0
    post.emails["mail"] = Email(address="help@shop.example", relay="ours")
    mail = await post.queue()
    await post.sender("").step()
    assert "The secret ours of mail cannot be read" in (await post.now(mail)).fault
    secret = tmp_path / "secrets" / "acme" / "ours"
    secret.parent.mkdir(parents=True)
    secret.write_text(f"folder://{tmp_path}/sent\n")
    await post.store.outgoing.hurry("acme", mail.id, now_ms=post.clock.now_ms())
    await post.sender("").step()
    assert (await post.now(mail)).state is OutgoingState.SENT
    assert mail.message_id.encode() in (tmp_path / "sent" / f"{mail.id}.eml").read_bytes()


async def test_what_has_no_relay_is_set_aside_and_goes_once_it_has_one(post: Post, sink: Sink) -> None:
    mails = [await post.queue() for _ in range(40)]
    sender = post.sender("")
    await sender.step()
    aside = [await post.now(one) for one in mails]
    assert {(one.blocked, one.state) for one in aside} == {(True, OutgoingState.WAITING)}
    await sender.step()  # nobody writes them anew
    assert [await post.now(one) for one in mails] == aside
    (told,) = await post.store.outgoing_blocked.of_organisation("acme")
    assert (told.channel, told.mails, told.fault[:13]) == ("mail", 40, "No mail relay")
    await post.sender(url(sink)).step()
    assert {(await post.now(one)).state for one in mails} == {OutgoingState.SENT}
    assert len(sink.taken) == 40


async def test_a_relay_that_comes_back_gets_what_was_set_aside(post: Post, sink: Sink, tmp_path: Path) -> None:
    clock = post.clock = Shifted()
    secret = tmp_path / "secrets" / "acme" / "ours"
    secret.parent.mkdir(parents=True)
    secret.write_text("smtp-plain://127.0.0.1:9")
    post.emails["mail"] = Email(address="help@shop.example", relay="ours")
    mails = [await post.queue() for _ in range(3)]
    relays = Relays(timeout_s=300, connections=4, away_s=0)
    sender = post.sender("", relays=relays)
    await sender.step()
    for _ in range(30):  # ten minutes; one mail at a time finds that the relay is still away
        clock.by_ms += 20_000
        await sender.step()
    assert {(await post.now(one)).blocked for one in mails} == {True}
    alerts = await post.store.alerts.list("acme", user_id="boss")
    assert [one.kind for one in alerts] == ["mail-blocked"]
    secret.write_text(url(sink))
    clock.by_ms += 20_000
    await sender.step()
    assert {(await post.now(one)).state for one in mails} == {OutgoingState.SENT}
    assert await post.store.outgoing_blocked.blocked_places() == []


async def test_what_is_set_aside_is_given_up_in_time(post: Post) -> None:
    clock = post.clock = Shifted()
    mail = await post.queue()
    sender = post.sender("", give_up_ms=60_000)
    await sender.step()
    assert (await post.now(mail)).blocked
    clock.by_ms = 61_000
    await sender.step()
    now = await post.now(mail)
    assert (now.state, now.fault[:24]) == (OutgoingState.FAILED, "given up: No mail relay ")


async def test_a_channel_that_is_gone_or_wrong_keeps_its_mail(post: Post, sink: Sink) -> None:
    mail = await post.queue(channel="old")
    wrong = await post.queue(to=(Mailbox(email="no address"),))
    await post.sender(url(sink)).step()
    assert "no e-mail channel 'old'" in (await post.now(mail)).fault
    now = await post.now(wrong)
    assert (now.state, now.recipients[0].code) == (OutgoingState.FAILED, 554)


async def test_a_relay_that_is_away_holds_nothing_else_up(post: Post, sink: Sink, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets" / "acme"
    secrets.mkdir(parents=True)
    (secrets / "away").write_text("smtp-plain://127.0.0.1:9")
    post.emails["away"] = Email(address="a@shop.example", relay="away")
    waiting = [await post.queue(channel="away") for _ in range(60)]
    mail = await post.queue()
    await post.sender(url(sink)).step()
    assert (await post.now(mail)).state is OutgoingState.SENT
    for one in waiting:
        now = await post.now(one)
        assert (now.state, now.recipients[0].tries) == (OutgoingState.WAITING, 0)
        assert now.fault.startswith("the relay 127.0.0.1:9: ")


async def test_a_slow_relay_holds_nothing_else_up(post: Post, sink: Sink, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets" / "acme"
    secrets.mkdir(parents=True)
    async with Sink(pause_s=600).running() as slow:
        (secrets / "slow").write_text(url(slow))
        post.emails["slow"] = Email(address="a@shop.example", relay="slow")
        for _ in range(70):
            await post.queue(channel="slow")
        mail = await post.queue()
        step = asyncio.create_task(post.sender(url(sink), hold_ms=300_000).step())
        await eventually(post.is_(mail, OutgoingState.SENT))
        step.cancel()
        await asyncio.gather(step, return_exceptions=True)


async def test_large_mails_wait_on_the_disk_and_a_slow_relays_hold_no_others_up(
    post: Post, sink: Sink, tmp_path: Path
) -> None:
    secrets = tmp_path / "secrets" / "acme"
    secrets.mkdir(parents=True)
    async with Sink(pause_s=600).running() as slow:
        (secrets / "slow").write_text(url(slow))
        post.emails["slow"] = Email(address="a@shop.example", relay="slow")
        for _ in range(3):
            await post.queue(channel="slow", text="a" * 3_000)
        mails = [await post.queue(text="b" * 3_000) for _ in range(3)]
        sender = post.sender(url(sink), hold_ms=300_000)
        of = replace(sender._parts.sources, room=Room(most_bytes=10_000, small_bytes=100))  # each relay's fill its half
        step = asyncio.create_task(post.sender(url(sink), hold_ms=300_000, sources=of).step())
        for mail in mails:
            await eventually(post.is_(mail, OutgoingState.SENT))
        assert slow.most_at_once <= 1
        step.cancel()
        await asyncio.gather(step, return_exceptions=True)


async def test_before_it_stops_what_a_relay_is_taking_comes_to_its_end(post: Post) -> None:
    async with Sink(pause_s=1.0).running() as slow:
        taken = await post.queue()
        sender = post.sender(url(slow))
        step = asyncio.create_task(sender.step())
        await eventually(lambda: slow.at_once)
        ending = asyncio.create_task(sender.wind_down(60))
        await asyncio.sleep(0)  # from now on nothing is begun
        later = await post.queue()
        await ending
        assert (await post.now(taken)).state is OutgoingState.SENT
        assert await asyncio.wait_for(step, 60) > 0
        assert await sender.step() > 0
        assert ((await post.now(later)).state, len(slow.taken)) == (OutgoingState.WAITING, 1)


async def test_it_waits_for_no_relay_longer_than_it_may(post: Post) -> None:
    async with Sink(pause_s=600).running() as slow:
        mails = [await post.queue() for _ in range(3)]  # one of them is taken, the others wait for their turn
        turns = Turns(at_once=1, per_minute=60_000, clock=post.clock)
        sender = post.sender(url(slow), turns=turns)
        step = asyncio.create_task(sender.step())
        await eventually(lambda: slow.at_once)
        await sender.wind_down(0.01)
        await eventually(lambda: len(sender._running) == 1)
        step.cancel()
        assert isinstance((await asyncio.gather(step, return_exceptions=True))[0], asyncio.CancelledError)
        assert {(await post.now(one)).state for one in mails} == {OutgoingState.WAITING}


async def test_connections_are_few_and_used_again(post: Post) -> None:
    async with Sink(pause_s=0.01).running() as sink:
        for number in range(60):
            await post.queue(to=(Mailbox(email=f"c{number}@d{number % 7}.example"),))
        await post.sender(url(sink)).step()
        assert len(sink.taken) == len({one.message_id for one in sink.taken}) == 60
        assert sink.most_at_once <= 4
        assert sink.connections <= 8


async def test_one_domain_gets_few_at_once(post: Post) -> None:
    async with Sink(pause_s=0.02).running() as sink:
        for _ in range(12):
            await post.queue()
        turns = Turns(at_once=1, per_minute=60_000, clock=post.clock)
        await post.sender(url(sink), turns=turns).step()
        assert (len(sink.taken), sink.most_at_once) == (12, 1)


async def test_a_claim_is_kept_while_a_mail_is_slow(post: Post) -> None:
    async with Sink(pause_s=1.0).running() as sink:
        mail = await post.queue()
        steps = [post.sender(url(sink), hold_ms=300).step() for _ in range(2)]
        await asyncio.gather(*steps)
        assert (await post.now(mail)).state is OutgoingState.SENT
        assert len(sink.taken) == 1


async def test_a_record_that_is_away_cuts_nothing_off(post: Post) -> None:
    async with Sink(pause_s=0.3).running() as sink:
        sink.refuse[LEE.email] = ["550 5.7.1 no"]
        slow, quick = await post.queue(), await post.queue(to=(LEE,))
        outbox = post.store.outgoing
        claim, away = outbox.claim, 0

        async def claim_while_nobody_sends(**asked: Any) -> object:
            nonlocal away
            if away or sink.at_once:
                away += 1
                if not sink.taken:
                    raise Unavailable("the record is away")
            return await claim(**asked)

        outbox.claim = claim_while_nobody_sends  # type: ignore[method-assign, assignment]
        await post.sender(url(sink)).step()
        assert (await post.now(slow)).state is OutgoingState.SENT
        assert (await post.now(quick)).state is OutgoingState.FAILED
        assert len(sink.taken) == 1


async def test_a_mail_whose_claim_lapsed_while_it_waited_is_left_to_others(post: Post, sink: Sink) -> None:
    class Standstill(Turns):
        @asynccontextmanager
        async def of(self, relay: str, emails: Iterable[str]) -> AsyncIterator[None]:
            async with super().of(relay, emails):
                waited.append(clock.by_ms)
                clock.by_ms = 60_000
                yield

    clock, waited = Shifted(), list[int]()
    mail = await post.queue()
    turns = Standstill(at_once=1, per_minute=60_000, clock=clock)
    await post.sender(url(sink), clock=clock, turns=turns).step()
    assert waited == [0, 60_000]
    assert len(sink.taken) == 1
    assert (await post.now(mail)).state is OutgoingState.SENT


async def test_a_mail_that_is_nobodys_turn_touches_no_relay(post: Post, sink: Sink) -> None:
    mail = await post.queue(to=(ZOE, LEE))
    later_ms = post.clock.now_ms() + 3_600_000

    def put_off(conn: Connection) -> None:  # as when a report came of the one whose turn it was
        change(conn, outgoing_recipients, {"outgoing_id": mail.id}, {"next_ms": later_ms})

    await post.store._access.write("acme", put_off)
    await post.sender(url(sink)).step()
    now = await post.now(mail)
    assert (now.state, [one.tries for one in now.recipients], sink.connections) == (OutgoingState.WAITING, [0, 0], 0)
    assert await post.store.outgoing.next_ms() == later_ms


async def test_a_connection_that_the_relay_closed_is_no_failure(post: Post, sink: Sink) -> None:
    relays = Relays(timeout_s=300, connections=4)
    relay = f"127.0.0.1:{sink.port}"
    first = await post.queue()
    sender = post.sender(url(sink), relays=relays)

    async def keep_open() -> None:
        """Do not close with the step, as while other mail is on its way."""

    close, relays.close = relays.close, keep_open  # type: ignore[method-assign]
    await sender.step()
    for line in relays._lines.values():
        for one in line.idle:
            transport = one.smtp.transport
            assert transport is not None
            transport.close()
    second = await post.queue()
    await sender.step()
    assert [(await post.now(one)).state for one in (first, second)] == [OutgoingState.SENT] * 2, relay
    await close()


async def test_mail_is_signed_where_the_channel_has_a_key(post: Post, sink: Sink, tmp_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    post.emails["mail"] = replace(post.emails["mail"], dkim_selector="s1", dkim_secret="dkim")
    mail = await post.queue()
    await post.sender(url(sink)).step()
    assert "The secret dkim of mail cannot be read" in (await post.now(mail)).fault
    secrets = tmp_path / "secrets" / "acme"
    secrets.mkdir(parents=True)
    (secrets / "dkim").write_bytes(pem)
    await post.store.outgoing.hurry("acme", mail.id, now_ms=post.clock.now_ms())
    await post.sender(url(sink)).step()
    signature = str(sink.taken[0].message["DKIM-Signature"])
    assert "d=shop.example; s=s1" in re.sub(r"\s+", " ", signature)
    assert base64.b64decode(re.sub(r"\s", "", signature.rpartition("b=")[2]))


async def test_a_relay_is_spoken_to_over_tls_or_not_at_all(post: Post, tmp_path: Path) -> None:
    server, client = _certified(tmp_path)
    async with Sink().running(server) as sink:
        secure = f"smtp://127.0.0.1:{sink.port}"
        mail = await post.queue()
        await post.sender(secure).step()
        assert "certificate" in (await post.now(mail)).fault.lower()
        await post.store.outgoing.hurry("acme", mail.id, now_ms=post.clock.now_ms())
        trusting = Relays(timeout_s=300, connections=1, tls=client)
        await post.sender(secure, relays=trusting).step()
        assert (await post.now(mail)).state is OutgoingState.SENT
    async with Sink().running() as plain:
        mail = await post.queue()
        await post.sender(f"smtp://127.0.0.1:{plain.port}").step()
        assert (await post.now(mail)).state is OutgoingState.WAITING
        assert plain.taken == []


def _certified(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return the contexts of a server with a certificate of its own, and of a client that believes it."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    at = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain = folder / "chain.pem"
    form = serialization.PrivateFormat.PKCS8
    private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    chain.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(chain)
    return server, ssl.create_default_context(cafile=str(chain))
