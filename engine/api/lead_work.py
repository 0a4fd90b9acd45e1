"""The work item that brings a lead to sales, as the intake makes work of any kind."""

from engine.intake.dispatch import Dispatch
from engine.intake.wanted import Wanted
from engine.model.case import Case
from engine.model.record import NewWork
from engine.model.service import Lead
from engine.model.work import WorkItem

KIND = "lead"


class DispatchedLeads:
    """Make and place the work items of leads."""

    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch

    def prepared(self, queue: str, case: Case, lead: Lead) -> NewWork:
        """Return the item with the case's context; raise InvalidInput where no profile takes leads."""
        attributes: dict[str, object] = {
            "lead_id": lead.id,
            "lead_kind": lead.kind.value,
            "subject": lead.subject,
            "case_number": case.number,
            "case_subject": case.subject,
            "value_minor": lead.value_minor,
            "currency": lead.currency,
        }
        wanted = Wanted(
            kind=KIND,
            queue=queue,
            attributes=attributes,
            reference=f"lead:{lead.id}",
            case_id=case.id,
            contact_id=case.contact_id,
        )
        return self._dispatch.prepared(lead.org_id, wanted)

    async def place(self, item: WorkItem) -> None:
        """Put a kept item on the board, if it is there; else the sweep does."""
        await self._dispatch.place(item)
