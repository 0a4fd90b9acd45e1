"""Cases' milestones for routes: read once for a page of cases, shown by the clock of now."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from engine.api.schemas.clocks import MilestoneAnswer
from engine.cases.clocks import OUTSTANDING
from engine.model.casework import Milestone

if TYPE_CHECKING:
    from engine.api.parts import ApiParts  # which names the reader below


class MilestoneReader(Protocol):
    """Read milestones."""

    async def of_cases(self, org_id: str, case_ids: Sequence[str]) -> Mapping[str, tuple[Milestone, ...]]:
        """Return the milestones of each case that has any, oldest first."""
        ...


async def milestones_of(
    parts: "ApiParts", org_id: str, case_ids: Sequence[str], *, outstanding: bool = False
) -> Mapping[str, list[MilestoneAnswer]]:
    """Return milestones by case; those that are neither met nor cancelled only, if ``outstanding``."""
    organisation, now_ms = parts.organisations.get(org_id), parts.clock.now_ms()
    if not organisation.watches_cases:
        return {}
    found = await parts.service.milestones.of_cases(org_id, case_ids)
    return {
        case_id: [
            MilestoneAnswer.of(one, organisation, now_ms)
            for one in of_case
            if not outstanding or one.state in OUTSTANDING
        ]
        for case_id, of_case in found.items()
    }
