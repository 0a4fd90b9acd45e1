"""Mails over HTTP: read, shown in a frame, saved; who may."""

import base64
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from engine.model.mail import (
    Authenticity,
    FailedAddress,
    Forwarded,
    Invitation,
    MailBody,
    Mailbox,
    MailNature,
    MailPart,
)
from engine.model.mail_record import MailState, MailSummary
from engine.model.visibility import CasesSeen, Visibility
from engine.store.blobs import Blobs
from engine.store.mail.rows import text_of_summary
from engine.store.mail.tables import mails
from engine.store.upsert import insert
from tests.contract.store.searching import full_row
from tests.integration.api.engine_under_test import Browser, Engine, running_engine, staffed_organisation

DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
HTML = (
    '<p onclick="x()">It <b>drips</b>.</p><script>alert(1)</script><img src="cid:dot@mail">'
    '<img src="https://spy.example/1.png"><img src="http://spy.example/2.png"><a href="https://shop.example">here</a>'
)


async def once(content: bytes) -> AsyncIterator[bytes]:
    """Yield content as one piece."""
    yield content


class Post:
    """Put mails on the record as their reader leaves them."""

    def __init__(self, engine: Engine, org: str) -> None:
        self._store = engine.application.store
        self._blobs: Blobs = engine.application.service._blobs
        self._org = org

    async def blob(self, content: bytes) -> str:
        return (await self._blobs.write(once(content), most_bytes=1_000_000)).sha256

    async def put(self, *, state: MailState = MailState.FILED, read: bool = True, **values: object) -> str:
        """Write a mail; return its id."""
        mail_id = secrets.token_hex(8)
        said = {
            "id": mail_id,
            "org_id": self._org,
            "fingerprint": mail_id,
            "raw_sha256": await self.blob(b"Subject: Kettle\r\n\r\nIt drips.\r\n"),
            "size": 30,
            "channel": "mail",
            "source": "smtp",
            "state": state.value,
            "envelope_to": '["help@shop.example"]',
            "envelope_from": "vera@example.com",
            "received_ms": 1_700_000_000_000,
            "nature": MailNature.PERSON.value if read else "",
            "summary": text_of_summary(await self.summary()) if read else "",
            **values,
        }
        row = full_row(mails, said)
        await self._store._access.write(self._org, lambda conn: insert(conn, mails, row))
        return mail_id

    async def summary(self) -> MailSummary:
        dot = await self.blob(DOT)
        note = await self.blob(b"<script>alert(1)</script>")
        return MailSummary(
            subject="Kettle <b>",
            sender=Mailbox(email="vera@example.com", name="Vera"),
            to=(Mailbox(email="help@shop.example"),),
            cc=(Mailbox(email="bob@example.com", name="Bob"),),
            body=MailBody(
                new="It drips.",
                quoted="> How is it?",
                signature="Vera",
                forwarded=Forwarded(sender=Mailbox(email="tom@example.com"), subject="Old", text="See."),
            ),
            parts=(
                MailPart(
                    number=1, name="dot.png", content_type="image/png", size=len(DOT), sha256=dot,
                    content_id="dot@mail", inline=True,
                ),
                MailPart(number=2, name="ä/b.html", content_type="text/html", size=25, sha256=note),
            ),
            html_sha256=await self.blob(HTML.encode()),
            invitation=Invitation(method="REQUEST", summary="Visit", start_ms=1_700_000_000_000),
            authenticity=Authenticity(dmarc="fail", by="mx.example"),
            failed=(FailedAddress(email="x@example.com", status="5.1.1"),),
            faults=("bad-charset",),
        )  # fmt: skip


async def case_of(browser: Browser) -> str:
    opened = await browser.post("/cases", {"subject": "Kettle", "queue": "support"})
    case_id: str = opened.json()["id"]
    return case_id


