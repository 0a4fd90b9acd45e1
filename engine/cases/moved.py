"""A case that became another customer's: two customers were merged, or parted again. A step of the planner. Pure.

The merge itself has moved the case, with thousands of others maybe, in one statement. Here its history learns of it.
"""

from __future__ import annotations

from engine.cases.draft import CaseRules, Draft
from engine.model.casework import SignalKind


def moved(draft: Draft, _rules: CaseRules) -> Draft:
    """Write the line of history of each move that was signalled."""
    for signal in draft.signalled(SignalKind.CHANGED):
        told = signal.data.get("moved")
        if isinstance(told, dict):
            line = {name: told[name] for name in ("from", "to", "why")}
            draft = draft.with_line(str(told["field"]), **line)
    return draft
