"""The outbox of mail: written once, claimed by one, settled for each recipient; what is known of addresses."""

from dataclasses import replace

import pytest
from sqlalchemy import Connection, select

from engine.errors import Conflict, InvalidInput, NotFound
from engine.model.conversation import Author, EntryKind, InteractionState
from engine.model.mail import FailedAddress, Mailbox
from engine.model.mail_record import OutgoingFile, OutgoingKind, OutgoingMail, OutgoingState, RecipientState
from engine.model.mail_sending import Attempt, DueMail, Settled
from engine.model.record import Opened
from engine.store.mail import addresses
from engine.store.mail.outbox_rows import queue_in
from engine.store.mail.tables import outgoing
from engine.store.store import Store
from tests.contract.store.building import START_MS, opened

ZOE = Mailbox(email="Zoe@Example.org", name="Zoë")
LEE = Mailbox(email="lee@example.net")
HOLD_MS = 30_000


async def written(store: Store, org: str, **changes: object) -> OutgoingMail:
    """Put a mail about a conversation into the outbox."""
    begun = await opened(store, org, client_id=store._access.new_id(), conversation_key=store._access.new_id())
    mail = letter(store, org, begun, **changes)
    return await queue(store, mail)


def letter(store: Store, org: str, begun: Opened, **changes: object) -> OutgoingMail:
    assert begun.case is not None
    new_id = store._access.new_id
    mail = OutgoingMail(
        id=new_id(),
        org_id=org,
        channel="mail",
        kind=OutgoingKind.REPLY,
        case_id=begun.case.id,
        interaction_id=begun.interaction.id,
        author_id="ana",
        client_id=new_id(),
        message_id=f"{new_id()}@shop.example",
        references=("first@example.org",),
        sender=Mailbox(email="tea@shop.example", name="Kettle & Crane"),
        to=(ZOE,),
        cc=(LEE,),
        subject="Re: [#1] Kettle",
        text="It is on its way.",
        files=(OutgoingFile(name="bill.pdf", media_type="application/pdf", size=3, sha256="ab" * 32),),
        created_ms=START_MS,
        not_before_ms=START_MS + 10_000,
    )
    return replace(mail, **changes)  # type: ignore[arg-type]


async def queue(store: Store, mail: OutgoingMail) -> OutgoingMail:
    return await store._access.write(mail.org_id, lambda conn: queue_in(conn, mail))


async def claimed(store: Store, mail: OutgoingMail, now_ms: int) -> DueMail:
    """Claim a mail; others' mails, of other tests, are left as they are found."""
    due = await store.outgoing.claim(now_ms=now_ms, hold_ms=HOLD_MS, limit=1_000)
    return next(one for one in due if one.mail.id == mail.id)


async def is_due(store: Store, mail: OutgoingMail, now_ms: int) -> bool:
    due = await store.outgoing.claim(now_ms=now_ms, hold_ms=1, limit=1_000)
    return mail.id in {one.mail.id for one in due}


def sent(email: str) -> Attempt:
    return Attempt(email=email, state=RecipientState.SENT, code=250, said="OK")


def refused(email: str, said: str = "5.1.1 no such user") -> Attempt:
    return Attempt(email=email, state=RecipientState.FAILED, code=550, said=said)


async def test_a_mail_is_kept_as_it_was_written(store: Store, org: str) -> None:
    mail = await written(store, org, bcc=(ZOE,))
    assert [one.email for one in mail.recipients] == ["zoe@example.org", "lee@example.net"]
    assert await store.outgoing.get(org, mail.id) == mail
    assert await store.outgoing.of_case(org, mail.case_id) == [mail]
    assert await store.outgoing.by_message_id(org, mail.message_id) == mail
    with pytest.raises(NotFound):
        await store.outgoing.get("another", mail.id)


async def test_the_same_client_id_is_the_same_mail(store: Store, org: str) -> None:
    mail = await written(store, org)
    again = await queue(store, replace(mail, id=store._access.new_id(), subject="Another"))
    assert again == mail
    assert await store.outgoing.written(org, "ana", mail.client_id) == mail


async def test_a_mail_to_nobody_is_refused(store: Store, org: str) -> None:
    with pytest.raises(InvalidInput):
        await written(store, org, to=(), cc=())