async def test_a_mail_is_read_with_all_that_is_known_of_it(engine: Engine, org: str) -> None:
    ana, post = await engine.signed_in("ana"), Post(engine, org)
    case_id = await case_of(ana)
    mail_id = await post.put(case_id=case_id, clue="token", confidence=99, reason="")
    mail = (await ana.get(f"/mails/{mail_id}")).json()
    assert mail["sender"] == {"email": "vera@example.com", "name": "Vera"}
    assert (mail["new"], mail["quoted"], mail["signature"]) == ("It drips.", "> How is it?", "Vera")
    assert mail["forwarded"]["sender"]["email"] == "tom@example.com"
    assert mail["authenticity"]["dmarc"] == "fail"
    assert mail["attached"][1] == {
        "number": 2, "name": "ä/b.html", "media_type": "text/html", "size": 25, "inline": False,
    }  # fmt: skip
    assert (mail["html"], mail["kept"], mail["nature"], mail["clue"]) == (True, True, "person", "token")
    assert mail["invitation"]["start_at"] == "2023-11-14T22:13:20.000Z"
    assert mail["failed"][0]["status"] == "5.1.1"
    listed = (await ana.get(f"/cases/{case_id}/mails")).json()["items"]
    assert [one["id"] for one in listed] == [mail_id]


async def test_html_is_shown_in_a_frame_that_can_do_nothing(engine: Engine, org: str) -> None:
    ana, post = await engine.signed_in("ana"), Post(engine, org)
    mail_id = await post.put(case_id=await case_of(ana))
    shown = await ana.get(f"/mails/{mail_id}/html")
    policy = shown.headers["content-security-policy"]
    assert "default-src 'none'; img-src data:;" in policy
    assert policy.endswith("sandbox allow-popups allow-popups-to-escape-sandbox")
    assert shown.headers["content-type"] == "text/html; charset=utf-8"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert (shown.headers["referrer-policy"], shown.headers["remote-images"]) == ("no-referrer", "2")
    assert "script" not in shown.text.replace("Kettle", "")
    assert "onclick" not in shown.text
    assert f"data:image/png;base64,{base64.b64encode(DOT).decode()}" in shown.text
    assert "spy.example" not in shown.text
    assert "<title>Kettle &lt;b&gt;</title>" in shown.text
    asked = await ana.get(f"/mails/{mail_id}/html", images="true")
    assert "img-src data: https:;" in asked.headers["content-security-policy"]
    assert "https://spy.example/1.png" in asked.text
    assert "http://spy.example" not in asked.text


async def test_source_and_files_are_saved_never_shown(engine: Engine, org: str) -> None:
    ana, post = await engine.signed_in("ana"), Post(engine, org)
    mail_id = await post.put(case_id=await case_of(ana))
    source = await ana.get(f"/mails/{mail_id}/source")
    assert source.content.startswith(b"Subject: Kettle")
    assert source.headers["content-type"] == "message/rfc822"
    assert source.headers["content-disposition"] == f"attachment; filename*=UTF-8''{mail_id}.eml"
    page = await ana.get(f"/mails/{mail_id}/files/2")
    assert page.headers["content-type"] == "application/octet-stream"
    assert page.headers["content-disposition"] == "attachment; filename*=UTF-8''%C3%A4%2Fb.html"
    assert page.headers["content-security-policy"].startswith("sandbox")
    picture = await ana.get(f"/mails/{mail_id}/files/1")
    assert (picture.headers["content-type"], picture.content) == ("image/png", DOT)


async def test_what_is_not_there_is_said(engine: Engine, org: str) -> None:
    sue, post = await engine.signed_in("sue"), Post(engine, org)
    unread = await post.put(state=MailState.QUARANTINED, read=False, raw_sha256="", reason="killed", tries=3)
    gone = await post.put(raw_sha256="0" * 64)
    for path in (f"{unread}/html", f"{unread}/source", f"{gone}/source", f"{unread}/files/1", f"{gone}/files/9"):
        answer = await sue.get(f"/mails/{path}")
        assert (answer.status_code, answer.json()["slug"]) == (404, "unknown-attachment"), path
    answer = await sue.get("/mails/never")
    assert (answer.status_code, answer.json()["slug"]) == (404, "unknown-mail")
    read = (await sue.get(f"/mails/{unread}")).json()
    assert (read["nature"], read["sender"], read["kept"], read["tries"]) == (None, None, False, 3)


