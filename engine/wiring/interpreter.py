"""Tell the interpreter what this process is like: one event loop that must not wait, beside threads that compute."""

import gc
import sys

SWITCH_S = 0.001
"""How long a store thread may keep the interpreter's lock while the event loop waits for it; the default is 5 ms."""
THRESHOLDS = (20_000, 20, 200)
"""When the interpreter searches for cycles by itself, should we not come to it: in bursts only."""
YOUNG_S = 0.05
"""Seconds between our own searches of the youngest objects."""
OLDER_EVERY = 4
"""Each so manieth search looks at what the others left, too: some thousand objects."""
ALL_EVERY = 12_000
"""Each so manieth, every ten minutes, looks at all objects made since the start: tenths of a second with thousands of
sockets."""


class CycleSearch:
    """Search for cycles in small steps, by the clock (a role).

    The interpreter counts objects made less objects gone. Where as many chats end as begin that hardly grows, though
    the young become many, and the search that comes at last stops everything for 30 ms and more. There is little to
    find: sockets break their own cycles when they close.
    """

    name = "cycle-search"

    def __init__(self) -> None:
        self._steps = 0

    async def step(self) -> float:
        """Search once; return the seconds to the next time."""
        self._steps += 1
        gc.collect(_generation(self._steps))
        return YOUNG_S


def _generation(step: int) -> int:
    if step % ALL_EVERY == 0:
        return 2
    return 1 if step % OLDER_EVERY == 0 else 0


def tune_interpreter() -> None:
    """Keep pauses short; call it once everything is built. Idempotent.

    A search of all objects for cycles stops the process for a tenth of a second and more. Modules, tables and routes
    make up most of them and never go: they are taken out of the search.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    sys.setswitchinterval(SWITCH_S)
