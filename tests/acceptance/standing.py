"""Who has the work and whose room it takes, on the board and in SQL; the two must tell the same."""

import sqlite3
from contextlib import closing
from typing import Any

from tests.acceptance.engine_process import ApiClient, EngineProcess, until

COUNTED = ("waiting", "offered", "active", "wrapup")


def rows(engine: EngineProcess, query: str) -> list[dict[str, Any]]:
    """Read the record's own file."""
    with closing(sqlite3.connect(f"file:{engine.data / 'cordboard.sqlite3'}?mode=ro", uri=True)) as record:
        record.row_factory = sqlite3.Row
        return [dict(row) for row in record.execute(query)]


def check_standing(engine: EngineProcess, *, state: str, queue: str, agent: str = "") -> None:
    """Wait until the only open piece of work stands so, with ``agent`` (his log-in) or nobody, in both places."""
    with ApiClient(engine, "sue") as api:
        until(lambda: _board_says(api, engine, state, queue, agent), what=f"{state} in {queue} on the board")
    until(lambda: _record_says(engine, state, queue, agent), what=f"{state} in {queue} in SQL")


def _board_says(api: ApiClient, engine: EngineProcess, state: str, queue: str, agent: str) -> bool:
    board = api.get("/board")
    counts = {(one["key"], name): one[name] for one in board["queues"] for name in COUNTED}
    logins = {row["name"]: row["login"] for row in rows(engine, "SELECT name, login FROM users")}
    used = {logins[one["name"]]: one["used"] for one in board["agents"] if one["used"]}
    assert {key: count for key, count in counts.items() if count} == {
        (queue, "waiting" if state == "queued" else state): 1
    }
    assert used == ({agent: 1} if agent else {}), used
    return True


def _record_says(engine: EngineProcess, state: str, queue: str, agent: str) -> bool:
    work = rows(
        engine,
        "SELECT w.state, w.queue, coalesce(u.login, '') AS login FROM work_items w"
        " LEFT JOIN users u ON u.id = w.agent_id WHERE w.state <> 'closed'",
    )
    assert work == [{"state": state, "queue": queue, "login": agent}], work
    query = "SELECT u.login FROM assignments a JOIN users u ON u.id = a.agent_id WHERE a.ended_ms = 0"
    holders = [row["login"] for row in rows(engine, query)]
    assert holders == ([agent] if state == "active" else []), holders
    return True


def check_nothing_held(engine: EngineProcess) -> None:
    """Wait until SQL knows of no open work and no open assignment."""
    until(lambda: not rows(engine, "SELECT id FROM work_items WHERE state <> 'closed'"), what="no open work in SQL")
    assert rows(engine, "SELECT item_id FROM assignments WHERE ended_ms = 0") == []


def check_entries(engine: EngineProcess, said: list[str], kinds: list[str]) -> None:
    """Compare the only transcript with SQL: nothing lost, nothing doubled, in order, no gaps in the numbers."""
    entries = rows(engine, "SELECT seq, kind, body FROM entries ORDER BY seq")
    found = [one["kind"] for one in entries]
    assert sorted(found) == sorted(kinds), found  # after a crash a system line may be told a little late
    assert found[-1] == kinds[-1]
    assert [one["body"] for one in entries if one["kind"] == "message"] == said
    assert [one["seq"] for one in entries] == list(range(1, len(entries) + 1))
