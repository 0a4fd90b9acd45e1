"""Compose the Lua files into the one function library that is loaded into Valkey.

Shared pieces come first, in the order in which they use one another, as locals of one chunk; each transition
follows in a block of its own, since Lua allows 200 locals per chunk. Rejected: a library per transition, which
would load every shared piece once per function.
"""

from functools import cache
from pathlib import Path

LIBRARY_NAME = "cordboard_v1"
PIECES = (
    "words",
    "keys",
    "record",
    "board",
    "events",
    "config",
    "timers",
    "agents",
    "capacity",
    "signatures",
    "items",
    "matching",
    "work",
    "presence",
    "setup",
    "register",
)
FOLDER = Path(__file__).with_name("lua")


def transition_files() -> list[Path]:
    """Return the files of all transitions and questions, sorted."""
    return sorted(FOLDER.glob("*.lua"))


@cache
def compose_library() -> str:
    """Return the whole library's source, as ``FUNCTION LOAD`` takes it."""
    parts = [f"#!lua name={LIBRARY_NAME}"]
    parts += [(FOLDER / "lib" / f"{piece}.lua").read_text(encoding="utf-8") for piece in PIECES]
    parts += [f"do -- {path.name}\n{path.read_text(encoding='utf-8')}end\n" for path in transition_files()]
    return "\n".join(parts)