async def test_a_mail_is_claimed_by_one_and_not_before_its_time(store: Store, org: str) -> None:
    mail = await written(store, org)
    assert not await is_due(store, mail, START_MS + 9_999)
    due = await claimed(store, mail, START_MS + 10_000)
    assert not await is_due(store, mail, START_MS + 10_001)
    assert await store.outgoing.renew(due, until_ms=due.until_ms + 5)
    assert not await store.outgoing.renew(due, until_ms=due.until_ms + 10)
    assert await is_due(store, mail, due.until_ms + 5)


async def test_channels_that_are_busy_are_left_alone(store: Store, org: str) -> None:
    mail = await written(store, org)
    now_ms = mail.not_before_ms
    others = await store.outgoing.claim(now_ms=now_ms, hold_ms=1, limit=1_000, without=[(org, "mail")])
    assert mail.id not in {one.mail.id for one in others}
    assert (await claimed(store, mail, now_ms + 1)).mail == mail


async def test_a_source_is_noted_once(store: Store, org: str) -> None:
    mail = await written(store, org)
    due = await claimed(store, mail, mail.not_before_ms)
    assert await store.outgoing.composed(due, "cd" * 32)
    assert not await store.outgoing.composed(due, "ef" * 32)
    assert (await claimed(store, mail, due.until_ms)).raw_sha256 == "cd" * 32


async def test_a_mail_is_sent_when_everybody_has_it(store: Store, org: str) -> None:
    mail = await written(store, org)
    due = await claimed(store, mail, mail.not_before_ms)
    later = Attempt(email="lee@example.net", state=RecipientState.WAITING, code=451, said="later", next_ms=START_MS * 2)
    first = await store.outgoing.settle(due, [sent("zoe@example.org"), later], now_ms=START_MS + 1)
    assert first is not None
    assert (first.mail.state, first.mail.fault, first.entries) == (OutgoingState.WAITING, "later", ())
    assert [one.state for one in first.mail.recipients] == [RecipientState.SENT, RecipientState.WAITING]
    assert await store.outgoing.settle(due, [sent("lee@example.net")], now_ms=START_MS + 2) is None
    again = await claimed(store, mail, START_MS * 2)
    last = await store.outgoing.settle(again, [sent("lee@example.net")], now_ms=START_MS + 3)
    assert last is not None
    assert (last.mail.state, last.mail.sent_ms, last.mail.fault) == (OutgoingState.SENT, START_MS + 3, "")


async def test_a_failure_is_told_in_the_transcript_and_to_the_author(store: Store, org: str) -> None:
    mail = await written(store, org)
    due = await claimed(store, mail, mail.not_before_ms)
    settled = await store.outgoing.settle(due, [sent("lee@example.net"), refused("zoe@example.org")], now_ms=START_MS)
    assert settled is not None
    assert settled.mail.state is OutgoingState.FAILED
    (entry,) = settled.entries
    assert (entry.kind, entry.author) == (EntryKind.NOTE, Author.SYSTEM)
    assert entry.data["outgoing_id"] == mail.id
    (alert,) = await store.alerts.list(org, user_id="ana", supervisor=False)
    assert (alert.kind, alert.data["case_id"]) == ("mail-failed", mail.case_id)
    assert await store.outgoing.failed(org) == [settled.mail]
    (known,) = await store.mail_addresses.known(org, ["Zoe@example.org", "lee@example.net"])
    assert (known.email, known.permanent, known.doubtful) == ("zoe@example.org", True, True)


async def test_a_failure_of_automatic_mail_is_told_nobody(store: Store, org: str) -> None:
    mail = await written(store, org, automatic=True, cc=())
    due = await claimed(store, mail, mail.not_before_ms)
    settled = await store.outgoing.settle(due, [refused("zoe@example.org", "5.7.1 no")], now_ms=START_MS)
    assert settled is not None
    assert settled.entries == ()
    assert await store.alerts.list(org, user_id="ana") == []
    assert await store.mail_addresses.known(org, ["zoe@example.org"]) == []


async def test_a_failed_mail_can_be_tried_again(store: Store, org: str) -> None:
    mail = await written(store, org)
    due = await claimed(store, mail, mail.not_before_ms)
    await store.outgoing.settle(due, [sent("lee@example.net"), refused("zoe@example.org")], now_ms=START_MS)
    again = await store.outgoing.hurry(org, mail.id, now_ms=START_MS + 50_000)
    assert [one.state for one in again.recipients] == [RecipientState.WAITING, RecipientState.SENT]
    due = await claimed(store, mail, START_MS + 50_000)
    assert due.mail.fault == ""
    with pytest.raises(Conflict):
        await store.outgoing.cancel(org, mail.id, now_ms=START_MS + 50_000)


