"""Commands that work on a real record. One runs as a process of its own, the others in this one, which is quicker."""

import asyncio
import io
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from engine.api.gate import hash_secret
from engine.cli import run as run_command
from engine.clock import SystemClock
from engine.ids import id_source
from engine.passwords import verify_password
from engine.store.store import Store

T = TypeVar("T")


@dataclass
class Done:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


Cordboard = Callable[..., Done]


@pytest.fixture
def cordboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cordboard:
    """Run a command in ``tmp_path``, whose record is in ``data``."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("CORDBOARD_")]:
        monkeypatch.delenv(name)

    def run(*words: str, stdin: str = "", **variables: str) -> Done:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", io.StringIO(stdin))
            for name, value in {"CORDBOARD_DATA": "data", **variables}.items():
                patch.setenv(name, value)
            capsys.readouterr()
            code = run_command(words)
        captured = capsys.readouterr()
        return Done(returncode=code, stdout=captured.out, stderr=captured.err)

    return run


def ask(work: Callable[[Store], Awaitable[T]]) -> T:
    """Ask the record directly."""

    async def run() -> T:
        clock = SystemClock()
        store = Store(url="sqlite:///data/cordboard.sqlite3", clock=clock, new_id=id_source(clock))
        await store.start()
        try:
            return await work(store)
        finally:
            await store.stop()

    return asyncio.run(run())


@pytest.fixture
def installed(cordboard: Cordboard) -> Cordboard:
    assert cordboard("init", "data", "--demo").returncode == 0
    applied = cordboard("config", "apply", "--json")
    assert applied.returncode == 0, applied.stderr
    assert [entry["version"] for entry in json.loads(applied.stdout)] == [1]
    return cordboard


def test_apply_is_idempotent_and_shows_what_is_in_force(installed: Cordboard, tmp_path: Path) -> None:
    assert "version 1 is in force" in installed("config", "apply", "data").stdout
    file = tmp_path / "data" / "config" / "organisation.yaml"
    file.write_text(file.read_text().replace("name: Kettle & Crane", "name: Renamed"))
    assert "version 2 is in force" in installed("config", "apply").stdout
    shown = json.loads(installed("config", "show", "--json").stdout)
    assert (shown["version"], shown["organisation"]["name"]) == (2, "Renamed")
    assert "demo: version 2" in installed("config", "show").stdout


def test_apply_of_mistakes_changes_nothing(installed: Cordboard, tmp_path: Path) -> None:
    (tmp_path / "data" / "config" / "queues.yaml").write_text("queues: {}\n")
    refused = installed("config", "apply")
    assert refused.returncode == 1
    assert refused.stderr.startswith("cordboard: ")
    assert refused.stderr.count("\n") == 1
    assert json.loads(installed("config", "show", "--json").stdout)["version"] == 1


def test_passwords_are_set_from_standard_input(installed: Cordboard) -> None:
    done = installed("user", "set-password", "ana", stdin="correct horse\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert installed("user", "set-password", "ana", stdin="short\n").returncode == 1
    assert installed("user", "set-password", "ana", stdin="").returncode == 1
    assert installed("user", "set-password", "nobody", stdin="correct horse\n").returncode == 1
    account = ask(lambda store: store.users.by_login("demo", "ana"))
    assert account is not None
    assert verify_password(account.password_hash, "correct horse")
    assert [event.action for event in ask(lambda store: store.audit.list("demo"))] == ["user.password"]


def test_users_come_and_go(installed: Cordboard, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("correct horse\n")
    added = installed("user", "add", "kim", "--name", "Kim Lee", "--role", "supervisor", "--password-file", "secret")
    assert (added.returncode, added.stderr) == (0, "")
    again = installed("user", "add", "kim", "--password-file", "secret")
    assert again.returncode == 1
    assert "taken" in again.stderr
    assert installed("user", "set-role", "kim", "admin").returncode == 0
    assert installed("user", "disable", "kim").returncode == 0
    users = {user["login"]: user for user in json.loads(installed("user", "list", "--json").stdout)}
    assert users["kim"] == {**users["kim"], "name": "Kim Lee", "role": "admin", "active": False}
    assert json.loads(installed("user", "enable", "kim", "--json").stdout)["active"] is True
    assert installed("user", "unlock", "kim").returncode == 0
    assert "Kim Lee" in installed("user", "list").stdout


def test_a_user_without_password(installed: Cordboard) -> None:
    assert installed("user", "add", "lee", "--no-password").returncode == 0


def test_tokens(installed: Cordboard) -> None:
    made = json.loads(installed("token", "create", "--name", "reports", "--role", "supervisor", "--json").stdout)
    plain = installed("token", "create", "--name", "bot", "--user", "ana", "--expires", "never").stdout.strip()
    assert plain.startswith("cbt_")
    listed = installed("token", "list").stdout
    assert "reports" in listed
    assert plain not in listed
    assert made["token"] not in listed
    assert installed("token", "revoke", made["id"]).returncode == 0
    assert "revoked" in installed("token", "list").stdout
    assert installed("token", "revoke", "nothing").returncode == 1
    assert installed("token", "create", "--name", "x", "--expires", "soon").returncode == 2
    assert installed("token", "create", "--name", "x", "--user", "nobody").returncode == 1
    now = SystemClock().now_ms()
    principal = ask(lambda store: store.tokens.get(hash_secret(plain), now))  # the API hashes it likewise
    assert principal is not None
    assert principal.login == "ana"
    assert ask(lambda store: store.tokens.get(hash_secret(made["token"]), now)) is None


def test_several_organisations_must_be_named(installed: Cordboard) -> None:
    assert installed("init", "other", "--organisation", "other").returncode == 0
    assert installed("config", "apply", "other").returncode == 0
    asked = installed("user", "list")
    assert asked.returncode == 2
    assert "name one of: demo, other" in asked.stderr
    assert "Administrator" in installed("user", "list", "--org", "other").stdout
    assert installed("user", "list", "--organisation", "third").returncode == 1


def test_before_there_is_anything(cordboard: Cordboard) -> None:
    nothing = cordboard("user", "list")
    assert nothing.returncode == 1
    assert "config apply" in nothing.stderr


def test_a_database_that_is_away(cordboard: Cordboard) -> None:
    away = cordboard("user", "list", CORDBOARD_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert away.returncode == 3
    assert away.stderr.count("\n") == 1
    assert "Traceback" not in away.stderr


def test_another_kind_of_database(cordboard: Cordboard) -> None:
    refused = cordboard("user", "list", CORDBOARD_DATABASE_URL="mysql://u:hunter2@h/d")
    assert refused.returncode == 1
    assert "hunter2" not in refused.stderr


def test_as_a_process_of_its_own(tmp_path: Path) -> None:
    environment = {"PYTHONPATH": str(Path(__file__).parents[3]), "CORDBOARD_DATA": str(tmp_path)}
    words = [sys.executable, "-m", "engine", "user", "list"]
    plain = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (plain.returncode, plain.stdout) == (1, "")
    assert plain.stderr == "cordboard: there is no organisation yet. cordboard config apply makes one.\n"
    environment["CORDBOARD_DEBUG"] = "1"
    traced = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert traced.returncode == 1
    assert "Traceback" in traced.stderr


def test_the_record_is_the_owners_also_in_a_directory_that_others_may_enter(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    environment = {**os.environ, "CORDBOARD_DATA": str(data)}
    words = [sys.executable, "-m", "engine", "user", "list"]
    subprocess.run(words, env=environment, capture_output=True, timeout=60, check=False, umask=0o022)
    files = list(data.glob("cordboard.sqlite3*"))
    assert files
    assert [file.name for file in files if file.stat().st_mode & 0o077] == []
