"""Tell the interpreter what this process is like: one event loop that must not wait, beside threads that compute."""

import gc
import sys

SWITCH_S = 0.001
"""How long a store thread may keep the interpreter's lock while the event loop waits for it; the default is 5 ms."""
THRESHOLDS = (10_000, 20, 100)
"""Objects made before the youngest are searched for cycles; searches of one age before the next older is searched."""


def tune_interpreter() -> None:
    """Keep pauses short; call it once everything is built. Idempotent.

    A search of all objects for cycles stops the process for a tenth of a second and more. Modules, tables and routes
    make up most of them and never go: they are taken out of the search, and what remains is searched less often.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    sys.setswitchinterval(SWITCH_S)
