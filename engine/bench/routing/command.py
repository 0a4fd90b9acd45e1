"""The command ``cordboard bench routing``."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import structlog
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from engine.bench.machine import describe_machine
from engine.bench.routing.bullmq import install
from engine.bench.routing.conductor import Conductor
from engine.bench.routing.options import Options, read_options
from engine.bench.routing.outcome import Outcome
from engine.bench.routing.report import print_report


def run(arguments: Sequence[str]) -> int:
    """Run the command; return its exit code. Raises CordboardError."""
    options = read_options(arguments)
    if options.install_peers:
        asyncio.run(install(options.peers))
        print(f"BullMQ lies in {options.peers}.")
        return 0
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    outcome = _looped(options)
    print_report(outcome, Console())
    if options.json_file is not None:
        text = json.dumps(outcome.as_mapping(), indent=2, ensure_ascii=False)
        options.json_file.write_text(text + "\n", encoding="utf-8")
    return 0


def _looped(options: Options) -> Outcome:
    """Measure on the loop that the engine itself runs on."""
    if sys.platform == "win32":
        return asyncio.run(measure(options))
    import uvloop  # noqa: PLC0415 -- not for every system

    return uvloop.run(measure(options))


async def measure(options: Options) -> Outcome:
    """Measure everything; raises CordboardError."""
    began = time.perf_counter()
    console = Console(stderr=options.json_file is None and not sys.stdout.isatty())
    outcome = Outcome(options)
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=console, transient=True, refresh_per_second=2,
    ) as progress, tempfile.TemporaryDirectory(prefix="cordboard-bench-", dir=options.directory) as name:  # fmt: skip
        directory = Path(name)
        outcome.machine = await asyncio.to_thread(describe_machine, directory, database="PostgreSQL (the peer)")
        task = progress.add_task("Starting", total=None)
        await Conductor(options, outcome, directory=directory, progress=progress, task=task).run()
    outcome.seconds = time.perf_counter() - began
    return outcome
