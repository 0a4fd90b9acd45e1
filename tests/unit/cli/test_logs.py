"""The log tells where something failed, and never what people wrote or signed in with."""

import subprocess
import sys

import pytest

FAIL = """
import structlog
from engine.cli.logs import set_up_logs

def fail(token):
    raise ValueError("it failed")

set_up_logs("info", {form!r})
try:
    fail("very-" + "secret")
except ValueError:
    structlog.get_logger().exception("caught")
"""


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_traceback_names_the_place_and_no_values(form: str) -> None:
    command = [sys.executable, "-c", FAIL.format(form=form)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stderr
    assert "it failed" in printed
    assert "fail" in printed
    assert "very-secret" not in printed
