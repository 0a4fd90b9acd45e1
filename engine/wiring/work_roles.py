"""Roles of a process that does work, with what each of them needs."""

import time
from collections.abc import Sequence

from engine.channels.chat.keeper import Keeper
from engine.channels.chat.parts import Parts as ChatParts
from engine.channels.chat.presence import Presence
from engine.channels.chat.settings import ChatSettings
from engine.clock import Clock
from engine.conversations.transcript import Transcript
from engine.intake.absent import AbsentReturns
from engine.intake.hours import HoursKeeper
from engine.intake.reception import Reception
from engine.intake.reroute import Rerouting
from engine.intake.returns import Returns
from engine.intake.sweep import Sweep
from engine.loops import Role
from engine.router.router import Router
from engine.router.waits import WaitKeeper
from engine.store.store import Store
from engine.wiring.housekeeping import Housekeeping
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


def keeper_of(
    parts: ChatParts,
    visitors: Presence,
    transcript: Transcript,
    store: Store,
    *,
    clock: Clock,
    settings: ChatSettings,
) -> Keeper:
    """Build the role that ends chats whose visitors are gone or silent."""
    return Keeper(
        organisations=parts.organisations,
        reception=parts.reception,
        presence=visitors,
        chats=store.conversations,
        transcript=transcript,
        clock=clock,
        settings=settings,
    )


def housekeeping_of(store: Store, clock: Clock, *, keep_ms: int) -> Housekeeping:
    """Build the role that deletes what need not be kept any longer."""
    groups = (store.sessions, store.idempotency, store.work, store.case_effects)
    return Housekeeping(groups=groups, history=store.retention, keep_ms=keep_ms, clock=clock)


def single_roles(
    store: Store,
    router: Router,
    book: OrganisationBook,
    clock: Clock,
    *,
    waits: Waits,
    recorder: Recorder,
) -> Sequence[Role]:
    """Build the roles of which one process plays each.

    They resume parked work, give back mail of absent agents, tell queues their hours, estimate waits.
    """
    return (
        AbsentReturns(held=store.absent_agents, board=router, recorder=recorder, organisations=book, clock=clock),
        Returns(parked=store.parked, board=router, recorder=recorder, seconds=time.monotonic),
        WaitKeeper(queues=router, history=store.told, organisations=book, share=waits, clock=clock),
        HoursKeeper(queues=router, organisations=book, clock=clock),
    )
