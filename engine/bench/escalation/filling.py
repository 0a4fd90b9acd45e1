"""Cases with milestones and timers, written straight into the record, and the firings read from it. Blocks.

Through the engine, a hundred thousand cases would take an hour; the rows are those that it would have written itself.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import psycopg

from engine.bench.engine_process import ORG

HOUR_MS = 3_600_000
TARGETS: Mapping[str, int] = {"first_response": HOUR_MS, "next_response": 48 * HOUR_MS, "resolution": 120 * HOUR_MS}
"""Milestone → the time it may take."""
SETS: Mapping[str, str] = {"late": "first_response", "slow": "next_response", "stuck": "resolution"}
"""Rule set → the milestone before whose due time it begins."""
PLANS = """
plans:
  bench: { name: Bench, hours: always, milestones: { first_response: 1h, next_response: 2d, resolution: 5d } }
"""
ESCALATIONS = "escalations:\n" + "".join(
    f"  {key}:\n    name: {key}\n    trigger: {{ milestone: {{ key: {milestone}, before: 5m }} }}\n    steps:\n"
    "      - actions:\n          - raise_priority: 1\n"
    f'          - notify: {{ console: [supervisors], text: "Case {{case.number}} is late" }}\n'
    for key, milestone in SETS.items()
)
BEFORE_MS = 300_000
BATCH = 2_000

Seen = tuple[str, int]
"""Case and when its step was due (ms)."""


@dataclass(kw_only=True, slots=True)
class Load:
    """What is written."""

    cases: int
    rate: float  # steps due a second …
    seconds: float  # … for so long; those of all other cases are due a day later
    lead_s: float  # from writing the measured ones to the first step
    first_ms: int = 0  # the first step is due; 0 = not known yet

    @property
    def steps(self) -> int:
        """Return how many steps are due while it is measured."""
        return min(self.cases, round(self.rate * self.seconds))

    @property
    def others(self) -> int:
        """Return how many cases have no step that is measured; they are the first."""
        return self.cases - self.steps

    def due_ms(self, number: int, now_ms: int) -> int:
        """Return when the first step of a case (counted from 0) is due."""
        if number < self.others:
            return now_ms + 24 * HOUR_MS + number
        return self.first_ms + int((number - self.others) * 1_000 / self.rate)


class Record(Protocol):
    """The database."""

    def write(self, table: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Insert rows, which all have the same columns."""
        ...

    def fired(self, since_ms: int) -> Sequence[Seen]:
        """Return the first steps that were taken since a time."""
        ...

    def count(self, query: str) -> int:
        """Return the number that a query finds."""
        ...

    def commit(self) -> None:
        """Commit what was written."""
        ...

    def finish(self) -> None:
        """Bring the planner's statistics up to date."""
        ...


CLOCKS_TOLD = f"SELECT count(*) FROM clock_marks WHERE org_id = '{ORG}' AND done = 1"  # noqa: S608 -- a constant
NOT_INDEXED = f"SELECT count(*) FROM search_pending WHERE org_id = '{ORG}'"  # noqa: S608 -- a constant
FIRED = "SELECT case_id, due_ms FROM firings WHERE org_id = '{}' AND at_ms >= {:d} AND step = 'late/1'"


class Lite:
    """SQLite."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._connection = sqlite3.connect(file, timeout=30, check_same_thread=False)

    def write(self, table: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Insert rows."""
        names = ", ".join(rows[0])
        marks = ", ".join(f":{name}" for name in rows[0])
        statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 -- names of ours
        self._connection.executemany(statement, rows)

    def fired(self, since_ms: int) -> Sequence[Seen]:
        """Return the first steps taken."""
        with closing(sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, timeout=30)) as reading:
            return reading.execute(FIRED.format(ORG, since_ms)).fetchall()

    def count(self, query: str) -> int:
        """Count."""
        with closing(sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, timeout=30)) as reading:
            return int(reading.execute(query).fetchone()[0])

    def commit(self) -> None:
        """Commit."""
        self._connection.commit()

    def finish(self) -> None:
        """Look how the tables are filled."""
        self._connection.execute("ANALYZE")
        self._connection.commit()


