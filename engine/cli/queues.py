"""Commands about the queues of the engine that runs on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli.live import needed, with_board
from engine.cli.options import AsJson, DataDirectory, OrganisationId, SettingsFile, settings_for
from engine.cli.output import print_json, print_table
from engine.cli.record import audit, pick_organisation
from engine.errors import NotFound, Unavailable
from engine.model.work import Outcome
from engine.settings import Settings

if TYPE_CHECKING:
    from engine.model.board import QueueView
    from engine.router.router import Router
    from engine.store.store import Store

QueueKey = Annotated[str, typer.Argument(metavar="QUEUE", help="The queue's key.")]


def list_queues(
    *,
    organisation: OrganisationId = "",
    settings_file: SettingsFile = None,
    data: DataDirectory = None,
    as_json: AsJson = False,
) -> None:
    """List the queues as the board has them: how they are set, and how much work they hold.

    Examples:
      cordboard queue list
      cordboard queue list --json

    Exit codes: 0 listed, 1 no such organisation, 2 wrong use, 3 the database is away or no engine runs.
    """

    async def work(store: Store, router: Router | None) -> list[QueueView]:
        org_id = await pick_organisation(store, organisation)
        return list((await needed(router).queue_views(org_id)).values())

    found = with_board(settings_for(settings_file, data), work)
    if as_json:
        print_json([_as_mapping(queue) for queue in found])
        return
    head = ("queue", "mode", "hours", "waiting", "longest s", "offered", "active", "wrap-up", "scheduled", "parked")
    rows = [
        (
            queue.key,
            queue.mode,
            "closed" if queue.closed else "open",
            *(str(number) for number in (queue.waiting, queue.longest_wait_ms // 1000, queue.offered)),
            *(str(number) for number in (queue.active, queue.wrapup, queue.scheduled, queue.parked)),
        )
        for queue in found
    ]
    print_table(head, rows)


def pause(
    queue: QueueKey,
    *,
    organisation: OrganisationId = "",
    settings_file: SettingsFile = None,
    data: DataDirectory = None,
) -> None:
    """Pause a queue: nothing of it is offered, and new work still comes in.

    Examples:
      cordboard queue pause sales

    Exit codes: 0 paused, 1 no such queue, 2 wrong use, 3 the database is away or no engine runs.
    """
    _set(queue, ("paused", "queue.paused"), organisation, settings_for(settings_file, data))
    print(f"{queue} is paused")


def drain(
    queue: QueueKey,
    *,
    organisation: OrganisationId = "",
    settings_file: SettingsFile = None,
    data: DataDirectory = None,
) -> None:
    """Drain a queue: what waits is still offered, and no new work comes in.

    Examples:
      cordboard queue drain sales

    Exit codes: 0 draining, 1 no such queue, 2 wrong use, 3 the database is away or no engine runs.
    """
    _set(queue, ("draining", "queue.drained"), organisation, settings_for(settings_file, data))
    print(f"{queue} is being drained")


def resume(
    queue: QueueKey,
    *,
    organisation: OrganisationId = "",
    settings_file: SettingsFile = None,
    data: DataDirectory = None,
) -> None:
    """Resume a queue that is paused or drained.

    Examples:
      cordboard queue resume sales

    Exit codes: 0 resumed, 1 no such queue, 2 wrong use, 3 the database is away or no engine runs.
    """
    _set(queue, ("open", "queue.resumed"), organisation, settings_for(settings_file, data))
    print(f"{queue} is open")


def _set(queue: str, to: tuple[str, str], organisation: str, settings: Settings) -> None:
    mode, action = to

    async def work(store: Store, router: Router | None) -> None:
        org_id = await pick_organisation(store, organisation)
        reply = await needed(router).set_queue(org_id, queue, mode=mode)
        if reply.outcome is Outcome.UNKNOWN_QUEUE:
            raise NotFound(f"there is no queue {queue!r}.", mend="cordboard queue list shows them.")
        if not reply.ok:
            raise Unavailable(f"the board answered {reply.outcome.value}.", mend="It takes seconds: try again.")
        await audit(store, org_id, action, queue)

    with_board(settings, work)


def _as_mapping(queue: QueueView) -> dict[str, object]:
    return {
        "queue": queue.key,
        "mode": queue.mode,
        "closed": queue.closed,
        "waiting": queue.waiting,
        "longest_wait_ms": queue.longest_wait_ms,
        "offered": queue.offered,
        "active": queue.active,
        "wrapup": queue.wrapup,
        "scheduled": queue.scheduled,
        "parked": queue.parked,
    }
