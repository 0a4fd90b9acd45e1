"""The engine dies while a file comes in, or in the middle of its rows: each row is there exactly once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.configuration import write_configuration
from tests.acceptance.engine_process import ApiClient, EngineProcess, until
from tests.acceptance.standing import rows

ROWS = 600
HEAD = "external_id,name,email,account_external_id\n"
FILE = (HEAD + "".join(f"{one},Person {one},p{one}@kettle.example,1\n" for one in range(ROWS)) + "x,,,1\n").encode()
ACCOUNTS = b"external_id,name\n1,Kettle\n"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineProcess]:
    engine = EngineProcess(tmp_path / "data", config=write_configuration(tmp_path / "config"))
    yield engine
    engine.close()


def brought(api: ApiClient, content: bytes, noun: str) -> Any:
    """Bring a file in pieces, and go on where the engine says after whatever goes wrong."""
    asked = api.send_file("POST", "/imports", b"", noun=noun, source="crm", complete="false")

    def whole() -> Any:
        present = api.get(f"/imports/{asked['id']}")
        at = present["received"]
        if present["state"] != "receiving":
            return present
        last = at + 9_000 >= len(content)
        query = {"offset": str(at), "complete": str(last).lower()}
        api.send_file("PATCH", f"/imports/{asked['id']}", content[at : at + 9_000], **query)
        return None

    return until(whole, within_s=60, what="the file brought")


def ended(api: ApiClient, import_id: str) -> Any:
    def over() -> Any:
        told = api.get(f"/imports/{import_id}")
        return told if told["ended_at"] else None

    return until(over, within_s=60, what="the import done")


@pytest.mark.parametrize(
    "armed", ["import.after-file@4=kill", "import.before-slice@2=kill", "import.after-slice@3=kill"]
)
def test_the_engine_is_killed_in_the_middle_of_an_import(engine: EngineProcess, armed: str) -> None:
    name, count = armed.removesuffix("=kill").split("@")
    engine.start_kept(f"{name}=kill@{count}")
    with ApiClient(engine, "sue") as api:
        first = brought(api, ACCOUNTS, "account")
        second = brought(api, FILE, "contact")
        until(lambda: engine.deaths == 1 and engine.ready(), within_s=60, what="killed and back")
        assert ended(api, first["id"])["created"] == 1
        told = ended(api, second["id"])
        assert (told["state"], told["total"], told["created"], told["failed"]) == ("done", ROWS + 1, ROWS, 1)
        (failure,) = api.get(f"/imports/{second['id']}/failures")["items"]
        assert (failure["number"], failure["field"]) == (ROWS + 1, "name")
    (contacts,) = rows(engine, "SELECT count(*) AS n, count(DISTINCT name) AS names FROM contacts WHERE name LIKE 'P%'")
    assert contacts == {"n": ROWS, "names": ROWS}
    (keys,) = rows(engine, "SELECT count(*) AS n FROM external_ids WHERE noun = 'contact'")
    (relations,) = rows(engine, "SELECT count(*) AS n FROM account_relations")
    assert (keys["n"], relations["n"]) == (ROWS, ROWS)
    until(lambda: not list((engine.data / "imports").iterdir()), what="the files are gone")


def test_a_request_that_dies_leaves_nothing_behind_that_would_run(engine: EngineProcess) -> None:
    engine.start_kept("import.after-file=kill")
    with ApiClient(engine, "sue") as api:
        with pytest.raises(httpx.HTTPError):
            api.send_file("POST", "/imports", ACCOUNTS, noun="account")
        until(lambda: engine.deaths == 1 and engine.ready(), within_s=60, what="killed and back")
        again = api.send_file("POST", "/imports", ACCOUNTS, noun="account")
        assert ended(api, again["id"])["created"] == 1
        states = sorted(one["state"] for one in api.get("/imports")["items"])
    assert states == ["done", "receiving"]
    assert rows(engine, "SELECT count(*) AS n FROM accounts") == [{"n": 1}]
