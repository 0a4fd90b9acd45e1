"""Processes die once at each named place between board and record; a board is lost, and an older one comes back."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from engine.store.tables import routing_events
from tests.integration.chaos.conductor import Stage, staged
from tests.integration.chaos.world import ORG
from tests.servers import eventually

POINTS = (
    "projector.before-commit",
    "projector.after-commit",
    "reconcile.after-open",
    "reconcile.after-assignments",
    "offer.before-accept",
    "offer.after-accept",
    "offer.after-record",
    "transfer.after-board",
    "end.after-board",
    "intake.after-commit",
    "refusal.after-board",
)


@asynccontextmanager
async def working(folder: Path, database: str, seed: int) -> AsyncIterator[Stage]:
    async with staged(folder, database, seed) as stage:
        for name in ("p0", "p1"):
            await stage.add(name)
        for process in stage.processes:
            assert await process.answered("start")
        yield stage


async def run_for(stage: Stage, seconds: float) -> None:
    await stage.everybody("run")
    await asyncio.sleep(seconds)


async def lose_board(stage: Stage) -> None:
    async with stage.looking() as (valkey, _):
        await valkey.command("FLUSHALL")


@pytest.mark.long
@pytest.mark.parametrize("points", [POINTS[1:3], POINTS], ids=["a few", "each"])
async def test_a_kill_at_named_points(tmp_path: Path, postgres_dsn: str, points: tuple[str, ...]) -> None:
    async with working(tmp_path, postgres_dsn, 3) as stage:
        await run_for(stage, 1)
        for point in points:
            for process in stage.processes:
                await process.kill()
                await process.start(f"{point}=kill" if point.startswith("reconcile") else f"{point}=kill@2")
            for process in stage.processes:
                if await process.answered("start"):
                    await process.order("run")
            if point.startswith("reconcile"):
                await lose_board(stage)
            await eventually(lambda: any(process.is_dead for process in stage.processes), within_s=40, what=point)
            stage.report.kills[point] += 1
            for process in stage.processes:
                await process.kill()
                await process.start()
            for process in stage.processes:
                assert await process.answered("start")
        await run_for(stage, 2)
        await stage.check()
        print(stage.report)  # noqa: T201 - the proof's figures
        stage.report.clean()


@pytest.mark.long
async def test_an_older_file_under_a_newer_record(tmp_path: Path, postgres_dsn: str) -> None:
    async with working(tmp_path, postgres_dsn, 4) as stage:
        await run_for(stage, 3)
        await stage.check()
        await stage.stop_server()
        files, older = tmp_path / "valkey" / "appendonlydir", tmp_path / "older"
        shutil.copytree(files, older)
        await stage.start_server()
        await run_for(stage, 4)
        before = await stage.check()
        await stage.stop_server()
        shutil.rmtree(files)
        shutil.copytree(older, files)
        await stage.start_server()
        after = await stage.check()
        assert int(after.meta["epoch"]) > int(before.meta["epoch"])
        talking = {item: fields["agent"] for item, fields in before.items.items() if fields["state"] == "active"}
        restored = stage.rows(
            select(routing_events.c.item_id, routing_events.c.agent_id).where(
                routing_events.c.org_id == ORG,
                routing_events.c.epoch == int(after.meta["epoch"]),
                routing_events.c.kind == "restored",
            )
        )
        assert talking
        assert talking.items() <= {row.item_id: row.agent_id for row in restored}.items()
        await run_for(stage, 2)
        await stage.check()
        print(stage.report)  # noqa: T201 - the proof's figures
        stage.report.clean()
