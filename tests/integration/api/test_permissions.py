"""Who may see and do what: every principal tries every operation of the route table on one case and its customer."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import Table

from engine.api.guard import GUARDED
from engine.api.operation import Operation
from engine.api.routes.table import OPERATIONS
from engine.model.organisation import AgentSetup, Organisation, Role
from engine.model.team import Team
from engine.model.visibility import CasesSeen, CustomersSeen, Guarded, Right, Visibility
from engine.store.cases.tables import activities, case_followers, cases
from engine.store.customers.tables import (
    account_relations,
    account_team,
    accounts,
    assets,
    contacts,
    contracts,
    entitlements,
    leads,
    orders,
)
from engine.store.tables import interactions, work_items
from engine.store.upsert import insert
from tests.contract.store.searching import full_row
from tests.integration.api.engine_under_test import Browser, Engine, running_engine, staffed_organisation

CASES = {Guarded.CASE, Guarded.INTERACTION, Guarded.ITEM, Guarded.ATTACHMENT, Guarded.LEAD, Guarded.ACTIVITY}
"""What follows the right to the case; the rest follows that to the customer."""

LISTED = {
    "list_work_items", "list_cases", "list_contacts", "list_accounts", "search", "list_assets", "list_orders",
    "list_contracts", "list_entitlements", "list_leads", "list_activities", "list_merges",
}  # fmt: skip
"""Operations that show several: they show what the caller sees."""

REFERRING = {
    "open_case", "attach_file", "create_contact", "create_account", "check_contact", "check_account", "relate",
    "add_asset", "add_order", "add_contract", "add_entitlement", "verify_entitlement", "add_activity",
    "list_quick_texts",
}  # fmt: skip
"""Operations that may name what is guarded beside their path; what is hidden is not there for them."""

HELD = {
    "accept_offer", "decline_offer", "end_work_item", "wrap_up_work_item", "transfer_work_item", "change_work_item",
    "cancel_work_item", "pick_work_item", "assign_work_item", "park_work_item", "resume_work_item",
    "extend_wrap_up", "ask_colleague", "end_consult",
}  # fmt: skip
"""Operations on work, for whoever holds it."""

OVERSEEING = {
    "undo_merge", "run_macro_job", "edit_cases", "list_jobs", "read_job", "list_job_failures", "cancel_job",
    "create_work_item", "create_work_items",
}  # fmt: skip
"""Operations for supervisors, who see all."""

APART = {
    "log_in", "log_out", "who_am_i", "change_own_password", "set_presence", "sign_out", "pause_queue", "resume_queue",
    "drain_queue", "list_destinations", "read_default_team", "set_default_team", "read_agenda", "read_board",
    "list_alerts", "acknowledge_alert", "read_organisation", "list_configuration_versions", "list_audit",
    "list_calendars", "read_calendar", "list_users", "create_user", "change_user", "set_user_password", "list_tokens",
    "create_token", "revoke_token", "list_webhooks", "create_webhook", "read_webhook", "change_webhook",
    "delete_webhook", "enable_webhook", "redeliver_webhook", "read_chat_channel",
}  # fmt: skip
"""Operations that show no case and no customer, or only what is the caller's own."""


def names_of(one: Operation) -> list[str]:
    return re.findall(r"{(\w+)}", one.path)


GUARDED_PATHS = [
    one for one in OPERATIONS if any(name in GUARDED for name in names_of(one)) and one.handler.__name__ not in HELD
]


def test_every_operation_has_been_decided_on() -> None:
    decided = LISTED | REFERRING | HELD | OVERSEEING | APART | {one.handler.__name__ for one in GUARDED_PATHS}
    undecided = {one.handler.__name__ for one in OPERATIONS} - decided
    assert not undecided, "say in this test what they show, and to whom: docs/explanation/permissions.md"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A principal, and what he may do with the case and with its customer."""

    login: str
    case: Right | None
    customer: Right | None
    org: int = 0


WRITE, READ = Right.WRITE, Right.READ
ROWS = (
    Row(login="ana", case=WRITE, customer=WRITE),  # of the case's team
    Row(login="quin", case=WRITE, customer=WRITE),  # works in its queue
    Row(login="ben", case=None, customer=None),  # of another team
    Row(login="rea", case=READ, customer=READ),  # reader in the account's team
    Row(login="eda", case=WRITE, customer=WRITE),  # editor there
    Row(login="nia", case=None, customer=WRITE),  # looks after the account, not after its cases
    Row(login="olga", case=WRITE, customer=WRITE),  # owns the case
    Row(login="fay", case=WRITE, customer=WRITE),  # follows it
    Row(login="hol", case=WRITE, customer=WRITE),  # holds its work
    Row(login="sue", case=WRITE, customer=WRITE),
    Row(login="ada", case=WRITE, customer=WRITE),
    Row(login="bot", case=WRITE, customer=WRITE),  # a token without a user
    Row(login="ana", case=None, customer=None, org=1),
)
AGENTS = ("ana", "quin", "ben", "rea", "eda", "nia", "olga", "fay", "hol")


def organisation_of(org: str) -> Organisation:
    base = staffed_organisation(
        org,
        teams={"blue": Team(key="blue", name="Blue", members=("ana",)), "red": Team(key="red", name="Red", lead="ben")},
        visibility=Visibility(cases=CasesSeen.TEAM, customers=CustomersSeen.TEAM),
    )
    of_queue = {"quin": ("support",), "ben": ("sales",)}
    agents = {
        one: AgentSetup(login=one, name=one.title(), role=Role.AGENT, queues=of_queue.get(one, ())) for one in AGENTS
    }
    return replace(base, agents={**base.agents, **agents})


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Everybody signed in, and one of each thing."""

    browsers: Mapping[tuple[str, int], Browser]
    ids: Mapping[str, str]

    def path(self, one: Operation, **other: str) -> str:
        values = {
            **dict.fromkeys(names_of(one), "nothing"),
            "kind": "asset",
            **self.ids,
            "target_id": self.ids["asset_id"],
            **other,
        }
        return one.path.format(**values)


