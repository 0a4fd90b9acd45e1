"""Agents' mail over HTTP: drafts, sending once, taking back, trying again; what is refused."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection

from engine.channels.email import tokens
from engine.model.mail import FailedAddress
from engine.model.mail_channel import Email, Signature, Writers
from engine.model.organisation import CasePolicy, Channel, Organisation
from engine.store.mail import addresses
from tests.contract.store.building import PLAN, arrival
from tests.integration.api.engine_under_test import ORIGIN, Browser, Engine, running_engine, staffed_organisation
from tests.integration.api.test_mails import Post

EMAIL = Email(
    address="help@shop.example",
    sender_name="Kettle & Crane",
    from_by_queue={"sales": "sales@shop.example"},
    signature="{agent.name} · case {case.number}{nothing}",
    signature_by_queue={"sales": Signature(text="Sales · {case.number}")},
    undo_ms=60_000,
)


def mailing(org: str, **changes: object) -> Organisation:
    organisation = staffed_organisation(org)
    mail = Channel(key="mail", kind="email", name="Help", queue="support", email=replace(EMAIL, **changes))  # type: ignore[arg-type]
    return replace(organisation, channels={**organisation.channels, "mail": mail})


@pytest.fixture
async def engine(tmp_path: Path, valkey_address: str, org: str) -> AsyncIterator[Engine]:
    async with running_engine(tmp_path / "data", valkey_address, [mailing(org)]) as running:
        yield running


async def case_of(browser: Browser, **values: object) -> tuple[str, int]:
    opened = (await browser.post("/cases", {"subject": "Kettle", "queue": "support", **values})).json()
    return opened["id"], opened["number"]


def new(client_id: str = "c1", **values: object) -> dict[str, object]:
    return {"client_id": client_id, "body": "It is on its way.", **values}


async def test_an_answer_is_prepared_and_sent_as_prepared(engine: Engine, org: str) -> None:
    ana, post = await engine.signed_in("ana"), Post(engine, org)
    case_id, number = await case_of(ana)
    mail_id = await post.put(case_id=case_id, message_id="m1@example.com")
    draft = (await ana.get(f"/cases/{case_id}/mail/draft", everybody="true")).json()
    assert (draft["kind"], draft["answers"], draft["channel"]) == ("reply", mail_id, "mail")
    assert draft["sender"] == {"email": "help@shop.example", "name": "Kettle & Crane"}
    assert draft["to"] == [{"email": "vera@example.com", "name": "Vera"}]
    assert draft["cc"] == [{"email": "bob@example.com", "name": "Bob"}]
    assert draft["subject"] == f"Re: [#{number}] Kettle <b>"
    assert draft["signature"] == f"Ana · case {number}"
    assert draft["quotation"].endswith("Vera <vera@example.com> wrote:\n> It drips.")
    assert (draft["undo_ms"], draft["doubtful"], draft["files"]) == (60_000, [], [])
    sent = await ana.post(f"/cases/{case_id}/mail", new())
    assert sent.status_code == 201
    mail = sent.json()
    token = tokens.token_of(await engine.application.store.mail_secrets.secret(org), org, case_id)
    assert mail["text"].startswith(f"It is on its way.\n\n-- \nAna · case {number}\n\nOn ")
    assert mail["text"].endswith(f"> It drips.\n\n{tokens.marker(token)}\n")
    assert mail["message_id"] == f"c{token}.{mail['id']}@shop.example"
    assert (mail["state"], mail["cc"], mail["entry_seq"]) == ("waiting", [], 1)
    kept = await engine.application.store.outgoing.get(org, mail["id"])
    assert tokens.in_addresses([kept.reply_to]) == (token,)


async def test_a_mail_is_sent_once_and_stands_in_the_transcript(engine: Engine, org: str) -> None:
    ana = await engine.signed_in("ana")
    case_id, number = await case_of(ana)
    body = new(to=[{"email": "Vera@Example.com"}], subject="Your kettle", cc=[{"email": "bob@bücher.example"}])
    first, again = [(await ana.post(f"/cases/{case_id}/mail", body)).json() for _ in range(2)]
    assert first == again
    assert (first["kind"], first["subject"]) == ("new", f"Your kettle [#{number}]")
    assert [one["email"] for one in first["recipients"]] == ["vera@example.com", "bob@xn--bcher-kva.example"]
    listed = (await ana.get(f"/cases/{case_id}/mail")).json()["items"]
    assert listed == [first]
    entries = await engine.application.store.transcripts.since(org, first["interaction_id"], after_seq=0)
    assert [(one.body, one.data["outgoing_id"]) for one in entries] == [("It is on its way.", first["id"])]


async def test_a_mail_is_taken_back_and_not_twice_hurried(engine: Engine, org: str) -> None:
    ana = await engine.signed_in("ana")
    case_id, _number = await case_of(ana)
    mail = (await ana.post(f"/cases/{case_id}/mail", new(to=[{"email": "vera@example.com"}]))).json()
    one = f"/cases/{case_id}/mail/{mail['id']}"
    for _ in range(2):
        gone = await ana.post(f"{one}/cancel", {})
        assert (gone.status_code, gone.json()["state"]) == (200, "cancelled")
    refused = await ana.post(f"{one}/send", {})
    assert (refused.status_code, refused.json()["slug"]) == (409, "mail-gone")
    assert (await ana.get(one)).json()["state"] == "cancelled"
    entries = await engine.application.store.transcripts.since(org, mail["interaction_id"], after_seq=0)
    assert [one.data.get("event", "") for one in entries] == ["", "mail-cancelled"]
    other, _ = await case_of(ana)
    hidden = await ana.post(f"/cases/{other}/mail/{mail['id']}/cancel", {})
    assert (hidden.status_code, hidden.json()["slug"]) == (404, "unknown-mail")


async def test_a_mail_waits_for_its_time(engine: Engine, org: str) -> None:
    ana = await engine.signed_in("ana")
    case_id, _number = await case_of(ana)
    body = new(to=[{"email": "vera@example.com"}], send_at="2099-01-01T08:00:00+08:00")
    refused = await ana.post(f"/cases/{case_id}/mail", body)
    assert (refused.status_code, refused.json()["slug"]) == (400, "invalid-input")
    soon = engine.application.store._access.clock.now_ms() + 3_600_000
    later = new(to=[{"email": "vera@example.com"}], send_at=soon // 1000)
    mail = (await ana.post(f"/cases/{case_id}/mail", later)).json()
    kept = await engine.application.store.outgoing.get(org, mail["id"])
    assert kept.not_before_ms == soon // 1000 * 1000
    hurried = await ana.post(f"/cases/{case_id}/mail/{mail['id']}/send", {})
    assert hurried.status_code == 200
    assert (await engine.application.store.outgoing.get(org, mail["id"])).not_before_ms < soon


async def test_an_address_that_bounces_is_warned_of(engine: Engine, org: str) -> None:
    ana, post = await engine.signed_in("ana"), Post(engine, org)
    case_id, _number = await case_of(ana)
    await post.put(case_id=case_id)
    failed = FailedAddress(email="vera@example.com", status="5.1.1", diagnostic="unknown")

    def bounce(conn: Connection) -> None:
        addresses.bounced_in(conn, org, failed, mail_id="m", permanent=True, now_ms=1)

    await engine.application.store._access.write(org, bounce)
    draft = (await ana.get(f"/cases/{case_id}/mail/draft")).json()
    assert [(one["email"], one["status"]) for one in draft["doubtful"]] == [("vera@example.com", "5.1.1")]
    warned = await ana.post(f"/cases/{case_id}/mail", new())
    assert (warned.status_code, warned.json()["slug"]) == (409, "doubtful-address")
    assert warned.json()["addresses"][0]["diagnostic"] == "unknown"
    assert (await ana.post(f"/cases/{case_id}/mail", new(anyhow=True))).status_code == 201


async def test_an_address_is_trusted_again_by_whoever_knows_better(engine: Engine, org: str) -> None:
    ana, store = await engine.signed_in("ana"), engine.application.store
    vera = {"channel": "email", "value": "Vera@Example.com"}
    phone = {"channel": "phone", "value": "+49 30 1234567"}
    contact = (await ana.post("/contacts", {"name": "Vera", "addresses": [vera, phone]})).json()["contact"]
    path = f"/contacts/{contact['id']}"
    mail_address, number = (one["id"] for one in contact["addresses"])
    await store._access.write(org, lambda conn: addresses.complained_in(conn, org, "vera@example.com", now_ms=1))
    (known,) = (await ana.get(f"{path}/doubtful-addresses")).json()["items"]
    assert (known["email"], known["complained_at"]) == ("vera@example.com", "1970-01-01T00:00:00.001Z")
    for other in (number, "nothing"):
        refused = await ana.send("DELETE", f"{path}/addresses/{other}/doubt")
        assert (refused.status_code, refused.json()["slug"]) == (404, "unknown-address")
    for _ in range(2):
        assert (await ana.send("DELETE", f"{path}/addresses/{mail_address}/doubt")).status_code == 204
    assert (await ana.get(f"{path}/doubtful-addresses")).json()["items"] == []
    told = [one for one in await store.audit.list(org) if one.action == "address.trusted"]
    assert {one.target for one in told} == {contact["id"]}


async def test_files_of_the_case_go_with_a_mail_that_is_passed_on(engine: Engine, org: str) -> None:
    ana, post = await engine.signed_in("ana"), Post(engine, org)
    case_id, _number = await case_of(ana)
    other, _ = await case_of(ana)
    await post.put(case_id=case_id)
    query = {"case_id": case_id, "name": "bill.pdf"}
    headers = {"Origin": ORIGIN, "X-CSRF-Token": ana.csrf, "Content-Type": "application/pdf"}
    answer = await ana.http.post("/api/v1/attachments", params=query, content=b"%PDF", headers=headers)
    file_id = answer.json()["id"]
    draft = (await ana.get(f"/cases/{case_id}/mail/draft", kind="forward")).json()
    assert (draft["to"], draft["subject"][:5]) == ([], "Fwd: ")
    assert "From: Vera <vera@example.com>" in draft["quotation"]
    empty = await ana.post(f"/cases/{case_id}/mail", new(kind="forward"))
    assert (empty.status_code, empty.json()["field"]) == (400, "to")
    passed = new(kind="forward", body="", to=[{"email": "tom@example.com"}], attachment_ids=[file_id])
    mail = (await ana.post(f"/cases/{case_id}/mail", passed)).json()
    assert [(one["name"], one["size"]) for one in mail["files"]] == [("bill.pdf", 4)]
    wrong = await ana.post(f"/cases/{other}/mail", new("c9", to=[{"email": "t@x.org"}], attachment_ids=[file_id]))
    assert wrong.status_code in {400, 404}


WRONG: tuple[tuple[dict[str, object], str], ...] = (
    ({"to": [{"email": "no address"}]}, "invalid-input"),
    ({"to": [{"email": "a@b.example\r\nBcc: x@y.example"}]}, "invalid-input"),
    ({"to": [{"email": "zoë@b.example"}]}, "invalid-input"),
    ({"to": []}, "invalid-input"),
    ({"to": [{"email": "a@b.example"}], "body": " \n"}, "invalid-input"),
    ({"to": [{"email": "a@b.example"}], "kind": "acknowledgement"}, "invalid-input"),
    ({"to": [{"email": "a@b.example"}], "channel": "web"}, "invalid-input"),
    ({"to": [{"email": "a@b.example"}], "answers": "none"}, "unknown-mail"),
    ({"kind": "reply"}, "no-address"),
)


async def test_what_cannot_be_sent_is_refused(engine: Engine, org: str) -> None:
    ana = await engine.signed_in("ana")
    case_id, _number = await case_of(ana)
    for number, (values, slug) in enumerate(WRONG):
        refused = await ana.post(f"/cases/{case_id}/mail", new(f"c{number}", **values))
        assert refused.json()["slug"] == slug, values
    assert (await ana.get(f"/cases/{case_id}/mail")).json()["items"] == []


async def test_what_is_marked_goes_as_html_beside_the_text(engine: Engine, org: str) -> None:
    ana = await engine.signed_in("ana")
    case_id, number = await case_of(ana, queue="sales")
    to = [{"email": "vera@example.com"}]
    words = "It is **ready**:\n- tea\n- <b>milk</b>"
    sent = (await ana.post(f"/cases/{case_id}/mail", new("m", to=to, body=words))).json()
    kept = await engine.application.store.outgoing.get(org, sent["id"])
    assert kept.text.startswith(f"{words}\n\n-- \nSales · {number}\n")
    assert kept.html.startswith(
        "<p>It is <strong>ready</strong>:</p>\n<ul><li>tea</li><li>&lt;b&gt;milk&lt;/b&gt;</li></ul>\n"
    )
    assert f"<p>-- <br>Sales · {number}</p>" in kept.html
    assert tokens.marker(kept.message_id[1:].partition(".")[0]) in kept.html
    plain = (await ana.post(f"/cases/{case_id}/mail", new("p", to=to))).json()
    assert (await engine.application.store.outgoing.get(org, plain["id"])).html == ""


async def test_agents_begin_mail_from_channels_of_their_queues(tmp_path: Path, valkey_address: str, org: str) -> None:
    organisation = mailing(org)
    billing = Email(address="bills@shop.example")
    foreign = Channel(key="bills", kind="email", name="Bills", queue="hidden", email=billing)
    shared = replace(foreign, key="all", email=Email(address="all@shop.example", writers=Writers.ALL))
    queues = {**organisation.queues, "hidden": replace(organisation.queues["sales"], key="hidden", name="Hidden")}
    channels = {"bills": foreign, **organisation.channels, "all": shared}
    organisation = replace(organisation, channels=channels, queues=queues)
    async with running_engine(tmp_path / "data", valkey_address, [organisation]) as engine:
        ana, sue = await engine.signed_in("ana"), await engine.signed_in("sue")
        case_id, _number = await case_of(ana)
        to = [{"email": "vera@example.com"}]
        assert (await ana.get(f"/cases/{case_id}/mail/draft")).json()["channel"] == "mail"
        refused = await ana.post(f"/cases/{case_id}/mail", new(to=to, channel="bills"))
        assert (refused.status_code, refused.json()["slug"]) == (403, "not-your-channel")
        for client, channel in (("a", "all"), ("m", "mail")):
            assert (await ana.post(f"/cases/{case_id}/mail", new(client, to=to, channel=channel))).status_code == 201
        assert (await sue.post(f"/cases/{case_id}/mail", new("s", to=to, channel="bills"))).status_code == 201
        post = Post(engine, org)
        await post.put(case_id=case_id, channel="bills")  # what was written to it may be answered from it
        answer = await ana.post(f"/cases/{case_id}/mail", new("r", kind="reply"))
        assert (answer.status_code, answer.json()["channel"]) == (201, "bills")


async def test_nobody_writes_mail_without_bound(engine: Engine, org: str) -> None:
    ana, ben = await engine.signed_in("ana"), await engine.signed_in("ben")
    case_id, _number = await case_of(ana)
    many = [{"email": f"c{number}@example.com"} for number in range(100)]
    first = await ana.post(f"/cases/{case_id}/mail", new("1", to=many))
    assert first.status_code == 201
    refused = await ana.post(f"/cases/{case_id}/mail", new("2", to=many))
    assert (refused.status_code, refused.json()["slug"]) == (429, "too-fast")
    assert (await ana.post(f"/cases/{case_id}/mail", new("1", to=many))).json()["id"] == first.json()["id"]
    assert (await ben.post(f"/cases/{case_id}/mail", new("3", to=many))).status_code == 201


async def test_without_a_channel_there_is_no_mail(tmp_path: Path, valkey_address: str, org: str) -> None:
    async with running_engine(tmp_path / "data", valkey_address, [staffed_organisation(org)]) as engine:
        ana = await engine.signed_in("ana")
        case_id, _number = await case_of(ana)
        refused = await ana.get(f"/cases/{case_id}/mail/draft")
        assert (refused.status_code, refused.json()["slug"]) == (409, "no-address")


async def test_nothing_is_said_in_a_conversation_by_mail_that_nobody_would_get(engine: Engine, org: str) -> None:
    ana, store = await engine.signed_in("ana"), engine.application.store
    begun = await store.arrivals.open_interaction(
        arrival(org, channel="mail"), kind="email", plan=PLAN, case_policy=CasePolicy.FIRST_MESSAGE, now_ms=1
    )
    refused = await ana.post(f"/interactions/{begun.interaction.id}/entries", {"client_id": "x", "body": "Hello"})
    assert (refused.status_code, refused.json()["slug"]) == (409, "write-mail")
