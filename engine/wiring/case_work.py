"""What keeps the work items of cases in step, for the role that does the effects of cases."""

from collections.abc import Mapping

from engine.cases.effects import Handler
from engine.cases.work import CaseWork
from engine.clock import Clock
from engine.ids import NewId
from engine.model.casework import EffectKind
from engine.router.router import Router
from engine.store.store import Store
from engine.wiring.other_systems import OtherSystems


def case_work_of(
    store: Store, router: Router, others: OtherSystems, *, clock: Clock, new_id: NewId
) -> Mapping[EffectKind, Handler]:
    """Build the handlers of what goes to the board."""
    work = CaseWork(
        record=store.case_items,
        board=router,
        intake=others.dispatch,
        recorder=others.recorder,
        organisations=others.book,
        clock=clock,
        new_id=new_id,
    )
    return {EffectKind.WORK: work, EffectKind.BOARD: work}
