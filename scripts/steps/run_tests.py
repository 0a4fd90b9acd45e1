"""Set a bare machine up and run everything: checks, the pages' own tests, then all tests against real servers.

Every other argument is handed on to pytest; `--long` adds the full forms of the long proofs.
With CI=true nothing may be skipped: a skipped test fails the run.
"""

import argparse
import contextlib
import subprocess
import sys
import tempfile
import time
from typing import IO

from scripts.steps import debian, environment, pages
from scripts.steps.progress import Problem, main, step
from scripts.steps.run_checks import run_all

CRASHES = ("tests/acceptance/test_crashes.py", "tests/acceptance/test_form_crashes.py")
"""Half of the acceptance tests' time: each kills an engine in mid-chat."""
SUITES = (
    ("tests/acceptance", *(f"--ignore={file}" for file in CRASHES)),
    (*CRASHES, "tests/contract"),
    ("tests/integration",),
)
"""Each line is run by one pytest of its own, all at once: browsers wait more than they compute."""
LIMIT_S = 75 * 60
"""A slow machine needs twice what ours does, a shared one more; what hangs is ended all the same."""
NOTHING_SELECTED = 5
"""pytest's status where its arguments select no test of the suite."""


def test_pages(node: pages.Node) -> None:
    """Check the types of the web pages and run their own tests."""
    for script in ("check", "test"):
        if script in pages.scripts():
            with step(f"Web pages: npm run {script}"):
                pages.npm(node, "run", script)


def start(suites: tuple[str, ...], arguments: list[str], output: IO[bytes] | None) -> "subprocess.Popen[bytes]":
    """Start pytest on the suites; its output goes to ``output``, None: to ours."""
    command = [str(environment.PYTHON), "-m", "pytest", *suites, "--durations=10", *arguments]
    return subprocess.Popen(
        command, cwd=environment.ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
    )


def pytest(arguments: list[str]) -> bool:
    """Run the suites beyond the unit tests, the first in sight, the others told of afterwards; say if all passed."""
    limit = None if "--long" in arguments else time.monotonic() + LIMIT_S
    print("-- Tests", flush=True)
    with contextlib.ExitStack() as stack:
        told = [stack.enter_context(tempfile.TemporaryFile()) for _ in SUITES[1:]]
        running = [start(suite, arguments, output) for suite, output in zip(SUITES, [None, *told], strict=True)]
        try:
            statuses = [one.wait(None if limit is None else max(limit - time.monotonic(), 1)) for one in running]
        except subprocess.TimeoutExpired:
            raise Problem(f"The tests took more than {LIMIT_S // 60} minutes.", "See above which one hangs.") from None
        finally:
            end(running)
            for output in told:
                output.seek(0)
                print(output.read().decode(errors="replace"), flush=True)
    return all(status in (0, NOTHING_SELECTED) for status in statuses) and 0 in statuses


def end(running: list["subprocess.Popen[bytes]"]) -> None:
    """End what still runs: it is over its time, or we were interrupted."""
    for one in running:
        if one.poll() is None:
            one.terminate()
    for one in running:
        try:
            one.wait(30)
        except subprocess.TimeoutExpired:
            one.kill()


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
    if not pytest(rest):
        failed.append("tests")
    if failed:
        print(f"-- Failed: {', '.join(failed)}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    main(run)
