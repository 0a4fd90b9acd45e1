"""What becomes of a customer whom a queue does not take in. Pure.

The board decides, in one step with taking the work in; what can be known before (hours, staff) is told to the
customer before he has written anything.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from engine.model.conversation import Availability, Prospect
from engine.model.organisation import Organisation, Overflow, Pressure, nearest_text
from engine.model.work import CALLBACK, Outcome, Reply
from engine.skills.hours import is_open, opens_ms

TURNED_AWAY = frozenset({Outcome.QUEUE_CLOSED, Outcome.QUEUE_FULL})
MOST_HOPS = 5
"""As many queues as the board asks, one after the other."""

_STATES = {Pressure.CLOSED: Availability.CLOSED, Pressure.UNSTAFFED: Availability.UNSTAFFED}
OPEN = Prospect(state=Availability.OPEN)


async def prospect(
    organisation: Organisation, queue: str, kind: str, *, now_ms: int, staff: Callable[[str], Awaitable[int]]
) -> Prospect:
    """Say what work of ``kind`` can expect in ``queue``, or where that sends it; ``staff`` counts a queue's agents.

    Raises what ``staff`` raises. Idempotent.
    """
    first, seen = None, [queue]
    while len(seen) <= MOST_HOPS:
        pressure = await _pressure(organisation, seen[-1], now_ms, staff)
        if pressure is None:
            return OPEN
        first = first or pressure
        action = organisation.queues[seen[-1]].overflow.get(pressure)
        if action is not None and action.to and action.to not in seen:
            seen.append(action.to)
            continue
        do = action.do if action is not None else None
        refusable = organisation.kinds[kind].refusable if kind in organisation.kinds else True
        if do is Overflow.WAIT or (action is not None and (action.to or not refusable)):
            return OPEN
        text, texts = organisation.overflow_text(seen[-1], pressure)
        return Prospect(state=_STATES[first], do=do, text=text, texts=texts)
    return OPEN


async def _pressure(
    organisation: Organisation, queue: str, now_ms: int, staff: Callable[[str], Awaitable[int]]
) -> Pressure | None:
    if not is_open(organisation, queue, now_ms):
        return Pressure.CLOSED
    return None if await staff(queue) else Pressure.UNSTAFFED


def ending(organisation: Organisation, reply: Reply) -> str:
    """Return why a conversation ends that the board did not take in.

    ``message``, ``callback``: the customer may leave one; ``full``, ``closed``: he can only come back later.
    """
    why, do = str(reply.detail.get("why", "")), str(reply.detail.get("do", ""))
    queue = organisation.queues.get(str(reply.detail.get("queue", "")))
    if do in (Overflow.MESSAGE, Overflow.CALLBACK):
        return do
    configured = queue is not None and why in tuple(Pressure) and Pressure(why) in queue.overflow
    if reply.outcome is Outcome.QUEUE_CLOSED and not configured:
        return Overflow.MESSAGE.value  # nothing is configured: the channel's form
    return "closed" if reply.outcome is Outcome.QUEUE_CLOSED else "full"


def told(organisation: Organisation, reply: Reply, locale: str) -> str:
    """Return what the customer is told whom the board did not take in; "" where nothing is configured."""
    queue, why = str(reply.detail.get("queue", "")), str(reply.detail.get("why", ""))
    if queue not in organisation.queues or why not in tuple(Pressure):
        return ""
    return nearest_text(*organisation.overflow_text(queue, Pressure(why)), locale)


def callback_ms(organisation: Organisation, queue: str, now_ms: int) -> int | None:
    """Return before when a callback is not to be begun (0 = at once); None where nobody takes callbacks."""
    if not any(CALLBACK in profile.channels for profile in organisation.profiles.values()):
        return None
    opens = opens_ms(organisation, queue, now_ms)
    return 0 if opens <= now_ms else opens
