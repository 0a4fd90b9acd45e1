"""Escalations of the whole program, killed wherever two systems meet: each step is taken once, whatever dies."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.configuration import write_configuration
from tests.acceptance.engine_process import ORG, ApiClient, EngineProcess, until
from tests.acceptance.receiver import Receiver, receiving
from tests.acceptance.standing import rows

SETS = """
escalations:
  old:
    name: Old
    trigger: { age: { after: 1500ms } }
    steps:
      - actions:
          - raise_priority: 5
          - notify: { console: [supervisors], webhook: erp, text: "Look at {case.number}" }
      - after: 1s
        name: again
        actions:
          - raise_priority: 5
          - open_child: { subject: "About {case.number}" }
"""
FIRST_MS, SECOND_MS = 1_500, 2_500

Start = Callable[[str], EngineProcess]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts an engine which is kept running; escalations are configured."""
    config = write_configuration(tmp_path / "config")
    (config / "escalations.yaml").write_text(SETS)
    engine = EngineProcess(tmp_path / "data", config=config, settings={"CORDBOARD_WEBHOOK_PRIVATE": "yes"})
    secrets = tmp_path / "data" / "secrets" / "webhooks" / ORG
    secrets.mkdir(parents=True)
    (secrets / "erp").write_text(f"whsec_{base64.b64encode(b'k' * 32).decode()}")

    def run(failpoints: str) -> EngineProcess:
        engine.start_kept(failpoints)
        return engine

    yield run
    engine.close()


def open_case(engine: EngineProcess, receiver: Receiver) -> str:
    """Let the webhook be there, and open a case."""
    with ApiClient(engine, "ada") as api:
        api.post("/webhooks", {"name": "erp", "url": receiver.url, "secret": "erp", "kinds": ["presence"]})
    with ApiClient(engine, "sue") as api:
        new = {"subject": "My kettle leaks", "client_id": "one"}  # one case, were the answer cut off by a kill
        return str(until(lambda: api.post("/cases", new)["id"], within_s=60, what="opened"))


def taken(engine: EngineProcess, case_id: str) -> dict[str, int]:
    """Return the steps taken and how long after the opening they were due."""
    (case,) = rows(engine, f"SELECT opened_ms FROM cases WHERE id = '{case_id}'")
    found = rows(engine, f"SELECT step, due_ms FROM firings WHERE case_id = '{case_id}'")
    return {one["step"].partition("/")[2]: one["due_ms"] - case["opened_ms"] for one in found}


def check(engine: EngineProcess, receiver: Receiver, case_id: str) -> None:
    """Everything has happened once; the outside was told at least once, under one id."""
    until(lambda: len(taken(engine, case_id)) == 3, within_s=60, what="both steps taken")
    until(lambda: receiver.came, within_s=60, what="the webhook told")
    waiting = "SELECT kind FROM case_effects WHERE done_ms = 0"
    until(lambda: rows(engine, waiting) == [], within_s=60, what="nothing left in the outbox")
    assert taken(engine, case_id) == {"begun": FIRST_MS, "1": FIRST_MS, "again": SECOND_MS}
    assert rows(engine, f"SELECT priority FROM cases WHERE id = '{case_id}'") == [{"priority": 10}]
    assert len(rows(engine, f"SELECT id FROM cases WHERE parent_id = '{case_id}'")) == 1
    lines = rows(engine, f"SELECT data FROM case_events WHERE case_id = '{case_id}' AND kind = 'escalated'")
    assert [json.loads(one["data"])["step"] for one in lines] == ["1", "again"]
    alerts = rows(engine, "SELECT data FROM alerts WHERE kind = 'case-escalated'")
    mine = [one for one in alerts if json.loads(one["data"])["case_id"] == case_id]
    assert len(mine) == 1
    told = [one for one in receiver.came if one["data"]["case_id"] == case_id]
    assert told
    assert {one["data"]["text"] for one in told} == {"Look at 1"}


@pytest.mark.parametrize(
    "place",
    [
        pytest.param("clerk.before-commit@2", marks=pytest.mark.long),  # where the test below kills it, too
        "clerk.after-commit@2",
        "effects.before-send",
        "effects.after-send",
    ],
)
def test_the_engine_is_killed_while_a_case_is_escalated(start: Start, receiver: Receiver, place: str) -> None:
    name, _, count = place.partition("@")
    engine = start(f"{name}=kill@{count or 1}")
    case_id = open_case(engine, receiver)
    check(engine, receiver, case_id)
    assert engine.deaths == 1
    with ApiClient(engine, "sue") as api:
        (ladder,) = api.get(f"/cases/{case_id}/escalations")["items"]
        assert (ladder["state"], [one["step"] for one in ladder["steps"]]) == ("complete", ["1", "again"])


def test_what_was_due_while_the_engine_was_down_is_taken_when_it_is_back(start: Start, receiver: Receiver) -> None:
    engine = start("clerk.before-commit=stop@2")  # it stands still before the first step, past both due times
    case_id = open_case(engine, receiver)
    (case,) = rows(engine, f"SELECT opened_ms FROM cases WHERE id = '{case_id}'")
    until(lambda: time.time() * 1000 > case["opened_ms"] + SECOND_MS, what="both steps are overdue")
    engine.kill()
    until(lambda: engine.deaths == 1 and engine.ready(), within_s=60, what="back")
    check(engine, receiver, case_id)