async def test_a_mail_is_taken_back_before_it_goes(store: Store, org: str) -> None:
    mail = await written(store, org)
    gone = await store.outgoing.cancel(org, mail.id, now_ms=START_MS)
    assert gone.mail.state is OutgoingState.CANCELLED
    assert [one.data["event"] for one in gone.entries] == ["mail-cancelled"]
    assert await store.outgoing.cancel(org, mail.id, now_ms=START_MS) == Settled(mail=gone.mail)
    assert not await is_due(store, mail, START_MS * 2)
    with pytest.raises(Conflict):
        await store.outgoing.hurry(org, mail.id, now_ms=START_MS)


async def test_a_mail_that_is_being_sent_is_not_taken_back(store: Store, org: str) -> None:
    mail = await written(store, org)
    await claimed(store, mail, mail.not_before_ms)
    with pytest.raises(Conflict):
        await store.outgoing.cancel(org, mail.id, now_ms=mail.not_before_ms + 1)
    assert (await store.outgoing.hurry(org, mail.id, now_ms=mail.not_before_ms + 1)).state is OutgoingState.WAITING
    assert not await is_due(store, mail, mail.not_before_ms + 2)


async def test_a_mail_that_cannot_be_tried_waits_with_its_fault(store: Store, org: str) -> None:
    mail = await written(store, org)
    due = await claimed(store, mail, mail.not_before_ms)
    assert await store.outgoing.postpone(due, fault="no relay", next_ms=START_MS + 60_000)
    assert not await store.outgoing.postpone(due, fault="no relay", next_ms=START_MS + 60_000)
    waiting = await store.outgoing.get(org, mail.id)
    assert (waiting.state, waiting.fault) == (OutgoingState.WAITING, "no relay")
    gone = await store.outgoing.cancel(org, mail.id, now_ms=START_MS + 20_000)
    assert gone.mail.state is OutgoingState.CANCELLED


async def test_a_report_marks_the_recipient_and_his_address(store: Store, org: str) -> None:
    mail = await written(store, org)
    due = await claimed(store, mail, mail.not_before_ms)
    await store.outgoing.settle(due, [sent("lee@example.net"), sent("zoe@example.org")], now_ms=START_MS)
    reports = [
        FailedAddress(email="Zoe@example.org", status="5.1.1", diagnostic="unknown"),
        FailedAddress(email="lee@example.net", action="delayed", status="4.4.7"),
        FailedAddress(email="stranger@example.net", status="5.1.1"),
    ]
    told = await store.outgoing.bounced(org, mail.message_id, reports, told_by="m1", now_ms=START_MS + 9)
    assert told is not None
    assert [one.state for one in told.mail.recipients] == [RecipientState.BOUNCED, RecipientState.SENT]
    assert told.mail.state is OutgoingState.FAILED
    assert len(told.entries) == 1
    again = await store.outgoing.bounced(org, mail.message_id, reports, told_by="m2", now_ms=START_MS + 9)
    assert again is not None
    assert again.entries == ()
    assert await store.outgoing.bounced(org, "another@x", reports, told_by="m3", now_ms=START_MS) is None
    (known,) = await store.mail_addresses.known(org, ["zoe@example.org", "lee@example.net", "stranger@example.net"])
    assert (known.email, known.bounces, known.status) == ("zoe@example.org", 1, "5.1.1")


async def test_a_report_about_one_recipient_leaves_the_claim_for_another(store: Store, org: str) -> None:
    mail = await written(store, org)
    due = await claimed(store, mail, mail.not_before_ms)
    later = Attempt(email="lee@example.net", state=RecipientState.WAITING, code=451, next_ms=START_MS * 2)
    await store.outgoing.settle(due, [sent("zoe@example.org"), later], now_ms=START_MS)
    due = await claimed(store, mail, START_MS * 2)
    report = FailedAddress(email="zoe@example.org", status="5.2.2")
    await store.outgoing.bounced(org, mail.message_id, [report], told_by="m", now_ms=START_MS * 2)
    settled = await store.outgoing.settle(due, [sent("lee@example.net")], now_ms=START_MS * 2)
    assert settled is not None
    assert settled.mail.state is OutgoingState.FAILED


