"""Tell the interpreter what this process is like: one event loop that must not wait, beside threads that compute."""

import gc
import sys

SWITCH_S = 0.001
"""How long a store thread may keep the interpreter's lock while the event loop waits for it; the default is 5 ms."""
THRESHOLDS = (1_000, 10, 100)
"""Objects made before the youngest are searched for cycles; searches of one age before the next older is searched.

Each search stops the process, so each is small: one of ten thousand young objects takes up to 30 ms.
"""


def tune_interpreter() -> None:
    """Keep pauses short; call it once everything is built. Idempotent.

    A search of all objects for cycles stops the process for a tenth of a second and more. Modules, tables and routes
    make up most of them and never go: they are taken out of the search, and all of what remains is searched rarely.
    Sockets break their own cycles when they close, so that little is left to find.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    sys.setswitchinterval(SWITCH_S)
