"""Work that a full queue does not take in, while processes sweep, stand still, die: refused or queued, never both."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.acceptance.configuration import write_configuration
from tests.acceptance.conftest import StartEngine
from tests.acceptance.engine_process import ApiClient, EngineProcess, until
from tests.acceptance.standing import rows
from tests.servers import running_valkey

WORK = {"kind": "chat", "queue": "sales"}


def with_room_for_one(config: Path) -> Path:
    """Let the queue take one item."""
    queues = config / "queues.yaml"
    queues.write_text(queues.read_text().replace("    name: Sales\n", "    name: Sales\n    limit_items: 1\n"))
    return config


@pytest.fixture
def pair(tmp_path: Path, postgres_dsn: str) -> Iterator[tuple[EngineProcess, EngineProcess]]:
    """Return two processes, not started yet: one that works and one with doors only."""
    config = with_room_for_one(write_configuration(tmp_path / "config"))
    with running_valkey(fsync="always") as board:
        settings = {"CORDBOARD_DATABASE_URL": postgres_dsn, "CORDBOARD_VALKEY_URL": board}
        worker = EngineProcess(tmp_path / "worker", config=config, settings=settings)
        door = EngineProcess(tmp_path / "door", config=config, settings=settings | {"CORDBOARD_ROLES": "web"})
        yield worker, door
        door.close()
        worker.close()


def stands_still(process: EngineProcess) -> bool:
    return Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T"


def go_on(process: EngineProcess) -> None:
    os.kill(process.pid, signal.SIGCONT)


def hand_in(url: str, token: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.post(f"{url}/api/v1/work-items", json=WORK, headers=headers, timeout=60)


def token_of(engine: EngineProcess) -> str:
    with ApiClient(engine, "ada") as api:
        return str(api.post("/tokens", {"name": "erp", "scopes": ["work:write", "work:read"]})["secret"])


def cancel(url: str, token: str, item_id: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.delete(f"{url}/api/v1/work-items/{item_id}", headers=headers, timeout=20)
    assert answer.status_code < 300, answer.text


def known(dsn: str) -> list[tuple[Any, ...]]:
    """Return each item's state and outcome in the record, oldest first."""
    with psycopg.connect(dsn) as conn:
        return conn.execute("SELECT state, outcome FROM work_items ORDER BY id").fetchall()


def on_the_board(engine: EngineProcess) -> int:
    with ApiClient(engine, "sue") as api:
        return sum(queue["waiting"] + queue["offered"] for queue in api.get("/board")["queues"])


def test_a_sweep_that_comes_late_puts_nothing_on_the_board_that_was_refused(
    pair: tuple[EngineProcess, EngineProcess], postgres_dsn: str
) -> None:
    worker, door = pair
    worker.start(failpoints="sweep.after-read=stop")
    door.start(failpoints="intake.after-commit=stop")
    token = token_of(worker)
    first = hand_in(worker.url, token).json()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(hand_in, door.url, token)
        until(lambda: stands_still(door), what="committed, and its process stands still")
        until(lambda: stands_still(worker), what="the sweep has found it pending, and stands still")
        go_on(door)
        refused = answer.result(60)
    assert (refused.status_code, refused.json()["slug"]) == (409, "queue-full")
    cancel(door.url, token, first["id"])  # now there would be room
    go_on(worker)
    until(lambda: "turned away" in worker.log_end(), what="the sweep has heard that it was refused")
    assert on_the_board(worker) == 0
    assert known(postgres_dsn) == [("closed", "cancelled"), ("closed", "queue-full")]
    assert hand_in(worker.url, token).status_code < 300
    until(lambda: on_the_board(worker) == 1, what="on the board")


def test_work_for_which_another_process_found_room_is_not_refused(
    pair: tuple[EngineProcess, EngineProcess], postgres_dsn: str
) -> None:
    worker, door = pair
    worker.start()
    door.start(failpoints="refusal.before-board=stop")
    token = token_of(worker)
    first = hand_in(worker.url, token).json()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(hand_in, door.url, token)
        until(lambda: stands_still(door), what="refused, and nobody knows")
        cancel(worker.url, token, first["id"])
        until(lambda: known(postgres_dsn)[1:] == [("queued", "")], what="swept in")
        go_on(door)
        taken = answer.result(60)
    assert (taken.status_code < 300, taken.json()["state"]) == (True, "queued")
    until(lambda: on_the_board(worker) == 1, what="on the board")
    assert known(postgres_dsn)[1:] == [("queued", "")]


@pytest.mark.parametrize("place", ["refusal.before-board", "refusal.after-board"])
def test_a_process_that_dies_while_it_refuses(start_engine: StartEngine, tmp_path: Path, place: str) -> None:
    engine = start_engine()
    with_room_for_one(tmp_path / "config")
    engine.stop()
    engine.start_kept(failpoints=f"{place}=kill")
    token = token_of(engine)
    first = hand_in(engine.url, token).json()
    with pytest.raises(httpx.TransportError):
        hand_in(engine.url, token)
    until(lambda: engine.deaths == 1 and engine.ready(), within_s=60, what="killed and back")
    until(lambda: outcomes(engine) == ["", "queue-full"], what="the sweep has closed it")
    cancel(engine.url, token, first["id"])
    until(lambda: on_the_board(engine) == 0, what="an empty board")
    assert outcomes(engine) == ["cancelled", "queue-full"]


def test_a_process_that_dies_while_it_sweeps(start_engine: StartEngine) -> None:
    engine = start_engine(failpoints="intake.after-commit=kill")
    token = token_of(engine)
    with pytest.raises(httpx.TransportError):
        hand_in(engine.url, token)
    until(lambda: not engine.running, what="killed")
    engine.start(failpoints="sweep.after-read=kill")
    until(lambda: not engine.running, what="killed again")
    engine.start()
    until(lambda: on_the_board(engine) == 1, what="swept in")
    until(lambda: rows(engine, "SELECT state FROM work_items") == [{"state": "queued"}], what="in the record too")


def outcomes(engine: EngineProcess) -> list[str]:
    return [str(row["outcome"]) for row in rows(engine, "SELECT outcome FROM work_items ORDER BY id")]
