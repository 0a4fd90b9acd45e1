"""Commands that need no record: help, exit codes, checks, samples."""

import json
from pathlib import Path

import pytest
import typer

from engine.cli import build, run
from engine.cli.output import print_table, width
from engine.cli.secret_input import read_password
from engine.config.samples import demo_directory
from engine.errors import InvalidInput

Output = pytest.CaptureFixture[str]


def commands() -> list[tuple[str, ...]]:
    """Return the words of every command."""
    found: list[tuple[str, ...]] = [(info.name or "",) for info in build().registered_commands]
    for group in build().registered_groups:
        assert isinstance(group.typer_instance, typer.Typer)
        found += [(group.name or "", info.name or "") for info in group.typer_instance.registered_commands]
    return [words for words in found if words[0] != "bench"]  # those bring their own help


@pytest.fixture(autouse=True)
def in_a_place_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_has_help_with_examples_and_exit_codes(words: tuple[str, ...], capsys: Output) -> None:
    assert run([*words, "--help"]) == 0
    text = capsys.readouterr().out
    assert f"Examples:\n    cordboard {' '.join(words)}" in text
    assert "Exit codes: 0 " in text


@pytest.mark.parametrize("group", [(), ("config",), ("user",), ("token",), ("bench",)])
def test_a_group_alone_shows_its_help(group: tuple[str, ...], capsys: Output) -> None:
    assert run(group) == 2
    captured = capsys.readouterr()
    assert (captured.out + captured.err).startswith(f"Usage: cordboard {' '.join(group)}".strip())


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["user", "add"],
        ["version", "--nonsense"],
        ["user", "set-role", "a", "boss"],
        ["init", "--organisation", "A B"],
    ],
)
def test_wrong_use_is_one_line(arguments: list[str], capsys: Output) -> None:
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("cordboard: ")
    assert captured.err.count("\n") == 1


def test_version(capsys: Output) -> None:
    assert run(["version"]) == 0
    assert capsys.readouterr().out.startswith("cordboard ")
    assert run(["version", "--json"]) == 0
    assert "cordboard" in json.loads(capsys.readouterr().out)


def test_check_of_good_files(capsys: Output) -> None:
    assert run(["config", "check", str(demo_directory()), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["ok"]
    assert report["directories"][0]["organisation"] == "demo"


def test_check_names_every_mistake(tmp_path: Path, capsys: Output) -> None:
    assert run(["init", "data"]) == 0
    queues = tmp_path / "data" / "config" / "queues.yaml"
    queues.write_text("queues:\n  general:\n    nmae: x\n    priority: high\n")
    capsys.readouterr()
    assert run(["config", "check", "data/config", "--json"]) == 1
    captured = capsys.readouterr()
    assert "data/config/queues.yaml:3: unknown name 'nmae' in queues.general. Did you mean name?" in captured.err
    (report,) = json.loads(captured.out)["directories"]
    assert [(problem["file"], problem["line"]) for problem in report["problems"]] == [
        ("queues.yaml", 2),
        ("queues.yaml", 3),
        ("queues.yaml", 4),
    ]


def test_check_looks_where_the_settings_say(monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    monkeypatch.setenv("CORDBOARD_CONFIG", str(demo_directory()))
    assert run(["config", "check"]) == 0
    assert run(["config", "check", "nowhere"]) == 1
    assert "nowhere: cannot read the directory" in capsys.readouterr().err


def test_a_data_directory_will_do(tmp_path: Path) -> None:
    assert run(["init", "data"]) == 0
    assert run(["config", "check", "data"]) == 0


def test_schema(capsys: Output) -> None:
    assert run(["config", "schema"]) == 0
    assert "queues" in json.loads(capsys.readouterr().out)["properties"]


def test_settings(capsys: Output) -> None:
    assert run(["settings"]) == 0
    assert "CORDBOARD_PORT" in capsys.readouterr().out
    assert run(["settings", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[1]["name"] == "port"


def test_init_writes_what_check_accepts(tmp_path: Path, capsys: Output) -> None:
    assert run(["init", "data", "--organisation", "acme", "--name", "Acme", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["organisation"] == "acme"
    assert run(["config", "check", "--settings", "data/cordboard.toml"]) == 0
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0


def test_init_overwrites_nothing(tmp_path: Path, capsys: Output) -> None:
    assert run(["init", "data"]) == 0
    before = (tmp_path / "data" / "config" / "queues.yaml").read_bytes()
    assert run(["init", "data", "--demo"]) == 1
    assert "here already" in capsys.readouterr().err
    (tmp_path / "data" / "cordboard.toml").unlink()
    assert run(["init", "data", "--demo"]) == 1
    assert (tmp_path / "data" / "config" / "queues.yaml").read_bytes() == before
    assert not (tmp_path / "data" / "cordboard.toml").exists()


def test_init_where_it_may_not_write(tmp_path: Path, capsys: Output) -> None:
    (tmp_path / "file").write_text("")
    assert run(["init", "file/data"]) == 1
    assert capsys.readouterr().err.startswith("cordboard: file/data: Not a directory")


def test_unknown_variables_are_refused(monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    monkeypatch.setenv("CORDBOARD_DTA", "x")
    assert run(["config", "check"]) == 1
    assert "unknown variable CORDBOARD_DTA in the environment. Did you mean CORDBOARD_DATA?" in capsys.readouterr().err


def test_debug_shows_where_an_error_came_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORDBOARD_DEBUG", "1")
    monkeypatch.setenv("CORDBOARD_PORT", "x")
    with pytest.raises(InvalidInput):
        run(["config", "check"])


def test_tables_count_wide_characters(capsys: Output) -> None:
    print_table(("name", "role"), [("陈伟", "agent"), ("Ana", "admin")])
    assert capsys.readouterr().out.splitlines() == ["name  role", "陈伟  agent", "Ana   admin"]
    assert width("陈e") == 3


def test_passwords_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("correct horse\r\nsecond line\n")
    assert read_password("ana", tmp_path / "p") == "correct horse"
    (tmp_path / "p").write_text("\n")
    with pytest.raises(InvalidInput):
        read_password("ana", tmp_path / "p")
