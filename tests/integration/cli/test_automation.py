"""Rules are tried on past cases from the command line, which only reads."""

import asyncio
import json
from pathlib import Path

import pytest

from engine.cases.changes import Wish, wanted
from engine.cases.draft import CaseRules
from engine.cases.planner import planner
from engine.cli import run
from engine.clock import SystemClock
from engine.config.compile import load
from engine.config.snapshot import pack
from engine.ids import id_source
from engine.model.case import NewCase
from engine.store.store import Store
from tests.records import migrated_file
from tests.unit.config.conftest import write

RULES = """
automation:
  - key: urgent
    name: Urgent
    on: { changed: priority, by: person }
    when: { priority: { at_least: 5 } }
    actions: [{ add_tags: [urgent] }]
    enabled: dry_run
  - { key: never, name: Never, on: [event: gone], actions: [{ set_priority: 1 }] }
"""


async def filled(url: str, directory: Path) -> list[tuple[str, str]]:
    """Keep an organisation with three cases, of which two were made urgent; return what is in the record."""
    clock = SystemClock()
    store = Store(url=url, clock=clock, new_id=id_source(clock))
    await store.start()
    try:
        organisation = load(directory)
        packed = pack(organisation)
        await store.configuration.put(
            organisation.id, name="Small", digest=packed.digest, compiled=packed.compiled,
            agents=tuple(organisation.agents.values()), author="tests", now_ms=1, targets={},
        )  # fmt: skip
        rules = CaseRules(organisation=organisation, new_id=str)
        for number, points in enumerate((5, 2, 9)):
            new = NewCase(org_id=organisation.id, subject=f"Case {number}")
            case = await store.cases.open(new, actor_id="u", now_ms=1_000)
            decide = planner(rules, first=wanted(Wish(changes={"priority": points})))
            await store.cases.decide(organisation.id, case.id, decide, actor_id="u", now_ms=60_000)
        return await kept(store, organisation.id)
    finally:
        await store.stop()


async def kept(store: Store, org: str) -> list[tuple[str, str]]:
    cases = (await store.case_lists.page(org, limit=10)).cases
    return [(str(case), str(await store.cases.events(org, case.id))) for case in cases]


async def now(url: str) -> list[tuple[str, str]]:
    clock = SystemClock()
    store = Store(url=url, clock=clock, new_id=id_source(clock))
    await store.start()
    try:
        return await kept(store, "small")
    finally:
        await store.stop()


def test_rules_are_tried_on_past_cases(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CORDBOARD_DATA", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    (tmp_path / "rules").mkdir()
    url = migrated_file(tmp_path / "data" / "cordboard.sqlite3")
    write(tmp_path / "rules", {})
    before = asyncio.run(filled(url, tmp_path / "rules"))
    write(tmp_path / "rules", {"automation.yaml": RULES})
    assert run(["automation", "try", "rules", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["cases"] == 3
    assert [(one["key"], one["fired"], one["cases"], one["condition"]) for one in found["rules"]] == [
        ("urgent", 2, 2, 1), ("never", 0, 0, 0),
    ]  # fmt: skip
    assert sorted(one["case"] for one in found["sample"]) == [1, 3]
    assert found["sample"][0]["changes"] == [{"field": "tags", "from": [], "to": ["urgent"]}]
    assert run(["automation", "try", "rules", "--last", "1", "--sample", "1"]) == 0
    text = capsys.readouterr().out
    assert "1 cases gone through" in text
    assert 'tags: [] → ["urgent"]' in text
    assert asyncio.run(now(url)) == before
    assert run(["automation", "try", "nowhere"]) == 1
