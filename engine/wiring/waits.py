"""The wait estimate between processes: one learns it, all show it.

What is known lies in one plain key of the board's server, which fades when nobody keeps it; every process reads it and
works out each customer's band from the place where he stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import msgspec

from engine.clock import Clock
from engine.errors import CordboardError
from engine.model.board import BoardView, QueueView, Standing
from engine.router.estimate import band
from engine.router.router import Router
from engine.router.waits import QueueWait

FADES_MS = 30_000
FRESH_MS = 1_000
MINUTE_MS = 60_000

_decoder = msgspec.json.Decoder(dict[str, QueueWait])


class Commands(Protocol):
    """Plain commands of the board's server."""

    async def command(self, *parts: str | int | bytes) -> Any:  # noqa: ANN401 - each command answers otherwise
        """Return the server's answer; raise Unavailable."""
        ...


Observe = Callable[[str, str, QueueWait], None]
"""Publish what is known of a queue (organisation, queue) as metrics."""


class Waits:
    """Share the estimate, and answer from it where customers stand."""

    def __init__(self, *, router: Router, commands: Commands, clock: Clock, observe: Observe) -> None:
        self._router = router
        self._commands = commands
        self._clock = clock
        self._observe = observe
        self._read: dict[str, tuple[int, Mapping[str, QueueWait]]] = {}

    async def tell(self, org_id: str, waits: Mapping[str, QueueWait]) -> None:
        """Let ``waits`` be what all processes know. Raises Unavailable."""
        for queue, wait in waits.items():
            self._observe(org_id, queue, wait)
        await self._commands.command("SET", _key(org_id), msgspec.json.encode(waits), "PX", FADES_MS)

    async def known(self, org_id: str) -> Mapping[str, QueueWait]:
        """Return what is known by queue, at most ``FRESH_MS`` old; nothing where it cannot be read."""
        now_ms = self._clock.now_ms()
        at_ms, waits = self._read.get(org_id, (0, {}))
        if not 0 <= now_ms - at_ms <= FRESH_MS:
            try:
                text = await self._commands.command("GET", _key(org_id))
                waits = _decoder.decode(text) if text else {}
            except (CordboardError, msgspec.MsgspecError):
                waits = {}
            self._read[org_id] = (now_ms, waits)
        return waits

    async def standing(self, org_id: str, item_ids: Sequence[str]) -> Mapping[str, Standing]:
        """Return where items stand, with the band of their wait where there is one. Raises Unavailable."""
        places = await self._router.places(org_id, item_ids)
        waits = await self.known(org_id)
        return {item_id: _standing(position, waits.get(queue)) for item_id, (position, queue) in places.items()}

    async def board_view(self, org_id: str) -> BoardView:
        """Return all queues and agents, each queue with what a newcomer would wait. Raises Unavailable."""
        view = await self._router.board_view(org_id)
        waits = await self.known(org_id)
        queues = {key: _with_wait(queue, waits.get(key)) for key, queue in view.queues.items()}
        return replace(view, queues=queues)


def _key(org_id: str) -> str:
    return f"waits:{org_id}"


def _standing(position: int, wait: QueueWait | None) -> Standing:
    if not position or wait is None or wait.pace is None:
        return Standing(position=position)
    told = band(wait.pace, position)
    return Standing(position=position, low_ms=rounded(told.low_ms), high_ms=rounded(told.high_ms, up=True))


def _with_wait(queue: QueueView, wait: QueueWait | None) -> QueueView:
    if wait is None:
        return queue
    told = _standing(queue.waiting + 1, wait) if queue.waiting else Standing(position=0)
    return replace(queue, wait_low_ms=told.low_ms, wait_high_ms=told.high_ms, wait_inside=wait.inside)


def rounded(wait_ms: float, *, up: bool = False) -> int:
    """Return a bound in steps that people speak in: minutes, above ten of them fives, above an hour quarters."""
    minutes = wait_ms / MINUTE_MS
    step = 1 if minutes <= 10 else 5 if minutes <= 60 else 15
    steps = int(-(-minutes // step)) if up else int(minutes // step)
    return steps * step * MINUTE_MS
