"""Roles of a process that does work, with what each of them needs."""

import time
from collections.abc import Sequence

from engine.cases.escalate import Escalator
from engine.cases.lifecycle import Cases
from engine.cases.sweep import CaseSweeper
from engine.clock import Clock
from engine.intake.hours import HoursKeeper
from engine.intake.reception import Reception
from engine.intake.reroute import Rerouting
from engine.intake.returns import Returns
from engine.intake.sweep import Sweep
from engine.loops import Role
from engine.router.router import Router
from engine.router.waits import WaitKeeper
from engine.store.store import Store
from engine.wiring.organisations import OrganisationBook
from engine.wiring.recorder import Recorder
from engine.wiring.waits import Waits


def sweep_of(
    store: Store, router: Router, book: OrganisationBook, clock: Clock, *, recorder: Recorder, reception: Reception
) -> Sweep:
    """Build the sweep, which also places work whose queue was removed."""
    reroute = Rerouting(
        record=store,
        router=router,
        recorder=recorder,
        organisations=book,
        conclude=reception.conclude,
        clock=clock,
    )
    return Sweep(
        arrivals=store.arrivals,
        router=router,
        reroute=reroute,
        turn_away=reception.turn_away,
        organisations=book,
        clock=clock,
    )


def single_roles(
    store: Store,
    router: Router,
    book: OrganisationBook,
    clock: Clock,
    *,
    cases: Cases,
    waits: Waits,
    recorder: Recorder,
) -> Sequence[Role]:
    """Build the roles of which one process plays each.

    They resume parked work, tell queues their hours, estimate waits, escalate, file conversations.
    """
    return (
        Returns(parked=store.parked, board=router, recorder=recorder, seconds=time.monotonic),
        WaitKeeper(queues=router, history=store.told, organisations=book, share=waits, clock=clock),
        HoursKeeper(queues=router, organisations=book, clock=clock),
        Escalator(record=store.escalations, priorities=router, organisations=book, clock=clock),
        CaseSweeper(record=store.cases, cases=cases, organisations=book, clock=clock),
    )