async def test_mails_of_no_case_are_for_supervisors(engine: Engine, org: str) -> None:
    ana, sue, post = await engine.signed_in("ana"), await engine.signed_in("sue"), Post(engine, org)
    held = await post.put(state=MailState.HELD, reason="stranger")
    await post.put(state=MailState.QUARANTINED, read=False, reason="killed")
    for path in ("", "/html", "/source", "/files/1"):
        hidden = await ana.get(f"/mails/{held}{path}")
        assert (hidden.status_code, hidden.json()["slug"]) == (404, "unknown-mail")
    assert (await ana.get("/mails")).status_code == 403
    listed = (await sue.get("/mails", state="held")).json()["items"]
    assert [(one["id"], one["reason"]) for one in listed] == [(held, "stranger")]
    assert len((await sue.get("/mails")).json()["items"]) == 2
    assert (await sue.get(f"/mails/{held}/html")).status_code == 200


async def test_a_mail_is_seen_by_who_sees_its_case(tmp_path: Path, valkey_address: str, org: str) -> None:
    narrow = replace(staffed_organisation(org), visibility=Visibility(cases=CasesSeen.OWN))
    async with running_engine(tmp_path / "data", valkey_address, [narrow]) as engine:
        ana, ben, post = await engine.signed_in("ana"), await engine.signed_in("ben"), Post(engine, org)
        mail_id = await post.put(case_id=await case_of(ana))
        assert (await ana.get(f"/mails/{mail_id}")).status_code in {200, 404}
        for path in ("", "/html", "/source", "/files/1"):
            hidden = await ben.get(f"/mails/{mail_id}{path}")
            assert (hidden.status_code, hidden.json()["slug"]) == (404, "unknown-mail")


async def test_pictures_within_a_page_are_bounded(engine: Engine, org: str) -> None:
    ana, post = await engine.signed_in("ana"), Post(engine, org)
    summary, case_id = await post.summary(), await case_of(ana)
    for size in (4_194_305, 100):
        told = replace(summary, parts=(replace(summary.parts[0], size=size),))
        mail_id = await post.put(case_id=case_id, summary=text_of_summary(told))
        shown = await ana.get(f"/mails/{mail_id}/html")
        assert ("data:image" in shown.text) is (size == 100)


async def test_a_held_mail_is_decided_once_and_the_decision_is_noted(engine: Engine, org: str) -> None:
    ana, sue, post = await engine.signed_in("ana"), await engine.signed_in("sue"), Post(engine, org)
    held = await post.put(state=MailState.HELD, reason="stranger")
    hidden = await ana.post(f"/mails/{held}/decision", {"decision": "discard"})
    assert (hidden.status_code, hidden.json()["slug"]) == (404, "unknown-mail")
    wrong = await sue.post(f"/mails/{held}/decision", {"decision": "burn"})
    assert wrong.status_code == 400
    for _ in range(2):
        decided = await sue.post(f"/mails/{held}/decision", {"decision": "discard"})
        assert (decided.status_code, decided.json()["state"]) == (200, "discarded")
    again = await sue.post(f"/mails/{held}/decision", {"decision": "own_case"})
    assert (again.status_code, again.json()["slug"]) == (409, "already-decided")
    noted = (await (await engine.signed_in("ada")).get("/audit")).json()["items"]
    assert "mail.decided" in [one["action"] for one in noted]


async def test_who_sees_its_case_decides_about_a_mail(tmp_path: Path, valkey_address: str, org: str) -> None:
    narrow = replace(staffed_organisation(org), visibility=Visibility(cases=CasesSeen.OWN))
    async with running_engine(tmp_path / "data", valkey_address, [narrow]) as engine:
        sue, ben, post = await engine.signed_in("sue"), await engine.signed_in("ben"), Post(engine, org)
        case_id = await case_of(sue)
        mail_id = await post.put(state=MailState.HELD, reason="stranger", case_id=case_id)
        hidden = await ben.post(f"/mails/{mail_id}/decision", {"decision": "join"})
        assert (hidden.status_code, hidden.json()["slug"]) == (404, "unknown-mail")
        me = (await ben.get("/me")).json()["user"]["id"]
        assert (await sue.send("PUT", f"/cases/{case_id}/followers/{me}")).status_code < 300
        assert (await ben.post(f"/mails/{mail_id}/decision", {"decision": "discard"})).json()["state"] == "discarded"
