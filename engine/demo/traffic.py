"""Simulated customers and agents, so that the demo's pages move.

An outside client in every respect: it knows the engine's address and a few log-ins, and uses what any browser uses.
Bounded: so many chats a minute, so many at once. Without log-ins of its own there are customers only.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from typing import Any

import httpx
import structlog
from websockets.exceptions import WebSocketException

from engine.demo.colleague import Colleague
from engine.demo.customer import Customer, Mood
from engine.demo.script import STORIES, Story

log = structlog.get_logger(__name__)

_AWAY = (OSError, TimeoutError, httpx.HTTPError, WebSocketException)
_AGAIN_S = 5.0
_FIRST_S = 2.0


class Traffic:
    """Keep customers coming and the simulated agents at work, until cancelled or stopped."""

    def __init__(
        self,
        *,
        base_url: str,
        organisation: str,
        channel: str,
        accounts: Mapping[str, str],
        chats_per_minute: float = 10.0,
        most_chats: int = 12,
        seed: int | None = None,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._organisation = organisation
        self._channel = channel
        self._accounts = dict(accounts)
        self._chats_per_minute = chats_per_minute
        self._most_chats = most_chats
        self._chance = random.Random(seed)
        self._chats: set[asyncio.Task[None]] = set()
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin in the background. Idempotent."""
        if self._running is None:
            self._running = asyncio.create_task(self.run(), name="traffic")

    async def stop(self) -> None:
        """End everything that was begun. Idempotent."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
            self._running = None

    async def run(self) -> None:
        """Run until cancelled. An engine that is away is waited for."""
        try:
            async with asyncio.TaskGroup() as group:
                for login, password in self._accounts.items():
                    group.create_task(self._employ(login, password), name=f"traffic:{login}")
                group.create_task(self._open_doors(), name="traffic:customers")
        finally:
            for task in list(self._chats):
                task.cancel()
            await asyncio.gather(*self._chats, return_exceptions=True)

    async def _employ(self, login: str, password: str) -> None:
        """Keep one simulated agent at work."""
        while True:
            colleague = Colleague(
                base_url=self._base_url,
                organisation=self._organisation,
                login=login,
                password=password,
                chance=random.Random(self._chance.random()),
            )
            try:
                await colleague.run()
            except _AWAY as error:
                log.info("simulated agent signs in again soon", login=login, reason=str(error) or type(error).__name__)
            await asyncio.sleep(_AGAIN_S * self._chance.uniform(1, 2))

    async def _open_doors(self) -> None:
        await asyncio.sleep(_FIRST_S)  # let the agents sit down first
        while True:
            if len(self._chats) < self._most_chats:
                task = asyncio.create_task(self._visit(), name="traffic:customer")
                self._chats.add(task)
                task.add_done_callback(self._chats.discard)
            await asyncio.sleep(self._chance.expovariate(self._chats_per_minute / 60))

    async def _visit(self) -> None:
        try:
            customer = Customer(
                url=f"{self._base_url.replace('http', 'ws', 1)}/chat/{self._organisation}/{self._channel}/socket",
                origin=self._base_url,
                story=await self._story(),
                mood=Mood(
                    patience_s=self._chance.choice((25.0, 60.0, 90.0, 180.0)),
                    leaves_message=self._chance.random() < 0.5,
                ),
                chance=random.Random(self._chance.random()),
            )
            await customer.run()
        except _AWAY as error:
            log.debug("simulated customer gave up", reason=str(error) or type(error).__name__)

    async def _story(self) -> Story:
        """Choose a story; its topic only if the channel has it."""
        story = self._chance.choice(STORIES)
        address = f"{self._base_url}/chat/{self._organisation}/{self._channel}"
        async with httpx.AsyncClient(timeout=_AGAIN_S) as http:
            info: dict[str, Any] = (await http.get(address)).raise_for_status().json()
        if story.topic in {topic["key"] for topic in info.get("topics", [])}:
            return story
        return Story(locale=story.locale, topic="", lines=story.lines)
