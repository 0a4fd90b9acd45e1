"""Medians, ratios and the report, from numbers given."""

import io
import json

import pytest
from rich.console import Console

from engine.bench.histogram import Histogram
from engine.bench.routing.bullmq import MEND
from engine.bench.routing.options import read_options
from engine.bench.routing.outcome import Outcome
from engine.bench.routing.report import print_report
from engine.bench.routing.result import Case, Run, Series, dearer, find, ratios
from engine.errors import InvalidInput

FULL = {"agents": 1000, "waiting": 5000}


def series(system: str, regime: str, *rates: int, order: str = "", **more: object) -> Series:
    runs = [Run(done=rate, seconds=1.0, server_s=rate * 50e-6, client_s=rate * 20e-6) for rate in rates]
    return Series(Case(system=system, regime=regime, order=order, **more), runs)  # type: ignore[arg-type] # by name


def outcome() -> Outcome:
    made = Outcome(read_options(["--agents", "1000", "--waiting", "5000"]))
    made.series = [
        series("cordboard", "backlog", 900, 1500, 1200, order="longest_idle", **FULL),
        series("cordboard", "backlog", 600, order="least_loaded", **FULL),
        series("cordboard", "spare", 2000, order="longest_idle", agents=1000),
        series("cordboard", "backlog", 1000, order="longest_idle", agents=1000, waiting=50),
        series("cordboard", "backlog", 2000, order="longest_idle", agents=10, waiting=50),
        series("cordboard", "spare", 500, order="longest_idle", agents=1000, staff="generalists"),
        series("bullmq", "backlog", 1000, waiting=5000),
        series("bullmq", "spare", 1000),
        series("postgres", "backlog", 100, order="longest_idle", **FULL),
    ]
    return made


def test_the_median_counts() -> None:
    one = outcome().series[0]
    assert one.rate == 1200
    assert one.spread == pytest.approx(0.5)
    assert one.server_us == pytest.approx(50)
    assert one.client_us == pytest.approx(20)


def test_ratios_are_of_full_size_and_by_regime_and_order() -> None:
    made = outcome().series
    assert ratios(made, "bullmq") == {
        "backlog": {"longest_idle": 1.2, "least_loaded": 0.6},
        "spare": {"longest_idle": 2.0},
    }
    assert ratios(made, "postgres") == {"backlog": {"longest_idle": 12.0, "least_loaded": 6.0}}
    assert ratios(made[:6], "bullmq") == {}


def test_nothing_is_found_where_nothing_was_measured() -> None:
    made = [series("cordboard", "spare")]
    assert find(made, made[0].case) is None
    assert made[0].rate == 0
    assert dearer(None, made[0]) == {}
    assert dearer(made[0], made[0]) == {}


def test_flatness_and_generalists() -> None:
    made = outcome()
    assert made.flatness()["waiting"]["time"] == pytest.approx(0.833)
    assert made.flatness()["agents"]["time"] == pytest.approx(2.0)
    assert made.generalists()["spare"]["time"] == pytest.approx(4.0)
    assert made.generalists()["backlog"] == {}


def test_slow_calls_are_counted_by_phase() -> None:
    made = outcome()
    made.add_slow("mass log-in", {"set_status": [7.0]})
    made.add_slow("mass log-in", {"set_status": [9.0], "enqueue": [6.0]})
    found = made.as_mapping()["slow_calls"]
    assert found["count"] == 3
    assert found["by_phase"]["mass log-in"]["set_status"] == {"count": 2, "max_ms": 9.0}


def test_the_mapping_is_json_and_says_how_to_do_it_again() -> None:
    found = json.loads(json.dumps(outcome().as_mapping()))
    assert found["command"] == "cordboard bench routing --agents 1000 --waiting 5000"
    assert found["ratio_to_bullmq"]["spare"] == {"longest_idle": 2.0}
    assert found["durability"]["valkey"] == "appendfsync always"
    assert found["plan"]["agents"] == 1000
    assert len(found["cases"]) == 9


def test_the_report_names_what_is_missing_and_the_command_that_brings_it() -> None:
    made = outcome()
    made.missing["bullmq"] = f"BullMQ is not installed. {MEND}"
    made.item_bytes, made.agent_bytes = 900, 8000
    times = Histogram()
    times.record(0.0002)
    made.gap = times.summary()
    made.add_slow("measured", {"cordboard_enqueue_item": [6.5]})
    written = io.StringIO()
    print_report(made, Console(file=written, width=200))
    text = written.getvalue()
    assert "cordboard bench routing --install-peers" in text
    assert "backlog, longest_idle 1.20" in text
    assert "appendfsync always" in text
    assert "4.00 times the time" in text
    assert "cordboard_enqueue_item 1 times, at most 6.5 ms" in text
    assert "900 bytes per waiting item" in text


@pytest.mark.parametrize(
    "arguments",
    [
        ["--agents", "0"],
        ["--seconds", "0"],
        ["--mix", "chat"],
        ["--mix", "=1"],
        ["--orders", "random"],
        ["--only", ""],
    ],
)
def test_wrong_use_is_refused(arguments: list[str]) -> None:
    with pytest.raises(InvalidInput):
        read_options(arguments)


def test_the_defaults_are_those_of_the_published_numbers() -> None:
    options = read_options([])
    assert (options.shape.agents, options.shape.signatures, options.shape.skills_per_agent) == (10_000, 500, 25)
    assert (options.waiting, options.waiting_few, options.agents_few) == (100_000, 1_000, 100)
    assert options.orders == ("longest_idle", "least_loaded")
    assert options.fsync == "always"
