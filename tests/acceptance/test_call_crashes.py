"""The engine dies while it takes reports of a call: sent again they are one call, and its agent has one work item."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.configuration import write_configuration
from tests.acceptance.engine_process import ORG, ApiClient, EngineProcess, until
from tests.telephone_system import keep_secret, signed

CHANNEL = """
  phone:
    kind: voice
    name: Telephone
    queue: sales
    voice: { sources: { pbx: { secret: pbx } } }
"""
REPORTS = [
    {"id": "1", "call": "7", "kind": "ringing", "party": "201", "from": "+441632960001", "at": "2026-11-22T12:00:00Z"},
    {"id": "2", "call": "7", "kind": "answered", "party": "201", "at": "2026-11-22T12:00:05Z"},
]
END = {"id": "3", "call": "7", "kind": "ended", "at": "2026-11-22T12:01:05Z"}


def telephone_engine(folder: Path) -> EngineProcess:
    """Return an engine, not started yet, whose agent ana has a telephone."""
    config = write_configuration(folder / "config")
    for name, before, after in (
        ("profiles.yaml", "chat: { weight: 1 }", "chat: { weight: 1 }\n      voice: { exclusive: true }"),
        ("agents.yaml", "name: Ana Silva,", 'name: Ana Silva, phone: { extension: "201" },'),
    ):
        path = config / name
        assert before in path.read_text()
        path.write_text(path.read_text().replace(before, after))
    channels = config / "channels.yaml"
    channels.write_text(channels.read_text().rstrip() + CHANNEL)
    keep_secret(folder / "data", ORG)
    return EngineProcess(folder / "data", config=config)


def send(engine: EngineProcess, reports: object) -> dict[str, Any]:
    """Send reports; raise what the network raises."""
    content, given = signed(reports)
    path = f"{engine.url}/api/v1/telephony/{ORG}/pbx/reports"
    answer = httpx.post(path, content=content, headers=given, timeout=60)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def state_of(api: ApiClient, item_id: str) -> str:
    """Return how a work item stands."""
    return str(api.get(f"/work-items/{item_id}")["state"])


@pytest.mark.parametrize("failpoint", ["call.after-take", "call.before-board"])
def test_killed_while_it_is_taken_it_is_one_call(tmp_path: Path, failpoint: str) -> None:
    engine = telephone_engine(tmp_path)
    try:
        engine.start_kept(f"{failpoint}=kill")
        with pytest.raises(httpx.HTTPError):
            send(engine, REPORTS)
        until(lambda: engine.deaths == 1 and engine.ready(), what="killed and back")
        with ApiClient(engine, "sue") as api:
            (item,) = api.get("/work-items", kind="voice")["items"]
            until(lambda: state_of(api, item["id"]) == "active", what="he is on the telephone")
            (call_id,) = {one["call_id"] for one in send(engine, REPORTS)["reports"]}
            send(engine, END)
            until(lambda: state_of(api, item["id"]) in ("wrapup", "closed"), what="and no more")
            call = api.get(f"/calls/{call_id}")
            assert (call["state"], call["ring_ms"], call["talk_ms"]) == ("ended", 5_000, 60_000)
            assert [one["item_id"] for one in call["legs"]] == [item["id"]]
            assert [one["id"] for one in call["timeline"]] == ["1", "2", "3"]
            assert len(api.get("/work-items", kind="voice")["items"]) == 1
    finally:
        engine.close()
