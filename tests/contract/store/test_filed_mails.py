"""Mails that are filed: their files are named on their case, at once or once somebody has decided."""

import pytest

from engine.ids import id_source
from engine.model.mail import MailBody, Mailbox, MailNature
from engine.model.mail_filing import MailOrder
from engine.model.mail_record import MailFile, MailState, MailSummary
from engine.model.work import Plan, Requirement
from engine.store.store import Store
from tests.contract.store.test_mails import received
from tests.records import Ticking

pytestmark = pytest.mark.asyncio
_new_id = id_source(Ticking())


def ordered(
    org_id: str, mail_id: str, state: MailState = MailState.FILED, of: MailState = MailState.RECEIVED
) -> MailOrder:
    names = ("", "list.pdf", "logo.png", "photo.jpg")
    files = tuple(
        MailFile(
            mail_id=mail_id,
            position=position,
            name=name,
            media_type="image/jpeg",
            size=10,
            sha256=f"{position}" * 64,
            content_id="",
            inline=name == "logo.png",
        )
        for position, name in enumerate(names)
    )
    sender = Mailbox(name="Vera", email="vera@example.com")
    return MailOrder(
        org_id=org_id,
        mail_id=mail_id,
        channel="support",
        kind="email",
        state=state,
        of=of,
        summary=MailSummary(subject="Tea", sender=sender, body=MailBody(new="hello")),
        nature=MailNature.PERSON,
        files=files,
        writer=sender,
        text="hello",
        subject="Tea",
        plan=Plan(queue="mail", requirement=Requirement()),
        now_ms=1,
    )


async def named(store: Store, org_id: str, mail_id: str, case_id: str) -> list[str]:
    """Return the names of the files that both the mail and its case know as the same."""
    of_case = {one.id: one.name for one in await store.case_parts.attachments(org_id, case_id)}
    of_mail = [one.attachment_id for one in await store.mails.files(org_id, mail_id) if one.attachment_id]
    assert set(of_mail) == set(of_case)
    return sorted(of_case.values())


async def test_what_is_no_part_of_the_text_is_named_on_the_case(store: Store) -> None:
    org_id = _new_id()
    mail = received(org_id)
    await store.mails.receive(mail)
    filed = await store.mail_filing.file(ordered(org_id, mail.id))
    assert await named(store, org_id, mail.id, filed.case_id) == ["list.pdf", "photo.jpg"]
    assert len(await store.mails.files(org_id, mail.id)) == 4
    assert (await store.mail_filing.file(ordered(org_id, mail.id))).repeated
    assert await named(store, org_id, mail.id, filed.case_id) == ["list.pdf", "photo.jpg"]


async def test_files_of_a_mail_that_was_held_are_named_once_it_is_filed(store: Store) -> None:
    org_id = _new_id()
    mail = received(org_id)
    await store.mails.receive(mail)
    held = await store.mail_filing.file(ordered(org_id, mail.id, MailState.HELD))
    assert (held.state, held.case_id) == (MailState.HELD, "")
    kept = await store.mails.files(org_id, mail.id)
    assert [one.attachment_id for one in kept] == [""] * 4
    filed = await store.mail_filing.file(ordered(org_id, mail.id, of=MailState.HELD))
    assert await named(store, org_id, mail.id, filed.case_id) == ["list.pdf", "photo.jpg"]
    assert len(await store.mails.files(org_id, mail.id)) == 4
