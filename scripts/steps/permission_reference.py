"""Write the tables of docs/reference/permissions.md from the table that the tests try."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.api.routes.table import OPERATIONS
from engine.model.visibility import CasesSeen, Right
from tests.permission_table import PRINCIPALS, decided_by, needs_of

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "permissions.md"
BEGINNING = "## Who"


def render(reference: str) -> str:
    """Return ``reference`` with its tables, from the first one on, written anew."""
    before, _, _ = reference.partition(f"{BEGINNING}\n")
    return before + "\n".join((BEGINNING, "", *_who(), "", "## Operations", "", *_operations(), ""))


def _who() -> Iterator[str]:
    shown = [("all", CasesSeen.ALL), ("team", CasesSeen.TEAM), ("own", CasesSeen.OWN)]
    yield from _row(
        ["caller", *(f"cases `{key}`" for key, _ in shown), *(f"customers, cases `{key}`" for key, _ in shown)]
    )
    yield from _row(["---"] * 7)
    for one in PRINCIPALS:
        rights = [one.rights(seen) for _, seen in shown]
        yield from _row([one.who, *(_right(each.case) for each in rights), *(_right(each.customer) for each in rights)])


def _operations() -> Iterator[str]:
    yield from _row(["operation", "role", "scope", "what decides besides"])
    yield from _row(["---"] * 4)
    for one in OPERATIONS:
        needs = needs_of(one)
        role = needs.role.value if needs else "everybody"
        scope = f"`{needs.scope.value}`" if needs and needs.scope else "—"
        yield from _row([f"{one.method} {one.path}", role, scope, decided_by(one)])


def _right(right: Right | None) -> str:
    return right.value if right else "–"


def _row(cells: Iterable[str]) -> Iterator[str]:
    yield f"| {' | '.join(cells)} |"
