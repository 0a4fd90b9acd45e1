"""Queues: pause, drain, open again."""

from engine.api.access import Parts, QueueWriter
from engine.api.operation import Operation
from engine.api.parts import ApiParts
from engine.api.routes.users import write_audit
from engine.api.sight import oversees
from engine.errors import NotFound
from engine.model.user import Principal

TAG = "Queues"


async def pause_queue(queue: str, parts: Parts, who: QueueWriter) -> None:
    """Pause a queue.

    Nothing of it is offered, and new work still comes in, until it is resumed.
    """
    _require(parts, who, queue)
    await parts.dispatch.set_queue(who.org_id, queue, "paused")
    await write_audit(parts, who, "queue.paused", queue, {})


async def resume_queue(queue: str, parts: Parts, who: QueueWriter) -> None:
    """Resume a queue that is paused or drained."""
    _require(parts, who, queue)
    await parts.dispatch.set_queue(who.org_id, queue, "open")
    await write_audit(parts, who, "queue.resumed", queue, {})


async def drain_queue(queue: str, parts: Parts, who: QueueWriter) -> None:
    """Drain a queue.

    What waits is still offered, and no new work comes in, until it is resumed.
    """
    _require(parts, who, queue)
    await parts.dispatch.set_queue(who.org_id, queue, "draining")
    await write_audit(parts, who, "queue.drained", queue, {})


def _require(parts: ApiParts, who: Principal, queue: str) -> None:
    if not oversees(parts, who, queue):
        raise NotFound(f"there is no queue {queue}")


OPERATIONS = tuple(
    Operation(
        method="POST",
        path=f"/queues/{{queue}}/{word}",
        handler=handler,
        tag=TAG,
        status=204,
        errors=("not-found", "no-board"),
    )
    for word, handler in (("pause", pause_queue), ("resume", resume_queue), ("drain", drain_queue))
)
