"""Received mails: each once, found again, read in the order they came."""

from dataclasses import replace
from random import Random

import pytest
from sqlalchemy import Connection

from engine.errors import Conflict, InvalidInput, NotFound
from engine.ids import id_source
from engine.model.mail import MailBody, MailNature, MailPart
from engine.model.mail_filing import MailOrder
from engine.model.mail_record import Envelope, MailFile, MailState, MailSummary, ReceivedMail, Source
from engine.store.mail.tables import mails
from engine.store.store import Store
from engine.store.upsert import change
from tests.records import Ticking

pytestmark = pytest.mark.asyncio
_new_id = id_source(Ticking())


def received(org_id: str, *, fingerprint: str = "", at_ms: int = 1) -> ReceivedMail:
    mail_id = _new_id()
    return ReceivedMail(
        id=mail_id,
        envelope=Envelope(
            org_id=org_id,
            channel="support",
            source=Source.SMTP,
            sender="vera@example.com",
            recipients=("support@kettle.example",),
            peer="198.51.100.7",
        ),
        fingerprint=fingerprint or mail_id,
        sha256="a" * 64,
        size=20_480,
        received_ms=at_ms,
    )


def held(one: ReceivedMail) -> MailOrder:
    """Build the order that holds a mail with HTML and a file."""
    part = MailPart(number=1, name="tea.pdf", content_type="application/pdf", size=3, sha256="c" * 64)
    files = ((0, "", "text/html", "b" * 64), (1, "tea.pdf", "application/pdf", "c" * 64))
    return MailOrder(
        org_id=one.envelope.org_id,
        mail_id=one.id,
        channel="support",
        kind="email",
        state=MailState.HELD,
        reason="stranger",
        summary=MailSummary(subject="Tea", body=MailBody(new="Look."), parts=(part,), html_sha256="b" * 64),
        nature=MailNature.PERSON,
        files=tuple(
            MailFile(mail_id=one.id, position=position, name=name, media_type=media_type, size=3, sha256=sha256)
            for position, name, media_type, sha256 in files
        ),
        now_ms=5,
    )


async def test_a_mail_is_kept_once_whatever_way_it_comes(store: Store) -> None:
    org_id = _new_id()
    one = received(org_id, fingerprint="f1")
    again = replace(received(org_id, fingerprint="f1"), envelope=replace(one.envelope, source=Source.IMAP))

    assert await store.mails.receive(one)
    assert not await store.mails.receive(again)
    assert not await store.mails.receive(one)

    assert await store.mails.known(org_id, "f1") == one.id
    assert await store.mails.known(org_id, "f2") == ""
    mail = await store.mails.get(org_id, one.id)
    assert mail.received == one
    assert mail.summary is None
    assert await store.mails.files(org_id, one.id) == []


async def test_another_organisation_knows_nothing_of_it(store: Store) -> None:
    org_id, other = _new_id(), _new_id()
    one = received(org_id, fingerprint="f1")
    await store.mails.receive(one)

    assert await store.mails.receive(received(other, fingerprint="f1"))
    assert [mail.received.envelope.org_id for mail in await store.mails.list(other)] == [other]
    with pytest.raises(NotFound) as caught:
        await store.mails.get(other, one.id)
    assert caught.value.slug == "unknown-mail"


async def test_what_is_unread_comes_oldest_first_and_what_was_put_off_later(store: Store) -> None:
    org_id = _new_id()
    mails = [received(org_id) for _ in range(3)]
    for one in mails:
        await store.mails.receive(one)
    await store.mails.put_off(org_id, mails[0].id, why="too-slow", next_ms=5_000)

    def mine(found: list[ReceivedMail]) -> list[str]:
        return [one.id for one in found if one.envelope.org_id == org_id]

    assert mine(await store.mails.unread(now_ms=4_999, limit=100)) == [mails[1].id, mails[2].id]
    later = await store.mails.unread(now_ms=5_000, limit=100)
    assert mine(later)[-1] == mails[0].id
    assert next(one.tries for one in later if one.id == mails[0].id) == 1


async def test_what_cannot_be_read_is_shown_with_its_reason_and_read_no_more(store: Store) -> None:
    org_id = _new_id()
    one, other = received(org_id), received(org_id)
    await store.mails.receive(one)
    await store.mails.receive(other)

    assert await store.mails.quarantine(org_id, one.id, why="killed-its-reader", now_ms=9)
    assert not await store.mails.quarantine(org_id, one.id, why="too-slow", now_ms=10)

    (shown,) = await store.mails.list(org_id, state=MailState.QUARANTINED)
    assert (shown.received.id, shown.reason, shown.filed_ms) == (one.id, "killed-its-reader", 9)
    assert await store.mails.waiting(org_id) == {MailState.HELD: 0, MailState.QUARANTINED: 1}
    unread = await store.mails.unread(now_ms=99, limit=1_000)
    assert [mail.id for mail in unread if mail.envelope.org_id == org_id] == [other.id]
    assert [mail.received.id for mail in await store.mails.list(org_id, limit=1)] == [other.id]
    assert [mail.received.id for mail in await store.mails.list(org_id, before=other.id)] == [one.id]


