"""Records that tests begin with: what the migrations make of an empty one, made once and copied; and their clock."""

import functools
import tempfile
from pathlib import Path
from threading import Lock

from engine.clock import SystemClock
from engine.store.connect import open_backend
from engine.store.migrate import upgrade


class Ticking(SystemClock):
    """A clock that says no time twice: ids made one after the other are in this order."""

    def __init__(self) -> None:
        self._last = 0
        self._lock = Lock()

    def now_ms(self) -> int:
        """Return the machine's time, or the next millisecond that nobody was told yet."""
        with self._lock:
            self._last = max(self._last + 1, super().now_ms())
            return self._last


def migrated_file(path: Path) -> str:
    """Return the URL of the SQLite record in ``path``: a fresh one, already migrated, unless the file is there."""
    if not path.exists():
        path.write_bytes(_empty_file())
    return f"sqlite:///{path}"


def migrate(url: str) -> None:
    """Run all migrations on the record at ``url`` and leave no connection behind. Blocks."""
    backend = open_backend(url)
    try:
        upgrade(backend)
    finally:
        backend.dispose()


@functools.cache
def _empty_file() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "record.db"
        migrate(f"sqlite:///{path}")
        return path.read_bytes()
