"""Quick texts and macros through the API."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.model.condition import Group, Joint, Operator, Test
from engine.model.escalation import Action, ActionKind
from engine.model.macro import Macro, MacroAction, QuickText, Say
from tests.integration.api.engine_under_test import Browser, Engine, running_engine, staffed_organisation

NEW = Group(joint=Joint.ALL, parts=(Test(field="priority", operator=Operator.AT_MOST, value=5),))
THANKS = QuickText(
    key="thanks",
    name="Thanks",
    text="Dear {contact.name|customer}, {agent.name} has case {case.number}: {case.subject}",
    texts={"en": "Dear {contact.name|customer}, {agent.name} has case {case.number}: {case.subject}", "de": "Danke!"},
)
SALES = QuickText(key="sales", name="Sales", text="Buy!", queues=frozenset({"sales"}))
SOLVE = Macro(
    key="solve",
    name="Solve",
    when=NEW,
    actions=(
        MacroAction(action=Action(kind=ActionKind.RAISE_PRIORITY, points=4)),
        MacroAction(action=Action(kind=ActionKind.ASSIGN, who="nobody-here")),
        MacroAction(say=Say(quick_text="thanks", public=True)),
        MacroAction(action=Action(kind=ActionKind.SET_STATUS, status="resolved")),
    ),
)


@pytest.fixture
async def desk(tmp_path: Path, valkey_address: str, org: str) -> AsyncIterator[Engine]:
    made = staffed_organisation(org, quick_texts={"thanks": THANKS, "sales": SALES}, macros={"solve": SOLVE})
    async with running_engine(tmp_path / "data", valkey_address, [made]) as engine:
        yield engine


async def opened(browser: Browser, **fields: object) -> str:
    made = await browser.post("/cases", {"subject": "A {case.id}", "client_id": "1", **fields})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def test_quick_texts_are_ready_to_insert(desk: Engine) -> None:
    ana = await desk.signed_in("ana")
    case_id = await opened(ana, queue="support")
    items = (await ana.get("/quick-texts", case_id=case_id)).json()["items"]
    assert [(one["key"], one["body"]) for one in items] == [("thanks", "Dear customer, Ana has case 1: A {case.id}")]
    german = (await ana.get("/quick-texts", queue="sales", locale="de-AT")).json()["items"]
    assert [one["body"] for one in german] == ["Danke!", "Buy!"]
    assert (await ana.get("/quick-texts", case_id="none")).json()["slug"] == "unknown-case"


async def test_a_macro_is_done_once_and_told(desk: Engine) -> None:
    ana = await desk.signed_in("ana")
    case_id = await opened(ana)
    (offered,) = (await ana.get(f"/cases/{case_id}/macros")).json()["items"]
    assert [one["action"] for one in offered["actions"]] == ["raise_priority", "assign", "reply", "set_status"]
    assert offered["actions"][1]["fault"]
    assert {one["field"]: one["to"] for one in offered["changes"]} == {"priority": 4, "status": "resolved"}
    before = (await ana.get(f"/cases/{case_id}")).json()["case"]
    assert before["priority"] == 0  # nothing was done
    run = {"client_id": "a", "version": before["version"]}
    done = (await ana.post(f"/cases/{case_id}/macros/solve", run)).json()
    assert (done["case"]["priority"], done["case"]["status"]) == (4, "resolved")
    again = (await ana.post(f"/cases/{case_id}/macros/solve", run)).json()
    assert (again["case"]["version"], again["actions"]) == (done["case"]["version"], [])
    history = (await ana.get(f"/cases/{case_id}/history")).json()["items"]
    told = {one["kind"]: one for one in history}
    assert (told["macro"]["data"]["key"], told["macro"]["actor_name"]) == ("solve", "Ana")
    assert told["comment"]["data"]["body"].startswith("Dear customer, Ana")
    assert told["priority"]["data"]["why"] == "macro: Solve"
    assert sum(one["kind"] == "macro" for one in history) == 1
    assert (await ana.get(f"/cases/{case_id}/escalations")).json()["items"] == []


async def test_a_macro_is_refused_where_it_does_not_fit(desk: Engine) -> None:
    ana = await desk.signed_in("ana")
    case_id = await opened(ana, priority=9)
    assert (await ana.get(f"/cases/{case_id}/macros")).json()["items"] == []
    for key, version, slug in (
        ("solve", 0, "macro-not-offered"),
        ("solve", 77, "stale-version"),
        ("none", 0, "unknown-macro"),
    ):
        refused = await ana.post(f"/cases/{case_id}/macros/{key}", {"client_id": "a", "version": version})
        assert refused.json()["slug"] == slug
