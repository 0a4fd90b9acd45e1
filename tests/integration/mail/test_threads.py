"""Which conversation a mail comes to: answers join their case and its open work; strangers and machines do not."""

import asyncio
from dataclasses import replace

import pytest

from engine.channels.email.held import Decision, HeldMails
from engine.channels.email.judging import filed_order
from engine.channels.email.placing import place_in
from engine.channels.email.tokens import plus_address, token_of
from engine.clock import SystemClock
from engine.errors import Conflict, NotFound
from engine.model.case_setup import CaseStatusKind
from engine.model.mail import MailNature
from engine.model.mail_record import Mail, MailFile, MailState
from engine.store.mail.mails import Mails
from tests.integration.api.engine_under_test import agent_socket
from tests.integration.mail.engine import ADDRESS, BOTH, MailEngine, found, mail_text

BOUNCE = """From: MAILER-DAEMON@relay.example\r
To: support@kettle.example\r
Subject: Undelivered Mail Returned to Sender\r
Message-ID: <bounce@relay.example>\r
Content-Type: multipart/report; report-type=delivery-status; boundary=x\r
\r
--x\r
Content-Type: text/plain\r
\r
It could not be delivered.\r
--x\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; relay.example\r
\r
Final-Recipient: rfc822; vera@example.com\r
Action: failed\r
Status: 5.1.1\r
Diagnostic-Code: smtp; 550 5.1.1 no such user\r
\r
--x\r
Content-Type: text/rfc822-headers\r
\r
Message-ID: <{message_id}>\r
\r
--x--\r
"""


async def opened(engine: MailEngine, message_id: str = "first") -> Mail:
    """Return the mail that opens Vera's case."""
    mail = await engine.read(mail_text(message_id=message_id))
    assert mail.state is MailState.FILED
    return mail


def answer(to: str = "first", body: str = "It still drips.", **more: str) -> str:
    return mail_text("Re: My kettle", body, In_Reply_To=f"<{to}@example.com>", **more)


async def bodies(engine: MailEngine, interaction_id: str) -> list[str]:
    told = await engine.store.transcripts.since(engine.org_id, interaction_id, after_seq=0)
    return [one.body for one in told if one.author.value == "visitor"]


@BOTH
async def test_an_answer_joins_the_open_work_of_its_case(engine: MailEngine, org: str) -> None:
    first = await opened(engine)
    second = await engine.read(answer())
    item = await engine.store.work.for_interaction(org, first.interaction_id)
    assert item is not None
    assert (second.state, second.case_id, second.interaction_id, second.item_id) == (
        MailState.JOINED,
        first.case_id,
        first.interaction_id,
        item.id,
    )
    assert await bodies(engine, first.interaction_id) == ["It drips.", "It still drips."]
    assert len(await engine.store.work.list(org)) == 1


async def test_many_answers_at_once_are_one_case_and_one_work(engine: MailEngine, org: str) -> None:
    ids = [await engine.receive(mail_text(message_id="first"))]
    ids += [await engine.receive(answer(body=f"Answer {number}")) for number in range(12)]
    mails = await asyncio.gather(*(engine.settled(one) for one in ids))
    assert len({mail.case_id for mail in mails}) == 1
    assert len(await engine.store.work.list(org)) == 1
    assert len(await bodies(engine, mails[0].interaction_id)) == 13


async def test_a_stranger_with_a_token_is_held_until_somebody_lets_him_in(engine: MailEngine, org: str) -> None:
    first = await opened(engine)
    token = token_of(await engine.store.mail_secrets.secret(org), org, first.case_id)
    to = plus_address(ADDRESS, token)
    stranger = await engine.read(mail_text(sender="Mallory <m@evil.example>", to=to), sender="m@evil.example", to=to)
    assert (stranger.state, stranger.reason, stranger.case_id) == (MailState.HELD, "stranger", first.case_id)
    assert await bodies(engine, first.interaction_id) == ["It drips."]

    held = engine.application.service.mail_room.held
    with pytest.raises(NotFound, match="no case"):
        await held.decide(org, stranger.received.id, Decision.JOIN, actor_id="sue", case_id="none")
    assert await engine.store.mails.get(org, stranger.received.id) == stranger
    joined = await held.decide(org, stranger.received.id, Decision.JOIN, actor_id="sue")
    again = await held.decide(org, stranger.received.id, Decision.JOIN, actor_id="sue")
    assert joined == again
    assert (joined.state, joined.case_id, joined.decided_by) == (MailState.JOINED, first.case_id, "sue")
    assert len(await bodies(engine, first.interaction_id)) == 2
    further = await engine.read(mail_text("Me again", sender="m@evil.example", to=to), sender="m@evil.example", to=to)
    assert further.state is MailState.JOINED


async def test_new_work_for_a_mail_leaves_who_decided_about_it(engine: MailEngine, org: str) -> None:
    first = await opened(engine)
    to = plus_address(ADDRESS, token_of(await engine.store.mail_secrets.secret(org), org, first.case_id))
    stranger = await engine.read(mail_text(sender="m@evil.example", to=to), sender="m@evil.example", to=to)
    room = engine.application.service.mail_room
    joined = await room.held.decide(org, stranger.received.id, Decision.JOIN, actor_id="sue")
    place = place_in(room.parts, joined.received)
    assert place is not None
    assert joined.summary is not None
    again = filed_order(
        joined.received, place, joined.summary, (), joining=None, nature=MailNature.PERSON, now_ms=joined.filed_ms + 1
    )
    assert not (await room.parts.filing.file(again)).repeated
    mail = await engine.store.mails.get(org, joined.received.id)
    assert (mail.state, mail.decided_by) == (MailState.FILED, "sue")


