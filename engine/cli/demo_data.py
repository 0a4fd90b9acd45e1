"""The command ``cordboard demo-data``."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from engine.cli.options import AsJson, DataDirectory, OrganisationId, SettingsFile, settings_for
from engine.cli.output import print_json
from engine.cli.record import now_ms, pick_organisation, with_store

if TYPE_CHECKING:
    from engine.store.store import Store  # opened in record.py only: the other commands start without SQL


def demo_data(
    *,
    size: Annotated[int, typer.Option(metavar="N", help="Cases; five messages each, on average.")] = 1_000,
    seed: Annotated[int, typer.Option(help="Another number, other data.")] = 2026,
    anyway: Annotated[bool, typer.Option("--anyway", help="Also where there are customers and cases already.")] = False,
    organisation: OrganisationId = "",
    settings_file: SettingsFile = None,
    data: DataDirectory = None,
    as_json: AsJson = False,
) -> None:
    """Fill an organisation with believable data: accounts, contacts, what they own, cases and conversations.

    Cases are promised what the configured plans say. The same size and seed are the same data. What is there is not
    written twice, and what was cut off goes on. An organisation with customers or cases of its own is refused.

    Examples:
      cordboard demo-data
      cordboard demo-data --size 200000 --organisation demo
      cordboard demo-data --size 50 --data ./var --json

    Exit codes: 0 done, 1 refused, 2 wrong use, 3 the database is away.
    """
    from engine.wiring.demo_data import fill  # noqa: PLC0415 - the other commands start quicker without

    began = time.monotonic()

    async def work(store: Store) -> str:
        org_id = await pick_organisation(store, organisation)
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as progress:
            task = progress.add_task("Customers and cases", total=None)
            await fill(
                store,
                org_id,
                cases=size,
                seed=seed,
                anyway=anyway,
                now_ms=now_ms(),
                begin=lambda whole: progress.update(task, total=whole),
                advance=lambda part: progress.update(task, advance=part),
            )
        return org_id

    org_id = with_store(settings_for(settings_file, data), work)
    seconds = round(time.monotonic() - began, 1)
    if as_json:
        print_json({"organisation": org_id, "cases": size, "seconds": seconds})
        return
    print(f"{org_id} has {size:,} cases with everything around them ({seconds} s).")
