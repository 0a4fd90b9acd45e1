"""Who sees what, in the files."""

from __future__ import annotations

from pydantic import Field

from engine.config.section import Section
from engine.model.visibility import CasesSeen, CustomersSeen


class VisibilitySection(Section):
    """What agents see of cases and customers."""

    cases: CasesSeen = Field(CasesSeen.ALL, description="Cases that agents see: `all`, `team` or `own`.")
    customers: CustomersSeen = Field(
        CustomersSeen.ALL, description="Contacts and accounts that agents see: `all` or `team`."
    )
