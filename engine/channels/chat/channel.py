"""The chat channel: admits sockets, knows those that are open, describes itself to the widget."""

import asyncio
from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

import structlog

from engine.channels.chat.frames import offline_form
from engine.channels.chat.limits import Limits
from engine.channels.chat.outlet import Outlet
from engine.channels.chat.parts import Parts
from engine.channels.chat.position import Place
from engine.channels.chat.presence import Presence
from engine.channels.chat.refusal import refuse
from engine.channels.chat.session import Session
from engine.channels.chat.settings import ChatSettings
from engine.channels.chat.texts import LOCALES
from engine.channels.origins import allowed
from engine.channels.socket import Socket
from engine.clock import Clock
from engine.errors import CordboardError, Forbidden, NotFound, TooFast, Unavailable
from engine.model.organisation import Channel

log = structlog.get_logger(__name__)

KIND = "chat"
FULL_RETRY_MS = 15_000


class ChatChannel:
    """Serve visitors' sockets."""

    kind: ClassVar[str] = KIND

    def __init__(self, *, parts: Parts, presence: Presence, clock: Clock, settings: ChatSettings) -> None:
        self._parts = parts
        self._presence = presence
        self._clock = clock
        self._settings = settings
        self._limits = Limits()
        self._sessions: dict[Session, asyncio.Task[Any]] = {}
        self._stopping = False

    async def serve(self, org_id: str, channel_key: str, socket: Socket) -> None:
        """Serve an accepted socket until it closes; an unwelcome one gets an error frame and a close.

        Raises nothing; a cancelled call closes the socket with 1012.
        """
        try:
            channel = self.check_origin(org_id, channel_key, origin=socket.origin, host=socket.host)
            self._admit(channel, socket.address)
        except CordboardError as error:
            await refuse(Outlet(socket=socket, timeout_ms=self._settings.send_timeout_ms), error)
            return
        session = Session(
            socket=socket,
            org_id=org_id,
            channel=channel,
            parts=self._parts,
            presence=self._presence,
            limits=self._limits,
            clock=self._clock,
            settings=self._settings,
        )
        task = asyncio.current_task()
        assert task is not None
        self._sessions[session] = task
        try:
            await session.run()
        finally:
            self._sessions.pop(session, None)
            self._limits.release(socket.address)

    async def info(self, org_id: str, channel_key: str, *, topic: str = "", locale: str = "en") -> dict[str, object]:
        """Describe the channel to the widget, with whether somebody is there. Raises NotFound."""
        channel = self.channel(org_id, channel_key)
        prospect = await self._parts.reception.prospect(org_id, channel_key, topic=topic, locale=locale)
        texts = partial(self._parts.organisations.get(org_id).in_languages, "channels", channel_key)
        return {
            "name": channel.name,
            "names": texts("name"),
            "greeting": channel.greeting,
            "greetings": texts("greeting"),
            "topics": [{"key": key, "name": name, "names": texts("topics", key)} for key, name in channel.topics],
            "locales": list(LOCALES),
            "state": prospect.state.value,
            "form": offline_form(prospect.do),
            "text": prospect.text,
            "texts": prospect.texts,
            "limits": {"message_bytes": channel.limits.message_bytes},
        }

    def check_origin(self, org_id: str, channel_key: str, *, origin: str, host: str) -> Channel:
        """Return the channel when a page of ``origin`` may use it; raise NotFound, Forbidden (``origin-refused``)."""
        channel = self.channel(org_id, channel_key)
        if not allowed(channel.allowed_origins, origin, host):
            raise Forbidden("pages of this origin may not use the channel", slug="origin-refused")
        return channel

    def channel(self, org_id: str, channel_key: str) -> Channel:
        """Return the chat channel as configured now; raise NotFound (``unknown-channel``)."""
        channel = self._parts.organisations.get(org_id).channels.get(channel_key)
        if channel is None or channel.kind != KIND:
            raise NotFound("there is no such chat channel", slug="unknown-channel")
        return channel

    def waiting(self) -> Iterator[Place]:
        """Yield the place of each socket here whose visitor waits in a queue; sockets may come and go meanwhile."""
        for session in tuple(self._sessions):
            place = session.place
            if place is not None:
                yield place

    def __len__(self) -> int:
        return len(self._sessions)

    async def stop(self) -> None:
        """Close all sockets with 1012 and admit no more; returns when their tasks have ended. Safe to call twice."""
        self._stopping = True
        sessions = dict(self._sessions)
        await asyncio.gather(*(session.hang_up() for session in sessions))
        tasks = [task for task in sessions.values() if not task.done()]
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=self._settings.stop_timeout_ms / 1000)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _admit(self, channel: Channel, address: str) -> None:
        if self._stopping:
            raise Unavailable("the process is stopping")
        if not self._limits.admit(address, channel.limits):
            raise TooFast("too many sockets from this address", slug="too-many-sockets", retry_after_ms=FULL_RETRY_MS)
