"""Who sees what, in the files."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from engine.config.section import Section


class VisibilitySection(Section):
    """What agents and supervisors see of cases and customers."""

    cases: Literal["all", "team", "own"] = Field("all", description="Cases that agents see: `all`, `team` or `own`.")
    customers: Literal["all", "team"] = Field(
        "all", description="Contacts and accounts that agents see: `all` or `team`."
    )
    supervisors: Literal["all", "team"] = Field(
        "all",
        description="What supervisors see of cases, queues and the wallboard: `all`, or only what is of their teams "
        "(`team`), which needs `cases: team` or `own`.",
    )
