"""What `cordboard bench chat` can be told."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.bench.plan import Step
from engine.errors import InvalidInput

DESCRIPTION = """\
Measure the way of a chat message, and of a new chat to an agent's offer.

Starts an engine of its own (embedded Valkey, SQLite with synchronous=FULL, a temporary data directory) and a load
generator, both as processes of their own. Base load first, then more and more messages a second until p99 exceeds 1 s
or less than 95 % arrive; the last step that held is the ceiling. Latency counts from the scheduled time of each
message. Numbers are reported, never judged: the exit code says whether it was measured, not how fast it was.
"""
EPILOG = """\
Examples:
  cordboard bench chat
  cordboard bench chat --quick --json result.json
  cordboard bench chat --database postgresql://bench@localhost/bench
  cordboard bench chat --write-config DIR, then against your own engine:
  cordboard bench chat --url http://127.0.0.1:8400 --token-file admin.token

Exit codes: 0 measured, 1 failed, 2 wrong use, 3 a part it needs is away.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """One run."""

    url: str
    token_file: Path | None
    database: str
    directory: Path | None
    write_config: Path | None
    json_file: Path | None
    agents: int
    idle: int
    chats_per_s: float
    chat_s: float
    warmup_s: float
    idle_settle_s: float
    idle_rest_s: float
    steps: tuple[Step, ...]
    quick: bool


def read_options(arguments: Sequence[str]) -> Options:
    """Read the command line; argparse ends the process with 2 on wrong use. Raises InvalidInput."""
    given = _parser().parse_args(arguments)
    quick = bool(given.quick)
    base_s, step_s = (8.0, 5.0) if quick else (20.0, 12.0)
    rates = _rates(given.rates) if given.rates else ((200, 400, 1000) if quick else (200, 400, 700, 1000, 1500, 2000))
    if given.url and not given.token_file:
        raise InvalidInput("--url needs the API token of an admin.", mend="Add --token-file.")
    return Options(
        url=given.url.rstrip("/"),
        token_file=given.token_file,
        database=given.database,
        directory=given.directory,
        write_config=given.write_config,
        json_file=given.json,
        agents=given.agents,
        idle=given.idle if given.idle is not None else (300 if quick else 2_000),
        chats_per_s=given.chats,
        chat_s=6.0 if quick else 10.0,
        warmup_s=7.0 if quick else 12.0,
        idle_settle_s=6.0 if quick else 20.0,
        idle_rest_s=3.0 if quick else 6.0,
        steps=tuple(Step(rate=rate, seconds=base_s if index == 0 else step_s) for index, rate in enumerate(rates)),
        quick=quick,
    )


def _rates(text: str) -> tuple[int, ...]:
    try:
        rates = tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise InvalidInput("--rates: write numbers with commas between them, such as 200,1000.") from error
    if min(rates) < 1:
        raise InvalidInput("--rates: each is at least 1.")
    return rates


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cordboard bench chat",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--quick", action="store_true", help="short form, about 45 s")
    add("--json", type=Path, metavar="FILE", help="write everything that was measured")
    add("--rates", default="", metavar="N,N", help="messages a second, both directions together, step by step")
    add("--chats", type=float, default=20.0, metavar="N", help="new chats a second (default 20)")
    add("--agents", type=int, default=30, metavar="N", help="agents, twelve chats each (default 30)")
    add("--idle", type=int, metavar="N", help="visitors who wait in silence meanwhile (default 2000; quick: 300)")
    add("--database", default="", metavar="URL", help="PostgreSQL instead of SQLite: an empty database")
    add("--directory", type=Path, metavar="DIR", help="where the temporary data lies (default: the system's)")
    add("--url", default="", metavar="URL", help="an engine that runs already, with the bench's configuration")
    add("--token-file", type=Path, metavar="FILE", help="with --url: file with an admin's API token")
    add("--write-config", type=Path, metavar="DIR", help="write the bench's configuration there and end")
    return parser
