"""Set a bare machine up and run everything: checks, the pages' own tests, then all other tests.

Every other argument is handed on to pytest; `--long` adds the full forms of the long proofs.
With CI=true nothing may be skipped: a skipped test fails the run.
"""

import argparse
import os
import subprocess

from scripts.steps import debian, environment, pages
from scripts.steps.progress import Problem, main
from scripts.steps.run_checks import CHECKS, UNIT_TESTS, Check, run_all

PROCESSES = 3
"""One more than the two cores that CI has: browsers wait more than they compute. See tests/lanes.py."""
LIMIT_S = 75 * 60
"""A slow machine needs twice what ours does, a shared one more; what hangs is ended all the same."""


def of_pages(node: pages.Node, script: str) -> Check:
    """Return the check that a script of the web pages' package.json is."""

    def run() -> tuple[bool, str]:
        try:
            pages.npm(node, "run", script)
        except Problem as problem:
            return False, str(problem)
        return True, ""

    return run


def checks(node: pages.Node | None) -> dict[str, Check]:
    """Return what is done before the tests, what takes longest first; the unit tests are among those."""
    of_the_pages: dict[str, Check] = {}
    if node is not None:
        scripts = [script for script in ("test", "check") if script in pages.scripts()]
        of_the_pages = {f"web pages (npm run {script})": of_pages(node, script) for script in scripts}
    return of_the_pages | {name: check for name, check in CHECKS.items() if name != UNIT_TESTS}


def pytest(arguments: list[str]) -> bool:
    """Run all tests that are no check, shared among processes; say whether all passed."""
    print("-- Tests", flush=True)
    command = [
        str(environment.PYTHON), "-m", "pytest", "tests", "--ignore=tests/unit/structure",
        "-p", "tests.lanes", "-n", str(PROCESSES), "--durations=25", *arguments,
    ]  # fmt: skip
    # Each process must list the tests in the same order, whatever a set's order is.
    environ = os.environ | {"PYTHONHASHSEED": "0"}
    running = subprocess.Popen(command, cwd=environment.ROOT, env=environ, stdin=subprocess.DEVNULL)
    try:
        return running.wait(None if "--long" in arguments else LIMIT_S) == 0
    except subprocess.TimeoutExpired:
        raise Problem(f"The tests took more than {LIMIT_S // 60} minutes.", "See above which one hangs.") from None
    finally:
        end(running)


def end(running: "subprocess.Popen[bytes]") -> None:
    """End the tests if they still run: they are over their time, or we were interrupted."""
    if running.poll() is None:
        running.terminate()
        try:
            running.wait(30)
        except subprocess.TimeoutExpired:
            running.kill()


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
    if not run_all(checks(node)):
        failed.append("checks")
    if not pytest(rest):
        failed.append("tests")
    if failed:
        print(f"-- Failed: {', '.join(failed)}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    main(run)
