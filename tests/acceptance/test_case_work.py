"""A case's work item when the engine dies: it is made once, and it ends up with whom a person gave the case."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.configuration import write_configuration
from tests.acceptance.engine_process import ApiClient, EngineProcess, until

ASSIGNMENT = "assignment:\n  - { name: All, then: { queue: sales, route: true } }\n"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineProcess]:
    """Return an engine, not started yet, that routes every new case to the queue sales."""
    config = write_configuration(tmp_path / "config")
    (config / "assignment.yaml").write_text(ASSIGNMENT)
    for name, before, after in (
        ("statuses.yaml", "channels: [chat]", "channels: [chat, case]"),
        ("profiles.yaml", "chat: { weight: 1 }", "chat: { weight: 1 }\n      case: { weight: 1 }"),
    ):
        path = config / name
        path.write_text(path.read_text().replace(before, after))
    engine = EngineProcess(tmp_path / "data", config=config)
    yield engine
    engine.close()


def items(engine: EngineProcess, case_id: str) -> list[tuple[str, str]]:
    """Return state and agent of all items of a case."""
    with ApiClient(engine, "sue") as api:
        return [(item["state"], item["agent_id"]) for item in api.get("/work-items", case_id=case_id)["items"]]


def died_and_is_back(engine: EngineProcess) -> None:
    until(lambda: engine.deaths == 1 and engine.ready(), within_s=60, what="killed and back")


def opened(engine: EngineProcess) -> str:
    with ApiClient(engine, "ben") as api:
        return str(api.post("/cases", {"subject": "Broken kettle", "client_id": "1"})["id"])


def test_killed_after_the_item_is_committed_it_waits_once(engine: EngineProcess) -> None:
    engine.start_kept("casework.after-commit=kill")
    case_id = opened(engine)
    died_and_is_back(engine)
    until(lambda: items(engine, case_id) == [("queued", "")], within_s=30, what="one item waits")


def test_killed_after_the_board_gave_it_to_the_owner_it_is_his(engine: EngineProcess) -> None:
    engine.start_kept("casework.after-board=kill")
    case_id = opened(engine)
    until(lambda: items(engine, case_id) == [("queued", "")], what="it waits")
    with ApiClient(engine, "ben") as api:
        me = str(api.get("/me")["user"]["id"])
        version = api.get(f"/cases/{case_id}")["case"]["version"]
        api.patch(f"/cases/{case_id}", {"version": version, "owner_id": me})
    died_and_is_back(engine)
    until(lambda: items(engine, case_id) == [("active", me)], within_s=30, what="it is the owner's")
