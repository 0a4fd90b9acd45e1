"""A simulated customer: opens a chat, talks, thanks, goes; or loses patience. An outside client, over its socket."""

from __future__ import annotations

import asyncio
import json
import random
import secrets
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from engine.demo.script import MESSAGES, NAMES, Story

VERSION = 1
CONNECT_S = 10
SILENCE_S = 90.0  # an agent who says nothing for so long has lost the customer
_RESUMES = 5
_RESUME_PAUSE_S = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Mood:
    """How this customer is: all in seconds."""

    patience_s: float
    think_s: tuple[float, float] = (2.0, 9.0)
    leaves_message: bool = True


class Customer:
    """One chat from its first word to its end."""

    def __init__(self, *, url: str, origin: str, story: Story, mood: Mood, chance: random.Random) -> None:
        self._url = url
        self._origin = origin
        self._story = story
        self._mood = mood
        self._chance = chance
        self._token = secrets.token_urlsafe(32)
        self._said = 0
        self._last_seq = 0
        self._over = False
        self._answered = asyncio.Event()

    async def run(self) -> None:
        """Live through the chat; a lost connection is resumed a few times. Raises OSError when nobody answers."""
        for attempt in range(_RESUMES):
            try:
                async with connect(self._url, origin=self._header(), open_timeout=CONNECT_S) as socket:
                    await self._send(socket, self._greeting(resumed=attempt > 0 and self._said > 0))
                    await self._talk(socket)
            except ConnectionClosed:
                pass
            if self._over:
                return
            await asyncio.sleep(_RESUME_PAUSE_S * (attempt + 1))

    async def _talk(self, socket: ClientConnection) -> None:
        speaking = asyncio.create_task(self._speak(socket), name="traffic:speaking")
        try:
            async for frame in socket:
                await self._react(socket, json.loads(frame))
                if self._over:
                    break
        finally:
            speaking.cancel()
            await asyncio.gather(speaking, return_exceptions=True)  # what it sent into a closed socket is no news

    async def _react(self, socket: ClientConnection, frame: dict[str, Any]) -> None:
        kind = frame["type"]
        if kind == "opened":
            self._said = max(self._said, 1)
        elif kind == "entry":
            self._last_seq = max(self._last_seq, int(frame["entry"]["seq"]))
            if frame["entry"]["author"] == "agent" and frame["entry"]["kind"] == "message":
                self._answered.set()
                await self._send(socket, {"type": "read", "seq": self._last_seq})
        elif kind == "offline":
            await self._leave(socket)
        elif kind in ("ended", "left_message", "error"):
            self._over = True

    async def _speak(self, socket: ClientConnection) -> None:
        """Answer each answer; end when nothing is left to say or patience is over."""
        patience = self._mood.patience_s
        while True:
            try:
                async with asyncio.timeout(patience):
                    await self._answered.wait()
            except TimeoutError:
                break
            self._answered.clear()
            patience = SILENCE_S
            await asyncio.sleep(self._chance.uniform(*self._mood.think_s))
            if self._said >= len(self._story.lines):
                break
            await self._send(socket, {"type": "typing", "on": True})
            await asyncio.sleep(self._chance.uniform(1.0, 3.0))
            line = self._story.lines[self._said]
            await self._send(socket, {"type": "message", "client_id": f"line-{self._said}", "body": line})
            self._said += 1
        await self._send(socket, {"type": "end"})

    async def _leave(self, socket: ClientConnection) -> None:
        if not self._mood.leaves_message:
            self._over = True
            return
        body = {"client_id": "left", "body": MESSAGES[self._story.locale]}
        await self._send(socket, {**self._greeting(resumed=False), "type": "leave", **body})

    def _greeting(self, *, resumed: bool) -> dict[str, Any]:
        if resumed:
            return {"type": "resume", "v": VERSION, "token": self._token, "last_seq": self._last_seq}
        name = self._chance.choice(NAMES[self._story.locale])
        # Few addresses: some customers come again, and are known then.
        form = {"name": name, "email": f"customer{self._chance.randrange(40)}@example.org", "topic": self._story.topic}
        return {
            "type": "open",
            "v": VERSION,
            "token": self._token,
            "locale": self._story.locale,
            "form": form,
            "client_id": "line-0",
            "body": self._story.lines[0],
        }

    async def _send(self, socket: ClientConnection, frame: dict[str, Any]) -> None:
        await socket.send(json.dumps(frame))

    def _header(self) -> Any:  # noqa: ANN401 - websockets has a type of its own for origins
        return self._origin
