"""One agent's socket, from hello to close.

A few tasks, owned by ``run``: read frames, write frames, mirror the board, write marks, and for supervisors wallboard
and alerts. None waits for a slow peer: what is to be sent goes into a bounded outbox, and when that is full the
socket closes with 1013 and its client resumes.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from engine.agents.board import Wallboard
from engine.agents.calls import CallBook, CallsView
from engine.agents.commands import Commands
from engine.agents.desk import Desk, StatusBoard, WorkRecord
from engine.agents.floor import Floor
from engine.agents.frames import (
    Accept,
    Accepted,
    Ack,
    ClientFrame,
    ClientHello,
    ErrorFrame,
    Heartbeat,
    Look,
    Ping,
    Pong,
    SendMessage,
    SendRead,
    SendTyping,
    ServerFrame,
    Sync,
    WatchTopic,
    decode,
    encode,
)
from engine.agents.mirror import Mirror, MirrorParts
from engine.agents.offers import OfferDesk
from engine.agents.outbox import Outbox, Wire, WireClosed
from engine.agents.presence import Organisations, Presence, heartbeat_ms
from engine.agents.reading import Reading
from engine.agents.render import hello
from engine.agents.shown import ConversationRecord, EntryRecord, Inbox, Shown
from engine.agents.waiting import WaitingRoom, WaitingView
from engine.agents.watch import Alerts, Watch
from engine.agents.works import Works
from engine.clock import Clock, rfc3339
from engine.errors import CordboardError, Forbidden, InvalidInput, ProtocolError, Unavailable
from engine.model.case import Case
from engine.model.conversation import Author, Interaction
from engine.model.organisation import Role
from engine.model.oversight import sight_in
from engine.model.user import Principal
from engine.model.visibility import Sight

log = structlog.get_logger(__name__)

POLICY, TOO_BIG, BROKEN, OVERLOADED = 1008, 1009, 1011, 1013
"""WebSocket close codes (RFC 6455, section 7.4; 1013 from the IANA registry)."""
FLUSH_S = 1.0
RECHECK_S = 30.0
"""How often a long-lived socket asks whether its user may still be here."""


class Speaker(Protocol):
    """Pass on an agent's marks and typing."""

    async def agent_mark(self, org_id: str, interaction_id: str, *, read_seq: int) -> None:
        """Note how far the agent has read."""
        ...

    def typing(self, org_id: str, interaction_id: str, who: Author, *, name: str = "", on: bool) -> None:
        """Tell that somebody types."""
        ...


