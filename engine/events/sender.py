"""The role that brings webhooks up to date: each in its own task, so that a slow receiver holds up nobody else.

At least once, and each work item's in order: the place up to which a webhook was told is committed after its receiver
has said so. A crash in between sends again, with the same ids. One process at a time plays this role; should two
overlap for a moment, the place moves only from where it is believed to be.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import httpx
import structlog

from engine.clock import Clock
from engine.errors import CordboardError
from engine.events.post import Posting, Result
from engine.events.schedule import Schedule
from engine.failpoints import failpoint
from engine.model.outside import Place, ToldEvent, Webhook

log = structlog.get_logger(__name__)

EVERY_S = 0.25
PAGE = 100
PAGES = 20
"""Pages of events in one turn of a webhook; then others have theirs."""


class Hooks(Protocol):
    """Where webhooks stand, in the record."""

    async def due(self, now_ms: int, *, limit: int) -> Sequence[Webhook]:
        """Return those that may be told now and have something to be told."""
        ...

    async def advance(self, hook: Webhook, to: Place, *, now_ms: int, told: bool) -> bool:
        """Note that it was told up to a place; False when it was not where ``hook`` believes."""
        ...

    async def failed(self, hook: Webhook, *, fault: str, now_ms: int, next_try_ms: int, disable: bool) -> bool:
        """Note a failure; False when it was not where ``hook`` believes."""
        ...


class History(Protocol):
    """The record's routing history."""

    async def after(self, org_id: str, place: Place, *, limit: int) -> Sequence[ToldEvent]:
        """Return events after a place, in order, without a gap."""
        ...


class Secrets(Protocol):
    """The secrets of webhooks."""

    def read(self, org_id: str, name: str) -> Sequence[bytes]:
        """Return the secrets of a name; raise NotFound, InvalidInput."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class SenderSettings:
    """How webhooks are sent."""

    private: bool = False  # also to the operator's own network, and over plain HTTP
    timeout_s: float = 15.0
    webhooks: int = 16  # told at the same time
    window: int = 32  # messages to one that may be on their way …
    requests: int = 8  # … in so many requests at the same time
    schedule: Schedule = field(default_factory=Schedule)


class Sender:
    """Tell webhooks (a role; one process at a time does it)."""

    name = "webhooks"

    def __init__(
        self,
        *,
        hooks: Hooks,
        history: History,
        secrets: Secrets,
        clock: Clock,
        settings: SenderSettings,
        disabled: Callable[[str], None],
        chance: Callable[[], float] = random.random,
    ) -> None:
        """``disabled`` hears of each organisation one of whose webhooks was given up."""
        self._hooks = hooks
        self._history = history
        self._secrets = secrets
        self._clock = clock
        self._settings = settings
        self._disabled = disabled
        self._chance = chance
        self._trusted: ssl.SSLContext | None = None

    async def step(self) -> float:
        """Tell whoever is due until nobody is; return the seconds to the next look. Raises Unavailable.

        Cancellation ends all requests; what they had told is told again.
        """
        running: dict[str, asyncio.Task[None]] = {}
        try:
            while True:
                await self._start_due(running)
                if not running:
                    return EVERY_S
                await asyncio.wait(running.values(), timeout=EVERY_S, return_when=asyncio.FIRST_COMPLETED)
                for hook_id in [hook_id for hook_id, task in running.items() if task.done()]:
                    running.pop(hook_id).result()
        finally:
            for task in running.values():
                task.cancel()
            await asyncio.gather(*running.values(), return_exceptions=True)

    async def _start_due(self, running: dict[str, asyncio.Task[None]]) -> None:
        most = self._settings.webhooks
        if len(running) >= most:
            return
        for hook in await self._hooks.due(self._clock.now_ms(), limit=2 * most):
            if hook.id not in running and len(running) < most:
                running[hook.id] = asyncio.create_task(self._turn(hook), name=f"webhook:{hook.id}")

    async def _turn(self, hook: Webhook) -> None:
        """Tell one webhook some pages; raise Unavailable when the record is away."""
        try:
            keys = await asyncio.to_thread(self._secrets.read, hook.org_id, hook.secret)
        except CordboardError as error:
            await self._fail(hook, Result(fault=error.detail))
            return
        settings = self._settings
        if self._trusted is None:  # takes a while: once for all
            self._trusted = await asyncio.to_thread(httpx.create_ssl_context)
        posting = Posting(
            hook=hook,
            keys=keys,
            clock=self._clock,
            private=settings.private,
            timeout_s=settings.timeout_s,
            trusted=self._trusted,
        )
        async with posting:
            for _ in range(PAGES):
                page = await self._history.after(hook.org_id, hook.place, limit=PAGE)
                moved = await self._tell(hook, posting, page) if page else None
                if moved is None:
                    return
                hook = moved

    async def _tell(self, hook: Webhook, posting: Posting, page: Sequence[ToldEvent]) -> Webhook | None:
        """Tell a page; return the webhook as it stands then, None when its turn is over."""
        wanted = [told for told in page if hook.interest.wants(told.event)]
        window = 1 if hook.failures else self._settings.window  # who is in trouble is asked gently
        for start in range(0, len(wanted), window):
            part = wanted[start : start + window]
            results = await self._send(posting, part)
            failpoint("webhook.after-send")
            taken = next((place for place, result in enumerate(results) if not result.ok), len(part))
            if taken and not await self._move(hook, part[taken - 1].place, told=True):
                return None
            hook = _at(hook, part[taken - 1].place) if taken else hook
            if taken < len(part):
                await self._fail(hook, results[taken])
                return None
        end = page[-1].place
        if hook.place != end and not await self._move(hook, end, told=False):
            return None
        return replace(hook, place=end)

    async def _send(self, posting: Posting, part: Sequence[ToldEvent]) -> list[Result]:
        """Send a part: one work item's messages one after the other, different items' side by side."""
        results = [Result(fault="not sent")] * len(part)
        turns = asyncio.Semaphore(self._settings.requests)
        lines: dict[str, list[int]] = {}
        for place, told in enumerate(part):
            lines.setdefault(told.event.item_id, []).append(place)

        async def follow(line: Sequence[int]) -> None:
            async with turns:
                for place in line:
                    results[place] = await posting.send(part[place])
                    if not results[place].ok:
                        return

        await asyncio.gather(*(follow(line) for line in lines.values()))
        return results

    async def _move(self, hook: Webhook, to: Place, *, told: bool) -> bool:
        return await self._hooks.advance(hook, to, now_ms=self._clock.now_ms(), told=told)

    async def _fail(self, hook: Webhook, result: Result) -> None:
        now_ms, schedule = self._clock.now_ms(), self._settings.schedule
        disable = result.gone or schedule.is_over(hook.failing_since_ms, now_ms)
        wait_ms = schedule.wait_ms(hook.failures + 1, self._chance, asked_ms=result.retry_after_ms)
        noted = await self._hooks.failed(
            hook, fault=result.fault, now_ms=now_ms, next_try_ms=now_ms + wait_ms, disable=disable
        )
        log.warning("webhook failed", org=hook.org_id, webhook=hook.id, fault=result.fault, disabled=disable)
        if noted and disable:
            self._disabled(hook.org_id)


def _at(hook: Webhook, place: Place) -> Webhook:
    """Return the webhook after a message was taken: what went wrong before is over."""
    return replace(hook, place=place, failures=0, failing_since_ms=0, next_try_ms=0, fault="")
