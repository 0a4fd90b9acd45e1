"""The engine is killed while it takes into the index what was written: all of it is found afterwards, once."""

import contextlib
from collections.abc import Callable

import httpx
import pytest

from tests.acceptance.engine_process import ApiClient, EngineProcess, until

StartEngine = Callable[..., EngineProcess]


@pytest.mark.parametrize("place", ["search.before-publish", "search.after-publish"])
def test_the_engine_is_killed_while_it_takes_in(start_engine: StartEngine, place: str) -> None:
    engine = start_engine(failpoints=f"{place}=kill", kept=True)
    with ApiClient(engine, "sue") as api, contextlib.suppress(httpx.HTTPError):
        api.post("/contacts", {"name": "Zoe Oolong"})  # its answer may be what the kill cuts off
    until(lambda: engine.deaths == 1 and engine.ready(), within_s=60, what="killed and back")
    with ApiClient(engine, "sue") as api:
        found = until(lambda: api.get("/search", q="oolong")["items"], within_s=30, what="found")
        assert [hit["about"] for hit in found] == ["Zoe Oolong"]
        assert api.get("/search", q="zoe")["total"] == 1