async def test_of_two_who_decide_at_once_one_is_told(engine: MailEngine, org: str) -> None:
    first = await opened(engine)
    to = plus_address(ADDRESS, token_of(await engine.store.mail_secrets.secret(org), org, first.case_id))
    stranger = await engine.read(mail_text(sender="m@evil.example", to=to), sender="m@evil.example", to=to)
    parts = engine.application.service.mail_room.parts
    others = HeldMails(parts=parts, clock=SystemClock())

    class Meanwhile(Mails):
        async def files(self, org_id: str, mail_id: str) -> list[MailFile]:
            await others.decide(org_id, mail_id, Decision.DISCARD, actor_id="ben")
            return await super().files(org_id, mail_id)

    mails = Meanwhile(access=engine.store._access)
    held = HeldMails(parts=replace(parts, mails=mails), clock=SystemClock())
    with pytest.raises(Conflict, match="decided"):
        await held.decide(org, stranger.received.id, Decision.JOIN, actor_id="sue")
    assert (await mails.get(org, stranger.received.id)).decided_by == "ben"
    assert await bodies(engine, first.interaction_id) == ["It drips."]


async def test_mail_after_the_work_is_over_is_new_work_for_who_had_it(engine: MailEngine, org: str) -> None:
    first = await opened(engine)
    ana = await engine.signed_in("ana", org)
    async with engine.served() as address, agent_socket(address, ana) as socket:
        await ana.post("/presence", {"status": "available"})
        state = await socket.state(offers=1)
        offer = state["offers"][0]
        await ana.post(f"/offers/{offer['item_id']}/accept", {"assignment": offer["assignment"]})
        second = await engine.read(answer())
        assert second.state is MailState.JOINED
        await socket.state(items=1)
        ended = await ana.post(f"/work-items/{offer['item_id']}/end", {"assignment": offer["assignment"]})
        assert ended.status_code < 300, ended.text
        # He did not read the second mail: there is new work for it, in a conversation of its own.

        async def again() -> Mail | None:
            mail = await engine.store.mails.get(org, second.received.id)
            return mail if mail.interaction_id != first.interaction_id else None

        late = await found(again)
    assert (late.state, late.case_id) == (MailState.FILED, first.case_id)
    item = await engine.store.work.for_interaction(org, late.interaction_id)
    assert item is not None
    assert item.preferred_agent == next(one.id for one in await engine.store.users.list(org) if one.login == "ana")
    assert await bodies(engine, late.interaction_id) == ["It still drips."]
    assert [mail.received.id for mail in await engine.store.mails.of_case(org, first.case_id)][1] == first.received.id


async def test_mail_to_a_closed_case_takes_it_up_again(engine: MailEngine, org: str) -> None:
    first = await opened(engine)
    sue = await engine.signed_in("sue", org)
    item = await engine.store.work.for_interaction(org, first.interaction_id)
    assert item is not None
    await engine.application.others.dispatch.cancel(org, item.id)
    case = (await sue.get(f"/cases/{first.case_id}")).json()["case"]
    changed = await sue.send(
        "PATCH", f"/cases/{first.case_id}", {"version": case["version"], "status": CaseStatusKind.CLOSED.value}
    )
    assert changed.status_code == 200, changed.text
    second = await engine.read(answer())
    assert (second.state, second.case_id) == (MailState.FILED, first.case_id)
    assert second.interaction_id != first.interaction_id
    case = (await sue.get(f"/cases/{first.case_id}")).json()["case"]
    assert (case["status"], case["reopened"]) == ("open", 1)


async def test_machines_open_nothing(engine: MailEngine, org: str) -> None:
    first = await opened(engine)
    away = await engine.read(answer(body="I am away.", Auto_Submitted="auto-replied"))
    assert (away.state, away.case_id) == (MailState.SIGNAL, first.case_id)
    bounce = await engine.read(BOUNCE.format(message_id="nobody@kettle.example"), sender="")
    assert (bounce.state, bounce.case_id) == (MailState.SIGNAL, "")
    assert len(await engine.cases()) == 1
    assert await bodies(engine, first.interaction_id) == ["It drips."]


async def test_what_kills_its_reader_is_put_aside_and_others_go_on(engine: MailEngine, org: str) -> None:
    mail_id = await engine.receive(mail_text("Lost"))
    await engine.settled(mail_id)
    gone = await engine.receive(mail_text("Gone"), lost=True)
    after = await engine.read(mail_text("After", sender="ben@example.com"))
    assert after.state is MailState.FILED
    mail = await engine.settled(gone)
    assert (mail.state, mail.reason) == (MailState.QUARANTINED, "source-gone")
    held = engine.application.service.mail_room.held
    thrown = await held.decide(org, gone, Decision.DISCARD, actor_id="sue")
    assert thrown.state is MailState.DISCARDED


async def test_who_takes_work_back_knows_of_the_mail_that_joined_it(engine: MailEngine, org: str) -> None:
    first = await opened(engine)
    second = await engine.read(answer())
    await engine.application.others.dispatch.cancel(org, second.item_id)

    async def filed() -> bool:
        return (await engine.store.mails.get(org, second.received.id)).state is MailState.FILED

    assert await found(filed)
    assert (await engine.store.mails.get(org, second.received.id)).interaction_id == first.interaction_id
