"""Search over HTTP: what is written is found soon, with what matched."""

from typing import Any

from tests.integration.api.engine_under_test import Engine
from tests.servers import eventually


async def test_a_contact_is_found_soon_after_he_is_known(engine: Engine) -> None:
    ana = await engine.signed_in("ana")
    body = {"name": "王投诉 Zoë Ødegård", "notes": "Wants oolong, and ships to Zürich"}
    contact = (await ana.post("/contacts", body)).json()["contact"]

    async def found(**query: str) -> list[dict[str, Any]]:
        answer = await ana.get("/search", **query)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    hits: list[dict[str, Any]] = []

    async def there() -> bool:
        hits[:] = await found(q="投诉")
        return bool(hits)

    await eventually(there, what="the contact is found")
    (hit,) = hits
    assert (hit["kind"], hit["id"], hit["about"]) == ("contact", contact["id"], body["name"])
    assert hit["title"] == {"text": body["name"], "marks": [[1, 3]]}
    (hit,) = await found(q='"to zurich" oolo', kind="contact", **{"from": "2020-01-01T00:00:00Z"})
    snippet = hit["snippet"]
    assert [snippet["text"][begin:end] for begin, end in snippet["marks"]] == ["oolong", "to Zürich"]
    assert await found(q="oolong", kind="case") == []
    assert await found(q="oolong", owner="me") == []
    assert await found(q="oolong", to="2020-01-01T00:00:00Z") == []
    answer = (await ana.get("/search", q="oolong")).json()
    assert (answer["total"], answer["total_exact"], answer["next"], answer["ready"]) == (1, True, "", True)
    assert answer["kinds"] == {"case": 0, "message": 0, "contact": 1, "account": 0}


async def test_wrong_questions_are_refused(engine: Engine) -> None:
    ana = await engine.signed_in("ana")
    for wrong in ({"kind": "nonsense"}, {"after": "!"}, {"limit": "0"}, {"from": "yesterday"}, {"q": "x" * 501}):
        answer = await ana.get("/search", **wrong)
        assert (answer.status_code, answer.json()["slug"]) == (400, "invalid-input"), wrong
    assert (await engine.http().get("/api/v1/search?q=tea")).status_code == 401