@pytest.fixture
async def desk(tmp_path: Path, valkey_address: str, org: str) -> AsyncIterator[Desk]:
    others = f"{org}-2"
    async with running_engine(
        tmp_path / "data", valkey_address, [organisation_of(org), organisation_of(others)]
    ) as engine:
        browsers = {(row.login, row.org): await signed_in(engine, row, (org, others)) for row in ROWS}
        users = {one.login: one.id for one in await engine.application.store.users.list(org)}
        ids = await filled(engine, org, users)
        file = await browsers["sue", 0].post(f"/attachments?name=a.txt&case_id={ids['case_id']}")
        yield Desk(browsers=browsers, ids={**ids, "attachment_id": file.json()["id"]})


async def signed_in(engine: Engine, row: Row, orgs: tuple[str, str]) -> Browser:
    if row.login != "bot":
        return await engine.signed_in(row.login, orgs[row.org])
    ada = await engine.signed_in("ada", orgs[0])
    made = (await ada.post("/tokens", {"name": "bot", "role": "agent"})).json()
    return Browser(engine.http(Authorization=f"Bearer {made['secret']}"))


async def filled(engine: Engine, org: str, users: Mapping[str, str]) -> dict[str, str]:
    """Write one of each thing; return their ids as parameters name them."""
    store = engine.application.store
    ids = {f"{one.value}_id": f"{org}-{one.value}" for one in Guarded}
    of = {name: ids[name] for name in ("case_id", "contact_id", "account_id")}

    async def write(table: Table, what: Guarded | None, **values: object) -> None:
        named = {name: value for name, value in of.items() if name in table.c}
        own = {"id": ids[f"{what.value}_id"]} if what else {}
        row = full_row(table, {"org_id": org, **named, **own, **values})
        await store._access.write(org, lambda conn: insert(conn, table, row))

    await write(accounts, Guarded.ACCOUNT, name="Zephyr Ltd", version=1, search="zephyr")
    await write(contacts, Guarded.CONTACT, name="Zephyr Zoe", version=1, search="zephyr")
    await write(account_relations, Guarded.RELATION, direct=1)
    case = {"number": 1_000, "subject": "Zephyr", "status": "open", "priority": 1, "version": 1, "search": "zephyr"}
    mine = {"owner_id": users["olga"], "team": "blue", "queue": "support", "skills": "{}"}
    await write(cases, Guarded.CASE, **case, **mine, opened_ms=1)
    await write(interactions, Guarded.INTERACTION, channel="web", kind="chat", state="closed", closed_ms=1)
    await write(case_followers, None, user_id=users["fay"])
    for login, account_access, case_access in (
        ("rea", "read", "read"),
        ("eda", "edit", "edit"),
        ("nia", "edit", "none"),
    ):
        access = {"account_access": account_access, "case_access": case_access}
        await write(account_team, None, user_id=users[login], **access)
    held = {"kind": "case", "state": "active", "agent_id": users["hol"], "queue": "support", "interaction_id": ""}
    json = {"requirement": "{}", "rules": "[]", "preferred": "{}", "attributes": "{}"}
    await write(work_items, Guarded.ITEM, **held, **json, contact_id="")
    await write(assets, Guarded.ASSET, name="Kettle", status="in_use", version=1)
    await write(orders, Guarded.ORDER, number="1", status="placed", version=1, lines="[]")
    await write(contracts, Guarded.CONTRACT, number="1", name="Care", status="active", version=1)
    await write(entitlements, Guarded.ENTITLEMENT, kind="support", name="Care", version=1, asset_id="", contract_id="")
    await write(leads, Guarded.LEAD, kind="lead", status="new", version=1)
    await write(activities, Guarded.ACTIVITY, kind="task", subject="Call", status="open", version=1)
    return ids


def right_of(row: Row, one: Operation) -> tuple[Right | None, Guarded]:
    what = next(GUARDED[name] for name in names_of(one) if name in GUARDED)
    return (row.case if what in CASES else row.customer), what


