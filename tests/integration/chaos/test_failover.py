"""A replica that knows less takes over, again and again: the board is reconciled with the record in a new epoch."""

from pathlib import Path

import pytest

from tests.integration.chaos.conductor import set_up
from tests.integration.chaos.failover import FailingOver
from tests.integration.chaos.test_chaos import rage

PROCESSES = 3
ROUNDS = 6


@pytest.mark.long
@pytest.mark.parametrize("seed", [41, 42])
async def test_a_replica_takes_over(tmp_path: Path, postgres_dsn: str, seed: int) -> None:
    async with set_up(FailingOver(folder=tmp_path, database=postgres_dsn, seed=seed)) as stage:
        for number in range(PROCESSES):
            await stage.add(f"p{number}")
        for process in stage.processes:
            assert await process.answered("start")
        epochs = []
        for _ in range(ROUNDS):
            for process in stage.processes:
                await process.run()
            await rage(stage, 4)
            await stage.fail_over()
            await rage(stage, 3)
            epochs.append(int((await stage.check()).meta["epoch"]))
        print(stage.report)  # noqa: T201 - the proof's figures
        assert epochs[-1] > 1, "no replica ever knew less than the record"
        stage.report.clean()
