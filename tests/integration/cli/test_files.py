"""Files brought to a running engine and fetched from the command line; both go on where they were cut off."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.cli import run
from tests.integration.api.engine_under_test import Engine, running_engine, staffed_organisation

Output = pytest.CaptureFixture[str]
FILE = "external_id,name,E-Mail\n" + "".join(f"{one},=P{one},p{one}@x.example\n" for one in range(600))


@pytest.fixture
async def desk(tmp_path: Path, valkey_address: str, org: str) -> AsyncIterator[Engine]:
    async with running_engine(tmp_path / "data", valkey_address, [staffed_organisation(org)]) as engine:
        yield engine


async def token(desk: Engine, directory: Path) -> str:
    ada = await desk.signed_in("ada")
    made = await ada.post("/tokens", {"name": "files", "role": "supervisor"})
    assert made.status_code < 300, made.text
    path = directory / "token"
    path.write_text(made.json()["secret"] if "secret" in made.json() else made.json()["token"])
    return str(path)


async def test_files_go_in_and_come_out(desk: Engine, tmp_path: Path, capsys: Output) -> None:
    secret, people = await token(desk, tmp_path), tmp_path / "people.csv"
    people.write_text(FILE + "x,,none\n")
    async with desk.served() as address:
        common = ["--token-file", secret, "--url", f"http://{address}"]

        async def call(*words: str) -> int:
            return await asyncio.to_thread(run, [*words, *common])

        sent = ["import", "contacts", str(people), "--source", "crm", "--map", "E-Mail=email"]
        failed = tmp_path / "failed.csv"
        assert await call(*sent, "--json", "--failures", str(failed)) == 1
        told = json.loads(capsys.readouterr().out)
        assert (told["created"], told["failed"], told["failures"][0]["field"]) == (600, 1, "email")
        assert failed.read_text(encoding="utf-8-sig").startswith('"external_id","name","E-Mail","import_row"')
        assert await call("import", "contacts", str(people)) == 1
        assert "E-Mail" in capsys.readouterr().err

        out = tmp_path / "out.jsonl"
        assert await call("export", "contacts", str(out)) == 0
        lines = out.read_text().splitlines()
        assert len(lines) == 600
        table, part = tmp_path / "out.csv", tmp_path / "out.csv.part"
        part.write_text("\n".join(lines[:200]) + "\n" + lines[200][:20])  # of a call that was interrupted
        assert await call("export", "contacts", str(table), "--columns", "name,email") == 0
        rows = table.read_text().splitlines()
        assert (len(rows), rows[0], rows[1][:4], part.exists()) == (601, '"name","email"', "\"'=P", False)
        assert await call("export", "cases", str(tmp_path / "none.csv")) == 0


async def test_nobody_there(tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.cli.files.TRIES", 1)
    people, secret = tmp_path / "people.csv", tmp_path / "token"
    people.write_text(FILE)
    secret.write_text("x")
    common = ["--token-file", str(secret), "--url", "http://127.0.0.1:9"]
    assert run(["import", "contacts", str(people), *common]) == 3
    assert run(["export", "contacts", str(people), *common]) == 3
    assert "goes on where it was" in capsys.readouterr().err
    assert run(["export", "contacts", str(tmp_path / "people.xlsx"), *common]) == 2
