"""The engine dies while a merge of many rows, or its undoing, is half done: it goes on, and nothing is left behind."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from tests.acceptance.configuration import write_configuration
from tests.acceptance.engine_process import ApiClient, EngineProcess, until
from tests.acceptance.standing import rows

ROWS = 2_500


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineProcess]:
    engine = EngineProcess(tmp_path / "data", config=write_configuration(tmp_path / "config"))
    yield engine
    engine.close()


def hang_on(engine: EngineProcess, contact_id: str) -> None:
    """Write tasks about a contact into the record's own file."""
    (org,) = rows(engine, "SELECT DISTINCT org_id FROM contacts")
    columns = rows(engine, "SELECT name, type FROM pragma_table_info('activities')")
    empty: dict[str, object] = {one["name"]: 0 if one["type"] == "BIGINT" else "" for one in columns}
    given = {"org_id": org["org_id"], "kind": "task", "contact_id": contact_id, "status": "open", "version": 1}
    values = [tuple((empty | given | {"id": f"task-{n:05}"}).values()) for n in range(ROWS)]
    marks = ", ".join("?" * len(columns))
    with closing(sqlite3.connect(engine.data / "cordboard.sqlite3", timeout=60)) as record, record:
        names = ", ".join(empty)
        record.executemany(f"INSERT INTO activities ({names}) VALUES ({marks})", values)


def whose(engine: EngineProcess) -> dict[str, int]:
    found = rows(engine, "SELECT contact_id, count(*) AS n FROM activities GROUP BY contact_id")
    return {one["contact_id"]: one["n"] for one in found}


def merge_of(api: ApiClient, contact_id: str) -> dict[str, Any]:
    (merge,) = api.get("/merges", customer_id=contact_id)["items"]
    return cast("dict[str, Any]", merge)


@pytest.mark.parametrize(("place", "n", "undo"), [("merge.before-piece", 2, False), ("merge.after-piece", 5, True)])
def test_the_engine_is_killed_in_the_middle_of_a_merge(engine: EngineProcess, place: str, n: int, undo: bool) -> None:
    engine.start_kept(f"{place}=kill@{n}")
    with ApiClient(engine, "sue") as api:
        kept, lost = [api.post("/contacts", {"name": name})["contact"]["id"] for name in ("Kept", "Lost")]
        hang_on(engine, lost)
        with suppress(httpx.TransportError):  # the engine may die with the answer on its lips
            assert api.post(f"/contacts/{kept}/merge", {"lost_id": lost})["moving"]
        if undo:
            until(lambda: not merge_of(api, kept)["moving"], within_s=60, what="all rows moved")
            with suppress(httpx.TransportError):
                api.post(f"/merges/{merge_of(api, kept)['id']}/undo", {})
        until(lambda: engine.deaths == 1 and engine.ready(), within_s=60, what="killed and back")
        until(lambda: not merge_of(api, kept)["moving"], within_s=60, what="through")
        merge = merge_of(api, kept)
        assert (merge["moved"], merge["left"], bool(merge["undone_at"])) == (ROWS, 0, undo)
        page = api.get("/activities", contact_id=lost if undo else kept)
        assert page["items"]
    assert whose(engine) == {lost if undo else kept: ROWS}
    (noted,) = rows(engine, "SELECT count(*) AS n FROM merge_rows")
    assert noted["n"] == (0 if undo else ROWS)
