"""Files given out: what the caller sees, as imports read it again; another organisation has the same afterwards."""

import csv
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from engine.model.visibility import CasesSeen, CustomersSeen, Visibility
from tests.integration.api.engine_under_test import Browser, Engine, running_engine, staffed_organisation
from tests.integration.api.test_imports import ended, outcomes, sent

ODD = '=1+1;"quoted", – 茶壶\nsecond line\t\'end'

OVER = {"opened_at": "2020-01-01T00:00:00Z", "closed_at": "2020-02-01T00:00:00Z"}


@pytest.fixture
async def desk(tmp_path: Path, valkey_address: str, org: str) -> AsyncIterator[Engine]:
    narrow = Visibility(cases=CasesSeen.OWN, customers=CustomersSeen.TEAM)
    made = [staffed_organisation(org, visibility=narrow), staffed_organisation(f"{org}b")]
    async with running_engine(tmp_path / "data", valkey_address, made) as engine:
        yield engine


async def exported(browser: Browser, noun: str, **query: str) -> str:
    answer = await browser.get(f"/exports/{noun}", **query)
    assert answer.status_code == 200, answer.text
    return answer.text


async def filled(browser: Browser) -> None:
    accounts = [
        {"external_id": "1", "name": "Leaf", "parent_external_id": "2", "phone": "+49 30 123456", "owner": "sue"},
        {"external_id": "2", "name": "Root", "domain": "root.example", "notes": ODD, "fields": {"a": [1, {"b": None}]}},
    ]
    more = [{"channel": "phone", "value": "+49301234567", "label": "home", "verified": True}]
    contacts: list[dict[str, Any]] = [{"external_id": f"{n}", "name": f"@P{n}"} for n in range(700)]
    contacts[0] |= {
        "email": "a@x.example",
        "addresses": more,
        "notes": ODD,
        "account_external_id": "1",
        "title": "-",
        "owner": "sue",
    }
    cases = [
        {"external_id": "7", "subject": ODD[:20], "contact_email": "a@x.example", "tags": ["a;b"], "priority": -3},
        {"external_id": "8", "subject": "Over", "status": "closed", "parent_external_id": "7", **OVER},
    ]
    for noun, rows in (("account", accounts), ("contact", contacts), ("case", cases)):
        asked = await sent(browser, json.dumps(rows), noun=noun, format="json", source="crm")
        told = await ended(browser, asked.json()["id"])
        assert outcomes(told)[1] == len(rows), (await browser.get(f"/imports/{told['id']}/failures")).text


IDS = ("id", "account_id", "parent_id", "contact_id", "owner_id")


@pytest.mark.parametrize("form", ["csv", "jsonl"])
async def test_what_is_exported_is_the_same_where_it_is_imported(desk: Engine, org: str, form: str) -> None:
    sue, other = await desk.signed_in("sue", org), await desk.signed_in("sue", f"{org}b")
    await filled(sue)
    for noun in ("account", "contact", "case"):
        text = await exported(sue, noun, format=form, source="crm")
        maps = [
            f"{name}=" for name in IDS if name in next(csv.reader([text.partition("\n")[0]])) or f'"{name}": ' in text
        ]
        asked = await sent(other, text, noun=noun, format=form, source="crm", map=maps)
        told = await ended(other, asked.json()["id"])
        failed = (await other.get(f"/imports/{told['id']}/failures")).text
        assert told["created"] == told["total"] > 0, failed
        again = await exported(other, noun, format="jsonl", source="crm")
        was = await exported(sue, noun, format="jsonl", source="crm")
        assert sorted(map(same, again.splitlines()), key=str) == sorted(map(same, was.splitlines()), key=str)


def same(line: str) -> dict[str, object]:
    """Return a row without what each engine says by itself."""
    own = {*IDS, "version", "created_at", "updated_at", "number"}
    row: dict[str, Any] = {name: value for name, value in json.loads(line).items() if name not in own}
    if row["external_id"] == "7":
        row["opened_at"] = ""
    if "addresses" in row:
        row["addresses"] = sorted(row["addresses"], key=str)
    return row


async def test_an_export_goes_on_after_a_row_and_shows_what_is_seen(desk: Engine, org: str) -> None:
    sue, ana = await desk.signed_in("sue", org), await desk.signed_in("ana", org)
    await filled(sue)
    whole = list(csv.DictReader(io.StringIO(await exported(sue, "contact", columns="id,name"))))
    assert (len(whole), list(whole[0])) == (700, ["id", "name"])
    assert whole[0]["name"].startswith("'@P")
    rest = await exported(sue, "contact", columns="id,name", after=whole[689]["id"])
    assert len(rest.splitlines()) == 10
    found = json.loads(await exported(sue, "case", format="jsonl", open="false"))
    assert (found["subject"], found["closed_at"]) == ("Over", "2020-02-01T00:00:00.000Z")
    assert await exported(sue, "case", format="jsonl", after=str(found["number"])) == ""
    assert await exported(ana, "contact", format="jsonl") == ""
    assert await exported(ana, "account", format="jsonl") == ""
    assert await exported(ana, "case", format="jsonl") == ""
    for noun, query in (("contact", {"columns": "nothing"}), ("case", {"after": "x"}), ("account", {"open": "true"})):
        assert (await sue.get(f"/exports/{noun}", **query)).status_code == 400


async def test_what_a_parent_is_called_is_told_only_where_it_is_seen(desk: Engine, org: str) -> None:
    sue, ana = await desk.signed_in("sue", org), await desk.signed_in("ana", org)
    rows = [
        {"external_id": "1", "name": "Leaf", "parent_external_id": "2", "owner": "ana"},
        {"external_id": "2", "name": "Root", "owner": "sue"},
        {"external_id": "3", "name": "Twig", "parent_external_id": "1", "owner": "ana"},
    ]
    asked = await sent(sue, json.dumps(rows), noun="account", format="json", source="crm")
    assert outcomes(await ended(sue, asked.json()["id"]))[1] == 3
    told = {}
    for line in (await exported(ana, "account", format="jsonl", source="crm")).splitlines():
        row = json.loads(line)
        told[row["name"]] = (row["external_id"], row["parent"], row["parent_external_id"])
    assert told == {"Leaf": ("1", "", ""), "Twig": ("3", "Leaf", "1")}


async def test_what_a_contacts_account_is_called_is_told_only_where_it_is_seen(desk: Engine, org: str) -> None:
    sue, ana = await desk.signed_in("sue", org), await desk.signed_in("ana", org)
    for noun, rows in (
        ("account", [{"external_id": "1", "name": "Hers", "owner": "ana"}, {"external_id": "2", "name": "Hidden"}]),
        (
            "contact",
            [{"external_id": key, "name": f"P{key}", "account_external_id": key, "owner": "ana"} for key in "12"],
        ),
    ):
        asked = await sent(sue, json.dumps(rows), noun=noun, format="json", source="crm")
        assert outcomes(await ended(sue, asked.json()["id"]))[1] == 2
    told = {}
    for line in (await exported(ana, "contact", format="jsonl", source="crm")).splitlines():
        row = json.loads(line)
        told[row["name"]] = (row["account"], row["account_external_id"])
    assert told == {"P1": ("Hers", "1"), "P2": ("", "")}


async def test_a_spreadsheet_that_parts_at_semicolons_finds_no_formula(desk: Engine, org: str) -> None:
    sue = await desk.signed_in("sue", org)
    assert (await sue.post("/contacts", {"name": "a;=1"})).status_code == 201
    for plain in ("false", "true"):
        assert (await exported(sue, "contact", columns="name", plain=plain)).splitlines() == ['"name"', '"a;=1"']
