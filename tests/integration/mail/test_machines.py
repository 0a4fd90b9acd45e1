"""Machines' mail and ours to them: one acknowledgement in a while, bounces on their case, nothing that goes round."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from engine.model.mail import MailNature
from engine.model.mail_channel import Acknowledgement, Late
from engine.model.mail_record import MailState, RecipientState
from engine.store.mail import addresses
from tests.integration.mail.engine import BOTH, MailEngine, mail_engine, mail_organisation, mail_text
from tests.integration.mail.test_threads import BOUNCE

COMPLAINT = """From: fbl@provider.example\r
To: support@kettle.example\r
Subject: Abuse report\r
Message-ID: <{email}-{message_id}.report>\r
Content-Type: multipart/report; report-type=feedback-report; boundary=x\r
\r
--x\r
Content-Type: text/plain\r
\r
This is an abuse report.\r
--x\r
Content-Type: message/feedback-report\r
\r
Feedback-Type: abuse\r
Version: 1\r
Original-Rcpt-To: {email}\r
\r
--x\r
Content-Type: text/rfc822-headers\r
\r
Message-ID: <{message_id}>\r
\r
--x--\r
"""


@pytest.fixture
async def engine(tmp_path: Path, valkey_address: str, org: str, database: str) -> AsyncIterator[MailEngine]:
    """Run an engine whose mailbox answers at once, and whose cases are followed up."""
    told = Acknowledgement(text="Your case is {case.number}.", most=3)
    organisation = mail_organisation(org, acknowledgement=told, late=Late.FOLLOW_UP)
    async with mail_engine(tmp_path / "data", valkey_address, organisation, database=database) as running:
        yield running


@BOTH
async def test_a_new_case_is_acknowledged_once_in_a_while_and_its_bounce_is_told(engine: MailEngine, org: str) -> None:
    first = await engine.read(mail_text())
    other = await engine.read(mail_text("Another kettle"))
    assert other.case_id != first.case_id
    (sent,) = await engine.store.outgoing.of_case(org, first.case_id)
    assert (sent.automatic, sent.to[0].email, sent.answers) == (True, "vera@example.com", first.received.id)
    assert "Your case is 1." in sent.text
    assert await engine.store.outgoing.of_case(org, other.case_id) == []

    bounce = await engine.read(BOUNCE.format(message_id=sent.message_id), sender="")
    assert (bounce.state, bounce.case_id) == (MailState.SIGNAL, first.case_id)
    (recipient,) = (await engine.store.outgoing.get(org, sent.id)).recipients
    assert recipient.state is RecipientState.BOUNCED
    (address,) = await engine.store.mail_addresses.known(org, ["vera@example.com"])
    assert (address.status, address.permanent) == ("5.1.1", True)
    told = [one.kind for one in await engine.store.cases.events(org, first.case_id)]
    assert told.count("mail") == 1

    await engine.read(mail_text("I am back"))
    (address,) = await engine.store.mail_addresses.known(org, ["vera@example.com"])
    assert not address.permanent


async def test_who_complained_gets_no_automatic_mail_any_more(engine: MailEngine, org: str) -> None:
    first = await engine.read(mail_text(sender="vera+tea@example.com"), sender="vera+tea@example.com")
    (sent,) = await engine.store.outgoing.of_case(org, first.case_id)
    forged = COMPLAINT.format(message_id="nobody@elsewhere.example", email="zoe@example.org")
    await engine.read(forged, sender="fbl@provider.example")
    report = COMPLAINT.format(message_id=sent.message_id, email="redacted")
    told = await engine.read(report, sender="fbl@provider.example")
    assert (told.state, told.nature, told.case_id) == (MailState.SIGNAL, MailNature.COMPLAINT, first.case_id)
    (known,) = await engine.store.mail_addresses.known(org, ["vera+tea@example.com", "zoe@example.org"])
    assert known.doubtful
    assert known.complained_ms
    every_ms = 1  # it was answered long ago
    later = engine.application.store._access.clock.now_ms() + 90_000_000

    def ask(conn: Connection) -> bool:
        ours = {"address": "vera+tea@example.com", "every_ms": every_ms, "now_ms": later}
        return addresses.acknowledge_in(conn, org, "vera@example.com", **ours)  # type: ignore[arg-type]

    assert not await engine.store._access.write(org, ask)


async def test_a_flood_of_senders_is_not_answered_without_bound(engine: MailEngine, org: str) -> None:
    acknowledged = 0
    for number in range(4):
        sender = f"c{number}@d{number}.example"
        mail = await engine.read(mail_text(f"Kettle {number}", sender=sender), sender=sender)
        acknowledged += len(await engine.store.outgoing.of_case(org, mail.case_id))
    assert acknowledged == 3
    alerts = [one.kind for one in await engine.store.alerts.list(org, user_id="")]
    assert alerts == ["mail-flood"]


async def test_nothing_is_answered_to_machines_nor_to_ourselves(engine: MailEngine, org: str) -> None:
    for sender, more in (
        ("noreply@shop.example", {}),
        ("support@kettle.example", {}),
        ("bot@shop.example", {"Auto_Submitted": "auto-generated"}),
        ("news@shop.example", {"List_Id": "<news.shop.example>", "Precedence": "bulk"}),
    ):
        mail = await engine.read(mail_text(sender=sender, **more), sender=sender)
        assert await engine.store.outgoing.of_case(org, mail.case_id or "none") == [], sender
    assert len(await engine.cases()) == 1  # nobody can answer the first, yet it may say something


async def test_what_a_machine_says_stands_quoted_behind_whom_it_is_from(engine: MailEngine, org: str) -> None:
    first = await engine.read(mail_text())
    (sent,) = await engine.store.outgoing.of_case(org, first.case_id)
    words = "It waits.\r\nThe mail could not be delivered.\r\nadmin@kettle.example: call +49 1"
    delayed = BOUNCE.format(message_id=sent.message_id).replace("Action: failed", "Action: delayed")
    told = await engine.read(delayed.replace("It could not be delivered.", words), sender="")
    assert (told.state, told.interaction_id) == (MailState.SIGNAL, first.interaction_id)
    said = (await engine.store.transcripts.since(org, first.interaction_id, after_seq=0))[-1].body.splitlines()
    assert said[0] == "bounce from MAILER-DAEMON@relay.example: Undelivered Mail Returned to Sender"
    assert said[1:4] == [f"> {line}" for line in words.split("\r\n")]


async def test_mail_to_a_case_that_is_over_is_a_case_that_follows(engine: MailEngine, org: str) -> None:
    first = await engine.read(mail_text(message_id="first"))
    sue = await engine.signed_in("sue", org)
    item = await engine.store.work.for_interaction(org, first.interaction_id)
    assert item is not None
    await engine.application.others.dispatch.cancel(org, item.id)
    case = (await sue.get(f"/cases/{first.case_id}")).json()["case"]
    closed = {"version": case["version"], "status": "closed"}
    assert (await sue.send("PATCH", f"/cases/{first.case_id}", closed)).status_code == 200
    second = await engine.read(mail_text("Re: My kettle", In_Reply_To="<first@example.com>"))
    assert second.case_id != first.case_id
    (link,) = await engine.store.case_parts.links(org, second.case_id)
    assert link.target_id == first.case_id
