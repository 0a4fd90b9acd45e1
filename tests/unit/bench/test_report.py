import io
from pathlib import Path

import pytest
from rich.console import Console

from engine.bench.engine_process import write_configuration
from engine.bench.histogram import Histogram, summarise
from engine.bench.metrics import spent
from engine.bench.options import read_options
from engine.bench.plan import IdleResult, Plan, Step, StepResult
from engine.bench.report import Outcome, generator_was_bottleneck, print_report
from engine.bench.usage import Sample, stolen_s
from engine.config.compile import load
from engine.errors import InvalidInput

BEFORE = """\
# TYPE cordboard_commit_seconds histogram
cordboard_commit_seconds_bucket{le="0.01"} 10
cordboard_commit_seconds_bucket{le="+Inf"} 10
cordboard_commit_seconds_sum 0.05
cordboard_commit_seconds_count 10
"""
AFTER = """\
# TYPE cordboard_commit_seconds histogram
cordboard_commit_seconds_bucket{le="0.01"} 109
cordboard_commit_seconds_bucket{le="+Inf"} 110
cordboard_commit_seconds_sum 0.55
cordboard_commit_seconds_count 110
# TYPE cordboard_http_request_seconds histogram
cordboard_http_request_seconds_bucket{le="+Inf",route="/a"} 0
cordboard_http_request_seconds_sum{route="/a"} 0
cordboard_http_request_seconds_count{route="/a"} 0
"""


def plan(*rates: int) -> Plan:
    return Plan(
        url="http://127.0.0.1:1",
        org="bench",
        channel="web",
        idle_channel="idle",
        agents=["a"],
        keepers=["k"],
        chats_per_s=20,
        chat_s=10,
        warmup_s=1,
        grace_s=1,
        idle=10,
        idle_per_s=10,
        idle_settle_s=1,
        idle_rest_s=1,
        steps=[Step(rate=rate, seconds=10) for rate in rates],
    )


def step(index: int, rate: int, *, relay_s: float, arrived: float = 1.0, cpu: float = 0.2) -> StepResult:
    latencies = {name: Histogram() for name in ("relay", "ack", "reply", "offer", "lateness")}
    for histogram in latencies.values():
        histogram.record(0.001)
    latencies["relay"].record(relay_s)
    messages = rate * 10
    return StepResult(
        step=index,
        rate=rate,
        seconds=10,
        messages=messages,
        sent=messages,
        acknowledged=messages,
        relayed=int(messages * arrived),
        chats=200,
        offers=200,
        latencies=summarise(latencies),
        errors={},
        generator_cpu=cpu,
    )


def test_time_spent_is_what_grew() -> None:
    (one,) = spent(BEFORE, AFTER)
    assert (one.name, one.count) == ("cordboard_commit_seconds", 100)
    assert one.mean_ms == pytest.approx(5.0)
    assert one.p99_ms == 10
    assert spent(AFTER, AFTER) == []


def test_the_ceiling_is_the_last_rate_that_held() -> None:
    outcome = Outcome(machine={}, plan=plan(200, 400, 700))
    outcome.steps = [
        step(0, 200, relay_s=0.01),
        step(1, 400, relay_s=0.4),
        step(2, 700, relay_s=0.4, arrived=0.9),
    ]
    outcome.cpu, outcome.spent, outcome.stolen = [{}, {}, {}], [[], [], []], [0.0, 0.0, 0.0]
    assert outcome.ceiling() == 400
    assert outcome.broke()
    assert step(0, 200, relay_s=1.5).broken(outcome.plan)


def test_a_busy_generator_is_named() -> None:
    assert generator_was_bottleneck(step(0, 200, relay_s=0.1, cpu=0.95))
    assert not generator_was_bottleneck(step(0, 200, relay_s=0.1))


def test_the_report_tells_everything() -> None:
    outcome = Outcome(machine={"cores": 2.0}, plan=plan(200))
    outcome.steps, outcome.cpu, outcome.spent = [step(0, 200, relay_s=0.01)], [{"engine": 0.5}], [spent(BEFORE, AFTER)]
    outcome.steps[0].calm = step(0, 200, relay_s=0.009).latencies | {"relay": summarise({"": Histogram()})[""]}
    outcome.stolen = [0.125]
    outcome.idle, outcome.idle_bytes = IdleResult(wanted=10, connected=10, seconds=1, errors={}), 10 * 2048
    console = Console(record=True, width=200, file=io.StringIO())
    print_report(outcome, console)
    told = console.export_text()
    for word in ("200", "100.0%", "engine 0.50", "2 KiB each", "cordboard_commit_seconds", "not reached"):
        assert word in told
    assert "without what fell into pauses of this machine (0% of the messages)" in told
    assert "withheld 0.12 of a processor" in told
    assert outcome.as_mapping()["steps"][0]["stolen"] == 0.125
    assert outcome.as_mapping()["idle"]["bytes_each"] == 2048


def test_what_the_host_withheld_is_what_grew() -> None:
    before, after = (Sample(at=at, cpu_s={}, rss={}, stolen_s=stolen) for at, stolen in ((10.0, 3.0), (14.0, 5.0)))
    assert after.stolen_since(before) == 0.5
    assert stolen_s() >= 0


def test_the_configuration_is_valid(tmp_path: Path) -> None:
    write_configuration(tmp_path, agents=7)
    organisation = load(tmp_path)
    agents = [one for login, one in organisation.agents.items() if login.startswith("agent-")]
    assert len(agents) == 7
    assert organisation.channels["web"].limits.visitor_rate >= 1000


def test_options() -> None:
    assert [one.rate for one in read_options([]).steps] == [200, 400, 700, 1000, 1500, 2000]
    assert read_options(["--quick"]).idle < read_options([]).idle
    assert [one.rate for one in read_options(["--rates", "5,10"]).steps] == [5, 10]
    with pytest.raises(InvalidInput):
        read_options(["--rates", "fast"])
    with pytest.raises(InvalidInput):
        read_options(["--url", "http://127.0.0.1:8400"])
