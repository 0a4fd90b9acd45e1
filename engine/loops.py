"""The one runner of background roles: names the task, logs errors, backs off, stops cleanly.

A role is an object with ``name`` and ``async step() -> float``: do one bounded piece of work and
return the seconds to wait before the next. An error is logged and the wait doubles up to
``BACKOFF_MAX_S``; cancellation is never swallowed.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Protocol

import structlog

from engine.errors import Unavailable

log = structlog.get_logger(__name__)

BACKOFF_FIRST_S = 0.1
BACKOFF_MAX_S = 5.0
CANCEL_AGAIN_S = 0.5


class Role(Protocol):
    """Do one bounded step of background work."""

    @property
    def name(self) -> str:
        """Name the role in logs, metrics and task names."""
        ...

    async def step(self) -> float:
        """Do one step; return the seconds to wait before the next one."""
        ...


class Loop:
    """Run one role until stopped."""

    def __init__(self, role: Role) -> None:
        self._role = role
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()

    def start(self) -> None:
        """Start the loop as a named task; a second call does nothing."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=f"role:{self._role.name}")

    async def stop(self) -> None:
        """Cancel the loop and wait for it; safe to call twice."""
        task, self._task = self._task, None
        while task is not None and not task.done():
            # Again and again, because a library inside the step may swallow one (CPython issue 86296, for one).
            task.cancel()
            await asyncio.wait({task}, timeout=CANCEL_AGAIN_S)

    def wake(self) -> None:
        """Cut the present wait short."""
        self._wake.set()

    async def _run(self) -> None:
        backoff_s = BACKOFF_FIRST_S
        while True:
            try:
                wait_s = await self._role.step()
                backoff_s = BACKOFF_FIRST_S
            except Exception as error:  # noqa: BLE001 - whatever it is, the role goes on; it is logged
                self._report(error, backoff_s)
                wait_s, backoff_s = backoff_s, min(backoff_s * 2, BACKOFF_MAX_S)
            await self._pause(wait_s)

    def _report(self, error: Exception, retry_in_s: float) -> None:
        if isinstance(error, Unavailable):  # a part is away; no trace tells more than its name
            log.warning("role waits", role=self._role.name, reason=str(error), retry_in_s=retry_in_s)
        else:
            log.error("role failed", role=self._role.name, retry_in_s=retry_in_s, exc_info=error)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):  # not wait_for, which in Python 3.11 may swallow cancellation
                await self._wake.wait()
        self._wake.clear()
