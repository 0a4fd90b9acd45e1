"""What is sent with a form, on both databases: a case with all that belongs to it, once; of a contact, one."""

import asyncio

from tests.integration.api.engine_under_test import Engine
from tests.integration.forms.engine import BOTH, FILLED, Page, cases_of
from tests.servers import eventually

pytestmark = BOTH


async def test_what_is_sent_is_a_case_with_all_that_belongs_to_it(engine: Engine, page: Page, org: str) -> None:
    sent = {**FILLED, "phone": "020 7946 0018", "topic": "order", "case.tins": "3", "contact.favourite": "Oolong"}
    picture = ("C:\\fakepath\\leak.png", b"\x89PNG" * 1_000, "image/png")
    thanks = await page.thanks(await page.send(sent, [picture]))
    assert "Thank you" in thanks
    assert "number 1" in thanks
    sue = await engine.signed_in("sue", org)
    (listed,) = (await sue.get("/cases")).json()["items"]
    whole = (await sue.get(f"/cases/{listed['id']}")).json()
    case = whole["case"]
    assert (case["subject"], case["description"], case["topic"]) == ("My kettle", "It drips.\nWhy?", "order")
    assert (case["fields"], case["origin"], case["queue"], case["routed"]) == ({"tins": 3}, "contact", "support", True)
    shown = (await sue.get(f"/contacts/{case['contact_id']}")).json()
    contact = shown["contact"]
    assert (contact["name"], contact["email"], contact["fields"]) == (
        "Vera",
        "Vera@Example.com",
        {"favourite": "Oolong"},
    )
    addresses = {one["channel"]: (one["key"], one["verified_at"]) for one in contact["addresses"]}
    assert addresses == {"email": ("vera@example.com", None), "phone": ("+442079460018", None)}
    (file,) = (await sue.get(f"/cases/{case['id']}/attachments")).json()["items"]
    assert (file["name"], file["media_type"], file["public"]) == ("leak.png", "image/png", True)
    assert (await sue.get(f"/attachments/{file['id']}")).content == picture[1]

    async def waits() -> bool:
        items = (await sue.get("/work-items", case_id=case["id"])).json()["items"]
        return [(item["kind"], item["queue"]) for item in items] == [("case", "support")]

    await eventually(waits, within_s=20)


async def test_sent_again_it_is_the_same_case(engine: Engine, page: Page, org: str) -> None:
    first = await page.send()
    again = await page.send()
    assert first.headers["location"] == again.headers["location"]
    assert len(await cases_of(engine, org)) == 1


async def test_sent_five_times_at_once_it_is_one_case_of_one_contact(engine: Engine, page: Page, org: str) -> None:
    answers = await asyncio.gather(*(page.send() for _ in range(5)))
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert len(await cases_of(engine, org)) == 1


async def test_five_who_write_the_same_address_at_once_are_one_contact(engine: Engine, org: str) -> None:
    async with engine.http() as http:
        pages = [Page(http, org) for _ in range(5)]
        for one in pages:
            await one.open()
        answers = await asyncio.gather(*(one.send(description=f"Number {number}") for number, one in enumerate(pages)))
    assert {answer.status_code for answer in answers} == {303}
    found = await cases_of(engine, org)
    assert len(found) == 5
    assert len({one["contact_id"] for one in found}) == 1


async def test_a_stranger_neither_reads_nor_changes_a_contact(engine: Engine, page: Page, org: str) -> None:
    sue = await engine.signed_in("sue", org)
    address = {"channel": "email", "value": "vera@example.com"}
    vera = {"name": "Vera", "addresses": [address], "fields": {"favourite": "Sencha"}, "notes": "likes jasmine"}
    made = (await sue.post("/contacts", vera)).json()["contact"]
    stranger = {**FILLED, "name": "Mallory", "phone": "+44 20 7946 0999", "contact.favourite": "Coffee"}
    answer = await page.send(stranger)
    assert "jasmine" not in answer.text
    assert "jasmine" not in await page.thanks(answer)
    now = (await sue.get(f"/contacts/{made['id']}")).json()["contact"]
    assert {**now, "updated_at": ""} == {**made, "updated_at": ""}, "not a word of the stranger's is his"
    (case,) = await cases_of(engine, org)
    assert case["contact_id"] == made["id"]
    (conversation,) = (await sue.get(f"/cases/{case['id']}")).json()["conversations"]
    told = (await sue.get(f"/interactions/{conversation['interaction']['id']}/entries")).json()
    assert "Mallory" in str(told), "what was typed is kept with the case"
