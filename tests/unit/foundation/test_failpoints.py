"""Failpoints act exactly where and when they are armed."""

import os
import signal
import subprocess
import sys

import pytest

from engine.errors import InvalidInput, Unavailable
from engine.failpoints import parse_failpoints


def test_an_armed_place_acts_at_its_pass_and_then_no_more() -> None:
    points = parse_failpoints("intake.after-commit=raise@2")
    points.hit("intake.after-commit")
    with pytest.raises(Unavailable):
        points.hit("intake.after-commit")
    points.hit("intake.after-commit")


def test_an_unarmed_place_does_nothing() -> None:
    parse_failpoints("").hit("intake.after-commit")


@pytest.mark.parametrize("text", ["nowhere=kill", "intake.after-commit=explode", "intake.after-commit=kill@often"])
def test_a_wrong_text_is_refused_and_says_how_to_write_it(text: str) -> None:
    with pytest.raises(InvalidInput, match="name=kill"):
        parse_failpoints(text)


def test_kill_ends_the_process_as_a_power_cut_would() -> None:
    code = (
        "from engine.failpoints import parse_failpoints as p\n"
        "try:\n    p('intake.after-commit=kill').hit('intake.after-commit')\n"
        "finally:\n    print('cleaned up')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, timeout=30)
    assert done.returncode == -9
    assert done.stdout == b""


def test_stop_lets_the_process_stand_still_until_it_is_continued() -> None:
    code = (
        "from engine.failpoints import parse_failpoints as p\n"
        "p('intake.after-commit=stop').hit('intake.after-commit')\nprint('went on')\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    process.send_signal(signal.SIGCONT)
    assert process.communicate(timeout=30)[0] == b"went on\n"
