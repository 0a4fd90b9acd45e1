"""The engine dies in the middle of a job over many cases: it goes on, each case is done once, none is left out."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.configuration import write_configuration
from tests.acceptance.engine_process import ApiClient, EngineProcess, until
from tests.acceptance.standing import rows

MACROS = "macros: {raise: {name: Raise, actions: [{raise_priority: 3}]}}\n"
CASES = 120
PLACE = "job.before-mark"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineProcess]:
    config = write_configuration(tmp_path / "config")
    (config / "macros.yaml").write_text(MACROS)
    engine = EngineProcess(tmp_path / "data", config=config)
    yield engine
    engine.close()


def test_the_engine_is_killed_in_the_middle_of_a_job(engine: EngineProcess) -> None:
    engine.start_kept(f"{PLACE}=kill@2")
    with ApiClient(engine, "sue") as api:
        ids = [api.post("/cases", {"subject": "Old", "client_id": str(one)})["id"] for one in range(CASES)]
        job = api.post("/macros/raise/runs", {"case_ids": [*ids, "none"]})
        until(lambda: engine.deaths == 1 and engine.ready(), within_s=60, what="killed and back")
        until(lambda: api.get(f"/jobs/{job['id']}")["state"] == "done", within_s=60, what="the job done")
        told = api.get(f"/jobs/{job['id']}")
        assert (told["total"], told["done"], told["failed"]) == (CASES + 1, CASES, 1)
        (failure,) = api.get(f"/jobs/{job['id']}/failures")["items"]
        assert (failure["case_id"], failure["reason"]) == ("none", "unknown-case")
    assert rows(engine, "SELECT DISTINCT priority FROM cases") == [{"priority": 3}]
    (told_of,) = rows(engine, "SELECT count(*) AS n FROM case_events WHERE kind = 'macro'")
    assert told_of["n"] == CASES
