"""Contacts and accounts over HTTP."""

import asyncio

from tests.integration.api.engine_under_test import Engine


def email(value: str) -> dict[str, object]:
    return {"channel": "email", "value": value}


async def test_a_contact_is_kept_found_changed(engine: Engine) -> None:
    ana = await engine.signed_in("ana")
    body = {
        "name": "Anna Schmidt",
        "addresses": [email("Anna@Kettle.example"), {"channel": "phone", "value": "0171 1234567", "region": "de"}],
        "language": "de-AT",
        "time_zone": "Europe/Vienna",
        "tier": "gold",
        "fields": {"since": 2019},
    }
    answer = await ana.post("/contacts", body)
    assert answer.status_code == 201, answer.text
    contact = answer.json()["contact"]
    assert (contact["email"], contact["version"], contact["fields"]) == ("Anna@Kettle.example", 1, {"since": 2019})
    assert [(one["key"], one["main"]) for one in contact["addresses"]] == [
        ("anna@kettle.example", True),
        ("+491711234567", False),
    ]
    found = (await ana.get("/contacts", text="+49171")).json()["items"]
    assert [one["id"] for one in found] == [contact["id"]]

    path = f"/contacts/{contact['id']}"
    answer = await ana.send("PATCH", path, {"version": 1, "tier": "platinum"})
    assert answer.json()["contact"]["version"] == 2
    answer = await ana.send("PATCH", path, {"version": 1, "tier": "silver"})
    stale = answer.json()
    assert (answer.status_code, stale["slug"], stale["version"]) == (409, "stale-version", 2)
    assert stale["contact"]["tier"] == "platinum"
    for wrong in ({"version": 2}, {"version": 2, "time_zone": "Mars/Olympus"}, {"version": 2, "email": "nobody"}):
        assert (await ana.send("PATCH", path, wrong)).status_code == 400, wrong


async def test_a_contact_is_looked_after_by_a_user(engine: Engine) -> None:
    ana = await engine.signed_in("ana")
    user_id = (await ana.get("/me")).json()["user"]["id"]
    refused = await ana.post("/contacts", {"name": "Lost", "owner_id": "nobody"})
    assert (refused.status_code, refused.json()["slug"], refused.json()["field"]) == (404, "unknown-user", "owner_id")
    contact = (await ana.post("/contacts", {"name": "Kept", "owner_id": user_id})).json()["contact"]
    assert contact["owner_id"] == user_id
    other = (await ana.post("/contacts", {"name": "Nobody's"})).json()["contact"]
    assert other["owner_id"] == ""
    listed = (await ana.get("/contacts", owner_id=user_id)).json()["items"]
    assert [one["id"] for one in listed] == [contact["id"]]
    view = (await ana.get(f"/contacts/{contact['id']}/view")).json()
    assert view["contact"]["owner_id"] == user_id
    path = f"/contacts/{contact['id']}"
    refused = await ana.send("PATCH", path, {"version": 1, "owner_id": "nobody"})
    assert (refused.status_code, refused.json()["slug"]) == (404, "unknown-user")
    freed = (await ana.send("PATCH", path, {"version": 1, "owner_id": ""})).json()["contact"]
    assert (freed["owner_id"], freed["version"]) == ("", 2)
    assert (await ana.get("/contacts", owner_id=user_id)).json()["items"] == []


async def test_one_address_is_one_contact_s(engine: Engine) -> None:
    ana = await engine.signed_in("ana")
    answers = await asyncio.gather(
        *(ana.post("/contacts", {"name": f"Zoe {n}", "addresses": [email("Zoe@Example.org")]}) for n in range(5))
    )
    kept = [one.json()["contact"] for one in answers if one.status_code == 201]
    assert len(kept) == 1
    refused = [one.json() for one in answers if one.status_code == 409]
    assert {(one["slug"], one["contact_id"]) for one in refused} == {("address-taken", kept[0]["id"])}
    assert len(refused) == 4


