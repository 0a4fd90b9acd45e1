"""``cordboard config lint``: what it prints, and how it ends."""

import json
from pathlib import Path

import pytest

from engine.cli import run

Output = pytest.CaptureFixture[str]


@pytest.fixture
def queues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the queues' file of a new data directory ``data``."""
    monkeypatch.chdir(tmp_path)
    assert run(["init", "data"]) == 0
    return tmp_path / "data" / "config" / "queues.yaml"


def test_nothing_found(queues: Path, capsys: Output) -> None:
    assert queues.exists()
    assert run(["config", "lint", "data", "--strict"]) == 0
    assert capsys.readouterr().err == "data/config: errors 0, warnings 0, notes 0\n"


def test_a_warning_counts_when_it_shall(queues: Path, capsys: Output) -> None:
    queues.write_text("queues:\n  general:\n    name: G\n")
    assert run(["config", "lint", "data"]) == 0
    line, summary = capsys.readouterr().err.splitlines()
    assert line.startswith("data/config/queues.yaml:2: warning: work may wait in queue 'general' for ever")
    assert line.endswith("Set escalate_after, such as 5m. [unwatched-wait]")
    assert summary == "data/config: errors 0, warnings 1, notes 0"
    assert run(["config", "lint", "data", "--strict"]) == 1


def test_an_error_as_json(queues: Path, capsys: Output) -> None:
    queues.write_text(
        "queues:\n  general:\n    name: G\n    escalate_after: 1m\n    hours: never\nhours: {never: {}}\n"
    )
    capsys.readouterr()
    assert run(["config", "lint", "data", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert not report["ok"]
    assert report["directories"] == [
        {
            "directory": "data/config",
            "ok": False,
            "problems": [],
            "findings": [
                {
                    "check": "never-open",
                    "severity": "error",
                    "file": "queues.yaml",
                    "line": 5,
                    "detail": "queue 'general' is never open",
                    "mend": "Give the hours a period, or remove them from the queue.",
                }
            ],
        }
    ]


def test_mistakes_come_first(queues: Path, capsys: Output) -> None:
    queues.write_text("queues:\n  general:\n    nmae: G\n")
    capsys.readouterr()
    assert run(["config", "lint", "data", "--json"]) == 1
    captured = capsys.readouterr()
    (report,) = json.loads(captured.out)["directories"]
    assert [(problem["line"], report["findings"]) for problem in report["problems"]] == [(2, []), (3, [])]
    assert "data/config/queues.yaml:3: unknown name 'nmae'" in captured.err
