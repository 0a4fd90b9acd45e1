"""Who may see and do what: every principal tries every operation of the route table on one case and its customer."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain

import pytest
import pytest_asyncio
from sqlalchemy import Table, select

from engine.api.guard import GUARDED
from engine.api.operation import PREFIX, Operation
from engine.api.routes.table import OPERATIONS
from engine.model.organisation import AgentSetup, Organisation, Queue, Role
from engine.model.team import Team
from engine.model.visibility import CasesSeen, CustomersSeen, Guarded, SupervisorsSee, Visibility
from engine.store.calls.tables import calls
from engine.store.cases.tables import activities, approvals, attachments, case_followers, cases
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
from engine.store.mail.tables import mails
from engine.store.tables import interactions, work_items
from engine.store.upsert import insert
from tests.contract.store.searching import full_row
from tests.integration.api.engine_under_test import Browser, Engine, agent_socket, running_engine, staffed_organisation
from tests.permission_table import (
    CASES,
    GUARDED_PATHS,
    HELD,
    PRINCIPALS,
    Outcome,
    Principal,
    expected,
    guarded_of,
    names_of,
)
from tests.servers import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

TRIED: Mapping[CasesSeen, tuple[str, ...]] = {
    CasesSeen.ALL: ("ben", "rea", "nia", ""),
    CasesSeen.TEAM: tuple(one.login for one in PRINCIPALS if not one.elsewhere and not one.overseen),
    CasesSeen.OWN: ("ben", "ana", "lia", "quin", "olga", "rea", "nia", "tess", "sid"),
}
"""Who tries the operations in an organisation with this sight; where a sight changes nothing for him, one is enough."""

AGENTS = tuple(one.login for one in PRINCIPALS if one.role is Role.AGENT and not one.system and not one.elsewhere)
PEOPLE = tuple(login for login in AGENTS if login != "of-ben")


def organisation_of(org: str, seen: CasesSeen) -> Organisation:
    base = staffed_organisation(
        org,
        teams={
            "blue": Team(key="blue", name="Blue", lead="lia", members=("ana", "tess", "quin")),
            "red": Team(key="red", name="Red", lead="ben", members=("sid",)),
        },
        visibility=Visibility(
            cases=seen,
            customers=CustomersSeen.ALL if seen is CasesSeen.ALL else CustomersSeen.TEAM,
            supervisors=SupervisorsSee.TEAM if seen is CasesSeen.OWN else SupervisorsSee.ALL,
        ),
    )
    of_queue = {"quin": ("support",), "ben": ("sales",), "hol": ("chores",)}
    chores = Queue(key="chores", name="Chores", target_ms=60_000)
    agents = {
        one: AgentSetup(login=one, name=one.title(), role=Role.AGENT, queues=of_queue.get(one, ()), profile="standard")
        for one in PEOPLE
    }
    supervisors = {
        one.login: AgentSetup(login=one.login, name=one.login.title(), role=Role.SUPERVISOR)
        for one in PRINCIPALS
        if one.overseen
    }
    return replace(base, agents={**base.agents, **agents, **supervisors}, queues={**base.queues, "chores": chores})


@dataclass(frozen=True, kw_only=True)
class Desk:
    """An organisation: everybody signed in, and one of each thing."""

    engine: Engine
    org: str
    seen: CasesSeen
    browsers: Mapping[str, Browser]
    stranger: Browser
    ids: Mapping[str, str]
    rows: Mapping[str, tuple[Table, Mapping[str, object]]]

    def browser(self, who: Principal) -> Browser:
        return self.stranger if who.elsewhere else self.browsers[who.login]

    def path(self, one: Operation, **other: str) -> str:
        values = {
            **dict.fromkeys(names_of(one), "nothing"),
            "kind": "asset",
            "number": "1",
            **self.ids,
            "target_id": self.ids["asset_id"],
            **other,
        }
        return one.path.format(**values)

    async def put_back(self, one: Operation) -> None:
        """Write again what an operation has removed."""
        name = names_of(one)[-1]
        if name in self.rows and one.path.endswith(f"{{{name}}}"):
            await self.write(*self.rows[name])

    async def write(self, table: Table, row: Mapping[str, object]) -> None:
        await self.engine.application.store._access.write(self.org, lambda conn: insert(conn, table, row))


Desks = Mapping[CasesSeen, Desk]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desks(tmp_path_factory: pytest.TempPathFactory, valkey_address: str) -> AsyncIterator[Desks]:
    name = f"t-{uuid.uuid4().hex[:16]}"
    orgs = {seen: f"{name}-{seen}" for seen in CasesSeen}
    organisations = [organisation_of(org, seen) for seen, org in orgs.items()]
    elsewhere = organisation_of(f"{name}-other", CasesSeen.TEAM)
    directory = tmp_path_factory.mktemp("permissions")
    async with running_engine(directory, valkey_address, [*organisations, elsewhere]) as engine:
        stranger = await engine.signed_in("ana", elsewhere.id)
        yield {seen: await furnished(engine, seen, org, stranger) for seen, org in orgs.items()}


async def furnished(engine: Engine, seen: CasesSeen, org: str, stranger: Browser) -> Desk:
    users = {one.login: one.id for one in await engine.application.store.users.list(org)}
    ada = await engine.signed_in("ada", org)
    browsers = {"ada": ada, "": Browser(engine.http())}
    for one in PRINCIPALS:
        if one.elsewhere or one.login not in TRIED[seen] or one.login in browsers:
            continue
        if one.login in PEOPLE or one.role is Role.SUPERVISOR:
            browsers[one.login] = await engine.signed_in(one.login, org)
            continue
        user = "" if one.system else users[one.login.removeprefix("of-")]
        wanted = {"name": one.login, "role": "agent", "user_id": user, "scopes": sorted(one.scopes)}
        made = (await ada.post("/tokens", wanted)).json()
        browsers[one.login] = Browser(engine.http(Authorization=f"Bearer {made['secret']}"))
    ids, rows = await filled(engine, org, users)
    file = await ada.post(f"/attachments?name=a.txt&case_id={ids['case_id']}")
    ids["attachment_id"] = file.json()["id"]
    kept = await engine.application.store._access.read(
        lambda conn: conn.execute(select(attachments).where(attachments.c.id == ids["attachment_id"])).mappings().one()
    )
    rows["attachment_id"] = (attachments, dict(kept))
    return Desk(engine=engine, org=org, seen=seen, browsers=browsers, stranger=stranger, ids=ids, rows=rows)


Rows = dict[str, tuple[Table, Mapping[str, object]]]


async def filled(engine: Engine, org: str, users: Mapping[str, str]) -> tuple[dict[str, str], Rows]:
    """Write one of each thing; return their ids as parameters name them, and their rows."""
    store = engine.application.store
    ids = {f"{one.value}_id": f"{org}-{one.value}" for one in Guarded}
    of = {name: ids[name] for name in ("case_id", "contact_id", "account_id")}
    rows: Rows = {}

    async def write(table: Table, what: Guarded | None, **values: object) -> None:
        named = {name: value for name, value in of.items() if name in table.c}
        own = {"id": ids[f"{what.value}_id"]} if what else {}
        row = full_row(table, {"org_id": org, **named, **own, **values})
        if what:
            rows[f"{what.value}_id"] = (table, row)
        await store._access.write(org, lambda conn: insert(conn, table, row))

    await write(accounts, Guarded.ACCOUNT, name="Zephyr Ltd", version=1, search="zephyr", owner_id=users["otto"])
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
    await write(
        activities, Guarded.ACTIVITY, kind="task", subject="Call", status="open", version=1, created_by=users["ada"]
    )
    await write(approvals, Guarded.APPROVAL, process="refund", state="approved", changes="{}", version=1)
    await write(mails, Guarded.MAIL, fingerprint="f", source="smtp", state="filed", envelope_to="[]")
    talk = {"interaction_id": ids["interaction_id"]}
    await write(calls, Guarded.CALL, **talk, state="ended", direction="inbound", given="{}", version=1)
    return ids, rows


GONE = (200, 204)
UNSENT = {"log_out", "sign_out", "resume_work_item"}
"""The first two would end what the next operation needs; the last is tried on work that is parked on the board."""


def outcome_of(status: int, slug: str) -> Outcome | None:
    """Return how a request ended, as far as rights decide; None: that is no way to end."""
    if status >= 500:
        return None
    if status == 401:
        return Outcome.SIGNED_OUT
    if (status, slug) == (403, "forbidden"):
        return Outcome.FORBIDDEN
    if (status, slug) == (403, "read-only"):
        return Outcome.READ_ONLY
    return Outcome.LET_IN


async def ended(desk: Desk, who: Principal, one: Operation) -> Outcome | None:
    """Try an operation; return how it ended."""
    answer = await desk.browser(who).send(one.method, desk.path(one))
    slug = answer.json().get("slug", "") if answer.status_code >= 400 else ""
    if one.method == "DELETE" and answer.status_code in GONE:
        await desk.put_back(one)
    what = guarded_of(one)
    if what and (answer.status_code, slug) == (404, f"unknown-{what.value}"):
        return Outcome.HIDDEN
    return outcome_of(answer.status_code, slug)


async def wrongs(desk: Desk, who: Principal, operations: Iterable[Operation]) -> list[str]:
    """Try operations one after the other; return those that did not end as the table says."""
    found = []
    for one in operations:
        if one.handler.__name__ in UNSENT or one.prefix != PREFIX:
            continue
        wanted, got = expected(who, one, desk.seen), await ended(desk, who, one)
        if got is not wanted:
            found.append(f"{desk.seen}: {who.who}: {one.method} {one.path}: {got}, not {wanted}")
    return found


def tried_by(who: Principal, others: Iterable[Principal]) -> list[Operation]:
    """Return the operations to try: where no record decides, one of those with his role is enough."""
    first = next(one for one in others if (one.role, one.scopes, one.system) == (who.role, who.scopes, who.system))
    return [one for one in OPERATIONS if guarded_of(one) or who is first]


@pytest.mark.parametrize("seen", CasesSeen)
async def test_every_principal_is_let_in_where_the_table_says_so(desks: Desks, seen: CasesSeen) -> None:
    desk = desks[seen]
    tried = [one for one in PRINCIPALS if one.login in TRIED[seen] and (not one.elsewhere or seen is CasesSeen.TEAM)]
    operations = [(who, tried_by(who, tried)) for who in tried]
    at_once = await asyncio.gather(
        *(wrongs(desk, who, [one for one in some if one.method != "DELETE"]) for who, some in operations)
    )
    in_turn = [  # what one removes is put back for the next
        await wrongs(desk, who, [one for one in some if one.method == "DELETE"]) for who, some in operations
    ]
    wrong = list(chain(*at_once, *in_turn))
    assert not wrong, "\n".join(wrong)


BODIES: Mapping[str, Mapping[str, object]] = {
    "wrap_up_work_item": {"disposition": "solved"},
    "transfer_work_item": {"queue": "sales"},
    "park_work_item": {"why": ""},
    "ask_colleague": {"client_id": "c", "queue": "sales", "question": "?"},
}
NUMBERLESS = {"pick_work_item", "end_consult"}
OFFERED = {"accept_offer", "decline_offer"}
REFUSED = {"not-yours", "wrong-state", "unknown-agent"}


async def test_work_is_for_whoever_holds_it(desks: Desks) -> None:
    desk = desks[CasesSeen.TEAM]
    hol, sue = desk.browsers["hol"], desk.browsers["sue"]
    async with desk.engine.served() as address, agent_socket(address, hol) as socket:
        assert (await hol.post("/presence", {"status": "available"})).status_code == 204
        item_id = (await sue.post("/work-items", {"kind": "chat", "queue": "chores"})).json()["id"]
        number = (await socket.state(offers=1))["offers"][0]["assignment"]
        wrong = await grabbed(desk, item_id, number, OFFERED)
        accepted = await hol.post(f"/offers/{item_id}/accept", {"assignment": number})
        assert accepted.json()["state"] == "active"
        wrong += await grabbed(desk, item_id, number, HELD - OFFERED)
        assert not wrong, "\n".join(wrong)
        parked = await hol.post(f"/work-items/{item_id}/park", {"assignment": number, "why": "asked"})
        assert parked.json()["state"] == "parked"
        hidden = await desk.browsers["ben"].post(f"/work-items/{item_id}/resume")
        assert (hidden.status_code, hidden.json()["slug"]) == (404, "unknown-item")
        assert (await hol.post(f"/work-items/{item_id}/resume")).status_code == 200


async def grabbed(desk: Desk, item_id: str, number: int, handlers: Iterable[str]) -> list[str]:
    """Let every agent but ``hol`` try these on his work; return what was not refused."""

    async def tried(who: Principal, one: Operation) -> str:
        name = one.handler.__name__
        body = {**({} if name in NUMBERLESS else {"assignment": number}), **BODIES.get(name, {})}
        answer = await desk.browser(who).send(one.method, desk.path(one, item_id=item_id), body)
        refused = answer.status_code >= 400 and answer.json()["slug"] in REFUSED
        return "" if refused else f"{who.who}: {one.path}: {answer.status_code} {answer.text}"

    others = [one for one in PRINCIPALS if one.role is Role.AGENT and one.login != "hol" and not one.elsewhere]
    operations = [one for one in OPERATIONS if one.handler.__name__ in handlers]
    wrong = await asyncio.gather(*(tried(who, one) for who in others for one in operations))
    return [one for one in wrong if one]


async def test_hidden_answers_are_those_of_what_never_was(desks: Desks) -> None:
    desk = desks[CasesSeen.TEAM]
    ben, sue = desk.browsers["ben"], desk.browsers["sue"]
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
    "list_approvals": ("/approvals", Guarded.APPROVAL),
}


@pytest.mark.parametrize("seen", CasesSeen)
async def test_lists_show_what_is_seen(desks: Desks, seen: CasesSeen) -> None:
    desk = desks[seen]
    wrong: list[str] = []
    for who in PRINCIPALS:
        if who.login not in TRIED[seen] or who.scopes or who.role is None:
            continue
        for path, what in LISTS.values():
            query = {"case_id": desk.ids["case_id"]} if path == "/activities" else {}
            answer = await desk.browser(who).get(path, **query)
            shown = desk.ids[f"{what.value}_id"] in [one["id"] for one in answer.json()["items"]]
            rights = who.rights(seen)
            if shown != ((rights.case if what in CASES else rights.customer) is not None):
                wrong.append(f"{seen}: {who.who}: {path}: {shown}")
    assert not wrong, "\n".join(wrong)


async def test_what_is_hidden_cannot_be_referred_to(desks: Desks) -> None:
    desk = desks[CasesSeen.TEAM]
    ben, rea = desk.browsers["ben"], desk.browsers["rea"]
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


async def test_a_view_holds_what_is_seen(desks: Desks) -> None:
    desk = desks[CasesSeen.TEAM]
    path = f"/contacts/{desk.ids['contact_id']}/view"
    nia, rea = (await desk.browsers["nia"].get(path)).json(), (await desk.browsers["rea"].get(path)).json()
    assert desk.ids["case_id"] in str(rea)
    assert desk.ids["case_id"] not in str(nia)
    assert desk.ids["asset_id"] in str(nia)


async def test_a_supervisor_oversees_his_teams(desks: Desks) -> None:
    desk = desks[CasesSeen.OWN]
    tess, sid, ada = (desk.browsers[login] for login in ("tess", "sid", "ada"))
    item_id = desk.ids["item_id"]

    boards = [(await one.get("/board")).json() for one in (tess, sid, ada)]
    assert [[row["key"] for row in board["queues"]] for board in boards] == [
        ["support"], ["sales"], ["sales", "support", "chores"],
    ]  # fmt: skip
    assert {row["name"] for row in boards[0]["agents"]} <= {"Ana", "Lia", "Quin", "Tess"}
    async with desk.engine.served() as address, agent_socket(address, sid) as socket:
        await socket.send("watch", topic="board", on=True)
        assert [row["key"] for row in (await socket.until("board"))["queues"]] == ["sales"]

    assert (await sid.post("/queues/support/pause")).status_code == 404
    assert (await tess.post("/queues/support/pause")).status_code == 204
    assert (await tess.post("/queues/support/resume")).status_code == 204

    ended = await sid.post(f"/work-items/{item_id}/end", {"assignment": 1})
    assert (ended.status_code, ended.json()["slug"]) == (404, "unknown-item")

    async def found(by: Browser) -> int:
        return int((await by.get("/search", q="zephyr")).json()["total"])

    await eventually(lambda: found(tess))
    assert await found(sid) == 0


async def test_a_supervisors_job_changes_what_he_sees(desks: Desks) -> None:
    desk = desks[CasesSeen.OWN]
    tess, sid = desk.browsers["tess"], desk.browsers["sid"]
    wanted = {"changes": {"topic": "seen"}, "filter": {"text": "Zephyr"}}
    refused = await sid.post("/cases/bulk", wanted)
    assert refused.json()["field"] == "filter", refused.text
    asked = await tess.post("/cases/bulk", wanted)
    assert (asked.status_code, asked.json()["total"]) == (202, 1), asked.text
    path = f"/jobs/{asked.json()['id']}"
    assert [(await one.get(path)).status_code for one in (tess, sid, desk.browsers["ada"])] == [200, 404, 200]
    assert (await sid.get("/jobs")).json()["items"] == []
    assert len((await tess.get("/jobs")).json()["items"]) == 1
