"""Random histories on a real board against a plain reference: the router's guarantees 1 to 6, and 8.

After each step: same events in the same order with the same assignments (4, 5), every item in one state and place (1),
nobody above his room by the router's doing (2), no waiting item with an eligible agent (3), repeated and stale commands
without effect (6), room kept for what has waited too long (8). At the end an auditor looks at every key of the board.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest

from engine.model.work import EventKind
from tests.integration.router.model_deeds import Deeds

SHRINKS = 60
"""How many shorter histories are tried before a failure is shown."""


def play(address: str, seed: int, steps: Sequence[int]) -> Counter[str]:
    """Play one history; raise AssertionError where router and reference differ."""

    async def history() -> Counter[str]:
        twins = Deeds(address, seed)
        await twins.open()
        try:
            await twins.begin()
            for number in steps:
                await twins.act(number)
                await twins.check()
            await twins.check_all()
        finally:
            await twins.close()
        return twins.counts

    return asyncio.run(history())


def fails(address: str, seed: int, steps: Sequence[int]) -> str:
    """Return how a history fails, "" when it does not."""
    try:
        play(address, seed, steps)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
        return f"{type(error).__name__}: {error}"
    return ""


def shortest(address: str, seed: int, steps: list[int]) -> list[int]:
    """Leave out steps of a failing history while it still fails."""
    size, tries = max(len(steps) // 2, 1), 0
    while tries < SHRINKS:
        for start in range(0, len(steps), size):
            fewer = steps[:start] + steps[start + size :]
            tries += 1
            if fails(address, seed, fewer):
                steps = fewer
                break
        else:
            if size == 1:
                break
            size = max(size // 2, 1)
    return steps


def play_many(address: str, seeds: range, length: int) -> None:
    """Play histories, report how often each thing happened, and check that each did."""
    counts: Counter[str] = Counter()
    for seed in seeds:
        try:
            counts += play(address, seed, range(length))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
            few = shortest(address, seed, list(range(length)))
            pytest.fail(f"seed {seed}, steps {few}: {fails(address, seed, few) or error}")
    print(dict(sorted(counts.items())))  # noqa: T201 - the proof's counts
    assert {kind.value for kind in EventKind} - counts.keys() == {EventKind.RESTORED.value}


def test_random_histories(valkey_address: str) -> None:
    play_many(valkey_address, range(70), 110)


@pytest.mark.long
def test_many_random_histories(valkey_address: str) -> None:
    play_many(valkey_address, range(1_000, 3_000), 150)