async def test_an_address_is_acknowledged_once_in_a_while(store: Store, org: str) -> None:
    async def due(now_ms: int, email: str = "Zoe@example.org") -> bool:
        def ask(conn: Connection) -> bool:
            return addresses.acknowledge_in(conn, org, email, every_ms=1_000, now_ms=now_ms)

        return await store._access.write(org, ask)

    assert [await due(START_MS), await due(START_MS + 999), await due(START_MS + 1_000)] == [True, False, True]
    await store._access.write(org, lambda conn: addresses.complained_in(conn, org, "lee@x.net", now_ms=START_MS))
    assert not await due(START_MS, "lee@x.net")
    await store.mail_addresses.clear(org, "lee@x.net")
    assert await due(START_MS, "lee@x.net")


async def test_who_writes_has_an_address_that_works(store: Store, org: str) -> None:
    failed = FailedAddress(email="zoe@example.org", status="5.1.1")

    def bounce(conn: Connection) -> None:
        addresses.bounced_in(conn, org, failed, mail_id="m", permanent=True, now_ms=START_MS)

    await store._access.write(org, bounce)
    await store._access.write(org, lambda conn: addresses.heard_in(conn, org, "Zoe@example.org"))
    (known,) = await store.mail_addresses.known(org, ["zoe@example.org"])
    assert not known.doubtful
    assert known.bounced_ms == START_MS


async def test_what_is_written_stands_in_the_open_conversation_and_answers_it(store: Store, org: str) -> None:
    begun = await opened(store, org, conversation_key="m")
    mail = letter(store, org, begun, interaction_id="")
    first = await store.outgoing.write(mail, "It is.", author_name="Ana", now_ms=START_MS)
    again = await store.outgoing.write(mail, "It is.", author_name="Ana", now_ms=START_MS)
    assert (first.repeated, again.repeated) == (False, True)
    assert again.mail == first.mail
    (entry,) = first.entries
    assert (entry.author, entry.author_id, entry.body) == (Author.AGENT, "ana", "It is.")
    assert entry.data["outgoing_id"] == mail.id
    assert (first.mail.entry_seq, first.mail.interaction_id) == (entry.seq, entry.interaction_id)


async def test_a_case_without_mail_gets_a_conversation_that_is_over(store: Store, org: str) -> None:
    begun = await opened(store, org)
    mail = letter(store, org, begun, interaction_id="")
    first = await store.outgoing.write(mail, "Hello", author_name="Ana", now_ms=START_MS)
    talk = await store.conversations.get(org, first.mail.interaction_id)
    assert (talk.kind, talk.state, talk.case_id) == ("email", InteractionState.CLOSED, mail.case_id)
    second = letter(store, org, begun, interaction_id="")
    more = await store.outgoing.write(second, "Another", author_name="Ana", now_ms=START_MS)
    assert (more.mail.interaction_id, more.mail.entry_seq) == (talk.id, 2)


async def test_nothing_is_written_where_there_is_nothing(store: Store, org: str) -> None:
    begun = await opened(store, org)
    with pytest.raises(NotFound):
        await store.outgoing.write(letter(store, org, begun, case_id="no"), "x", author_name="Ana", now_ms=START_MS)
    wrong = letter(store, org, begun, interaction_id="no")
    with pytest.raises(NotFound):
        await store.outgoing.write(wrong, "x", author_name="Ana", now_ms=START_MS)
    assert await store.outgoing.of_case(org, wrong.case_id) == []


async def test_the_source_of_what_went_is_forgotten_in_time(store: Store, org: str) -> None:
    gone = await written(store, org)
    due = await claimed(store, gone, gone.not_before_ms)
    assert await store.outgoing.composed(due, "ab" * 32)
    attempts = [sent(to.email) for to in gone.recipients]
    assert await store.outgoing.settle(due, attempts, now_ms=START_MS + 20_000)
    waiting = await written(store, org)
    assert await store.outgoing.composed(await claimed(store, waiting, waiting.not_before_ms), "ab" * 32)
    assert await store.mail_keeping.forget(org, "mail", before_ms=START_MS + 20_000) == 0
    assert await store.mail_keeping.forget("else", "mail", before_ms=START_MS + 30_000) == 0
    assert await store.mail_keeping.forget(org, "mail", before_ms=START_MS + 30_000) == 1
    query = select(outgoing.c.id).where(outgoing.c.org_id == org, outgoing.c.raw_sha256 != "")
    rows = await store._access.read(lambda conn: [row.id for row in conn.execute(query)])
    assert rows == [waiting.id]
