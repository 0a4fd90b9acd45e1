"""The router as other systems' work needs it, while it learns the commands one by one.

A command that the router has is passed on; one that it has not is refused by name.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from engine.errors import Unavailable
from engine.model.work import Reply, WorkItem
from engine.router.router import Router

ONLY_PRIORITY = frozenset({"priority"})


class RouterWork:
    """Pass commands on to the router."""

    def __init__(self, router: Router) -> None:
        self._router = router

    async def enqueue_many(self, org_id: str, items: Sequence[WorkItem]) -> Sequence[Reply]:
        """Put items on the board, in one call where the router can. Raises Unavailable."""
        many = getattr(self._router, "enqueue_many", None)
        if many is None:
            return await asyncio.gather(*(self._router.enqueue(item) for item in items))
        replies: Sequence[Reply] = await many(org_id, items)
        return replies

    async def conclude(self, org_id: str, item_id: str, reason: str) -> Reply:
        """Take an item off."""
        return await self._router.conclude(org_id, item_id, reason)

    async def change(self, org_id: str, item_id: str, changes: Mapping[str, object]) -> Reply:
        """Change what an item asks for."""
        priority = changes.get("priority")
        if changes.keys() == ONLY_PRIORITY and isinstance(priority, int):
            return await self._router.reprioritise(org_id, item_id, priority)
        return await self._pass("change", org_id, item_id, changes)

    async def resume(self, org_id: str, item_id: str) -> Reply:
        """Let a parked item wait again."""
        return await self._pass("resume", org_id, item_id)

    async def set_queue(self, org_id: str, queue: str, *, mode: str) -> Reply:
        """Open, pause or drain a queue."""
        return await self._pass("set_queue", org_id, queue, mode=mode)

    async def pick(self, org_id: str, item_id: str, agent_id: str, *, by: str, force: bool) -> Reply:
        """Put a waiting item with an agent."""
        return await self._pass("pick", org_id, item_id, agent_id, by=by, force=force)

    async def park(self, org_id: str, item_id: str, agent_id: str, assignment: int, why: str) -> Reply:
        """Let active work wait on the customer."""
        return await self._pass("park", org_id, item_id, agent_id, assignment, why)

    async def extend_wrapup(self, org_id: str, item_id: str, agent_id: str, assignment: int) -> Reply:
        """Give a wrap-up more time."""
        return await self._pass("extend_wrapup", org_id, item_id, agent_id, assignment)

    async def _pass(self, name: str, *arguments: object, **named: object) -> Reply:
        command: Any = getattr(self._router, name, None)
        if command is None:
            raise Unavailable(f"This router cannot {name.replace('_', ' ')} yet.")
        reply: Reply = await command(*arguments, **named)
        return reply