class Postgres:
    """PostgreSQL."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url)

    def write(self, table: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Copy rows."""
        copy = f"COPY {table} ({', '.join(rows[0])}) FROM STDIN"
        with self._connection.cursor() as cursor, cursor.copy(copy.encode()) as into:
            for row in rows:
                into.write_row(list(row.values()))

    def fired(self, since_ms: int) -> Sequence[Seen]:
        """Return the first steps taken."""
        with self._connection.cursor() as cursor:
            found: Sequence[Any] = cursor.execute(FIRED.format(ORG, since_ms).encode()).fetchall()
        self._connection.rollback()
        return found

    def count(self, query: str) -> int:
        """Count."""
        with self._connection.cursor() as cursor:
            found: Any = cursor.execute(query.encode()).fetchone()
        self._connection.rollback()
        return int(found[0])

    def commit(self) -> None:
        """Commit."""
        self._connection.commit()

    def finish(self) -> None:
        """Look how the tables are filled."""
        self._connection.autocommit = True
        self._connection.execute(b"ANALYZE")
        self._connection.autocommit = False


def fill_others(record: Record, load: Load) -> Iterator[int]:
    """Write the cases that have no step which is measured; yield how many there are so far."""
    yield from _fill(record, load, range(load.others))


def fill_measured(record: Record, load: Load) -> Iterator[int]:
    """Write the cases whose steps are measured; yield how many there are so far. ``load`` learns when the first is due.

    Committed batch by batch: the engine runs beside.
    """
    load.first_ms = int((time.time() + load.lead_s) * 1000)
    yield from _fill(record, load, range(load.others, load.cases))


def _fill(record: Record, load: Load, numbers: range) -> Iterator[int]:
    written: dict[str, list[dict[str, object]]] = {"cases": [], "milestones": [], "case_timers": []}
    for number in numbers:
        for table, rows in _rows(number, load.due_ms(number, int(time.time() * 1000))).items():
            written[table] += rows
        if len(written["cases"]) == BATCH or number == numbers[-1]:
            for table, rows in written.items():
                record.write(table, rows)
                rows.clear()
            record.commit()
            yield number + 1


def _rows(number: int, step_ms: int) -> Mapping[str, list[dict[str, object]]]:
    """Return the rows of one case whose first step is due at ``step_ms``."""
    case_id, opened_ms = str(uuid4()), step_ms + BEFORE_MS - TARGETS["first_response"]
    milestones: list[dict[str, object]] = []
    timers: dict[str, int] = {}
    for key, target_ms in TARGETS.items():
        due_ms = opened_ms + target_ms
        timers[f"milestone:{key}:1"] = due_ms
        milestones.append(
            {
                "id": str(uuid4()), "org_id": ORG, "case_id": case_id, "milestone": key, "occurrence": 1,
                "plan": "bench", "hours": "", "target_ms": target_ms, "state": "running", "started_ms": opened_ms,
                "used_ms": 0, "running_since_ms": opened_ms, "due_ms": due_ms, "met_ms": 0, "missed_ms": 0,
            }
        )  # fmt: skip
    for key, milestone in SETS.items():
        timers[f"escalation:{key}/begun/1"] = opened_ms + TARGETS[milestone] - BEFORE_MS
    case = {
        "id": case_id, "org_id": ORG, "number": number + 1, "subject": f"Case {number + 1}", "contact_id": "",
        "status": "open", "priority": 0, "queue": "idle", "owner_id": "", "origin": "web", "topic": "", "version": 1,
        "opened_ms": opened_ms, "updated_ms": opened_ms, "closed_ms": 0, "escalated_ms": 0, "plan": "bench",
        "watched": 1, "search": f"{number + 1} case {number + 1}",
    }  # fmt: skip
    waiting = [{"case_id": case_id, "timer": name, "org_id": ORG, "at_ms": at_ms} for name, at_ms in timers.items()]
    return {"cases": [case], "milestones": milestones, "case_timers": [dict(one) for one in waiting]}
