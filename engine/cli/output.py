"""What commands print: a line, a table, or JSON."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence


def print_json(value: object) -> None:
    """Print ``value`` as JSON for another program."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print ``rows`` under ``head``, in columns as wide as their widest entry."""
    lines = [list(head), *(list(row) for row in rows)]
    widths = [max(width(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        cells = (cell + " " * (widths[column] - width(cell)) for column, cell in enumerate(line))
        print("  ".join(cells).rstrip())


def width(text: str) -> int:
    """Return how many columns of a terminal ``text`` takes: Chinese characters take two (UAX #11)."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
