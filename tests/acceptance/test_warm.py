"""What is forked ends, prints and is killed as a process that was started."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from engine import __version__
from engine.bench.ports import free_port
from tests.acceptance.engine_process import CONFIG
from tests.acceptance.warm import Forked, nursery


def start(folder: Path, *arguments: str, **environment: str) -> Forked:
    with (folder / "log").open("ab") as log:
        return nursery().start(arguments, {"PATH": os.environ["PATH"], **environment}, log)


def test_it_prints_and_ends_with_its_exit_code(tmp_path: Path) -> None:
    right, wrong = start(tmp_path, "version"), start(tmp_path, "serve", "--no-such-option")
    assert (right.wait(60), wrong.wait(60)) == (0, 2)
    assert (right.poll(), wrong.poll()) == (0, 2)
    assert __version__ in (tmp_path / "log").read_text()
    assert "--no-such-option" in (tmp_path / "log").read_text()


def test_it_has_the_environment_it_was_given_and_no_other(tmp_path: Path) -> None:
    assert start(tmp_path, "serve", CORDBOARD_PORT="no-port").wait(60) == 1
    assert start(tmp_path, "serve", CORDBOARD_METRICS_LOCAL="perhaps").wait(60) == 1
    first, second = (tmp_path / "log").read_text().splitlines()
    assert "CORDBOARD_PORT" in first
    assert "CORDBOARD_METRICS_LOCAL" in second


def test_it_is_waited_for_and_killed(tmp_path: Path) -> None:
    places = ("--data", str(tmp_path / "data"), "--config", str(CONFIG), "--port", str(free_port()))
    engine = start(tmp_path, "serve", *places)  # it serves until it is killed, however late
    os.kill(engine.pid, signal.SIGSTOP)
    assert engine.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        engine.wait(0.01)
    engine.kill()
    assert engine.wait(60) == -signal.SIGKILL
    engine.kill()  # nothing is there any more: nobody else is hit