class Inboxes(Protocol):
    """The hub, as far as a socket needs it."""

    def inbox(self) -> Inbox:
        """Return a subscription that follows nothing yet."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionParts:
    """What every agent socket is built from."""

    floor: Floor
    presence: Presence
    desk: Desk
    statuses: StatusBoard
    work: WorkRecord
    conversations: ConversationRecord
    entries: EntryRecord
    transcript: Speaker
    hub: Inboxes
    wallboard: Wallboard
    alerts: Alerts
    waiting: WaitingRoom
    calls: CallBook
    organisations: Organisations
    clock: Clock
    visitor_online: Callable[[Interaction], Awaitable[bool]]  # in any process


class AgentSession:
    """Serve one socket of a signed-in user."""

    def __init__(
        self,
        *,
        parts: SessionParts,
        who: Principal,
        wire: Wire,
        connection: str,
        login_key: str = "",
        still_allowed: Callable[[], Awaitable[bool]],
        outbox: Outbox | None = None,
    ) -> None:
        self._parts = parts
        self._who = who
        self._wire = wire
        self._connection = connection
        self._login_key = login_key
        self._still_allowed = still_allowed
        self._outbox = outbox or Outbox()
        self._inbox = parts.hub.inbox()
        self._ending: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()
        self._reading = Reading(org_id=who.org_id, marks=parts.transcript)
        self._shown = Shown(
            org_id=who.org_id,
            conversations=parts.conversations,
            entries=parts.entries,
            inbox=self._inbox,
            send=self.tell,
            visitor_online=parts.visitor_online,
        )
        self._mirror = self._make_mirror()
        self._watch = Watch(who=who, board=parts.wallboard, alerts=parts.alerts, sight=self._sight, send=self.tell)
        self._commands = Commands(name=f"agent-socket:command:{who.login}")
        self._waiting = WaitingView(who=who, room=parts.waiting, organisations=parts.organisations, send=self.tell)
        self._calls = CallsView(
            who=who, book=parts.calls, organisations=parts.organisations, sight=self._sight, send=self.tell
        )
        self._handlers: dict[type[ClientFrame], Callable[[Any], Awaitable[None]]] = {
            ClientHello: self._on_hello,
            Heartbeat: self._on_heartbeat,
            SendMessage: self._on_message,
            Accept: self._on_accept,
            SendTyping: self._on_typing,
            SendRead: self._on_read,
            Sync: self._on_sync,
            WatchTopic: self._on_watch,
            Look: self._on_look,
        }

    def _make_mirror(self) -> Mirror:
        parts = self._parts
        works = Works(org_id=self._who.org_id, record=parts.work)
        mirrored = MirrorParts(
            floor=parts.floor,
            board=parts.statuses,
            desk=parts.desk,
            offers=OfferDesk(entries=parts.entries, works=works),
            shown=self._shown,
            works=works,
            organisations=parts.organisations,
            patience=parts.presence.patience,
        )
        return Mirror(member=self, parts=mirrored)

    @property
    def who(self) -> Principal:
        """Return the signed-in user."""
        return self._who

    @property
    def login_key(self) -> str:
        """Return what the user signed in with, so that signing out can find its sockets."""
        return self._login_key

    def wake(self) -> None:
        """Ask the board again soon."""
        self._mirror.wake()

    @property
    def sees_all(self) -> bool:
        """Say whether nothing of cases is hidden from the user."""
        return self._sight().everything

    def wake_alerts(self) -> None:
        """Look for alerts soon."""
        self._watch.wake_alerts()

    def wake_calls(self) -> None:
        """Look at the calls of his telephones soon."""
        self._calls.wake()

    def tell(self, text: str) -> None:
        """Queue an encoded frame; without room the socket ends with 1013."""
        if not self._outbox.put(text):
            self.stop(OVERLOADED, "too slow")

    def case_changed(self, case: Case | None, interaction_id: str) -> None:
        """Show a changed case; without one, read the conversation's soon."""
        self._mirror.case_changed(case, interaction_id)

    def stop(self, code: int, reason: str) -> None:
        """End the socket; the first reason counts."""
        if not self._ending.done():
            self._ending.set_result((code, reason))

    async def run(self) -> None:
        """Serve until the peer goes, the socket is stopped or the task is cancelled."""
        organisation = self._parts.organisations.get(self._who.org_id)
        self._send(hello(self._who, organisation, heartbeat_ms=heartbeat_ms(organisation)))
        tasks: list[asyncio.Task[None]] = []
        try:
            self._parts.floor.add(self)  # before anything is awaited: who counts sockets must not miss one that opens
            await self._parts.presence.open(self._who.org_id, self._who.user_id, self._connection)
            for name, work in self._works().items():
                tasks.append(asyncio.create_task(self._guard(work), name=f"agent-socket:{name}:{self._who.login}"))
            code, reason = await self._ending
            await self._flush(code)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._commands.close()
            self._parts.floor.remove(self)
            self._mirror.close()
            self._inbox.close()
            await self._reading.flush()
            await self._parts.presence.close(self._connection)
        await self._wire.close(code, reason)

    def _sight(self) -> Sight:
        return sight_in(self._parts.organisations.get(self._who.org_id), self._who)

    def _works(self) -> dict[str, Coroutine[Any, Any, None]]:
        works = {
            "read": self._read(),
            "write": self._outbox.run(self._wire),
            "marks": self._reading.run(),
            "recheck": self._recheck(),
            "nudge": self._nudge(),
            "waiting": self._waiting.run(),
            "alerts": self._watch.run_alerts(),
            "calls": self._calls.run(),
        } | self._mirror.works()
        if self._who.at_least(Role.SUPERVISOR):
            works |= {"board": self._watch.run_board()}
        return works

    async def _nudge(self) -> None:
        await self._parts.presence.nudge(self._connection, lambda: self._send(Ping()))
        await self._ending  # one without a place in the configuration has no lease to keep

    async def _guard(self, work: Coroutine[Any, Any, None]) -> None:
        """Run one of the socket's tasks; its end is the socket's end."""
        try:
            await work
        except WireClosed:
            self.stop(1000, "gone")
        except ProtocolError as error:
            self._send(ErrorFrame(slug=error.slug, detail=error.detail))
            self.stop(TOO_BIG if error.slug == "too-large" else POLICY, error.slug)
        except Exception:
            log.exception("agent socket failed", user=self._who.user_id)
            self.stop(BROKEN, "internal")

    async def _flush(self, code: int) -> None:
        """Let an error frame out before the close; a peer that does not read is not waited for."""
        if code not in (1000, OVERLOADED):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_S):
                    await self._outbox.drained()

    async def _read(self) -> None:
        while True:
            await self._handle(await self._wire.receive())

    async def _handle(self, text: str | bytes) -> None:
        frame = decode(text)
        self._parts.presence.beat(self._connection)
        await self._carry_out(frame, self._handlers[type(frame)])

    async def _carry_out(self, frame: ClientFrame, handler: Callable[[Any], Awaitable[None]]) -> None:
        """Run a frame's handler; tell what it refuses. Raises ProtocolError."""
        try:
            await handler(frame)
        except ProtocolError:
            raise
        except CordboardError as error:
            client_id = getattr(frame, "client_id", "")
            self._send(ErrorFrame(slug=error.slug, detail=str(error), client_id=client_id))

    async def _on_hello(self, _: ClientHello) -> None:
        """Do nothing: with a cookie the welcome did not wait for it."""

    async def _on_heartbeat(self, _: Heartbeat) -> None:
        self._send(Pong())

    async def _on_message(self, frame: SendMessage) -> None:
        ids = {"client_id": frame.client_id, "body": frame.body}
        if frame.note and self._shown.consults(frame.interaction_id):
            appended = await self._parts.desk.note_as_asked(
                self._who, frame.interaction_id, **ids, consult_id=frame.consult_id
            )
        elif frame.note:
            appended = await self._parts.desk.note(self._who, frame.interaction_id, **ids, consult_id=frame.consult_id)
        elif self._shown.talks(frame.interaction_id):
            appended = await self._parts.desk.say_as_holder(self._who, frame.interaction_id, **ids)
        else:
            appended = await self._parts.desk.say(self._who, frame.interaction_id, **ids)
        entry = appended.entry
        self._send(
            Ack(client_id=frame.client_id, interaction_id=entry.interaction_id, seq=entry.seq, at=rfc3339(entry.at_ms))
        )

    async def _on_accept(self, frame: Accept) -> None:
        await self._commands.begin(lambda: self._guard(self._carry_out(frame, self._accept)))

    async def _accept(self, frame: Accept) -> None:
        await self._parts.desk.accept(self._who, frame.item_id, frame.assignment)
        self._send(Accepted(client_id=frame.client_id, item_id=frame.item_id, assignment=frame.assignment))

    async def _on_typing(self, frame: SendTyping) -> None:
        self._shown.require(frame.interaction_id)
        self._parts.transcript.typing(
            self._who.org_id, frame.interaction_id, Author.AGENT, name=self._who.name, on=frame.on
        )

    async def _on_read(self, frame: SendRead) -> None:
        self._shown.require(frame.interaction_id)
        self._reading.note(frame.interaction_id, frame.seq)

    async def _on_sync(self, frame: Sync) -> None:
        await self._shown.sync(frame.interaction_id, frame.after_seq)

    async def _on_watch(self, frame: WatchTopic) -> None:
        if frame.topic == "waiting":
            self._waiting.watch(on=frame.on)
            return
        if frame.topic != "board":
            raise InvalidInput("There is no such topic.", slug="unknown-topic")
        if not self._who.at_least(Role.SUPERVISOR):
            raise Forbidden("The wallboard is for supervisors.", slug="forbidden")
        self._watch.watch_board(on=frame.on)

    async def _on_look(self, _: Look) -> None:
        self._mirror.wake()
        self._calls.wake()

    async def _recheck(self) -> None:
        while True:
            await asyncio.sleep(RECHECK_S)
            try:
                allowed = await self._still_allowed()
            except Unavailable:
                continue
            if not allowed:
                self._send(ErrorFrame(slug="unauthenticated", detail="You were signed out."))
                self.stop(POLICY, "signed out")

    def _send(self, frame: ServerFrame) -> None:
        self.tell(encode(frame))
