"""Approvals through the API: asked, answered, handed on, too late, and by two at once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.model.approval import ApprovalProcess, ApprovalStep, Need, Then
from engine.model.case_setup import CustomField, CustomFieldType, FieldOf
from engine.model.condition import Group, Joint, Operator, Test
from engine.model.escalation import Action, ActionKind
from engine.model.macro import Macro, MacroAction
from engine.model.organisation import Organisation
from engine.model.team import Team
from engine.model.visibility import CasesSeen, CustomersSeen, SupervisorsSee, Visibility
from tests.integration.api.engine_under_test import Browser, Engine, running_engine, staffed_organisation
from tests.servers import eventually

GREAT = Group(joint=Joint.ALL, parts=(Test(field="fields.refund", operator=Operator.AT_LEAST, value=100),))
VERY = Group(joint=Joint.ALL, parts=(Test(field="fields.refund", operator=Operator.AT_LEAST, value=500),))
URGENT = Group(joint=Joint.ALL, parts=(Test(field="priority", operator=Operator.AT_LEAST, value=10),))
REFUND = ApprovalProcess(
    key="refund",
    name="Refund",
    changes=GREAT,
    steps=(ApprovalStep(by=("team_lead",)), ApprovalStep(by=("role:supervisor",), when=VERY)),
)
HURRY = ApprovalProcess(
    key="hurry",
    name="Hurry",
    changes=URGENT,
    steps=(ApprovalStep(by=("role:admin",), timeout_ms=2_000, then=Then.APPROVE),),
)
BOTH = ApprovalProcess(key="both", name="Both", steps=(ApprovalStep(by=("ben", "sue"), need=Need.ALL),))
RUSH = MacroAction(action=Action(kind=ActionKind.SET_PRIORITY, points=99))
BIG = {"fields": {"refund": 150}}


def organisation_of(org: str) -> Organisation:
    return staffed_organisation(
        org,
        approvals={one.key: one for one in (REFUND, HURRY, BOTH)},
        teams={"front": Team(key="front", name="Front", lead="ben", members=("ana",))},
        fields={FieldOf.CASE: {"refund": CustomField(key="refund", name="Refund", type=CustomFieldType.NUMBER)}},
        macros={"rush": Macro(key="rush", name="Rush", actions=(RUSH,))},
        translations={"approvals.refund.name": {"en": "Refund", "zh-CN": "退款"}},
    )


@pytest.fixture
async def desk(tmp_path: Path, valkey_address: str, org: str) -> AsyncIterator[Engine]:
    async with running_engine(tmp_path / "data", valkey_address, [organisation_of(org)]) as engine:
        yield engine


async def opened(browser: Browser, **fields: object) -> dict[str, Any]:
    """Open a case of the team whose lead is asked."""
    made = await browser.post("/cases", {"subject": "Stale tea", "client_id": "1", **fields})
    assert made.status_code == 201, made.text
    case = made.json()
    changed = await browser.send("PATCH", f"/cases/{case['id']}", {"version": case["version"], "team": "front"})
    assert changed.status_code == 200, changed.text
    return dict(changed.json())


async def asked(browser: Browser, case_id: str, process: str = "refund", **body: object) -> dict[str, Any]:
    answer = await browser.post(f"/cases/{case_id}/approvals", {"process": process, "reason": "It was stale", **body})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_a_refund_needs_a_yes_and_is_made_with_it(desk: Engine) -> None:
    ana, ben = await desk.signed_in("ana"), await desk.signed_in("ben")
    case = await opened(ana)
    path = f"/cases/{case['id']}"
    refused = (await ana.send("PATCH", path, {"version": case["version"], **BIG})).json()
    assert (refused["slug"], refused["processes"]) == ("needs-approval", [{"key": "refund", "name": "Refund"}])
    assert [one["key"] for one in (await ana.get(f"{path}/approvals")).json()["offered"]] == ["refund", "hurry", "both"]
    one = await asked(ana, case["id"], changes=BIG)
    assert (one["state"], one["may"], [turn["user_name"] for turn in one["turns"]]) == (
        "waiting",
        ["withdraw"],
        ["Ben"],
    )
    assert (await ana.get(path)).json()["case"]["approvals_waiting"] == 1
    again = await ana.post(f"{path}/approvals", {"process": "refund", "changes": BIG})
    assert (again.status_code, again.json()["approval_id"]) == (409, one["id"])
    inbox = (await ben.get("/approvals", mine="waiting", locale="zh-CN")).json()
    assert [(line["process_name"], line["case_subject"], line["may"]) for line in inbox["items"]] == [
        ("退款", "Stale tea", ["approve", "refuse", "delegate"])
    ]
    assert (inbox["waiting"], inbox["asked"]) == (1, 0)
    await eventually(lambda: alerted(ben, "approval-asked"))
    refused = (await ana.post(f"/approvals/{one['id']}/approve", {"version": 1})).json()
    assert refused["slug"] == "not-approver"
    done = (await ben.post(f"/approvals/{one['id']}/approve", {"version": 1, "note": "Of course"})).json()
    assert (done["state"], done["turns"][0]["note"]) == ("approved", "Of course")
    now = (await ana.get(path)).json()["case"]
    assert (now["fields"], now["approvals_waiting"]) == ({"refund": 150}, 0)
    history = (await ana.get(f"{path}/history")).json()["items"]
    told = [(line["kind"], line["actor_name"]) for line in history if line["kind"].startswith(("approval", "fields"))]
    assert told == [
        ("approval_asked", "Ana"), ("fields", "Ben"), ("approval_answered", "Ben"), ("approval_ended", ""),
    ]  # fmt: skip
    await eventually(lambda: alerted(ana, "approval-ended"))
    assert (await ben.get("/approvals", mine="decided")).json()["items"][0]["id"] == one["id"]
    late = (await ben.post(f"/approvals/{one['id']}/refuse", {"version": 1, "note": "No"})).json()
    assert (late["slug"], late["approval"]["state"]) == ("approval-over", "approved")


async def test_a_macro_that_sets_what_is_guarded_says_whose_yes_it_needs(desk: Engine) -> None:
    ana = await desk.signed_in("ana")
    path = f"/cases/{(await opened(ana))['id']}"
    (offer,) = (await ana.get(f"{path}/macros", locale="en")).json()["items"]
    assert (offer["needs"], offer["asked"]) == ([{"key": "hurry", "name": "Hurry"}], False)
    assert "Hurry" in offer["refusal"]
    one = await asked(ana, path.rpartition("/")[2], "hurry", macro="rush")
    assert (one["macro"], one["changes"]) == ("rush", {})
    (offer,) = (await ana.get(f"{path}/macros")).json()["items"]
    assert offer["asked"] is True
    done = await (await desk.signed_in("ada")).post(f"/approvals/{one['id']}/approve", {"version": 1})
    assert done.json()["state"] == "approved", done.text
    assert (await ana.get(path)).json()["case"]["priority"] == 99


async def alerted(browser: Browser, kind: str) -> bool:
    return kind in [one["kind"] for one in (await browser.get("/alerts")).json()["items"]]


async def test_a_no_needs_a_note_and_a_turn_may_be_handed_on(desk: Engine) -> None:
    ana, ben, sue = [await desk.signed_in(login) for login in ("ana", "ben", "sue")]
    case = await opened(ana)
    one = await asked(ana, case["id"], changes=BIG)
    me = str((await sue.get("/me")).json()["user"]["id"])
    handed = (
        await ben.post(f"/approvals/{one['id']}/delegate", {"version": 1, "user_id": me, "note": "On leave"})
    ).json()
    assert [turn["state"] for turn in handed["turns"]] == ["delegated", "waiting"]
    unknown = await ben.post(f"/approvals/{one['id']}/delegate", {"version": 2, "user_id": "nobody"})
    assert unknown.json()["slug"] == "unknown-user"
    assert (await sue.post(f"/approvals/{one['id']}/refuse", {"version": 2})).status_code == 400
    refused = (await sue.post(f"/approvals/{one['id']}/refuse", {"version": 2, "note": "Too much"})).json()
    assert refused["state"] == "refused"
    assert (await ana.get(f"/cases/{case['id']}")).json()["case"]["fields"] == {}
    two = await asked(ana, case["id"], changes=BIG)
    back = (await ana.post(f"/approvals/{two['id']}/withdraw", {"version": 1})).json()
    assert back["state"] == "withdrawn"
    listed = (await ana.get(f"/cases/{case['id']}/approvals")).json()["items"]
    assert [line["state"] for line in listed] == ["withdrawn", "refused"]
    assert (await ana.get("/approvals/none")).json()["slug"] == "unknown-approval"


async def test_of_two_who_answer_at_once_one_is_heard(desk: Engine) -> None:
    ana, ben = await desk.signed_in("ana"), await desk.signed_in("ben")
    one = await asked(ana, (await opened(ana))["id"], changes=BIG)
    answers = await asyncio.gather(
        ben.post(f"/approvals/{one['id']}/approve", {"version": 1}),
        ben.post(f"/approvals/{one['id']}/refuse", {"version": 1, "note": "No"}),
    )
    told = sorted((answer.status_code, answer.json().get("slug", "")) for answer in answers)
    assert told == [(200, ""), (409, "approval-over")]


async def test_all_of_several_have_to_say_yes(desk: Engine) -> None:
    ana, ben, sue = [await desk.signed_in(login) for login in ("ana", "ben", "sue")]
    case = await opened(ana)
    one = await asked(ana, case["id"], "both", changes={"priority": 3})
    first = (await ben.post(f"/approvals/{one['id']}/approve", {"version": 1})).json()
    assert (first["state"], (await ana.get(f"/cases/{case['id']}")).json()["case"]["priority"]) == ("waiting", 0)
    stale = (await sue.post(f"/approvals/{one['id']}/approve", {"version": 1})).json()
    assert (stale["slug"], stale["approval"]["version"]) == ("stale-version", 2)
    assert (await sue.post(f"/approvals/{one['id']}/approve", {"version": 2})).json()["state"] == "approved"
    assert (await ana.get(f"/cases/{case['id']}")).json()["case"]["priority"] == 3


async def test_what_refers_to_nothing_is_refused_when_asked(desk: Engine) -> None:
    ana = await desk.signed_in("ana")
    case = await opened(ana)
    for changes, slug in (
        ({"owner_id": "nobody"}, "unknown-user"),
        ({"status": "none"}, "invalid-input"),
        ({"priority": 20, **BIG}, "needs-approval"),
    ):
        refused = await ana.post(f"/cases/{case['id']}/approvals", {"process": "refund", "changes": changes})
        assert refused.json()["slug"] == slug
    assert (await ana.get(f"/cases/{case['id']}/approvals")).json()["items"] == []


async def test_a_job_leaves_out_what_needs_a_yes(desk: Engine) -> None:
    sue = await desk.signed_in("sue")
    case = await opened(sue)
    job = (await sue.post("/cases/bulk", {"case_ids": [case["id"]], "changes": BIG})).json()

    async def failures() -> list[dict[str, Any]]:
        return list((await sue.get(f"/jobs/{job['id']}/failures")).json()["items"])

    assert [one["reason"] for one in await eventually(failures, within_s=30)] == ["needs-approval"]


async def test_a_time_that_ended_while_nothing_ran_counts(tmp_path: Path, valkey_address: str, org: str) -> None:
    directory, organisation = tmp_path / "data", organisation_of(org)
    async with running_engine(directory, valkey_address, [organisation]) as engine:
        ana = await engine.signed_in("ana")
        case = await opened(ana)
        one = await asked(ana, case["id"], "hurry", changes={"priority": 20})
    async with running_engine(directory, valkey_address, [organisation]) as engine:
        ana = await engine.signed_in("ana")

        async def ended() -> dict[str, Any] | None:
            now = dict((await ana.get(f"/approvals/{one['id']}")).json())
            return now if now["state"] != "waiting" else None

        done = await eventually(ended, within_s=60)
        assert (done["state"], done["decided_at"]) == ("approved", one["due_at"])
        assert (await ana.get(f"/cases/{case['id']}")).json()["case"]["priority"] == 20


async def test_a_merged_case_waits_for_nothing(desk: Engine) -> None:
    sue = await desk.signed_in("sue")
    kept, lost = await opened(sue), await opened(sue, client_id="2")
    one = await asked(sue, lost["id"], changes=BIG)
    merged = await sue.post(f"/cases/{kept['id']}/merge", {"lost_id": lost["id"]})
    assert merged.status_code in (200, 201), merged.text
    assert (await sue.get(f"/approvals/{one['id']}")).json()["state"] == "withdrawn"


async def test_who_is_asked_reads_the_case_until_he_has_answered(tmp_path: Path, valkey_address: str, org: str) -> None:
    narrow = replace(organisation_of(org), visibility=Visibility(cases=CasesSeen.OWN, customers=CustomersSeen.TEAM))
    async with running_engine(tmp_path / "data", valkey_address, [narrow]) as engine:
        ana, ben, sue = [await engine.signed_in(login) for login in ("ana", "ben", "sue")]
        me = (await ana.get("/me")).json()["user"]["id"]
        case = await opened(ana, owner_id=me)
        path = f"/cases/{case['id']}"
        assert (await ben.get(path)).json()["slug"] == "unknown-case"
        one = await asked(ana, case["id"], changes=BIG)
        assert (await ben.get(path)).json()["case"]["id"] == case["id"]
        written = await ben.send("PATCH", path, {"version": case["version"], "priority": 2})
        assert written.json()["slug"] == "read-only"
        assert (await ben.get("/approvals", mine="waiting")).json()["waiting"] == 1
        to = {"version": 1, "user_id": (await sue.get("/me")).json()["user"]["id"]}
        assert (await ben.post(f"/approvals/{one['id']}/delegate", to)).status_code == 200
        assert (await ben.get(path)).json()["slug"] == "unknown-case"
        assert (await ben.get(f"/approvals/{one['id']}")).json()["slug"] == "unknown-approval"
        assert (await sue.post(f"/approvals/{one['id']}/approve", {"version": 2})).json()["state"] == "approved"


async def test_of_a_role_only_those_are_told_who_see_the_case(tmp_path: Path, valkey_address: str, org: str) -> None:
    of_teams = Visibility(cases=CasesSeen.OWN, customers=CustomersSeen.TEAM, supervisors=SupervisorsSee.TEAM)
    yes = ApprovalProcess(key="yes", name="Yes", steps=(ApprovalStep(by=("role:supervisor", "role:admin")),))
    narrow = replace(organisation_of(org), approvals={"yes": yes}, visibility=of_teams)
    async with running_engine(tmp_path / "data", valkey_address, [narrow]) as engine:
        sue, ada = await engine.signed_in("sue"), await engine.signed_in("ada")
        her_id = (await sue.get("/me")).json()["user"]["id"]
        for case in (await opened(ada), await opened(ada, client_id="2", subject="Cold tea", owner_id=her_id)):
            await asked(ada, case["id"], "yes")

        async def told(browser: Browser) -> list[str]:
            alerts = (await browser.get("/alerts")).json()["items"]
            return sorted(one["data"]["subject"] for one in alerts)

        async def all_told() -> bool:
            return await told(ada) == ["Cold tea", "Stale tea"] and await told(sue) != []

        await eventually(all_told, within_s=20)
        assert await told(sue) == ["Cold tea"]
        assert (await sue.get("/approvals", mine="waiting")).json()["waiting"] == 1


async def test_who_is_switched_off_is_not_asked(desk: Engine) -> None:
    ana, ada = await desk.signed_in("ana"), await desk.signed_in("ada")
    users = {one["login"]: one["id"] for one in (await ada.get("/users")).json()["items"]}
    assert (await ada.send("PATCH", f"/users/{users['ben']}", {"active": False})).status_code == 200
    one = await asked(ana, (await opened(ana))["id"], changes=BIG)
    assert [(turn["user_id"], turn["role"]) for turn in one["turns"]] == [("", "supervisor")]


async def test_a_deputy_answers_for_who_is_away(desk: Engine, org: str) -> None:
    ana, ben, sue = await desk.signed_in("ana"), await desk.signed_in("ben"), await desk.signed_in("sue")
    users = {one.login: one.id for one in await desk.application.store.users.list(org)}
    case = await opened(ana)
    one = await asked(ana, case["id"], changes=BIG)
    leave = {"deputy_id": users["sue"], "to_at": "2100-01-01T00:00:00Z"}
    assert (await ben.post("/deputies", leave)).json()["slug"] == "invalid-input", "at most a year"
    leave["to_at"] = (datetime.now(UTC) + timedelta(days=7)).isoformat()
    assert (await ana.post("/deputies", {**leave, "user_id": users["ben"]})).status_code == 403
    assert (await ben.post("/deputies", {**leave, "deputy_id": users["ben"]})).status_code == 400
    made = await ben.post("/deputies", leave)
    assert (made.status_code, made.json()["user_name"], made.json()["deputy_name"]) == (201, "Ben", "Sue"), made.text
    assert (await ben.post("/deputies", leave)).json()["slug"] == "deputy-overlaps"
    assert [each["id"] for each in (await ana.get("/deputies")).json()["items"]] == [made.json()["id"]]

    async def handed_on() -> bool:
        return bool((await sue.get("/approvals", mine="waiting")).json()["waiting"])

    await eventually(handed_on)
    now = (await sue.get(f"/approvals/{one['id']}")).json()
    assert [(turn["user_name"], turn["state"]) for turn in now["turns"]] == [("Ben", "delegated"), ("Sue", "waiting")]
    done = await sue.post(f"/approvals/{one['id']}/approve", {"version": now["version"]})
    assert done.json()["state"] == "approved", done.text
    path = f"/deputies/{made.json()['id']}"
    assert (await ana.send("DELETE", path)).status_code == 403
    assert (await ben.send("DELETE", path)).status_code == 204
    assert (await ben.send("DELETE", path)).json()["slug"] == "unknown-deputy"
