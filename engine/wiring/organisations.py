"""The configuration in force, and the role that follows the newest snapshot in SQL.

Whoever writes a snapshot (start, a changed file, the command line, another process), every process adopts it the
same way: the follower sees a newer version in SQL, tells the board, then swaps the organisation. A crash between
the snapshot and the board is harmless, since a process that starts adopts whatever is newest.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import structlog

from engine.errors import CordboardError, NotFound
from engine.failpoints import failpoint
from engine.model.organisation import Organisation
from engine.model.record import Snapshot

log = structlog.get_logger(__name__)

EVERY_S = 1.0


class OrganisationBook:
    """Hold the organisations this process serves."""

    def __init__(self) -> None:
        self._held: dict[str, Organisation] = {}

    def get(self, org_id: str) -> Organisation:
        """Return the organisation as configured now; raise NotFound."""
        held = self._held.get(org_id)
        if held is None:
            raise NotFound(f"there is no organisation {org_id!r} here", slug="unknown-organisation")
        return held

    def all(self) -> Sequence[Organisation]:
        """Return every organisation as configured now."""
        return tuple(self._held.values())

    def put(self, organisation: Organisation) -> None:
        """Let ``organisation`` be the configuration in force."""
        self._held[organisation.id] = organisation


class SnapshotRecord(Protocol):
    """Read snapshots from SQL."""

    async def latest(self, org_id: str) -> Snapshot | None:
        """Return the newest snapshot of an organisation."""
        ...


Adopt = Callable[[Organisation], Awaitable[None]]
"""Tell the rest of the process about an organisation that changed."""


class SnapshotFollower:
    """Adopt the newest snapshot of each organisation."""

    name = "configuration"

    def __init__(
        self,
        *,
        record: SnapshotRecord,
        book: OrganisationBook,
        known: Callable[[], Awaitable[Sequence[str]]],
        load: Callable[[Snapshot], Awaitable[Organisation]],
        adopt: Adopt,
    ) -> None:
        self._record = record
        self._book = book
        self._known = known
        self._load = load
        self._adopt = adopt
        self._versions: dict[str, int] = {}

    async def step(self) -> float:
        """Adopt what is newer than what is held; return the seconds to the next look.

        One organisation that fails holds up no other; the first such error is raised at the end.
        """
        failed: CordboardError | None = None
        for org_id in await self._known():
            try:
                await self._follow(org_id)
            except CordboardError as error:
                failed = failed or error
        if failed is not None:
            raise failed
        return EVERY_S

    async def _follow(self, org_id: str) -> None:
        snapshot = await self._record.latest(org_id)
        if snapshot is None or snapshot.version <= self._versions.get(org_id, 0):
            return
        failpoint("config.after-snapshot")
        organisation = await self._load(snapshot)
        await self._adopt(organisation)
        self._book.put(organisation)
        self._versions[org_id] = snapshot.version
        log.info("configuration in force", org=org_id, version=snapshot.version)