async def test_addresses_come_and_go(engine: Engine) -> None:
    ana = await engine.signed_in("ana")
    contact = (await ana.post("/contacts", {"name": "Zoe"})).json()["contact"]
    path = f"/contacts/{contact['id']}/addresses"
    added = await ana.post(path, email("zoe@example.org"))
    assert (added.status_code, added.json()["main"]) == (201, True)
    one = f"{path}/{added.json()['id']}"
    assert (await ana.send("PATCH", one, {"verified": True, "label": "work"})).json()["verified_at"]
    wrong = await ana.post(path, {"channel": "phone", "value": "020 7946 0000"})
    assert (wrong.status_code, wrong.json()["field"]) == (400, "value")
    assert (await ana.send("DELETE", one)).status_code == 204
    assert (await ana.send("DELETE", one)).json()["slug"] == "unknown-address"
    assert (await ana.post("/contacts/nobody/addresses", email("q@x.org"))).json()["slug"] == "unknown-contact"


async def test_likely_duplicates_are_told(engine: Engine) -> None:
    ana = await engine.signed_in("ana")
    first = await ana.post("/contacts", {"name": "Anna Schmidt", "addresses": [email("anna@kettle.example")]})
    contact = first.json()["contact"]
    assert first.json()["duplicates"] == []
    asked = {"name": "Schmidt Ana", "addresses": [email("ana@kettle.example")]}
    check = (await ana.post("/contacts/check", asked)).json()["items"]
    assert [(one["id"], one["certain"]) for one in check] == [(contact["id"], False)]
    assert check[0]["reasons"] == ["similar-name", "same-domain", "similar-email"]
    sure = (await ana.post("/contacts/check", {"addresses": [email("ANNA@kettle.example")]})).json()["items"]
    assert [(one["certain"], one["reasons"]) for one in sure] == [(True, ["same-email"])]
    second = await ana.post("/contacts", asked)
    assert [one["id"] for one in second.json()["duplicates"]] == [contact["id"]]
    back = (await ana.get(f"/contacts/{contact['id']}/duplicates")).json()["items"]
    assert [one["id"] for one in back] == [second.json()["contact"]["id"]]


async def test_an_account_its_family_and_its_people(engine: Engine) -> None:
    ana = await engine.signed_in("ana")
    body = {"name": "Kettle & Crane Ltd", "domain": "WWW.Kettle.example", "phone": "+44 20 7946 0000", "tier": "gold"}
    answer = await ana.post("/accounts", body)
    assert answer.status_code == 201, answer.text
    top = answer.json()["account"]
    assert (top["domain"], top["phone"], top["version"]) == ("kettle.example", "+442079460000", 1)
    refused = await ana.post("/accounts", {"name": "Kettle and Crane"})
    assert (refused.status_code, refused.json()["slug"]) == (409, "likely-duplicate")
    assert refused.json()["duplicates"][0]["id"] == top["id"]
    asked = {"name": "Kettle and Crane", "parent_id": top["id"], "despite_duplicates": True}
    child = (await ana.post("/accounts", asked)).json()["account"]
    check = (await ana.post("/accounts/check", {"name": "Kettel Crane Co."})).json()["items"]
    assert {one["id"] for one in check} == {top["id"], child["id"]}
    assert [one["id"] for one in (await ana.get(f"/accounts/{top['id']}/duplicates")).json()["items"]] == [child["id"]]

    circle = await ana.send("PATCH", f"/accounts/{top['id']}", {"version": 1, "parent_id": child["id"]})
    assert (circle.status_code, circle.json()["slug"]) == (409, "account-circle")
    tree = (await ana.get(f"/accounts/{child['id']}/tree")).json()
    assert [(one["id"], one["depth"]) for one in tree["nodes"]] == [(top["id"], 0), (child["id"], 1)]
    assert tree["complete"]
    renamed = await ana.send("PATCH", f"/accounts/{child['id']}", {"version": 1, "name": "Teapot", "industry": "tea"})
    assert renamed.json()["account"]["version"] == 2
    stale = (await ana.send("PATCH", f"/accounts/{child['id']}", {"version": 1, "industry": "coffee"})).json()
    assert (stale["slug"], stale["account"]["industry"]) == ("stale-version", "tea")

    zoe = (await ana.post("/contacts", {"name": "Zoe"})).json()["contact"]
    made = []
    for account, direct in ((top, True), (child, True), (top, False)):
        wanted = {"contact_id": zoe["id"], "account_id": account["id"], "direct": direct, "role": "buyer"}
        answer = await ana.post("/relations", wanted)
        assert answer.status_code == 201, answer.text
        made.append(answer.json()["id"])
    told = (await ana.get(f"/contacts/{zoe['id']}/relations")).json()["items"]
    assert [(one["account_name"], one["direct"], bool(one["to_date"])) for one in told] == [
        ("Teapot", True, False),
        (top["name"], False, False),
        (top["name"], True, True),
    ]
    ended = await ana.send("PATCH", f"/relations/{made[-1]}", {"to_date": "2020-01-01"})
    assert ended.json()["to_date"] == "2020-01-01"
    assert (await ana.send("PATCH", f"/relations/{made[-1]}", {"to_date": "soon"})).status_code == 400
    people = (await ana.get(f"/accounts/{child['id']}/relations", current="true")).json()["items"]
    assert [(one["contact_name"], one["role"]) for one in people] == [("Zoe", "buyer")]


