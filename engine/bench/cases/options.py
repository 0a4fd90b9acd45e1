"""What `cordboard bench cases` can be told."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import InvalidInput

DESCRIPTION = """\
Measure opening, changing, reading, listing and searching cases, and the 360 degree view of a customer.

Fills a database with demo data (`cordboard demo-data`), starts an engine of its own on it (embedded Valkey, a temporary
data directory) and sends HTTP requests to it, some at a time, each as soon as the one before is answered. Every
customer, case and word is drawn anew, so that no request is a repetition. Numbers are reported, never judged.
"""
EPILOG = """\
Examples:
  cordboard bench cases
  cordboard bench cases --messages 1000000 --json result.json
  cordboard bench cases --database postgresql://bench@localhost/bench
  cordboard bench cases --keep DIR, and again on the same data: they are not made anew

Exit codes: 0 measured, 1 failed, 2 wrong use, 3 a part it needs is away.
"""
MESSAGES_PER_CASE = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """One run."""

    messages: int
    requests: int  # of each kind
    at_once: int
    database: str
    directory: Path | None
    keep: Path | None  # where the data lie for good
    json_file: Path | None
    index_s: float  # how long to wait for the search index

    @property
    def cases(self) -> int:
        """Return how many cases there are."""
        return max(1, self.messages // MESSAGES_PER_CASE)


def read_options(arguments: Sequence[str]) -> Options:
    """Read the command line; argparse ends the process with 2 on wrong use. Raises InvalidInput."""
    given = _parser().parse_args(arguments)
    if min(given.messages, given.requests, given.at_once) < 1:
        raise InvalidInput("--messages, --requests and --at-once: each is at least 1.")
    return Options(
        messages=given.messages,
        requests=given.requests,
        at_once=given.at_once,
        database=given.database,
        directory=given.directory,
        keep=given.keep,
        json_file=given.json,
        index_s=given.index_wait,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cordboard bench cases",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--messages", type=int, default=100_000, metavar="N", help="messages in the record (default 100000)")
    add("--requests", type=int, default=400, metavar="N", help="requests of each kind (default 400)")
    add("--at-once", type=int, default=2, metavar="N", help="requests under way at a time (default 2)")
    add("--database", default="", metavar="URL", help="PostgreSQL instead of SQLite: an empty database")
    add("--directory", type=Path, metavar="DIR", help="where the temporary data lie (default: the system's)")
    add("--keep", type=Path, metavar="DIR", help="where the data lie for good, to measure again on them")
    add("--index-wait", type=float, default=60.0, metavar="S", help="longest wait for the search index (default 60)")
    add("--json", type=Path, metavar="FILE", help="write everything that was measured")
    return parser
