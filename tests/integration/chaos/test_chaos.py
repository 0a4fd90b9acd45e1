"""Four processes of two builds fire random commands while they and Valkey are killed: the guarantees hold."""

import asyncio
import time
from pathlib import Path

import pytest

from tests.integration.chaos.conductor import Report, Stage, staged

PROCESSES = 4


async def rage(stage: Stage, seconds: float) -> None:
    """Kill something every half a second or so."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        await asyncio.sleep(stage.rng.uniform(0.2, 1.2))
        if stage.rng.random() < 0.35:
            await stage.kill_server()
            continue
        process = stage.rng.choice(stage.processes)
        await stage.restart(process)
        await process.answered("start")
        await process.run()


async def play(
    folder: Path, database: str, *, seed: int, rounds: int, seconds: float, processes: int = PROCESSES
) -> Report:
    """Rage for so many rounds of so many seconds, and check after each."""
    async with staged(folder, database, seed) as stage:
        for number in range(processes):
            await stage.add(f"p{number}", another_build=number % 2 == 1)  # as in a rolling upgrade
        for process in stage.processes:
            assert await process.answered("start"), f"{process.name} did not start"
        for _ in range(rounds):
            for process in stage.processes:
                await process.run()
            await rage(stage, seconds)
            await stage.check()
        print(stage.report)  # noqa: T201 - the proof's figures
        print(dict(sorted(stage.report.counts.items())))  # noqa: T201
        return stage.report


async def test_a_little_chaos(tmp_path: Path, postgres_dsn: str) -> None:
    (await play(tmp_path, postgres_dsn, seed=1, rounds=1, seconds=10)).clean()


@pytest.mark.long
@pytest.mark.parametrize("seed", [11, 12, 13])
async def test_much_chaos(tmp_path: Path, postgres_dsn: str, seed: int) -> None:
    (await play(tmp_path, postgres_dsn, seed=seed, rounds=6, seconds=25)).clean()


@pytest.mark.long
@pytest.mark.parametrize("seed", [31, 32])
async def test_chaos_on_sqlite(tmp_path: Path, seed: int) -> None:
    database = f"sqlite:///{tmp_path / 'record.db'}"
    (await play(tmp_path, database, seed=seed, rounds=3, seconds=20, processes=1)).clean()  # as many as SQLite allows
