"""What sockets watch: supervisors' the wallboard while asked for; everybody's his alerts, always."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from engine.agents.frames import AlertFrame, AlertsFrame, encode
from engine.clock import rfc3339
from engine.errors import CordboardError
from engine.model.organisation import Role
from engine.model.record import Alert
from engine.model.user import Principal
from engine.model.visibility import Sight

log = structlog.get_logger(__name__)

BOARD_EVERY_S = 0.5
ALERTS_EVERY_S = 2.0
OWN_ALERTS_EVERY_S = 15.0
"""Agents are many and their own alerts few; one raised in the same process is told at once."""
APART = 0.6
"""Who came together, as all do after a restart, looks at other times: the waits are this much of that, or more."""
ALERTS = 50


class Alerts(Protocol):
    """Read alerts from SQL."""

    async def list(self, org_id: str, *, user_id: str, supervisor: bool, limit: int, sight: Sight) -> Sequence[Alert]:
        """Return the newest alerts of a user, and to a supervisor those of all supervisors that he sees."""
        ...


class BoardText(Protocol):
    """Build the wallboard."""

    async def text(self, who: Principal) -> str:
        """Return the encoded board frame that somebody sees."""
        ...


class Watch:
    """Send one socket what it watches."""

    def __init__(
        self,
        *,
        who: Principal,
        board: BoardText,
        alerts: Alerts,
        sight: Callable[[], Sight],
        send: Callable[[str], None],
    ) -> None:
        self._who = who
        self._org_id = who.org_id
        self._user_id = who.user_id
        self._supervisor = who.at_least(Role.SUPERVISOR)
        self._board = board
        self._alerts = alerts
        self._sight = sight
        self._send = send
        self._wanted = asyncio.Event()
        self._look = asyncio.Event()
        self._seen: frozenset[str] | None = None
        self._unread = -1  # as it was told last

    def watch_board(self, *, on: bool) -> None:
        """Begin or stop to send the wallboard."""
        if on:
            self._wanted.set()
        else:
            self._wanted.clear()

    def wake_alerts(self) -> None:
        """Look for alerts at once."""
        self._look.set()

    async def run_board(self) -> None:
        """Send the wallboard while it is wanted, until cancelled."""
        while True:
            await self._wanted.wait()
            try:
                self._send(await self._board.text(self._who))
            except CordboardError as error:
                log.warning("wallboard not built", org=self._org_id, reason=error.slug)
            await asyncio.sleep(BOARD_EVERY_S)

    async def run_alerts(self) -> None:
        """Send alerts that are raised from now on, until cancelled."""
        every_s = ALERTS_EVERY_S if self._supervisor else OWN_ALERTS_EVERY_S
        while True:
            try:
                await self._send_new()
            except CordboardError as error:
                log.warning("alerts not read", org=self._org_id, reason=error.slug)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(
                    every_s * random.uniform(APART, 1)
                ):  # not wait_for: Python 3.11's may swallow cancellation
                    await self._look.wait()
            self._look.clear()

    async def _send_new(self) -> None:
        latest = await self._alerts.list(
            self._org_id, user_id=self._user_id, supervisor=self._supervisor, limit=ALERTS, sight=self._sight()
        )
        if self._seen is not None:
            for alert in sorted(latest, key=lambda one: one.at_ms):
                if alert.id not in self._seen:
                    self._send(
                        encode(AlertFrame(id=alert.id, kind=alert.kind, at=rfc3339(alert.at_ms), data=alert.data))
                    )
        self._seen = frozenset(one.id for one in latest)
        unread = sum(not one.acknowledged_ms for one in latest)
        if unread != self._unread:
            self._unread = unread
            self._send(encode(AlertsFrame(unread=unread)))
