"""Records that tests begin with: what the migrations make of an empty one, made once and copied."""

import functools
import tempfile
from pathlib import Path

from engine.store.connect import open_backend
from engine.store.migrate import upgrade


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
