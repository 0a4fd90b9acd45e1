"""What `cordboard bench routing` can be told."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from engine.bench.routing.bullmq import peers_directory
from engine.bench.routing.result import BULLMQ, GENERALISTS, POSTGRES, ROUTER
from engine.bench.routing.server import Fsync
from engine.bench.routing.shape import Shape
from engine.errors import InvalidInput
from engine.model.organisation import AgentOrder

DESCRIPTION = """\
Measure what a routed work item costs: whole lifecycles (enqueued, offered, accepted, ended, closed) per second.

Starts one Valkey of its own in a temporary directory. On it, in turn, in the same run: this router; BullMQ, a plain job
queue without any matching; and on a PostgreSQL of its own the table that a team would write instead. Every case is
measured several times, interleaved, and its median counts. A peer that is not installed is reported as missing. Numbers
are reported, never judged: the exit code says whether it was measured.
"""
EPILOG = """\
Examples:
  cordboard bench routing
  cordboard bench routing --install-peers
  cordboard bench routing --agents 1000 --waiting 10000 --runs 3 --json result.json
  cordboard bench routing --only cordboard --mix chat=70,email=20,voice=10

Exit codes: 0 measured, 1 failed, 2 wrong use, 3 a part it needs is away.
"""
SYSTEMS = (ROUTER, BULLMQ, POSTGRES)
FLATNESS = "flatness"
PARTS = (FLATNESS, GENERALISTS)
"""What may be left out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """One run."""

    shape: Shape
    waiting: int
    waiting_few: int
    agents_few: int
    orders: tuple[str, ...]
    runs: int
    seconds: float
    warmup_s: float
    idle_s: float
    concurrency: int
    fsync: Fsync
    systems: tuple[str, ...]
    skip: frozenset[str]
    directory: Path | None
    peers: Path
    install_peers: bool
    json_file: Path | None
    command: str


def read_options(arguments: Sequence[str]) -> Options:
    """Read the command line; argparse ends the process with 2 on wrong use. Raises InvalidInput."""
    given = _parser().parse_args(arguments)
    for name in ("agents", "signatures", "skills_per_agent", "units", "runs", "concurrency"):
        if getattr(given, name) < 1:
            raise InvalidInput(f"--{name.replace('_', '-')}: at least 1.")
    if given.seconds <= 0 or given.waiting < 0:
        raise InvalidInput("--seconds is more than 0, --waiting not less.")
    shape = Shape(
        agents=given.agents,
        signatures=given.signatures,
        skills_per_agent=given.skills_per_agent,
        units=given.units,
        channels=_mix(given.mix),
        one_queue=bool(given.one_queue),
        cohorts=given.cohorts,
        seed=given.seed,
    )
    return Options(
        shape=shape,
        waiting=given.waiting,
        waiting_few=max(1, given.waiting // 100),
        agents_few=max(1, given.agents // 100),
        orders=_names("--orders", given.orders, [order.value for order in AgentOrder]),
        runs=given.runs,
        seconds=given.seconds,
        warmup_s=min(0.3, given.seconds / 3),
        idle_s=given.idle,
        concurrency=given.concurrency,
        fsync=cast("Fsync", given.appendfsync),
        systems=_names("--only", given.only, SYSTEMS),
        skip=frozenset(_names("--skip", given.skip, PARTS) if given.skip else ()),
        directory=given.directory,
        peers=given.peers or peers_directory(),
        install_peers=bool(given.install_peers),
        json_file=given.json,
        command=shlex.join(["cordboard", "bench", "routing", *arguments]),
    )


def _names(option: str, text: str, known: Sequence[str]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(part for part in text.split(",") if part))
    if not names or not set(names) <= set(known):
        raise InvalidInput(f"{option}: some of {', '.join(known)}, with commas between them.")
    return names


def _mix(text: str) -> Mapping[str, int]:
    try:
        mix = {name.strip(): int(share) for name, _, share in (part.partition("=") for part in text.split(","))}
    except ValueError as error:
        raise InvalidInput("--mix: write channels with their shares, such as chat=70,email=30.") from error
    if min(mix.values()) < 1 or "" in mix:
        raise InvalidInput("--mix: every channel has a name and a share of at least 1.")
    return mix


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cordboard bench routing",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_sizes(parser)
    _add_method(parser)
    return parser


def _add_sizes(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--agents", type=int, default=10_000, metavar="N", help="agents (default 10000)")
    add("--signatures", type=int, default=500, metavar="N", help="different requirements (default 500)")
    add("--skills-per-agent", type=int, default=25, metavar="N", help="drawn from all at random (default 25)")
    add("--waiting", type=int, default=100_000, metavar="N", help="items that wait in a backlog (default 100000)")
    add("--units", type=int, default=2, metavar="N", help="items an agent can have at once (default 2)")
    add(
        "--mix",
        default="chat=80,email=20",
        metavar="C=N,…",
        help="channels and their shares (default chat=80,email=20)",
    )
    add(
        "--cohorts",
        type=int,
        default=0,
        metavar="N",
        help="different sets of skills (default: every agent has his own)",
    )
    add("--one-queue", action="store_true", help="all work in one queue, instead of a queue for ten requirements")
    add("--seed", type=int, default=1, metavar="N", help="of everything drawn at random (default 1)")


def _add_method(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--orders", default="longest_idle,least_loaded", metavar="O,O", help="orders of agents (default these two)")
    add("--runs", type=int, default=5, metavar="N", help="measurements of each case, their median counts (default 5)")
    add("--seconds", type=float, default=1.0, metavar="S", help="length of each (default 1)")
    add("--idle", type=float, default=4.0, metavar="S", help="watch the board so long with nobody online (default 4)")
    add("--concurrency", type=int, default=128, metavar="N", help="lifecycles under way at once (default 128)")
    add(
        "--appendfsync",
        default="always",
        choices=("always", "everysec", "no"),
        help="Valkey's durability (default always)",
    )
    add("--only", default=",".join(SYSTEMS), metavar="S,S", help="leave peers out: cordboard, bullmq, postgres")
    add("--skip", default="", metavar="P,P", help="leave parts out: flatness, generalists")
    add("--directory", type=Path, metavar="DIR", help="where the temporary data lies (default: the system's)")
    add("--peers", type=Path, metavar="DIR", help="where BullMQ is installed (default ~/.cache/cordboard/bench-peers)")
    add("--install-peers", action="store_true", help="install BullMQ there with npm, and end")
    add("--json", type=Path, metavar="FILE", help="write everything that was measured")
