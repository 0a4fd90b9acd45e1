"""What agents do with waiting work: look at it, and ask colleagues by it.

Consults are taken in like other systems' work: committed first, then put on the board.
"""

from engine.agents.consulting import Consult, Consulting
from engine.agents.desk import Desk
from engine.agents.waiting import WaitingRoom
from engine.clock import Clock
from engine.intake.dispatch import Dispatch
from engine.intake.wanted import Wanted
from engine.model.work import WorkItem
from engine.router.router import Router
from engine.store.work import Work
from engine.wiring.other_systems import OtherSystems


class DispatchAsking:
    """Hand consults in."""

    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch

    async def ask(self, consult: Consult) -> WorkItem:
        """Commit it, then put it on the board; idempotent by ``request``. Raises Refused, Unavailable."""
        parent, who = consult.parent, consult.who
        wanted = Wanted(
            kind=parent.kind,
            queue=consult.queue,
            skills=consult.requirement.skills,
            preferred_agent=consult.agent_id,
            preferred_required=bool(consult.agent_id),
            priority=parent.priority,
            attributes={
                "interaction_id": parent.interaction_id,
                "asked_by": who.user_id,
                "asked_by_name": who.name,
            },
            case_id=parent.case_id,
            contact_id=parent.contact_id,
            parent_id=parent.id,
        )
        taken = await self._dispatch.add(parent.org_id, wanted, request=consult.request)
        assert taken.item is not None
        return taken.item


def waiting_room(work: Work, clock: Clock) -> WaitingRoom:
    """Build the view of what waits."""
    return WaitingRoom(record=work, clock=clock)


def consulting_of(others: OtherSystems, *, desk: Desk, router: Router, work: Work) -> Consulting:
    """Build the consults of agents."""
    return Consulting(
        asking=DispatchAsking(others.dispatch),
        board=router,
        recorder=others.recorder,
        notes=desk,
        work=work,
        organisations=others.book,
    )
