"""The role that does what decisions want done outside the record: alerts, e-mail, webhooks, the board, work items.

At least once: an effect is done when its handler returned, which is committed after that; a crash in between does it
again, under the same id, which every handler hands on (or makes no difference of). Each kind has a lane of its own, so
that a mail relay that hangs holds up no alert, and a board that is away no e-mail. Of the kinds in ``IN_ORDER`` a
case's effects are done one after the other, in the order of the decisions.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from engine.clock import Clock
from engine.errors import CordboardError
from engine.failpoints import failpoint
from engine.model.casework import EffectKind, PendingEffect

log = structlog.get_logger(__name__)

EVERY_S = 0.25
HOUR_MS = 3_600_000
IN_ORDER = frozenset({EffectKind.BOARD, EffectKind.WORK})
LONGEST_FAULT = 300
"""Characters kept of what went wrong."""


class Undeliverable(CordboardError):
    """Say why an effect can never be done, however often it is tried."""

    slug = "undeliverable"


class Handler(Protocol):
    """Do the effects of one kind."""

    async def handle(self, pending: PendingEffect) -> None:
        """Do it; safe to repeat under the same effect id. Raises Undeliverable: never again; else: again, later."""
        ...


class Outbox(Protocol):
    """Effects in the record; each method is one transaction."""

    async def waits(self, now_ms: int) -> bool:
        """Say whether an effect of any kind is to be tried now."""
        ...

    async def due(self, kind: EffectKind, *, now_ms: int, in_order: bool, limit: int) -> Sequence[PendingEffect]:
        """Return effects to be tried now, of all organisations, soonest first; ``in_order``: each case's oldest."""
        ...

    async def done(self, pending: PendingEffect, *, now_ms: int) -> None:
        """Note that an effect was done. Idempotent."""
        ...

    async def failed(self, pending: PendingEffect, *, fault: str, now_ms: int, next_try_ms: int) -> None:
        """Note a failure; ``next_try_ms`` 0: for good, and supervisors are alerted. Idempotent for one attempt."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class EffectsSettings:
    """How effects are done. Times in milliseconds."""

    at_once: int = 16  # of one kind at the same time
    timeout_s: float = 30.0  # of one handler's call
    first_ms: int = 1_000  # wait after the first failure …
    longest_ms: int = HOUR_MS  # … doubled each time, up to this
    longest_within_ms: int = 5_000  # … or this, for what goes to the engine's own board
    spread: float = 0.2  # each wait is up to so much shorter or longer
    give_up_ms: int = 24 * HOUR_MS  # failing for so long, it is given up

    def wait_ms(self, kind: EffectKind, failures: int, chance: Callable[[], float]) -> int:
        """Return the wait after ``failures`` in a row."""
        longest_ms = self.longest_within_ms if kind in IN_ORDER else self.longest_ms
        plain = min(longest_ms, self.first_ms * 2 ** min(failures - 1, 20))
        return max(1, int(plain * (1 + self.spread * (2 * chance() - 1))))


@dataclass(slots=True)
class _Lane:
    """One kind's effects that are being done."""

    kind: EffectKind
    running: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    look_at: float = 0.0  # not before this time of the loop

    def reap(self) -> None:
        """Forget what is done; raise what went wrong with the record."""
        for effect_id in [effect_id for effect_id, task in self.running.items() if task.done()]:
            self.running.pop(effect_id).result()


class Effects:
    """Do effects (a role; one process at a time does it)."""

    name = "effects"
    safe_twice = True

    def __init__(
        self,
        *,
        outbox: Outbox,
        handlers: Mapping[EffectKind, Handler],
        clock: Clock,
        failed: Callable[[str], None],
        settings: EffectsSettings | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """``failed`` hears of each organisation an effect of which was given up."""
        self._outbox = outbox
        self._handlers = handlers
        self._clock = clock
        self._failed = failed
        self._settings = settings or EffectsSettings()
        self._chance = chance

    async def step(self) -> float:
        """Do what is due until nothing is; return the seconds to the next look. Raises Unavailable.

        Cancellation ends all that is under way; it is done again.
        """
        if not await self._outbox.waits(self._clock.now_ms()):
            return EVERY_S
        lanes = [_Lane(kind) for kind in self._handlers]
        try:
            while True:
                for lane in lanes:
                    await self._start_due(lane)
                if not (tasks := _tasks(lanes)):
                    return EVERY_S
                await asyncio.wait(tasks, timeout=EVERY_S, return_when=asyncio.FIRST_COMPLETED)
                for lane in lanes:
                    lane.reap()
        finally:
            tasks = _tasks(lanes)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _start_due(self, lane: _Lane) -> None:
        most = self._settings.at_once
        now = asyncio.get_running_loop().time()
        if now < lane.look_at or len(lane.running) > most // 2:
            return
        found = await self._outbox.due(
            lane.kind, now_ms=self._clock.now_ms(), in_order=lane.kind in IN_ORDER, limit=2 * most
        )
        lane.look_at = now + EVERY_S if len(found) < 2 * most else now
        for pending in found:
            if pending.effect.id not in lane.running and len(lane.running) < most:
                task = asyncio.create_task(self._do(pending), name=f"effect:{pending.effect.id}")
                lane.running[pending.effect.id] = task

    async def _do(self, pending: PendingEffect) -> None:
        """Do one effect and note what came of it; raise Unavailable when the record is away."""
        effect = pending.effect
        failpoint("effects.before-send")
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                await self._handlers[effect.kind].handle(pending)
        except TimeoutError:
            await self._fail(pending, f"not done within {self._settings.timeout_s:g} s")
        except Undeliverable as error:
            await self._fail(pending, error.detail, for_good=True)
        except Exception as error:  # noqa: BLE001 - whatever a handler stumbles over is that one effect's fault
            await self._fail(pending, error.detail if isinstance(error, CordboardError) else repr(error))
        else:
            failpoint("effects.after-send")
            await self._outbox.done(pending, now_ms=self._clock.now_ms())

    async def _fail(self, pending: PendingEffect, fault: str, *, for_good: bool = False) -> None:
        now_ms = self._clock.now_ms()
        over = for_good or now_ms - pending.created_ms >= self._settings.give_up_ms
        wait_ms = self._settings.wait_ms(pending.effect.kind, pending.attempts + 1, self._chance)
        next_try_ms = 0 if over else now_ms + wait_ms
        await self._outbox.failed(pending, fault=fault[:LONGEST_FAULT], now_ms=now_ms, next_try_ms=next_try_ms)
        log.warning(
            "effect failed",
            org=pending.org_id,
            case=pending.case_id,
            effect=pending.effect.id,
            kind=pending.effect.kind.value,
            fault=fault[:LONGEST_FAULT],
            given_up=over,
        )
        if over:
            self._failed(pending.org_id)


def _tasks(lanes: Sequence[_Lane]) -> list[asyncio.Task[None]]:
    return [task for lane in lanes for task in lane.running.values()]
