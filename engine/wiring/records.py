"""The record as the reconciler asks for it: two groups of the store as one."""

from collections.abc import Mapping, Sequence

from engine.model.call import Ring
from engine.model.record import BoardMark, QueueState
from engine.model.work import WorkItem
from engine.store.store import Store


class BoardRecord:
    """Answer what a rebuild needs to know."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def cursor(self, org_id: str) -> BoardMark:
        """Return the last event in the record."""
        return await self._store.routing.cursor(org_id)

    async def begin_epoch(self, org_id: str, *, at_least: int) -> int:
        """Begin a new epoch."""
        return await self._store.routing.begin_epoch(org_id, at_least=at_least)

    async def queue_states(self, org_id: str) -> Mapping[str, QueueState]:
        """Return how supervisors have set each queue that they ever paused, drained or closed."""
        return await self._store.routing.queue_states(org_id)

    async def open_items(self, org_id: str) -> Sequence[WorkItem]:
        """Return all items that are not closed, with their age."""
        return await self._store.work.open_items(org_id)

    async def rings(self, org_id: str) -> Sequence[Ring]:
        """Return whose telephones ring now."""
        return await self._store.calls.rings(org_id)
