"""The record and the live board of this machine, opened for one command beside a running engine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from engine.cli.record import with_store
from engine.errors import CordboardError, Unavailable
from engine.settings import Settings

if TYPE_CHECKING:
    from engine.router.router import Router
    from engine.store.store import Store  # opened in record.py only: the other commands start without SQL

T = TypeVar("T")


def with_board(settings: Settings, work: Callable[[Store, Router | None], Awaitable[T]]) -> T:
    """Open the record and the board, run ``work``, close both; the board is None when no engine runs.

    Raises:
        Unavailable: the database does not answer.
    """
    from engine.router.board import Board  # noqa: PLC0415 - the other commands start quicker without
    from engine.router.library import compose_library  # noqa: PLC0415 - as above
    from engine.router.router import Router  # noqa: PLC0415 - as above
    from engine.valkey.client import Valkey  # noqa: PLC0415 - as above
    from engine.valkey.server import ValkeyServer  # noqa: PLC0415 - as above

    async def run(store: Store) -> T:
        address = settings.valkey_url or ValkeyServer(data=settings.data.absolute()).address
        valkey = Valkey(address=address, library=compose_library())
        try:
            await valkey.connect()
        except (CordboardError, OSError):
            return await work(store, None)
        try:
            return await work(store, Router(board=Board(valkey=valkey)))
        finally:
            await valkey.close()

    return with_store(settings, run)


def needed(router: Router | None) -> Router:
    """Return the board; raise Unavailable when no engine runs."""
    if router is None:
        raise Unavailable("no engine is running here.", mend="Start cordboard serve, or say which with --settings.")
    return router
