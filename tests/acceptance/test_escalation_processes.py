"""Escalations while two processes share one record: who dies in the middle, each step of each case is taken once."""

import itertools
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.acceptance.agent import at_once
from tests.acceptance.engine_process import until
from tests.acceptance.pair import Pair, pair_of_processes

CASES = 30
LATER_S = 4
SETS = f"""
escalations:
  old:
    name: Old
    trigger: {{ age: {{ after: 2s }} }}
    steps:
      - actions:
          - raise_priority: 5
          - notify: {{ console: [supervisors], text: "Look at {{case.number}}" }}
      - after: {LATER_S}s  # due while the dead process's leases still stand
        name: again
        actions:
          - raise_priority: 5
          - open_child: {{ subject: "About {{case.number}}" }}
          - notify: {{ console: [supervisors], text: "Look again at {{case.number}}" }}
"""
STEPS = ("old/1", "old/again", "old/begun")
Record = psycopg.Connection[dict[str, Any]]


def test_a_process_is_killed_while_cases_are_escalated(tmp_path: Path, postgres_dsn: str) -> None:
    with (
        pair_of_processes(tmp_path, postgres_dsn, files={"escalations.yaml": SETS}) as pair,
        psycopg.connect(postgres_dsn, autocommit=True, row_factory=dict_row) as record,
    ):
        case_ids = open_cases(pair)
        until(lambda: firings(record, case_ids), within_s=60, what="the first step of a case")
        pair.first.kill()  # it began first, so that it holds the leases; the later steps come due meanwhile
        pair.first.start()
        wanted = Counter(itertools.product(case_ids, STEPS))
        until(lambda: firings(record, case_ids) >= wanted, within_s=90, what="all steps")
        until(lambda: not waiting(record), within_s=60, what="nothing left in the outbox")
        assert firings(record, case_ids) == wanted
        check(record, case_ids)


def open_cases(pair: Pair) -> list[str]:
    """Open cases at both processes at once; return their ids."""
    bosses = [pair.boss_at(pair.first), pair.boss_at(pair.second)]

    def some(place: int) -> list[str]:
        numbers = range(place, CASES, 2)
        return [str(bosses[place].post("/cases", {"subject": f"Kettle {number}"})["id"]) for number in numbers]

    opened = at_once(*(partial(some, place) for place in range(2)))
    for boss in bosses:
        boss.close()
    return [case_id for ids in opened for case_id in ids]


def firings(record: Record, case_ids: list[str]) -> Counter[tuple[str, str]]:
    """Count what was taken, by case and step."""
    found = record.execute("SELECT case_id, step FROM firings WHERE case_id = ANY(%s)", [case_ids]).fetchall()
    return Counter((one["case_id"], one["step"]) for one in found)


def waiting(record: Record) -> list[dict[str, Any]]:
    """Return what is not done yet."""
    return record.execute("SELECT kind FROM case_effects WHERE done_ms = 0").fetchall()


def check(record: Record, case_ids: list[str]) -> None:
    """Every case was changed, told and shown to the supervisors once for each step."""
    once = Counter(itertools.product(case_ids, ("1", "again")))

    def counted(query: str) -> Counter[tuple[str, str]]:
        found = record.execute(query, [case_ids]).fetchall()
        return Counter((one["case_id"], one["step"]) for one in found)

    told = "SELECT case_id, data::json->>'step' AS step FROM case_events WHERE kind = 'escalated' AND case_id = ANY(%s)"
    assert counted(told) == once
    shown = """
        SELECT data::json->>'case_id' AS case_id, data::json->>'step' AS step FROM alerts
        WHERE kind = 'case-escalated' AND data::json->>'case_id' = ANY(%s)
    """
    assert counted(shown) == once
    cases = record.execute("SELECT priority FROM cases WHERE id = ANY(%s)", [case_ids]).fetchall()
    assert [one["priority"] for one in cases] == [10] * CASES
    children = record.execute("SELECT parent_id FROM cases WHERE parent_id = ANY(%s)", [case_ids]).fetchall()
    assert Counter(one["parent_id"] for one in children) == Counter(case_ids)
