"""The record, opened for one command. It may be in use by a running engine at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import typer

from engine.clock import SystemClock
from engine.errors import NotFound
from engine.ids import id_source
from engine.model.record import Credentials
from engine.settings import Settings

if TYPE_CHECKING:
    from engine.store.store import Store

T = TypeVar("T")

ACTOR = "command-line"


def with_store(settings: Settings, work: Callable[[Store], Awaitable[T]]) -> T:
    """Open the record, run ``work``, close it; return what ``work`` returned.

    Raises:
        Unavailable: the database does not answer.
    """
    return asyncio.run(_run(settings, work))


async def pick_organisation(store: Store, wanted: str) -> str:
    """Return the organisation that is meant: ``wanted``, or the only one there is.

    Raises:
        NotFound: there is none, or not this one.
        BadParameter: there are several and none is named.
    """
    known = await store.users.organisations()
    if wanted and wanted not in known:
        raise NotFound(f"there is no organisation {wanted!r}.", mend=f"Known: {', '.join(known) or 'none'}.")
    if not known:
        raise NotFound("there is no organisation yet.", mend="cordboard config apply makes one.")
    if not wanted and len(known) > 1:
        raise typer.BadParameter(f"name one of: {', '.join(known)}", param_hint="--organisation")
    return wanted or known[0]


async def credentials_of(store: Store, org_id: str, login: str) -> Credentials:
    """Return the credentials with this log-in; raises NotFound."""
    credentials = await store.users.by_login(org_id, login)
    if credentials is None:
        raise NotFound(f"there is no user {login!r} in {org_id}.", mend="cordboard user list shows them.")
    return credentials


async def audit(store: Store, org_id: str, action: str, target: str) -> None:
    """Keep in the audit log what was done on the command line; who did it is known to the system only."""
    await store.audit.add(org_id, actor_id=ACTOR, action=action, target=target, data={}, now_ms=now_ms())


def now_ms() -> int:
    """Return the time, for what a command writes."""
    return SystemClock().now_ms()


async def _run(settings: Settings, work: Callable[[Store], Awaitable[T]]) -> T:
    from engine.store.store import Store  # noqa: PLC0415 - commands without the record start without SQL

    if not settings.database_url:
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    clock = SystemClock()
    store = Store(url=settings.database, clock=clock, new_id=id_source(clock))
    await store.start()
    try:
        return await work(store)
    finally:
        await store.stop()