DELETING = "DELETE"
WHOLE = {"ana", "ben", "rea"}
"""Each has another right; they try every operation. Whoever else has one of these tries two of each noun."""
FIRST = list({(right_of(ROWS[0], one)[1], one.method == "GET"): one for one in reversed(GUARDED_PATHS)}.values())


async def test_what_is_hidden_is_not_there_and_what_may_be_read_is_not_changed(desk: Desk) -> None:
    wrong: list[str] = []
    for row in ROWS:
        browser = desk.browsers[row.login, row.org]
        for one in GUARDED_PATHS if row.login in WHOLE else FIRST:
            right, what = right_of(row, one)
            if one.method == DELETING and right is WRITE:
                continue  # it would be gone for the others
            answer = await browser.send(one.method, desk.path(one))
            slug = answer.json().get("slug", "") if answer.status_code >= 400 else ""
            if slug == "forbidden":
                continue  # not for agents, whatever they see
            looks = one.method == "GET" or one.path.endswith("/viewers")
            if right is None:
                fine = row.org == 1 or (answer.status_code, slug) == (404, f"unknown-{what.value}")
            elif right is READ and not looks:
                fine = (answer.status_code, slug) == (403, "read-only")
            else:
                fine = answer.status_code < 500 and slug not in ("read-only", f"unknown-{what.value}")
            if row.org == 1:
                fine = answer.status_code in (400, 404)
            if not fine:
                wrong.append(f"{row.login} {row.org} {one.method} {one.path}: {answer.status_code} {slug}")
    assert not wrong, "\n".join(wrong)


async def test_hidden_answers_are_those_of_what_never_was(desk: Desk) -> None:
    ben, sue = desk.browsers["ben", 0], desk.browsers["sue", 0]
    for one in GUARDED_PATHS:
        if one.method != "GET":
            continue
        name = next(name for name in names_of(one) if name in GUARDED)
        hidden = (await ben.get(desk.path(one))).json()
        for never in (
            await ben.get(desk.path(one, **{name: "never"})),
            await sue.get(desk.path(one, **{name: "never"})),
        ):
            if never.status_code >= 400:
                told = never.json()
                assert all(hidden[key] == told[key] for key in ("status", "slug", "title")), one.path
                assert hidden["detail"].replace(desk.ids[name], "never") == told["detail"], one.path


LISTS: Mapping[str, tuple[str, Guarded]] = {
    "list_work_items": ("/work-items", Guarded.ITEM),
    "list_cases": ("/cases", Guarded.CASE),
    "list_contacts": ("/contacts", Guarded.CONTACT),
    "list_accounts": ("/accounts", Guarded.ACCOUNT),
    "list_assets": ("/assets", Guarded.ASSET),
    "list_orders": ("/orders", Guarded.ORDER),
    "list_contracts": ("/contracts", Guarded.CONTRACT),
    "list_entitlements": ("/entitlements", Guarded.ENTITLEMENT),
    "list_leads": ("/leads", Guarded.LEAD),
    "list_activities": ("/activities", Guarded.ACTIVITY),
}


async def test_lists_show_what_is_seen(desk: Desk) -> None:
    wrong: list[str] = []
    for row in ROWS:
        browser = desk.browsers[row.login, row.org]
        for path, what in LISTS.values():
            query = {"case_id": desk.ids["case_id"]} if path == "/activities" else {}
            answer = await browser.get(path, **query)
            shown = desk.ids[f"{what.value}_id"] in [one["id"] for one in answer.json()["items"]]
            if shown != ((row.case if what in CASES else row.customer) is not None):
                wrong.append(f"{row.login} {row.org} {path}: {shown}")
    assert not wrong, "\n".join(wrong)


async def test_what_is_hidden_cannot_be_referred_to(desk: Desk) -> None:
    ben, rea = desk.browsers["ben", 0], desk.browsers["rea", 0]
    for name in ("contact_id", "account_id", "parent_id"):
        wanted = desk.ids[name.replace("parent", "case")]
        refused = await ben.post("/cases", {"subject": "S", name: wanted})
        assert (refused.status_code, refused.json()["slug"][:8]) == (404, "unknown-"), name
        assert (await ben.post("/cases", {"subject": "S", name: "never"})).json()["slug"] == refused.json()["slug"]
    refused = await ben.post("/assets", {"name": "K", "account_id": desk.ids["account_id"]})
    assert (refused.status_code, refused.json()["slug"], refused.json()["field"]) == (
        404,
        "unknown-account",
        "account_id",
    )
    assert (await rea.post("/cases", {"subject": "S", "contact_id": desk.ids["contact_id"]})).status_code == 201
    quoted = await ben.get("/quick-texts", case_id=desk.ids["case_id"])
    assert (quoted.status_code, quoted.json()["slug"]) == (404, "unknown-case")


async def test_a_view_holds_what_is_seen(desk: Desk) -> None:
    path = f"/contacts/{desk.ids['contact_id']}/view"
    nia, rea = (await desk.browsers["nia", 0].get(path)).json(), (await desk.browsers["rea", 0].get(path)).json()
    assert desk.ids["case_id"] in str(rea)
    assert desk.ids["case_id"] not in str(nia)
    assert desk.ids["asset_id"] in str(nia)
