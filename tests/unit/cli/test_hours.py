"""``cordboard hours``: what it prints, and how it ends."""

import json
from pathlib import Path

import pytest

from engine.cli import run
from tests.unit.config.conftest import write

Output = pytest.CaptureFixture[str]
HOURS = (
    "hours:\n  office:\n    friday: ['09:00-12:00', '13:00-24:00']\n    sunday: ['01:00-04:00']\n"
    "    time_zone: Europe/Berlin\n    holidays: {country: DE}\n    exceptions: {2026-12-24: ['09:00-12:00']}\n"
)


@pytest.fixture
def config(tmp_path: Path) -> str:
    write(tmp_path, {"hours.yaml": HOURS})
    return str(tmp_path)


def test_a_table(config: str, capsys: Output) -> None:
    assert run(["hours", "office", "--config", config, "--from", "2026-12-24", "--days", "4"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "date        day  open         hours",
        "2026-12-24  Thu  09:00-12:00  3      exception",
        "2026-12-25  Fri  closed       0      Christmas Day",
        "2026-12-26  Sat  closed       0      Second Day of Christmas",
        "2026-12-27  Sun  01:00-04:00  3",
    ]


def test_days_on_which_the_clocks_change(config: str, capsys: Output) -> None:
    assert run(["hours", "office", "--config", config, "--from", "2026-10-23", "--days", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "2026-10-23  Fri  09:00-12:00, 13:00-24:00  14"
    assert lines[3] == "2026-10-25  Sun  01:00-04:00               4"


def test_as_json(config: str, capsys: Output) -> None:
    assert run(["hours", "office", "--config", config, "--from", "2026-12-25", "--days", "1", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["time_zone"] == "Europe/Berlin"
    (day,) = shown["days"]
    assert (day["holiday"], day["open"], day["business_ms"]) == ("Christmas Day", [], 0)


def test_what_is_not_there(config: str, capsys: Output) -> None:
    assert run(["hours", "offices", "--config", config]) == 1
    assert "Did you mean office?" in capsys.readouterr().err
    assert run(["hours", "office", "--config", config, "--from", "2026-13-01"]) == 1
    assert "is no date" in capsys.readouterr().err
    assert run(["hours", "office", "--config", config]) == 0
