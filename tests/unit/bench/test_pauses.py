"""What fell into a pause of the machine is told apart."""

import os
import signal
import time

import pytest

from engine.bench.load import Meter
from engine.bench.pauses import LONG_S, Calm, Sleepers
from tests.servers import eventually


@pytest.mark.parametrize(
    ("since", "until", "disturbed"),
    [(0.5, 0.9, False), (0.9, 1.0, True), (1.05, 1.06, True), (1.15, 1.3, True), (1.21, 1.3, False), (0.0, 9.0, True)],
)
def test_a_pause_leaves_a_backlog(since: float, until: float, *, disturbed: bool) -> None:
    assert Calm([(1.0, 1.1)]).disturbed(since, until) is disturbed


def test_pauses_of_two_processors_are_one() -> None:
    calm = Calm([(1.2, 1.25), (1.0, 1.1), (1.05, 1.2)])
    assert calm.disturbed(1.3, 1.34)
    assert Calm([(1.0, 1.001)]).disturbed(1.02, 1.021)
    assert not calm.disturbed(1.36, 2.0)
    assert not Calm([]).disturbed(0.0, 9.0)


def test_a_meter_leaves_out_what_was_disturbed() -> None:
    meter = Meter()
    meter.record("relay", 0.5, 0.6)
    meter.record("relay", 0.95, 1.05)
    assert meter.latencies["relay"].count == 2
    assert meter.calm(Calm([(1.0, 1.1)]))["relay"].count == 1


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="processes are bound to processors on Linux only")
async def test_who_is_stopped_tells_of_it() -> None:
    sleepers = Sleepers()
    await sleepers.start()
    try:
        process = sleepers._processes[0]

        def told() -> bool:
            process.send_signal(signal.SIGSTOP)
            time.sleep(LONG_S * 5)
            process.send_signal(signal.SIGCONT)
            return any(end - begin > LONG_S for begin, end in sleepers.pauses)

        await eventually(told, within_s=30)
    finally:
        await sleepers.stop()
    assert all(one.returncode is not None for one in sleepers._processes)
