"""Who may do what: every route, every role, nobody, and the other organisation."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.api.operation import Operation
from engine.api.routes.table import OPERATIONS
from tests.integration.api.engine_under_test import Browser, Engine, agent_socket, running_engine, staffed_organisation
from tests.integration.api.engine_under_test import visitor as chat

ROLES = {"agent": "ana", "supervisor": "sue", "admin": "ada"}
PUBLIC = {"log_in", "read_chat_channel", "post_call_reports"}
ORDER = ["agent", "supervisor", "admin"]


@pytest.fixture
async def two(tmp_path: Path, valkey_address: str, org: str) -> AsyncIterator[Engine]:
    """Run the engine for two organisations."""
    organisations = [staffed_organisation(org), staffed_organisation(f"{org}-b")]
    async with running_engine(tmp_path / "data", valkey_address, organisations) as running:
        yield running


def path_of(operation: Operation, ids: dict[str, str] | None = None) -> str:
    path = operation.path
    for name in ("item_id", "interaction_id", "case_id", "contact_id", "alert_id", "user_id", "token_id"):
        path = path.replace(f"{{{name}}}", (ids or {}).get(name, "no-such-id"))
    return path.replace("{noun}", "contact").replace("{number}", "1") + QUERIES.get(operation.handler.__name__, "")


def needed(engine: Engine, operation: Operation) -> str:
    document = engine.api.openapi()
    described = document["paths"][operation.prefix + operation.path][operation.method.lower()]
    return str(described.get("x-role", ""))


async def ask(browser: Browser, operation: Operation, ids: dict[str, str] | None = None) -> tuple[int, str]:
    answer = await browser.send(operation.method, path_of(operation, ids), BODIES.get(operation.handler.__name__, {}))
    slug = answer.json().get("slug", "") if answer.status_code >= 400 else ""
    return answer.status_code, slug


BODIES: dict[str, dict[str, object]] = {
    "accept_offer": {"assignment": 1},
    "decline_offer": {"assignment": 1},
    "end_work_item": {"assignment": 1},
    "wrap_up_work_item": {"assignment": 1, "disposition": "solved"},
    "transfer_work_item": {"assignment": 1, "queue": "sales"},
    "assign_work_item": {"agent_id": "no-such-id"},
    "ask_colleague": {"assignment": 1, "queue": "sales", "client_id": "x", "question": "?"},
    "park_work_item": {"assignment": 1},
    "extend_wrap_up": {"assignment": 1},
    "change_webhook": {"name": "x", "url": "https://erp.example/", "secret": "none"},
    "redeliver_webhook": {"after": {"epoch": 0, "seq": 0}},
    "write_entry": {"client_id": "x", "body": "hello"},
    "open_case": {"interaction_id": "no-such-id", "subject": "x"},
    "change_case": {"version": 1, "status": "closed"},
    "comment_on_case": {"client_id": "x", "body": "hello"},
    "tell_event": {"name": "x", "client_id": "x"},
    "rate_case": {"rating": 5},
    "change_contact": {"version": 1, "name": "X"},
    "add_address": {"channel": "email", "value": "x@example.org"},
    "change_account": {"version": 1, "name": "X"},
    "change_relation": {"role": "x"},
    "merge_contacts": {"lost_id": "no-such-id"},
    "merge_accounts": {"lost_id": "no-such-id"},
    "merge_case": {"lost_id": "no-such-id"},
    "change_asset": {"version": 1, "name": "X"},
    "change_order": {"version": 1, "number": "1"},
    "change_contract": {"version": 1, "name": "X"},
    "change_entitlement": {"version": 1, "name": "X"},
    "hand_over_lead": {"client_id": "x", "subject": "x"},
    "change_lead": {"version": 1, "subject": "X"},
    "change_activity": {"version": 1, "subject": "X"},
    "change_user": {"name": "X"},
    "set_user_password": {"password": "long enough for all"},
    "set_presence": {"status": "break"},
    "run_macro": {"client_id": "x"},
    "send_mail": {"client_id": "x", "body": "hello"},
    "decide_mail": {"decision": "discard"},
    "run_macro_job": {"case_ids": ["no-such-id"]},
    "change_view": {"version": 1, "name": "X"},
    "ask_approval": {"process": "x"},
    "approve": {"version": 1},
    "refuse": {"version": 1, "note": "x"},
    "delegate_approval": {"version": 1, "user_id": "x"},
    "withdraw_approval": {"version": 1},
}
QUERIES = {"add_to_import": "?offset=0"}
TELLING_NOTHING = {
    "read_contact_timeline", "read_account_timeline", "hand_over_lead", "export_rows", "list_import_columns",
}  # fmt: skip
"""Lists in which who is outside finds nothing, and what his organisation is not set up for."""
HARMFUL = {"log_out", "change_own_password", "create_user", "create_token"}


async def test_every_route_holds_to_its_role(engine: Engine) -> None:
    nobody = Browser(engine.http())
    browsers = {role: await engine.signed_in(login) for role, login in ROLES.items()}
    for operation in OPERATIONS:
        if operation.handler.__name__ in PUBLIC:
            assert needed(engine, operation) == ""
            continue
        least = needed(engine, operation)
        assert least in ORDER, operation.path
        status, slug = await ask(nobody, operation)
        assert (status, slug) == (401, "unauthenticated"), operation.path
        for role, browser in browsers.items():
            allowed = ORDER.index(role) >= ORDER.index(least)
            if allowed and operation.handler.__name__ in HARMFUL:
                continue
            status, slug = await ask(browser, operation)
            refused = (status, slug) == (403, "forbidden")
            assert refused is not allowed, f"{role} {operation.method} {operation.path}: {status} {slug}"
            assert status < 500, f"{operation.path}: {status} {slug}"


async def test_nothing_crosses_the_border_of_an_organisation(two: Engine, org: str) -> None:
    here, there = org, f"{org}-b"
    ana = await two.signed_in("ana", here)
    async with two.served() as address, agent_socket(address, ana) as socket:
        await ana.post("/presence", {"status": "available"})
        async with chat(address, here) as vera:
            offer = (await socket.state(offers=1))["offers"][0]
            await ana.post(f"/offers/{offer['item_id']}/accept", {"assignment": offer["assignment"]})
            case = (await ana.post("/cases", {"interaction_id": vera.interaction_id, "subject": "Mine"})).json()
            admin = await two.signed_in("ada", here)
            users = (await admin.get("/users")).json()["items"]
            token = (await admin.post("/tokens", {"name": "t", "role": "agent"})).json()["token"]
            ids = {
                "item_id": offer["item_id"],
                "interaction_id": vera.interaction_id,
                "case_id": case["id"],
                "contact_id": case["contact_id"],
                "user_id": users[0]["id"],
                "token_id": token["id"],
                "alert_id": "no-such-id",
            }
            await check_from_outside(two, there, ids)
            assert (await ana.get(f"/cases/{case['id']}")).json()["case"]["version"] == case["version"]


async def check_from_outside(engine: Engine, org_id: str, ids: dict[str, str]) -> None:
    stranger = await engine.signed_in("ada", org_id)
    wrong = []
    for operation in OPERATIONS:
        if "{" in operation.path and operation.handler.__name__ not in PUBLIC:
            status, slug = await ask(stranger, operation, ids)
            if status not in (403, 404) and operation.handler.__name__ not in TELLING_NOTHING:
                wrong.append(f"{operation.handler.__name__}: {status} {slug}")
    assert not wrong, "\n".join(wrong)
    new = await stranger.post("/cases", {"interaction_id": ids["interaction_id"], "subject": "Theirs"})
    assert new.status_code == 404
    for path in ("/cases", "/contacts", "/work-items", "/alerts", "/tokens"):
        assert (await stranger.get(path)).json()["items"] == [], path


async def test_a_field_too_many_or_wrong_is_named(engine: Engine) -> None:
    browser = await engine.signed_in("ana")
    answer = await browser.post("/presence", {"status": "break", "colour": "red"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "colour"
    wrong = await browser.post("/offers/x/accept", {"assignment": "many"})
    assert wrong.json()["errors"][0]["field"] == "assignment"
    assert (await browser.get("/cases", limit="0")).json()["errors"][0]["field"] == "limit"
