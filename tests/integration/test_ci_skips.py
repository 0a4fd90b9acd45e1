"""Under CI a skipped test, or a skipped module, is a failure; elsewhere it is a skip."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SKIPS = """
import pytest

def test_skips():
    pytest.skip("no such server")

@pytest.mark.xfail(reason="known")
def test_known():
    assert False
"""
MODULE_SKIPS = "import pytest\npytest.skip('no such system', allow_module_level=True)\n"


@pytest.mark.parametrize("content", [SKIPS, MODULE_SKIPS], ids=["test", "module"])
@pytest.mark.parametrize(("ci", "passes"), [("true", False), ("", True)], ids=["ci", "elsewhere"])
def test_a_skip_fails_under_ci_only(tmp_path: Path, content: str, ci: str, passes: bool) -> None:
    (tmp_path / "test_probe.py").write_text(content)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-c", str(ROOT / "pyproject.toml")]
    done = subprocess.run(
        [*command, "--rootdir", str(tmp_path), str(tmp_path)],
        cwd=ROOT, env=os.environ | {"CI": ci}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode in (0, 5)) is passes, done.stdout + done.stderr
    assert ("CI skips nothing" in done.stdout) is not passes
