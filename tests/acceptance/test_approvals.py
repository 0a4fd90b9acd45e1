"""The engine dies while somebody says yes: the change is made once or not at all, and he can say it again."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.acceptance.configuration import write_configuration
from tests.acceptance.engine_process import ApiClient, EngineProcess, until
from tests.acceptance.standing import rows

APPROVALS = """
approvals:
  urgent:
    name: Urgent
    changes: { priority: { at_least: 10 } }
    steps: [{ by: ["role:supervisor"] }]
"""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineProcess]:
    config = write_configuration(tmp_path / "config")
    (config / "approvals.yaml").write_text(APPROVALS)
    engine = EngineProcess(tmp_path / "data", config=config)
    yield engine
    engine.close()


@pytest.mark.parametrize("place", ["approval.before-commit", "approval.after-commit"])
def test_killed_while_somebody_says_yes(engine: EngineProcess, place: str) -> None:
    engine.start_kept(f"{place}=kill@2")  # the first is the asking
    with ApiClient(engine, "ben") as ben, ApiClient(engine, "sue") as sue:
        case_id = ben.post("/cases", {"subject": "Kettle", "client_id": "1"})["id"]
        asked = {"process": "urgent", "changes": {"priority": 20}}
        approval_id = ben.post(f"/cases/{case_id}/approvals", asked)["id"]
        with contextlib.suppress(httpx.HTTPError):  # its answer is what the kill cuts off
            sue.post(f"/approvals/{approval_id}/approve", {"version": 1})
        until(lambda: engine.deaths == 1 and engine.ready(), within_s=60, what="killed and back")
        state = sue.get(f"/approvals/{approval_id}")["state"]
        assert state == ("waiting" if place == "approval.before-commit" else "approved")
        assert sue.get(f"/cases/{case_id}")["case"]["priority"] == (0 if state == "waiting" else 20)
        if state == "waiting":
            sue.post(f"/approvals/{approval_id}/approve", {"version": 1})
        assert sue.get(f"/cases/{case_id}")["case"]["priority"] == 20
    told = "SELECT kind, count(*) AS n FROM case_events WHERE kind IN ('priority', 'approval_ended') GROUP BY kind"
    assert {row["kind"]: row["n"] for row in rows(engine, told)} == {"priority": 1, "approval_ended": 1}
