"""Every failpoint stands in the engine, and the whole program is killed at each of them."""

import re
from pathlib import Path

from engine.failpoints import NAMES

ROOT = Path(__file__).parents[3]


def text_of(folder: Path) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))


def test_every_failpoint_stands_in_the_engine() -> None:
    placed = set(re.findall(r'failpoint\("([a-z.-]+)"\)', text_of(ROOT / "engine")))
    assert placed == NAMES


def test_the_whole_program_is_killed_at_every_failpoint() -> None:
    killed = set(re.findall(r'"([a-z]+\.[a-z-]+)(?:@\d+)?(?:=kill)?"', text_of(ROOT / "tests" / "acceptance")))
    assert NAMES - killed == set()
