"""Saved views and lists over HTTP: who opens and changes them, what they show, and what is wrong with a filter."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.model.case_setup import CustomField, CustomFieldType, FieldOf
from engine.model.organisation import AgentSetup, Role
from engine.model.team import Team
from engine.model.visibility import CasesSeen, SupervisorsSee, Visibility
from tests.integration.api.engine_under_test import Browser, Engine, running_engine, staffed_organisation
from tests.servers import eventually

COLOUR = CustomField(key="colour", name="Colour", type=CustomFieldType.TEXT)


@pytest.fixture
async def desk(tmp_path: Path, valkey_address: str, org: str) -> AsyncIterator[Engine]:
    base = staffed_organisation(org)
    more = {one: AgentSetup(login=one, name=one.title(), role=Role.AGENT) for one in ("bo", "cy")}
    made = replace(
        base,
        agents={**base.agents, **more},
        teams={"blue": Team(key="blue", name="Blue", members=("ana", "bo"))},
        fields={FieldOf.CASE: {"colour": COLOUR}},
    )
    async with running_engine(tmp_path / "data", valkey_address, [made]) as engine:
        yield engine


async def opened(browser: Browser, subject: str, **values: object) -> dict[str, Any]:
    answer = await browser.post("/cases", {"subject": subject, "client_id": subject, **values})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def subjects(browser: Browser, **query: Any) -> list[str]:
    answer = await browser.http.get("/api/v1/cases", params=query)
    assert answer.status_code == 200, answer.text
    return [str(one["subject"]) for one in answer.json()["items"]]


async def test_a_view_is_kept_opened_and_changed(desk: Engine) -> None:
    ana, bo, cy, sue = [await desk.signed_in(login) for login in ("ana", "bo", "cy", "sue")]
    body = {
        "name": "Red ones", "shared": "team", "columns": ["number", "subject", "fields.colour"], "order": "oldest",
        "filter": {"fields": {"colour": ["red"]}, "not_tag": ["spam"], "queue": ["gone"], "opened_from": "now-7d"},
    }  # fmt: skip
    made = (await ana.post("/views", body)).json()
    assert (made["version"], made["owner_name"], made["may_change"], made["built_in"]) == (1, "Ana", True, False)
    assert made["missing"] == [{"field": "queue", "value": "gone"}]
    for browser, sees, changes in ((ana, True, True), (bo, True, False), (cy, False, False), (sue, True, True)):
        answer = await browser.get(f"/views/{made['id']}")
        listed = [one["id"] for one in (await browser.get("/views")).json()["items"]]
        assert (answer.status_code == 200, made["id"] in listed) == (sees, sees)
        assert not sees or answer.json()["may_change"] is changes
    refused = await bo.send("PATCH", f"/views/{made['id']}", {"version": 1, "name": "Mine now"})
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (403, "read-only")
    filter_ = {"fields": {"colour": ["red"]}}
    changed = (await sue.send("PATCH", f"/views/{made['id']}", {"version": 1, "filter": filter_})).json()
    assert (changed["version"], changed["filter"], changed["missing"]) == (2, filter_, [])
    late = await ana.send("PATCH", f"/views/{made['id']}", {"version": 1, "name": "Red"})
    assert (late.status_code, late.json()["version"]) == (409, 2)
    assert (await bo.send("DELETE", f"/views/{made['id']}")).status_code == 403
    assert (await ana.send("DELETE", f"/views/{made['id']}")).status_code == 204
    assert (await ana.get(f"/views/{made['id']}")).status_code == 404


async def test_a_supervisor_of_teams_changes_what_his_teams_share(
    tmp_path: Path, valkey_address: str, org: str
) -> None:
    base = staffed_organisation(org, visibility=Visibility(cases=CasesSeen.OWN, supervisors=SupervisorsSee.TEAM))
    more = {"cy": AgentSetup(login="cy", name="Cy", role=Role.AGENT)}
    teams = {"blue": Team(key="blue", name="Blue", members=("ana", "sue"))}
    made = replace(base, agents={**base.agents, **more}, teams=teams)
    async with running_engine(tmp_path / "data", valkey_address, [made]) as desk:
        ana, cy, sue, ada = [await desk.signed_in(login) for login in ("ana", "cy", "sue", "ada")]
        for browser, shared, opens, changes in (
            (ana, "team", True, True),
            (ana, "everybody", True, True),
            (cy, "team", False, False),
            (cy, "everybody", True, False),
        ):
            view = (await browser.post("/views", {"name": shared, "shared": shared, "filter": {}})).json()["id"]
            seen = await sue.get(f"/views/{view}")
            assert (seen.status_code == 200, seen.json().get("may_change", False)) == (opens, changes)
            answer = await sue.send("PATCH", f"/views/{view}", {"version": 1, "name": "Ours"})
            assert answer.status_code == (200 if changes else 403 if opens else 404), answer.text
            assert (await ada.get(f"/views/{view}")).json()["may_change"] is True, "who oversees all"


async def test_cases_of_a_view_are_listed_and_counted(desk: Engine) -> None:
    ana, bo = await desk.signed_in("ana"), await desk.signed_in("bo")
    users = {one["login"]: one["id"] for one in (await (await desk.signed_in("ada")).get("/users")).json()["items"]}
    await opened(ana, "First", owner_id=users["ana"], fields={"colour": "red"}, priority=1)
    await opened(ana, "Second", owner_id=users["bo"], fields={"colour": "red"}, tags=["spam"])
    third = await opened(ana, "Third", owner_id=users["ana"], fields={"colour": "blue"}, priority=5)
    await opened(ana, "Fourth")
    mine = {"name": "Mine", "shared": "everybody", "filter": {"owner": ["me"]}, "order": "priority"}
    view = (await ana.post("/views", mine)).json()["id"]
    assert await subjects(ana, view=view) == ["Third", "First"]
    assert await subjects(bo, view=view) == ["Second"], "me is who looks"
    assert await subjects(ana, view=view, owner="my_team", order="oldest") == ["First", "Second", "Third"]
    assert await subjects(ana, field="colour:red", not_tag="spam") == ["First"]
    assert await subjects(ana, view="unassigned") == ["Fourth"]
    assert sorted(await subjects(bo, view="my_team")) == ["First", "Second", "Third"]
    assert await subjects(ana, text="thir") == ["Third"]
    assert await subjects(ana, view="due_soon") == []
    closed = await ana.send("PATCH", f"/cases/{third['id']}", {"version": third["version"], "status": "closed"})
    assert closed.status_code == 200, closed.text
    assert await subjects(ana, view="recently_closed") == ["Third"]
    assert await subjects(ana, view=view) == ["First"], "what is over is no work"
    counts = {one["id"]: (one["count"], one["more"]) for one in (await ana.get("/views/counts")).json()["items"]}
    assert counts == {
        "my_open": (1, False), "my_team": (2, False), "unassigned": (1, False), "due_soon": (0, False),
        "recently_closed": (1, False), view: (1, False),
    }  # fmt: skip


async def test_pages_go_on_where_they_ended(desk: Engine) -> None:
    ana = await desk.signed_in("ana")
    made = [(await opened(ana, f"Case {number}", priority=number % 2))["subject"] for number in range(5)]
    for order, expected in (("newest", made[::-1]), ("priority", [made[place] for place in (3, 1, 4, 2, 0)])):
        found: list[str] = []
        after = ""
        for _ in range(3):
            page = (await ana.get("/cases", order=order, limit="2", after=after)).json()
            found += [one["subject"] for one in page["items"]]
            after = page["next"]
        assert (found, after) == (expected, "")
    older = await subjects(ana, before_number=3)
    assert older == made[1::-1]


@pytest.mark.parametrize(
    "query",
    [{"opened_from": "soon"}, {"colour": "red"}, {"field": "red"}, {"after": "x"}, {"order": "best"}, {"kind": "odd"},
     {"open": "perhaps"}, {"limit": "0"}, {"owner": "a" * 100}],
)  # fmt: skip
async def test_a_wrong_filter_says_what_is_wrong(desk: Engine, query: dict[str, str]) -> None:
    ana = await desk.signed_in("ana")
    answer = await ana.get("/cases", **query)
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:cordboard:problem:invalid-input"), answer.text


@pytest.mark.parametrize(
    "wrong",
    [{"filter": {"opened_from": "soon"}}, {"filter": {"colour": "red"}}, {"filter": {"queue": "sales"}},
     {"filter": {"fields": {"a b": ["c"]}}}, {"order": "best"}, {"columns": ["secret"]}, {"name": ""},
     {"noun": "contact", "filter": {"status": ["open"]}}, {"shared": "world"}],
)  # fmt: skip
async def test_a_wrong_view_is_not_kept(desk: Engine, wrong: dict[str, object]) -> None:
    ana = await desk.signed_in("ana")
    answer = await ana.post("/views", {"name": "Wrong", **wrong})
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:cordboard:problem:invalid-input"), answer.text
    assert len((await ana.get("/views")).json()["items"]) == 5


async def test_views_of_customers_and_unknown_ones(desk: Engine) -> None:
    ana = await desk.signed_in("ana")
    kept = (await ana.post("/views", {"noun": "contact", "name": "Zoe", "filter": {"text": "zoe"}})).json()
    assert [one["id"] for one in (await ana.get("/views", noun="contact")).json()["items"]] == [kept["id"]]
    assert (await ana.get("/cases", view=kept["id"])).status_code == 400
    assert (await ana.get("/cases", view="none")).status_code == 404
    assert (await ana.send("PATCH", "/views/my_open", {"version": 1, "name": "Mine"})).status_code == 403


async def test_a_job_is_done_to_the_cases_of_a_view(desk: Engine) -> None:
    sue = await desk.signed_in("sue")
    for number in range(3):
        await opened(sue, f"Case {number}", tags=["old"] if number else [])
    view = (await sue.post("/views", {"name": "Old", "filter": {"tag": ["old"]}})).json()["id"]
    asked = await sue.post("/cases/bulk", {"view": view, "changes": {"priority": 7}})
    assert (asked.status_code, asked.json()["total"]) == (202, 2), asked.text
    both = await sue.post("/cases/bulk", {"view": view, "case_ids": ["a"], "changes": {"priority": 1}})
    assert both.status_code == 400

    async def raised() -> bool:
        return await subjects(sue, priority_from=7, order="oldest") == ["Case 1", "Case 2"]

    await eventually(raised, within_s=20)
