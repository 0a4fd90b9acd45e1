"""Set a bare machine up and run everything: checks, the pages' own tests, then all tests against real servers.

Every other argument is handed on to pytest; `--long` adds the full forms of the long proofs.
With CI=true nothing may be skipped: a skipped test fails the run.
"""

import argparse
import subprocess
import sys

from scripts.steps import debian, environment, pages
from scripts.steps.progress import Problem, main, step
from scripts.steps.run_checks import run_all

SUITES = ("tests/contract", "tests/integration", "tests/acceptance")
LIMIT_S = 19 * 60


def test_pages(node: pages.Node) -> None:
    """Check the types of the web pages and run their own tests."""
    for script in ("check", "test"):
        if script in pages.scripts():
            with step(f"Web pages: npm run {script}"):
                pages.npm(node, "run", script)


def pytest(arguments: list[str]) -> int:
    """Run the suites beyond the unit tests; return pytest's status."""
    suites = [suite for suite in SUITES if (environment.ROOT / suite).is_dir()]
    command = [str(environment.PYTHON), "-m", "pytest", *suites, "--durations=10", *arguments]
    print("-- Tests", flush=True)
    limit = None if "--long" in arguments else LIMIT_S
    try:
        return subprocess.run(
            command, cwd=environment.ROOT, stdin=subprocess.DEVNULL, check=False, timeout=limit
        ).returncode
    except subprocess.TimeoutExpired:
        raise Problem(f"The tests took more than {LIMIT_S // 60} minutes.", "See above which one hangs.") from None


def run(arguments: list[str]) -> int:
    """Set up, check and test; everything runs even when an earlier part failed."""
    parser = argparse.ArgumentParser(
        prog="scripts/test", description=__doc__, allow_abbrev=False, formatter_class=argparse.RawTextHelpFormatter
    )
    _, rest = parser.parse_known_args(arguments)
    with environment.exclusively():
        environment.ensure("dev")
        debian.ensure()
        node = pages.ensure()
    failed: list[str] = []
    if node is not None:
        try:
            test_pages(node)
        except Problem as problem:
            print(f"cordboard: {problem}", file=sys.stderr)
            failed.append("web pages")
    if not run_all():
        failed.append("checks")
    if pytest(rest) != 0:
        failed.append("tests")
    if failed:
        print(f"-- Failed: {', '.join(failed)}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    main(run)