async def test_the_source_of_an_old_mail_is_forgotten_once_nobody_has_to_decide_about_it(store: Store) -> None:
    org_id = _new_id()
    old, young, waiting = received(org_id, at_ms=1), received(org_id, at_ms=100), received(org_id, at_ms=1)
    for one in (old, young, waiting):
        await store.mails.receive(one)
        await store.mails.quarantine(org_id, one.id, why="too-slow", now_ms=9)
    for one in (old, young):
        await store.mails.discard(org_id, one.id, actor_id="sue", now_ms=10)

    assert await store.mail_keeping.forget(org_id, "support", before_ms=50) == 1
    assert await store.mail_keeping.forget(org_id, "support", before_ms=50) == 0
    kept = {mail.received.id: mail.received.sha256 for mail in await store.mails.list(org_id)}
    assert kept == {old.id: "", young.id: young.sha256, waiting.id: waiting.sha256}


async def test_with_the_source_of_a_discarded_mail_go_its_html_and_files(store: Store) -> None:
    org_id = _new_id()
    thrown, kept = received(org_id), received(org_id)
    for one in (thrown, kept):
        await store.mails.receive(one)
        await store.mail_filing.file(held(one))
    await store.mails.discard(org_id, thrown.id, actor_id="sue", now_ms=10)

    assert await store.mail_keeping.forget(org_id, "support", before_ms=10) == 0
    assert len(await store.mails.files(org_id, thrown.id)) == 2
    assert await store.mail_keeping.forget(org_id, "support", before_ms=50) == 1
    assert await store.mails.files(org_id, thrown.id) == []
    mail = await store.mails.get(org_id, thrown.id)
    assert mail.summary is not None
    assert (mail.state, mail.received.sha256, mail.summary.parts, mail.summary.html_sha256) == ("discarded", "", (), "")
    assert (mail.summary.subject, mail.summary.body.new) == ("Tea", "Look.")
    waiting = await store.mails.get(org_id, kept.id)
    assert waiting.summary is not None
    assert waiting.summary.parts
    assert len(await store.mails.files(org_id, kept.id)) == 2


async def test_a_mail_about_which_nobody_decides_is_discarded_where_people_see_it(store: Store) -> None:
    org_id = _new_id()
    old, young, read = received(org_id, at_ms=1), received(org_id, at_ms=1), received(org_id, at_ms=1)
    for one, at_ms in ((old, 9), (young, 60)):
        await store.mails.receive(one)
        await store.mails.quarantine(org_id, one.id, why="too-slow", now_ms=at_ms)
    await store.mails.receive(read)
    assert await store.mail_keeping.discard(org_id, "other", before_ms=50, now_ms=99) == 0
    assert await store.mail_keeping.discard(org_id, "support", before_ms=50, now_ms=99) == 1
    assert await store.mail_keeping.discard(org_id, "support", before_ms=50, now_ms=100) == 0
    (shown,) = await store.mails.list(org_id, state=MailState.DISCARDED)
    assert (shown.received.id, shown.reason, shown.decided_by) == (old.id, "undecided", "")
    assert await store.mail_keeping.forget(org_id, "support", before_ms=99) == 0  # its source outlives the decision
    assert await store.mail_keeping.forget(org_id, "support", before_ms=100) == 1
    with pytest.raises(Conflict):
        await store.mails.discard(org_id, read.id, actor_id="sue", now_ms=10)


async def test_nobodys_mail_is_out_of_sight_behind_a_flood(store: Store) -> None:
    floods, small = (_new_id(), _new_id()), _new_id()
    for org_id in (*floods * 4, small):
        await store.mails.receive(received(org_id))
    unread = await store.mails.unread(now_ms=99, limit=3)
    seen = [one.envelope.org_id for one in unread]
    assert seen.count(small) == 1
    assert all(seen.count(one) >= 1 for one in floods)
    assert len(unread) == len({one.id for one in unread})


async def test_a_decision_is_made_once(store: Store) -> None:
    org_id = _new_id()
    one = received(org_id)
    await store.mails.receive(one)
    with pytest.raises(Conflict) as caught:
        await store.mails.discard(org_id, one.id, actor_id="sue", now_ms=10)
    assert caught.value.slug == "already-decided"
    await store.mails.quarantine(org_id, one.id, why="too-slow", now_ms=9)
    again = await store.mails.retry(org_id, one.id, actor_id="sue", now_ms=10)
    assert (again.state, again.received.tries) == (MailState.RECEIVED, 0)
    await store.mails.quarantine(org_id, one.id, why="too-slow", now_ms=11)
    await store.mails.discard(org_id, one.id, actor_id="sue", now_ms=12)
    thrown = await store.mails.discard(org_id, one.id, actor_id="ben", now_ms=13)
    assert (thrown.state, thrown.decided_by) == (MailState.DISCARDED, "sue")


async def test_what_an_index_cannot_keep_is_no_fault_of_the_database(store: Store) -> None:
    one = received(_new_id())
    await store.mails.receive(one)
    chance = Random(1)
    endless = "".join(chr(chance.randrange(0x4E00, 0x9FFF)) for _ in range(4_000))

    def work(conn: Connection) -> None:
        change(conn, mails, {"id": one.id}, {"message_id": endless})
        if conn.dialect.name != "postgresql":
            raise InvalidInput("SQLite's indexes keep anything")

    with pytest.raises(InvalidInput):  # were it Unavailable, whoever writes it would try for ever
        await store._access.write(one.envelope.org_id, work)
