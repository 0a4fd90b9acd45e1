"""Tell what a script is doing, one line per step, and what went wrong, in one line with its mend."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn


class Problem(Exception):
    """Say what is wrong and how to mend it."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(f"{what} {mend}")


@contextmanager
def step(name: str) -> Iterator[None]:
    """Print ``name`` at once and the seconds it took when it is done."""
    print(f"-- {name} ...", end="", flush=True)
    began = time.monotonic()
    try:
        yield
    except BaseException:
        print(" failed", flush=True)
        raise
    print(f" {time.monotonic() - began:.1f} s", flush=True)


def main(script: Callable[[list[str]], int]) -> NoReturn:
    """Run ``script`` with the command line; turn a ``Problem`` into one line and status 1."""
    os.environ.pop("PYTHONPATH", None)  # set by the shell script, for this process only
    try:
        sys.exit(script(sys.argv[1:]))
    except Problem as problem:
        print(f"cordboard: {problem}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("cordboard: interrupted", file=sys.stderr)
        sys.exit(130)
