"""Automation through the API, on both databases: rules fire on what people do, are tried, and are told of."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.model.automation import AutomationRule, Enabled, OccasionKind, On, Once
from engine.model.condition import Group, Joint, Operator, Test
from engine.model.escalation import Action, ActionKind, NotifyBy
from engine.model.macro import MacroAction
from engine.model.visibility import CasesSeen, CustomersSeen, SupervisorsSee, Visibility
from tests.integration.api.engine_under_test import Browser, Engine, running_engine, staffed_organisation
from tests.servers import eventually


def asks(field: str, value: object) -> Group:
    return Group(joint=Joint.ALL, parts=(Test(field=field, operator=Operator.EQUAL, value=value),))


def do(kind: ActionKind, **what: object) -> MacroAction:
    return MacroAction(action=Action(kind=kind, **what))  # type: ignore[arg-type]


CHANGED = On(kind=OccasionKind.CHANGED, names=frozenset({"priority"}))
STATUS = On(kind=OccasionKind.CHANGED, names=frozenset({"status"}))
TELL = do(ActionKind.NOTIFY, by=NotifyBy.CONSOLE, to=("sue",), text="{case.number}: {rule.name}")
RULES = (
    AutomationRule(
        key="urgent", name="Urgent", on=(CHANGED,), when=asks("priority", 9),
        actions=(do(ActionKind.ADD_TAGS, tags=("urgent",)), do(ActionKind.ASSIGN, who="nobody-here"), TELL),
    ),
    AutomationRule(
        key="hello", name="Hello", on=(On(kind=OccasionKind.OPENED),), once=Once.CASE,
        actions=(do(ActionKind.MOVE, queue="support"),),
    ),
    AutomationRule(
        key="dry", name="Dry", on=(CHANGED,), enabled=Enabled.DRY_RUN, actions=(do(ActionKind.MOVE, queue="sales"),)
    ),
    AutomationRule(
        key="wait", name="Wait", on=(STATUS,), when=asks("status", "open"),
        actions=(do(ActionKind.SET_STATUS, status="waiting"),),
    ),
    AutomationRule(
        key="back", name="Back", on=(STATUS,), when=asks("status", "waiting"),
        actions=(do(ActionKind.SET_STATUS, status="open"),),
    ),
)  # fmt: skip


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def desk(request: pytest.FixtureRequest, tmp_path: Path, valkey_address: str, org: str) -> AsyncIterator[Engine]:
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres_module_dsn")
    made = staffed_organisation(org, automation=RULES)
    async with running_engine(tmp_path / "data", valkey_address, [made], database=url) as engine:
        yield engine


async def opened(browser: Browser, **fields: object) -> dict[str, object]:
    made = await browser.post("/cases", {"subject": "A", "client_id": "1", **fields})
    assert made.status_code == 201, made.text
    return dict(made.json())


async def read(browser: Browser, case: dict[str, object]) -> dict[str, object]:
    return dict((await browser.get(f"/cases/{case['id']}")).json()["case"])


async def history(browser: Browser, case: dict[str, object], kind: str) -> list[dict[str, object]]:
    items = (await browser.get(f"/cases/{case['id']}/history")).json()["items"]
    return [one["data"] for one in items if one["kind"] == kind]


async def moved(browser: Browser, case: dict[str, object]) -> dict[str, object]:
    """Wait until the rule for new cases has fired; return the case."""

    async def done() -> bool:
        return (await read(browser, case))["queue"] == "support"

    await eventually(done, within_s=30)
    return await read(browser, case)


async def test_rules_fire_and_are_explained(desk: Engine, org: str) -> None:
    ana, sue = await desk.signed_in("ana", org), await desk.signed_in("sue", org)
    case = await moved(ana, await opened(ana))
    change = {"version": case["version"], "priority": 9}
    answer = (await ana.send("PATCH", f"/cases/{case['id']}", change)).json()
    assert (answer["tags"], answer["queue"]) == (["urgent"], "support")
    new, urgent, dry = await history(ana, case, "automation")
    assert (new["rule"], new["occasion"], new["actions"]) == (
        "hello", {"kind": "opened"}, [{"action": "move", "queue": "support"}],
    )  # fmt: skip
    assert urgent["occasion"] == {"kind": "changed", "name": "priority", "by": "person", "from": 0, "to": 9}
    assert [one.get("fault") for one in list(urgent["actions"])] == [None, "nobody is nobody-here", None]  # type: ignore[call-overload]
    assert (dry["rule"], dry["dry_run"]) == ("dry", True)
    assert dry["changes"] == [{"field": "queue", "from": "support", "to": "sales"}]

    async def alerted() -> bool:
        return [one["data"]["text"] for one in (await sue.get("/alerts")).json()["items"]] == ["1: Urgent"]

    await eventually(alerted, within_s=30)
    items = {one["key"]: one for one in (await sue.get("/automation")).json()["items"]}
    assert list(items) == ["urgent", "hello", "dry", "wait", "back"]
    assert (items["urgent"]["fired"]["week"], items["urgent"]["last_fault"]["faults"]) == (1, ["nobody is nobody-here"])
    assert (items["dry"]["fired"]["week"], items["dry"]["would_fire"]["week"]) == (0, 1)
    assert (items["hello"]["fired"]["today"], items["hello"]["once"], items["hello"]["last_fault"]) == (1, "case", None)
    assert (await ana.get("/automation")).status_code == 403


async def test_two_rules_at_odds_are_held(desk: Engine, org: str) -> None:
    ana, sue = await desk.signed_in("ana", org), await desk.signed_in("sue", org)
    case = await moved(ana, await opened(ana))
    answer = await ana.send("PATCH", f"/cases/{case['id']}", {"version": case["version"], "status": "open"})
    assert answer.json()["status"] == "open"
    (held,) = await history(ana, case, "automation_held")
    assert (held["rule"], held["reason"]) == ("wait", "again")
    items = {one["key"]: one for one in (await sue.get("/automation")).json()["items"]}
    assert items["wait"]["held"]["week"] == 1
    text = desk.application.metrics.text().decode()
    for rule, outcome in (("hello", "fired"), ("back", "fired"), ("wait", "held")):
        labels = f'organisation="{org}",outcome="{outcome}",rule="{rule}"'
        assert f"cordboard_automation_firings_total{{{labels}}} 1.0" in text


async def test_rules_are_tried_and_nothing_is_written(desk: Engine, org: str) -> None:
    sue = await desk.signed_in("sue", org)
    case = await moved(sue, await opened(sue))
    body = {"occasion": "changed", "case_id": case["id"], "changes": {"priority": 9}}
    tried = (await sue.post("/automation/try", body)).json()
    assert (tried["fired"], tried["effects"]) == (["urgent"], ["console"])
    assert tried["changes"] == [{"field": "tags", "from": [], "to": ["urgent"]}]
    outcomes = {one["key"]: one["outcome"] for one in tried["turns"]}
    assert outcomes == {
        "urgent": "fired", "hello": "not_heard", "dry": "would_fire", "wait": "not_heard", "back": "not_heard",
    }  # fmt: skip
    assert await read(sue, case) == case
    assert [one["rule"] for one in await history(sue, case, "automation")] == ["hello"]
    lower = (await sue.post("/automation/try", {**body, "changes": {"priority": 3}})).json()
    (turn,) = (one for one in lower["turns"] if one["key"] == "urgent")
    assert turn["outcome"] == "condition"
    assert turn["because"] == [{"field": "priority", "operator": "equal", "value": 9, "seen": 3, "held": False}]


async def test_rules_that_are_not_in_force_are_tried_on_a_case_that_there_is_not(desk: Engine, org: str) -> None:
    sue = await desk.signed_in("sue", org)
    rule = {
        "key": "new", "name": "New", "on": ["message", {"milestone_missed": "first_response"}],
        "when": {"tier": "gold", "text": "kettle"}, "actions": [{"set_priority": 5}],
    }  # fmt: skip
    made_up = {"occasion": "message", "text": "My kettle!", "case": {"queue": "sales", "tier": "gold"}, "rules": [rule]}
    assert (await sue.post("/automation/try", made_up)).json()["changes"] == [{"field": "priority", "from": 0, "to": 5}]
    silver = {**made_up, "case": {"tier": "silver"}}
    (turn,) = (await sue.post("/automation/try", silver)).json()["turns"]
    assert [one["seen"] for one in turn["because"]] == ["silver"]
    text = "automation:\n  - {key: a, name: A, on: closed, actions: [{add_tags: [over]}]}\n"
    closed = {"occasion": "closed", "case": {}, "yaml": text}
    assert (await sue.post("/automation/try", closed)).json()["fired"] == ["a"]


MISTAKES: tuple[tuple[dict[str, object], str], ...] = (
    ({"occasion": "opened"}, "case_id or case"),
    ({"occasion": "event", "case": {}}, "needs a name"),
    ({"occasion": "changed", "case": {}}, "Say what is changed"),
    ({"occasion": "changed", "case": {}, "changes": {"nonsense": 1}}, "nonsense"),
    ({"occasion": "opened", "case": {"status": "none"}}, "no status"),
    ({"occasion": "opened", "case": {"queue": "none"}}, "no queue"),
    ({"occasion": "opened", "case": {}, "yaml": "automation: ["}, "line 2: not YAML"),
    (
        {"occasion": "opened", "case": {}, "yaml": "automation:\n- {key: a}"},
        "line 2: automation[1].name is missing",
    ),
    ({"occasion": "opened", "case": {}, "rules": [{"key": "a"}]}, "automation[1].name is missing"),
    ({"occasion": "opened", "case": {}, "rules": [], "yaml": ""}, "rules or yaml"),
    (
        {
            "occasion": "opened",
            "case": {},
            "rules": [{"key": "a", "name": "A", "on": "opened", "actions": [{"move": "none"}]}],
        },
        "there is no queue 'none'",
    ),
)


async def test_what_cannot_be_tried_says_why(desk: Engine, org: str) -> None:
    sue = await desk.signed_in("sue", org)
    for body, said in MISTAKES:
        answer = await sue.post("/automation/try", body)
        assert answer.status_code == 400, answer.text
        assert said in str(answer.json())
    unknown = await sue.post("/automation/try", {"occasion": "opened", "case_id": "none"})
    assert unknown.json()["slug"] == "unknown-case"


async def test_faults_are_told_to_who_sees_their_case(tmp_path: Path, valkey_address: str, org: str) -> None:
    of_teams = Visibility(cases=CasesSeen.OWN, customers=CustomersSeen.TEAM, supervisors=SupervisorsSee.TEAM)
    made = staffed_organisation(org, automation=RULES, visibility=of_teams)
    async with running_engine(tmp_path / "data", valkey_address, [made]) as engine:
        sue, ada = await engine.signed_in("sue", org), await engine.signed_in("ada", org)
        case = await moved(ada, await opened(ada))
        await ada.send("PATCH", f"/cases/{case['id']}", {"version": case["version"], "priority": 9})

        async def faulty(browser: Browser) -> list[object]:
            items = (await browser.get("/automation")).json()["items"]
            return [one["last_fault"]["case_id"] for one in items if one["last_fault"]]

        assert await faulty(ada) == [case["id"]]
        assert await faulty(sue) == []


async def test_who_is_switched_off_is_nobody_to_rules(tmp_path: Path, valkey_address: str, org: str) -> None:
    give = (do(ActionKind.ASSIGN, who="ana"), do(ActionKind.ADD_TAGS, tags=("seen",)))
    rules = (
        AutomationRule(key="give", name="Give", on=(CHANGED,), actions=give),
        AutomationRule(key="new", name="New", on=(On(kind=OccasionKind.OPENED),), actions=give),
    )
    made = staffed_organisation(org, automation=rules)
    async with running_engine(tmp_path / "data", valkey_address, [made]) as engine:
        ada = await engine.signed_in("ada", org)
        users = {one["login"]: one["id"] for one in (await ada.get("/users")).json()["items"]}
        assert (await ada.send("PATCH", f"/users/{users['ana']}", {"active": False})).status_code == 200
        case = await opened(ada)

        async def seen_to() -> bool:
            return (await read(ada, case))["tags"] == ["seen"]

        await eventually(seen_to, within_s=30)
        change = {"version": (await read(ada, case))["version"], "priority": 9}
        answer = await ada.send("PATCH", f"/cases/{case['id']}", change)
        assert (answer.status_code, answer.json()["owner_id"]) == (200, ""), answer.text
        new, given = await history(ada, case, "automation")
        assert all("nobody is ana" in str(one["actions"]) for one in (new, given))
