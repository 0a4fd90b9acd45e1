"""Run the checks that every commit passes, two at a time, and print a summary."""

import argparse
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from scripts.steps import environment
from scripts.steps.progress import main

PARTS = ["engine", "tests", "scripts"]
CHECKS: dict[str, list[str]] = {
    "types (mypy --strict)": ["mypy", *PARTS],
    "format (ruff format)": ["ruff", "format", "--check", "--quiet", *PARTS],
    "lint (ruff check)": ["ruff", "check", "--quiet", *PARTS],
    "structure (arrows, sizes, locks)": ["pytest", "-q", "tests/unit/structure"],
    "unit tests": ["pytest", "-q", "tests/unit", "--ignore=tests/unit/structure"],
}


@dataclass(frozen=True, kw_only=True)
class Result:
    """How a check ended."""

    name: str
    """As in ``CHECKS``."""
    passed: bool
    """Whether its status was zero."""
    seconds: float
    """How long it took."""
    output: str
    """What it printed."""


def check(name: str) -> Result:
    """Run one check."""
    began = time.monotonic()
    done = subprocess.run(
        [str(environment.PYTHON), "-m", *CHECKS[name]],
        cwd=environment.ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False,
    )  # fmt: skip
    return Result(name=name, passed=done.returncode == 0, seconds=time.monotonic() - began, output=done.stdout)


def run_all() -> bool:
    """Run all checks, print each as it ends, and tell whether all passed."""
    print("-- Checks", flush=True)
    failed: list[str] = []
    with ThreadPoolExecutor(max_workers=2) as workers:
        for future in as_completed([workers.submit(check, name) for name in CHECKS]):
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
    return 0 if run_all() else 1


if __name__ == "__main__":
    main(run)
