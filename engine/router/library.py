"""Compose the Lua files into the one function library that is loaded into Valkey.

Shared pieces come first, in the order in which they use one another, as locals of one chunk; each transition
follows in a block of its own, since Lua allows 200 locals per chunk. Rejected: a library per transition, which
would load every shared piece once per function.
"""

import re
from functools import cache
from hashlib import sha256
from pathlib import Path

LAYOUT = 4
"""Layout of the board's keys and records; lib/board.lua refuses a board of another one."""
PIECES = (
    "words",
    "keys",
    "fields",
    "recent",
    "record",
    "cache",
    "counts",
    "later",
    "collector",
    "board",
    "events",
    "config",
    "timers",
    "agents",
    "capacity",
    "demands",
    "jobs",
    "cohorts",
    "membership",
    "signatures",
    "fit",
    "requirements",
    "items",
    "line_heads",
    "lines",
    "listing",
    "ready",
    "scan",
    "best_agent",
    "best_item",
    "holds",
    "rings",
    "rooms",
    "passing",
    "relaxation",
    "offers",
    "matching",
    "work",
    "parking",
    "contact",
    "presence",
    "leaving",
    "tidying",
    "setup",
    "admission",
    "arrival",
    "register",
)
FOLDER = Path(__file__).with_name("lua")
TABLES = (
    "OUTCOME",
    "EVENT",
    "STATE",
    "commands",
    "answer",
    "register",
    "register_early",
    "register_view",
    "register_begin",
    *(piece for piece in PIECES if piece not in ("words", "register")),
)
"""What the pieces share."""
GLOBALS = (
    *("redis", "string", "math", "table", "struct", "cjson"),
    *("collectgarbage", "error", "ipairs", "next", "pairs", "pcall", "tonumber", "type", "unpack"),
)
"""Names of Lua's and the server's that the pieces use."""
_LOCAL = re.compile(rf"^local (?:(?=function (?:{'|'.join(TABLES)})\b)|(?=(?:{'|'.join(TABLES)}) = ))", re.MULTILINE)
"""At the start of a line, the word that would make a shared name private to its piece."""


def transition_files() -> list[Path]:
    """Return the files of all transitions and questions, sorted."""
    return sorted(FOLDER.glob("*.lua"))


@cache
def _body() -> str:
    """Return the library's source but for its names.

    Every piece is a local of the one chunk, declared at its front, since pieces call one another both ways. So is every
    global that they use: the server looks a global up through several tables each time, and has most of them only
    when a function is called, not when the library is loaded. The first call learns them.
    """
    names = ", ".join(GLOBALS)
    learn = f"local function learn_globals()\n  if not string then\n    {names} = all_globals()\n  end\nend"
    parts = [f"local function all_globals() return {names} end", f"local {names} = redis", learn]
    parts += [f"local {', '.join(TABLES)}"]
    parts += [_piece(piece) for piece in PIECES]
    parts += [f"do -- {path.name}\n{path.read_text(encoding='utf-8')}end\n" for path in transition_files()]
    return "\n".join(parts)


def _piece(piece: str) -> str:
    text = (FOLDER / "lib" / f"{piece}.lua").read_text(encoding="utf-8")
    return f"do -- lib/{piece}.lua\n{_LOCAL.sub('', text)}end\n"


@cache
def library_name() -> str:
    """Return the library's name: layout and contents.

    Builds that differ load their functions side by side, so a rolling upgrade needs no agreement: each process calls
    its own, on one board, as long as the layout is the same.
    """
    return f"cordboard_{LAYOUT}_{sha256(_body().encode()).hexdigest()[:10]}"


def function_name(verb: str) -> str:
    """Return the name under which ``verb``.lua is registered by this build."""
    return f"{library_name()}_{verb}"


@cache
def compose_library() -> str:
    """Return the whole library's source, as ``FUNCTION LOAD`` takes it."""
    return f"#!lua name={library_name()}\nlocal FUNCTION_PREFIX = '{library_name()}_'\n{_body()}"
