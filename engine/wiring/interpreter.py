"""Tell the interpreter what this process is like: one event loop, and store threads that people wait for as much."""

import gc
import sys

SWITCH_S = 0.0002
"""How long a thread may keep the interpreter's lock while another waits for it; the default is 5 ms.

The driver of the database lets the lock go at each statement and waits for it afterwards: while the event loop is
busy, a transaction of 50 statements takes up to 50 times this. With 1 ms that, not the disk, was most of a slow commit.
"""
THRESHOLDS = (20_000, 1_000_000, 1_000_000)
"""When the interpreter searches for cycles by itself, should we not come to it: the young in bursts, others never."""
YOUNG_S = 0.05
"""Seconds between our own searches of the young objects; each is looked at once and then counts as old."""
YOUNG, ALL = 1, 2
"""The interpreter's generations: up to this one it searches."""
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
        gc.collect(YOUNG if self._steps % ALL_EVERY else ALL)
        return YOUNG_S


def tune_interpreter() -> None:
    """Keep pauses short, and search for cycles from now on; call it once everything is built, routes too. Idempotent.

    A search of all objects for cycles stops the process for a tenth of a second and more. Modules, tables and routes
    make up most of them and never go: they are taken out of the search. They are not searched before that: it would
    take a tenth of the start and find one object in a hundred.
    """
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    gc.enable()  # a process may have left it out while it was starting, when all that is made stays
    sys.setswitchinterval(SWITCH_S)
