"""Statuses of cases, in the files."""

import pytest

from engine.config.snapshot import pack, unpack
from tests.unit.config.conftest import Load, Refused

WRITTEN = "case_statuses: {{new: {{name: N, kind: new}}, open: {{name: O, kind: open}}, spam: {{name: S, {}}}}}\n"


def test_a_status_may_give_back_uses(load_with: Load) -> None:
    made = load_with({"cases.yaml": WRITTEN.format("kind: closed, refunds_use: true")})
    statuses = unpack(pack(made).compiled, version=1).case_statuses
    assert [one.refunds_use for one in statuses.values()] == [False, False, True]


@pytest.mark.parametrize("kind", ["new", "open", "waiting"])
def test_only_a_case_that_is_over_gives_a_use_back(refused: Refused, kind: str) -> None:
    (said,) = refused({"cases.yaml": WRITTEN.format(f"kind: {kind}, refunds_use: true")})
    assert "only a case that is over gives a use back" in said
    assert "cases.yaml:1" in said
