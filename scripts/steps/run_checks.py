"""Run the checks that every commit passes, two at a time, and print a summary."""

import argparse
import subprocess
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from scripts.steps import environment
from scripts.steps.progress import main

PARTS = ["engine", "tests", "scripts"]
Check = Callable[[], tuple[bool, str]]
"""Does it and returns whether it passed, and what it printed."""


def module(*command: str) -> Check:
    """Return a check that is a Python module's command line."""

    def run() -> tuple[bool, str]:
        done = subprocess.run(
            [str(environment.PYTHON), "-m", *command],
            cwd=environment.ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            check=False,
        )  # fmt: skip
        return done.returncode == 0, done.stdout

    return run


UNIT_TESTS = "unit tests"
CHECKS: dict[str, Check] = {
    "types (mypy --strict)": module("mypy", *PARTS),
    "format (ruff format)": module("ruff", "format", "--check", "--quiet", *PARTS),
    "lint (ruff check)": module("ruff", "check", "--quiet", *PARTS),
    "structure (arrows, sizes, locks)": module("pytest", "-q", "tests/unit/structure"),
    UNIT_TESTS: module("pytest", "-q", "tests/unit", "--ignore=tests/unit/structure"),
}


@dataclass(frozen=True, kw_only=True)
class Result:
    """How a check ended."""

    name: str
    """As it is printed."""
    passed: bool
    """Whether nothing is wrong."""
    seconds: float
    """How long it took."""
    output: str
    """What it printed."""


def timed(name: str, check: Check) -> Result:
    """Run one check."""
    began = time.monotonic()
    passed, output = check()
    return Result(name=name, passed=passed, seconds=time.monotonic() - began, output=output)


def run_all(checks: Mapping[str, Check]) -> bool:
    """Run the checks, print each as it ends, and tell whether all passed."""
    print("-- Checks", flush=True)
    failed: list[str] = []
    with ThreadPoolExecutor(max_workers=2) as workers:
        for future in as_completed([workers.submit(timed, *check) for check in checks.items()]):
            result = future.result()
            print(f"   {'ok    ' if result.passed else 'FAILED'} {result.seconds:5.1f} s  {result.name}", flush=True)
            if not result.passed:
                failed.append(result.name)
                print(result.output, flush=True)
    print(f"-- Checks failed: {', '.join(failed)}" if failed else "-- All checks passed", flush=True)
    return not failed


def run(arguments: list[str]) -> int:
    """Set up the development environment if need be, and check."""
    parser = argparse.ArgumentParser(prog="scripts/check", description=__doc__, allow_abbrev=False)
    parser.parse_args(arguments)
    with environment.exclusively():
        environment.ensure("dev")
    return 0 if run_all(CHECKS) else 1


if __name__ == "__main__":
    main(run)
