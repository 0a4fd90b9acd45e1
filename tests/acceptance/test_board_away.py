"""Cases while Valkey is away from the whole program: people go on, and the board hears of it once when it is back."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.valkey import ValkeyServer
from tests.acceptance.configuration import write_configuration
from tests.acceptance.engine_process import ApiClient, EngineProcess, until
from tests.acceptance.shop import serving
from tests.acceptance.standing import rows

FILES = {
    "assignment.yaml": "assignment:\n  - { name: All, then: { queue: sales, route: true } }\n",
    "escalations.yaml": """
escalations:
  urgent:
    name: Urgent
    trigger: { event: { name: smoke } }
    steps:
      - actions:
          - raise_priority: 4
          - notify: { console: [supervisors], text: "Look at {case.number}" }
""",
}
CHANGES = (
    ("statuses.yaml", "channels: [chat]", "channels: [chat, case]"),
    ("profiles.yaml", "chat: { weight: 1 }", "chat: { weight: 1 }\n      case: { weight: 1 }"),
)


class OwnBoard:
    """A Valkey of the operator's own, which goes away and comes back with its data."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._server = ValkeyServer(data=directory, fsync="always")

    @property
    def address(self) -> str:
        return self._server.address

    def start(self) -> None:
        self._server = ValkeyServer(data=self._directory, fsync="always")
        asyncio.run(self._server.start())

    def stop(self) -> None:
        asyncio.run(self._server.stop())


@pytest.fixture
def board(tmp_path: Path) -> Iterator[OwnBoard]:
    board = OwnBoard(tmp_path / "board")
    board.start()
    yield board
    board.stop()


@pytest.fixture
def engine(tmp_path: Path, board: OwnBoard) -> Iterator[EngineProcess]:
    """Return an engine that routes every new case to the queue sales."""
    config = write_configuration(tmp_path / "config")
    for name, text in FILES.items():
        (config / name).write_text(text)
    for name, before, after in CHANGES:
        path = config / name
        path.write_text(path.read_text().replace(before, after))
    with serving(tmp_path / "data", config=config, settings={"CORDBOARD_VALKEY_URL": board.address}) as engine:
        yield engine


def test_cases_are_worked_on_while_valkey_is_away(engine: EngineProcess, board: OwnBoard) -> None:
    with ApiClient(engine, "sue") as sue:
        before = str(sue.post("/cases", {"subject": "Kettle of before", "priority": 1})["id"])
        until(lambda: states(sue, before) == ["queued"], within_s=30, what="its item waits")
        board.stop()
        meanwhile = str(sue.post("/cases", {"subject": "Kettle of meanwhile"})["id"])
        change(sue, before, priority=3)
        sue.post(f"/cases/{before}/comments", {"body": "There is smoke", "client_id": "1"})
        sue.post(f"/cases/{before}/events", {"name": "smoke", "client_id": "2"})
        until(lambda: [one["step"] for one in steps(sue, before)] == ["1"], within_s=60, what="escalated")
        assert sue.get(f"/cases/{before}")["case"]["priority"] == 7
        until(lambda: len(told(engine, before)) == 1, within_s=60, what="the supervisors are told")
        until(lambda: found(sue, "meanwhile") == [meanwhile], within_s=60, what="found by its words")
        assert {one["id"] for one in sue.get("/cases", status="new")["items"]} == {before, meanwhile}
        assert states(sue, meanwhile) in ([], ["pending"])
        board.start()
        check_back(engine, sue, before, meanwhile)


def check_back(engine: EngineProcess, sue: ApiClient, before: str, meanwhile: str) -> None:
    """What was decided meanwhile has reached the board, once."""
    until(lambda: states(sue, meanwhile) == ["queued"], within_s=90, what="its item waits, too")
    undone = "SELECT kind, fault FROM case_effects WHERE done_ms = 0"
    until(lambda: rows(engine, undone) == [], within_s=90, what="nothing left in the outbox")
    (item,) = items(sue, before)
    until(lambda: items(sue, before)[0]["priority"] == 7, within_s=30, what="the item is as urgent as the case")
    (other,) = items(sue, meanwhile)
    assert kinds(sue, item["id"]) == ["enqueued", "changed"]  # by both changes at once: what counts is how the case is
    assert kinds(sue, other["id"]) == ["enqueued"]
    assert len(told(engine, before)) == 1
    assert [one["step"] for one in steps(sue, before)] == ["1"]
    assert rows(engine, "SELECT kind FROM alerts WHERE kind <> 'case-escalated'") == []


def change(api: ApiClient, case_id: str, **fields: object) -> None:
    """Change a case."""
    version = api.get(f"/cases/{case_id}")["case"]["version"]
    api.patch(f"/cases/{case_id}", {"version": version, **fields})


def items(api: ApiClient, case_id: str) -> list[dict[str, Any]]:
    """Return the work items of a case."""
    return list(api.get("/work-items", case_id=case_id)["items"])


def states(api: ApiClient, case_id: str) -> list[str]:
    """Return the states of a case's work items."""
    return [one["state"] for one in items(api, case_id)]


def kinds(api: ApiClient, item_id: str) -> list[str]:
    """Return what happened to a work item on the board."""
    return [one["kind"] for one in api.get(f"/work-items/{item_id}/events")["items"]]


def steps(api: ApiClient, case_id: str) -> list[dict[str, Any]]:
    """Return the steps of a case's ladders that were taken."""
    return [step for ladder in api.get(f"/cases/{case_id}/escalations")["items"] for step in ladder["steps"]]


def found(api: ApiClient, words: str) -> list[str]:
    """Return the cases that a search finds."""
    return [one["id"] for one in api.get("/search", q=words)["items"] if one["kind"] == "case"]


def told(engine: EngineProcess, case_id: str) -> list[dict[str, Any]]:
    """Return what the supervisors were told of a case's escalation."""
    return rows(engine, f"SELECT id FROM alerts WHERE kind = 'case-escalated' AND data LIKE '%{case_id}%'")
