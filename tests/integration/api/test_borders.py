"""What another organisation has is nowhere to be found: not by its id in a path, and not by its id in a body."""

from typing import Any

from tests.integration.api.engine_under_test import Browser, Engine
from tests.integration.api.test_access import two  # noqa: F401 -- a fixture

V = {"version": 1}


async def made(browser: Browser, path: str, **body: object) -> dict[str, Any]:
    answer = await browser.post(path, body)
    assert answer.status_code == 201, f"{path}: {answer.text}"
    told: dict[str, Any] = answer.json()
    return told.get("contact") or told.get("account") or told


async def furnished(browser: Browser) -> dict[str, str]:
    """Make one of each; return their ids."""
    address = {"channel": "email", "value": "zoe@example.org"}
    contact = await made(browser, "/contacts", name="Zoe", addresses=[address])
    account = await made(browser, "/accounts", name="Kettle")
    whose = {"account_id": account["id"]}
    case = await made(browser, "/cases", subject="Broken", contact_id=contact["id"], **whose)
    users = (await browser.get("/users")).json()["items"]
    return {
        "contact": contact["id"],
        "address": contact["addresses"][0]["id"],
        "account": account["id"],
        "case": case["id"],
        "relation": (await made(browser, "/relations", contact_id=contact["id"], **whose))["id"],
        "asset": (await made(browser, "/assets", name="Pot", **whose))["id"],
        "order": (await made(browser, "/orders", number="1", **whose))["id"],
        "contract": (await made(browser, "/contracts", number="1", name="Care", **whose))["id"],
        "activity": (await made(browser, "/activities", kind="task", subject="Call", case_id=case["id"]))["id"],
        "user": users[0]["id"],
    }


def read(of: dict[str, str]) -> list[str]:
    contact, account, case = f"/contacts/{of['contact']}", f"/accounts/{of['account']}", f"/cases/{of['case']}"
    parts = [f"{one}/{part}" for one in (contact, account) for part in ("view", "relations", "duplicates")]
    parts += [f"{account}/tree", f"{account}/team"]
    parts += [f"{case}/{part}" for part in ("history", "followers", "links", "attachments", "escalations")]
    plain = [f"/{kind}s/{of[kind]}" for kind in ("contact", "account", "case", "asset", "order", "contract")]
    return [*plain, *parts, f"/activities/{of['activity']}"]


def written(of: dict[str, str], own: dict[str, str]) -> list[tuple[str, str, dict[str, object]]]:
    """Return writes on what another organisation has, and writes that name it on what is one's own."""
    case, mine = f"/cases/{of['case']}", f"/cases/{own['case']}"
    asked: list[tuple[str, str, dict[str, object]]] = [
        ("PATCH", case, {"version": 99, "subject": "x"}),  # stale: the answer would tell the case
        ("PATCH", f"/contacts/{of['contact']}", {"version": 99, "name": "x"}),
        ("PATCH", f"/accounts/{of['account']}", {"version": 99, "name": "x"}),
        ("PATCH", f"/contacts/{own['contact']}/addresses/{of['address']}", {"label": "x"}),
        ("PATCH", f"/relations/{of['relation']}", {"role": "x"}),
        ("PATCH", f"/accounts/{own['account']}", {**V, "parent_id": of["account"]}),
        ("PATCH", f"/accounts/{own['account']}", {**V, "owner_id": of["user"]}),
        ("PUT", f"/accounts/{own['account']}/team/{of['user']}", {}),
        ("PUT", "/default-team", {"members": [{"user_id": of["user"]}]}),
        ("PUT", f"{mine}/followers/{of['user']}", {}),
        ("POST", "/relations", {"contact_id": own["contact"], "account_id": of["account"]}),
        ("POST", "/relations", {"contact_id": of["contact"], "account_id": own["account"]}),
        ("POST", f"/contacts/{own['contact']}/merge", {"lost_id": of["contact"]}),
        ("POST", f"/accounts/{own['account']}/merge", {"lost_id": of["account"]}),
        ("POST", f"{case}/events", {"name": "paid", "client_id": "1"}),
        ("POST", f"{case}/comments", {"body": "x", "client_id": "1"}),
        ("DELETE", f"/activities/{of['activity']}", {}),
        ("DELETE", f"/assets/{of['asset']}", {}),
    ]
    asked += [("PUT", f"{mine}/links/{kind}/{of[kind]}", {}) for kind in ("case", "asset", "order")]
    named = {"contact_id": of["contact"], "account_id": of["account"]}
    for name, wanted in {**named, "parent_id": of["case"], "owner_id": of["user"]}.items():
        asked += [("PATCH", mine, {**V, name: wanted}), ("POST", "/cases", {"subject": "x", name: wanted})]
    for name, wanted in named.items():
        asked += [("POST", "/assets", {"name": "x", name: wanted})]
        asked += [("PATCH", f"/assets/{own['asset']}", {**V, name: wanted})]
    for name, wanted in {**named, "case_id": of["case"], "owner_id": of["user"]}.items():
        asked += [("POST", "/activities", {"kind": "task", "subject": "x", name: wanted})]
    return asked


async def test_ids_of_another_organisation_lead_nowhere(two: Engine, org: str) -> None:  # noqa: F811
    of = await furnished(await two.signed_in("ada", org))
    stranger = await two.signed_in("ada", f"{org}-b")
    own = await furnished(stranger)
    asked = written(of, own)
    asked += [("GET", path, {}) for path in read(of)]
    for method, path, body in asked:
        answer = await stranger.send(method, path, body)
        slug = answer.json()["slug"] if answer.content else ""
        assert answer.status_code in (400, 404), f"{method} {path} {body}: {answer.text}"
        assert slug.startswith("unknown-"), f"{method} {path} {body}: {answer.text}"
        said = answer.text.replace(path, "")
        assert "Zoe" not in said
        assert "Kettle" not in said
