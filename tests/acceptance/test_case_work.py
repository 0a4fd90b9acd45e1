"""A case's work item when the engine dies: it is made once, and it ends up with whom a person gave the case."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import httpx
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


def items(api: ApiClient, case_id: str) -> list[tuple[str, str]]:
    """Return state and agent of all items of a case."""
    return [(item["state"], item["agent_id"]) for item in api.get("/work-items", case_id=case_id)["items"]]


def died_and_is_back(engine: EngineProcess) -> None:
    until(lambda: engine.deaths == 1 and engine.ready(), within_s=60, what="killed and back")


def opened(api: ApiClient) -> str:
    """Open a case, as often as the answer is what the kill cuts off: it is one case."""
    new = {"subject": "Broken kettle", "client_id": "1"}
    return str(until(lambda: api.post("/cases", new)["id"], within_s=60, what="opened"))


def test_killed_after_the_item_is_committed_it_waits_once(engine: EngineProcess) -> None:
    engine.start_kept("casework.after-commit=kill")
    with ApiClient(engine, "sue") as api:
        case_id = opened(api)
        died_and_is_back(engine)
        until(lambda: items(api, case_id) == [("queued", "")], within_s=30, what="one item waits")


def test_killed_after_the_board_gave_it_to_the_owner_it_is_his(engine: EngineProcess) -> None:
    engine.start_kept("casework.after-board=kill")
    with ApiClient(engine, "sue") as api, ApiClient(engine, "ben") as ben:
        case_id = opened(ben)
        until(lambda: items(api, case_id) == [("queued", "")], within_s=30, what="it waits")
        me = str(ben.get("/me")["user"]["id"])
        version = ben.get(f"/cases/{case_id}")["case"]["version"]
        with contextlib.suppress(httpx.HTTPError):  # its answer may be what the kill cuts off
            ben.patch(f"/cases/{case_id}", {"version": version, "owner_id": me})
        died_and_is_back(engine)
        until(lambda: items(api, case_id) == [("active", me)], within_s=30, what="it is the owner's")
