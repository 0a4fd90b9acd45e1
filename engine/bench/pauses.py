"""When this machine stood still: a p99 of it says nothing about the engine.

A virtual machine's host withholds processors for a tenth of a second at a time, from the load generator too. On each
processor a process that does nothing but sleep notes when it came to its turn late (``python -m engine.bench.pauses
PROCESSOR``, one line a pause on stdout). What fell into a pause, or came so soon after it that its work was still
waiting, is left out of the figures that stand beside all the others.
"""

from __future__ import annotations

import asyncio
import bisect
import contextlib
import os
import sys
import time
from collections.abc import Iterable

SLEEP_S = 0.002
LONG_S = 0.005
"""Lateness that counts as a pause; an idle machine's is far below it."""
AFTERMATH_S = 0.03
"""For so long at least, and as long as the pause was, its backlog is worked off."""

Pause = tuple[float, float]
"""Beginning and end by ``time.perf_counter``, which all processes of a machine share."""


class Calm:
    """Tell what was disturbed by pauses, or by the backlog that each leaves (``AFTERMATH_S``). Pure."""

    def __init__(self, pauses: Iterable[Pause]) -> None:
        self._begins: list[float] = []
        self._ends: list[float] = []
        for begin, end in sorted((begin, end + max(AFTERMATH_S, end - begin)) for begin, end in pauses):
            if self._ends and begin <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._begins.append(begin)
                self._ends.append(end)

    def disturbed(self, since: float, until: float) -> bool:
        """Say whether a pause touches the time between."""
        last = bisect.bisect_right(self._begins, until) - 1
        return last >= 0 and self._ends[last] >= since


class Sleepers:
    """One process on each processor, and the pauses they told of so far; none where processes cannot be bound."""

    def __init__(self) -> None:
        self.pauses: list[Pause] = []
        self._processes: list[asyncio.subprocess.Process] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start them."""
        if not hasattr(os, "sched_getaffinity"):
            return
        for processor in sorted(os.sched_getaffinity(0)):
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "engine.bench.pauses", str(processor),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
            self._processes.append(process)
            self._tasks.append(asyncio.create_task(self._listen(process), name=f"bench-pauses:{processor}"))

    async def stop(self) -> None:
        """End them."""
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            begin, end = line.split()
            self.pauses.append((float(begin), float(end)))


def watch(processor: int) -> None:
    """Stay on one processor and print pauses, until nobody listens any more or the starter is gone."""
    os.sched_setaffinity(0, {processor})
    starter, last = os.getppid(), time.perf_counter()
    while os.getppid() == starter:
        time.sleep(SLEEP_S)
        now = time.perf_counter()
        if now - last > SLEEP_S + LONG_S:
            sys.stdout.write(f"{last:.6f} {now:.6f}\n")
            sys.stdout.flush()
        last = now


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        watch(int(sys.argv[1]))
