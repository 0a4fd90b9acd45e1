"""Say why a server did not start, from its exit status and the end of its log."""

from pathlib import Path

from engine.errors import Unavailable

DAMAGED = (
    "Bad file format reading the append only file",
    "Unexpected end of file reading the append only file",
    "Unrecoverable error reading the append only file",
    "FATAL AOF MANIFEST FILE ERROR",
    "Internal error in RDB reading",
    "Wrong signature trying to load DB from file",
    "Terminating server after rdb file reading failure",
    "Fatal error loading the DB",
)
"""What Valkey 9 and Redis 7 write before they refuse damaged files (src/aof.c, src/rdb.c)."""


def log_end(log_path: Path, offset: int = 0, *, lines: int = 5) -> str:
    """Return the last ``lines`` lines that ``log_path`` holds after ``offset`` bytes; empty when unreadable."""
    try:
        with log_path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(offset, size - 16_384))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join([line for line in text.splitlines() if line.strip()][-lines:])


def start_failure(directory: Path, log_path: Path, offset: int, *, exit_code: int | None) -> Unavailable:
    """Return the error for a server that did not start; ``exit_code`` None means that it never answered."""
    said = log_end(log_path, offset)
    fields: dict[str, object] = {"directory": str(directory), "log": str(log_path), "exit_code": exit_code}
    if any(sign in said for sign in DAMAGED):
        data = directory / "appendonlydir"
        return Unavailable(
            f"Valkey refuses the damaged files in {data}: {_last(said)}",
            slug="board-corrupt",
            mend=f"Move {data} aside (keep it) and start again: the board is rebuilt from SQL, which is the record.",
            **fields,
        )
    how = "did not answer in time" if exit_code is None else f"ended with status {exit_code}"
    return Unavailable(
        f"Valkey {how}: {_last(said) or 'it said nothing'}",
        slug="board-start-failed",
        mend=f"Read {log_path}.",
        **fields,
    )


def _last(said: str) -> str:
    """Return the last line without the server's process number, time and level."""
    line = said.splitlines()[-1] if said else ""
    for level in (" # ", " * "):
        line = line.partition(level)[2] or line
    return line
