"""Merging cases: what the record asks of the rules while it merges two."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.model.casework import Change, Decide, HistoryLine


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseMergeRules:
    """How a case that was merged ends, and how changes of the kept one are decided."""

    closed: str  # status that the lost one gets
    over: frozenset[str]  # statuses in which it may stay as it is
    plan: Callable[[Sequence[Change], HistoryLine], Decide]  # the changes, the line, and all that follows by the rules