async def test_a_default_team_is_added_in_one_step(engine: Engine) -> None:
    ana, ada = await engine.signed_in("ana"), await engine.signed_in("ada")
    ids = {one["login"]: one["id"] for one in (await ada.get("/users")).json()["items"]}
    account = (await ana.post("/accounts", {"name": "Kettle"})).json()["account"]
    path = f"/accounts/{account['id']}"
    members = [{"user_id": ids["ben"], "role": "buyer's friend", "case_access": "edit"}, {"user_id": ids["sue"]}]
    assert (await ana.send("PUT", "/default-team", {"members": members})).status_code == 200
    assert len((await ana.get("/default-team")).json()["items"]) == 2
    put = await ana.send("PUT", f"{path}/team/{ids['ben']}", {"account_access": "edit"})
    assert put.json()["items"] == [{"user_id": ids["ben"], "role": "", "account_access": "edit", "case_access": "read"}]
    team = (await ana.post(f"{path}/default-team")).json()["items"]
    assert {one["user_id"]: one["account_access"] for one in team} == {ids["ben"]: "edit", ids["sue"]: "read"}
    assert (await ana.send("DELETE", f"{path}/team/{ids['sue']}")).status_code == 204
    assert (await ana.send("DELETE", f"{path}/team/{ids['sue']}")).json()["slug"] == "unknown-member"
    assert len((await ana.get(f"{path}/team")).json()["items"]) == 1
    assert (await ana.send("PUT", f"{path}/team/nobody", {})).json()["slug"] == "unknown-user"


async def test_supervisors_merge_and_undo(engine: Engine) -> None:
    ana, sue = await engine.signed_in("ana"), await engine.signed_in("sue")
    kept, lost = [
        (await ana.post("/contacts", {"name": "Zoe", "addresses": [email(f"{name}@x.org")]})).json()["contact"]
        for name in "ab"
    ]
    body = {"lost_id": lost["id"]}
    assert (await ana.post(f"/contacts/{kept['id']}/merge", body)).status_code == 403
    merge = (await sue.post(f"/contacts/{kept['id']}/merge", body)).json()
    assert (merge["kept_id"], merge["lost_id"], merge["moved"]) == (kept["id"], lost["id"], 1)
    read = (await ana.get(f"/contacts/{lost['id']}")).json()["contact"]
    assert (read["id"], [one["key"] for one in read["addresses"]]) == (kept["id"], ["a@x.org", "b@x.org"])
    refused = (await ana.send("PATCH", f"/contacts/{lost['id']}", {"version": 2, "tier": "x"})).json()
    assert (refused["slug"], refused["merged_into"]) == ("merged", kept["id"])
    undone = (await sue.post(f"/merges/{merge['id']}/undo")).json()
    assert (undone["left"], bool(undone["undone_at"])) == (0, True)
    assert (await ana.get(f"/contacts/{lost['id']}")).json()["contact"]["email"] == "b@x.org"
    listed = (await ana.get("/merges", customer_id=lost["id"])).json()["items"]
    assert [one["id"] for one in listed] == [merge["id"]]
    accounts = [(await ana.post("/accounts", {"name": name})).json()["account"] for name in ("Kettle", "Teapot")]
    path = f"/accounts/{accounts[0]['id']}/merge"
    assert (await sue.post(path, {"lost_id": accounts[1]["id"]})).json()["kind"] == "account"
    assert (await ana.get(f"/accounts/{accounts[1]['id']}")).json()["id"] == accounts[0]["id"]
    assert (await sue.post(path, {"lost_id": accounts[0]["id"]})).status_code == 400
    assert (await sue.post("/merges/nothing/undo")).json()["slug"] == "unknown-merge"
    lines = [one["action"] for one in (await (await engine.signed_in("ada")).get("/audit")).json()["items"]]
    assert lines[:3] == ["account.merged", "contact.unmerged", "contact.merged"]
