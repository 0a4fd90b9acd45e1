"""Find a memory allocator for the embedded server: the one in the wheel beside this program, else the system's.

The server in the wheel has none of its own, and the C library's takes a fifth to a third of a routing step's processor
time: Lua makes and drops small tables and texts all the time, among a great many that stay.
"""

import os
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

PRELOAD = "LD_PRELOAD"
WHEEL = "cmeel.prefix/lib/libmimalloc.so.3"
"""Where a wheel puts its library, below a directory that modules are imported from."""
FOLDERS = tuple(
    Path(folder)
    for folder in (
        *(f"/usr/lib/{machine}-linux-gnu" for machine in ("x86_64", "aarch64")),
        *("/usr/lib64", "/usr/local/lib", "/usr/lib"),
    )
)
NAMES = ("libjemalloc.so.2", "libmimalloc.so.3", "libmimalloc.so.2", "libmimalloc.so.2.0")
_PATIENCE_S = 10.0


def environment_for(program: Path) -> dict[str, str]:
    """Return the environment to start ``program`` in: this process's own, with an allocator where one is found.

    Linux only. Where it says already what to load beforehand, or nothing (``LD_PRELOAD=``), it stays so.
    """
    library = None if sys.platform != "linux" or PRELOAD in os.environ else find_allocator(program)
    return {**os.environ, PRELOAD: str(library)} if library else dict(os.environ)


@cache
def find_allocator(program: Path) -> Path | None:
    """Return the first library that the program runs with, or None.

    Runs it, once for each library that is there, to see; blocks for some milliseconds the first time.
    """
    return next((one for one in libraries(sys.path, FOLDERS) if _loads(program, one)), None)


def libraries(path: Iterable[str], folders: Iterable[Path]) -> list[Path]:
    """Return the allocators there are: below the places that modules are imported from, then among the system's own."""
    wheels = [Path(place or ".").absolute() / WHEEL for place in path]
    found = (*wheels, *(folder / name for folder in folders for name in NAMES))  # ":" and " " would end a name
    return [library for library in found if library.is_file() and not {":", " "} & set(str(library))]


def _loads(program: Path, library: Path) -> bool:
    """Say whether the program runs with the library; the loader leaves out what is for another machine, and says so."""
    environment = {**os.environ, PRELOAD: str(library)}
    try:
        done = subprocess.run(  # noqa: S603 -- the server that is about to be started
            [str(program), "--version"], env=environment, capture_output=True, timeout=_PATIENCE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and PRELOAD.encode() not in done.stderr
