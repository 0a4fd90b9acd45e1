"""One visitor's socket from its first frame to its close.

Two tasks: this one reads frames and acts; the relay sends what happens in the conversation. Whatever ends either
ends both, and the visitor comes back with ``resume``: the record knows everything, the socket nothing.
"""

import asyncio
import traceback
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, ClassVar, Literal, NoReturn

import structlog

from engine.channels.chat.frames import (
    Ack,
    ClientFrame,
    End,
    Form,
    Leave,
    LeftMessage,
    LimitsLine,
    Message,
    Offline,
    Open,
    Opened,
    Ping,
    Pong,
    Read,
    ReceiptFrame,
    Received,
    Resume,
    SessionLine,
    VisitorTyping,
    offline_form,
)
from engine.channels.chat.limits import Limits
from engine.channels.chat.outlet import Outlet
from engine.channels.chat.parts import Listener, Parts
from engine.channels.chat.position import Place
from engine.channels.chat.presence import Presence
from engine.channels.chat.protocol import NORMAL, RESTART, VisitorProtocol, hash_token
from engine.channels.chat.receipts import Receipts
from engine.channels.chat.refusal import refuse
from engine.channels.chat.relay import ConversationEnded, Relay
from engine.channels.chat.settings import ChatSettings
from engine.channels.socket import Socket, SocketClosed
from engine.clock import Clock, rfc3339
from engine.errors import Conflict, NotFound, ProtocolError, TooFast
from engine.model.conversation import (
    Arrival,
    Author,
    Availability,
    Draft,
    Entry,
    EntryKind,
    Interaction,
    InteractionState,
)
from engine.model.organisation import Channel, nearest_text
from engine.model.work import WorkItem, WorkState

log = structlog.get_logger(__name__)

_WAITING_STATES = (WorkState.PENDING, WorkState.QUEUED, WorkState.OFFERED)
_FLUSH_S = 1.0


class Session:
    """Serve one visitor's socket."""

    def __init__(
        self,
        *,
        socket: Socket,
        org_id: str,
        channel: Channel,
        parts: Parts,
        presence: Presence,
        limits: Limits,
        clock: Clock,
        settings: ChatSettings,
    ) -> None:
        self._socket = socket
        self._org_id = org_id
        self._channel = channel
        self._parts = parts
        self._presence = presence
        self._limits = limits
        self._clock = clock
        self._settings = settings
        self._outlet = Outlet(socket=socket, timeout_ms=settings.send_timeout_ms)
        self._protocol = VisitorProtocol(channel.limits)
        self._token_hash = ""
        self._name: str | None = None  # not known yet
        self._interaction: Interaction | None = None
        self._item: WorkItem | None = None
        self._listener: Listener | None = None
        self._relay: Relay | None = None
        self._receipts: Receipts | None = None
        self._group: asyncio.TaskGroup | None = None
        self._typing = False
        self._typing_at_ms = 0
        self._present = False

    async def run(self) -> None:
        """Serve the socket until it is closed by either side. Raises nothing; a cancelled call closes with 1012."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                await self._read_frames()
        except asyncio.CancelledError:
            await self._outlet.close(RESTART, "restart")
            raise
        except ExceptionGroup as failure:
            await self._depart(_first(failure))
            traceback.clear_frames(failure.__traceback__)  # they hold the failure that holds them
        finally:
            self._let_go()

    async def hang_up(self) -> None:
        """Close the socket because the process stops; the visitor comes back to another one."""
        await self._outlet.close(RESTART, "restart")

    @property
    def place(self) -> Place | None:
        """Return where the visitor waits, while he waits in a queue."""
        if self._relay is None or not self._relay.waiting or self._item is None:
            return None
        item, shown = self._item, self._relay.shown
        return Place(org_id=self._org_id, item_id=item.id, interaction_id=item.interaction_id, shown=shown)

    async def _read_frames(self) -> NoReturn:
        try:
            async with asyncio.timeout(self._settings.first_frame_ms / 1000):
                text = await self._socket.receive_text()
        except TimeoutError as error:
            raise ProtocolError("no frame came", slug="out-of-order") from error
        while True:
            wait_ms = self._limits.frame(self._socket.address, self._channel.limits, self._clock.now_ms())
            if wait_ms:
                raise TooFast("too many frames from this address", retry_after_ms=wait_ms)
            frame: ClientFrame = self._protocol.receive(text)
            await self._HANDLERS[type(frame)](self, frame)
            text = await self._socket.receive_text()

    async def _on_open(self, frame: Open) -> None:
        self._greet(frame.token)
        topic = self._known_topic(frame.form)
        prospect = await self._parts.reception.prospect(
            self._org_id, self._channel.key, topic=topic, locale=frame.locale, text=frame.body
        )
        state = prospect.state
        # Opening is idempotent, so only where nothing may be opened must we ask what is open already.
        interaction = None if state is Availability.OPEN else await self._find()
        if interaction is not None:
            await self._go_on(interaction, frame)
            return
        if state is not Availability.OPEN:
            self._protocol.offline()
            reason: Literal["closed", "unstaffed"] = "closed" if state is Availability.CLOSED else "unstaffed"
            told = nearest_text(prospect.text, prospect.texts, frame.locale)
            await self._outlet.send(Offline(reason=reason, form=offline_form(prospect.do), text=told))
            return
        opened = await self._parts.reception.open(self._arrival(frame, topic), listen=self._listen)
        self._name = opened.contact.name
        if opened.repeated:
            await self._go_on(opened.interaction, frame)
            return
        await self._enter(opened.interaction, item=opened.item, after_seq=0, known=opened.entries)
        if opened.entries and frame.client_id is not None:
            await self._ack(frame.client_id, opened.entries[0])

    async def _go_on(self, interaction: Interaction, frame: Open) -> None:
        """Enter a conversation that was open before; what this ``open`` says must not be lost for that."""
        first: Entry | None = None
        if frame.body and frame.client_id and interaction.state is InteractionState.OPEN:
            first = await self._append(interaction, frame.client_id, frame.body)
        await self._enter(interaction, item=await self._find_item(interaction), after_seq=0)
        if first is not None and frame.client_id:
            await self._ack(frame.client_id, first)

    async def _on_resume(self, frame: Resume) -> None:
        self._greet(frame.token)
        interaction = await self._find()
        if interaction is None:
            raise NotFound("no conversation has this token", slug="unknown-session")
        item = await self._find_item(interaction)
        await self._enter(interaction, item=item, after_seq=frame.last_seq)

    async def _on_leave(self, frame: Leave) -> None:
        self._greet(frame.token)
        left = await self._parts.reception.leave_message(self._arrival(frame, self._known_topic(frame.form)))
        if left.repeated and all(one.client_id != frame.client_id for one in left.entries):
            # Of what was not kept nobody may be told that it is.
            raise Conflict("this token has another conversation; begin with a new one", slug="interaction-closed")
        self._protocol.offline()
        await self._outlet.send(LeftMessage(case_number=left.case.number if left.case else 0))

    def _listen(self, interaction_id: str) -> Listener:
        if self._listener is None:
            self._listener = self._parts.hub.subscribe(self._org_id, interaction_id)
        return self._listener

    async def _enter(
        self,
        interaction: Interaction,
        *,
        item: WorkItem | None,
        after_seq: int,
        known: Sequence[Entry] | None = None,
    ) -> None:
        """Show the conversation from ``after_seq`` on; ``known`` are all entries of one that is new."""
        # Listen first, read then: what is committed in between comes twice and is shown once.
        listener = self._listen(interaction.id)
        self._interaction, self._item = interaction, item
        if interaction.state is InteractionState.OPEN:
            self._presence.arrive(interaction)
            self._present = True
        self._protocol.opened(after_seq)
        self._relay = Relay(
            outlet=self._outlet,
            transcript=self._parts.transcript,
            listener=listener,
            interaction=interaction,
            # A number from before a restored backup must not hide what comes.
            sent_seq=min(after_seq, interaction.last_seq),
            on_sent=self._protocol.sent,
        )
        await self._outlet.send(
            Opened(
                session=SessionLine(interaction_id=interaction.id, state=interaction.state.value),
                last_seq=interaction.last_seq,
                resumed=known is None,
                limits=LimitsLine(message_bytes=self._channel.limits.message_bytes),
            )
        )
        self._relay.waiting = item is not None and item.state in _WAITING_STATES
        await (self._relay.catch_up() if known is None else self._relay.show(known))
        if interaction.agent_read_seq:
            seq = interaction.agent_read_seq
            await self._outlet.send(ReceiptFrame(received_seq=seq, read_seq=seq))
        if interaction.state is InteractionState.CLOSED:
            await self._relay.say_ended(interaction.close_reason)
        assert self._group is not None
        self._group.create_task(self._relay.run(), name=f"chat-relay:{interaction.id}")

    async def _on_message(self, frame: Message) -> None:
        self._count_message()
        entry = await self._append(self._here(), frame.client_id, frame.body)
        await self._ack(frame.client_id, entry)

    async def _on_typing(self, frame: VisitorTyping) -> None:
        now_ms = self._clock.now_ms()
        fresh = now_ms - self._typing_at_ms >= self._settings.typing_interval_ms
        if (frame.on and (fresh or not self._typing)) or (not frame.on and self._typing):
            self._typing, self._typing_at_ms = frame.on, now_ms
            await self._name_of(self._here())
            self._tell_typing(on=frame.on)

    async def _on_received(self, frame: Received) -> None:
        self._receipt_book().note(received_seq=frame.seq)

    async def _on_read(self, frame: Read) -> None:
        self._receipt_book().note(read_seq=frame.seq)

    async def _on_end(self, _: End) -> None:
        item_id = self._item.id if self._item is not None else ""
        await self._parts.reception.conclude(self._org_id, self._here().id, "visitor", item_id=item_id)

    async def _on_ping(self, _: Ping) -> None:
        await self._outlet.send(Pong())

    async def _append(self, interaction: Interaction, client_id: str, body: str) -> Entry:
        name = await self._name_of(interaction)
        draft = Draft(kind=EntryKind.MESSAGE, author=Author.VISITOR, author_name=name, client_id=client_id, body=body)
        return (await self._parts.transcript.append(self._org_id, interaction.id, draft)).entry

    async def _name_of(self, interaction: Interaction) -> str:
        """Return the visitor's name; who came back is asked for in the record, when he first writes."""
        if self._name is None:
            contact = (await self._parts.record.conversations.overview(self._org_id, interaction.id)).contact
            self._name = contact.name if contact is not None else ""
        return self._name

    async def _ack(self, client_id: str, entry: Entry) -> None:
        await self._outlet.send(Ack(client_id=client_id, seq=entry.seq, at=rfc3339(entry.at_ms)))

    async def _find(self) -> Interaction | None:
        return await self._parts.record.conversations.by_token(self._org_id, self._channel.key, self._token_hash)

    async def _find_item(self, interaction: Interaction) -> WorkItem | None:
        if interaction.state is InteractionState.CLOSED:
            return None
        return await self._parts.record.work.for_interaction(self._org_id, interaction.id)

    def _greet(self, token: str) -> None:
        self._token_hash = hash_token(token)
        self._count_message()

    def _count_message(self) -> None:
        wait_ms = self._limits.message(self._token_hash, self._channel.limits, self._clock.now_ms())
        if wait_ms:
            raise TooFast("too many messages", retry_after_ms=wait_ms)

    def _arrival(self, frame: Open | Leave, topic: str) -> Arrival:
        return Arrival(
            org_id=self._org_id,
            channel=self._channel.key,
            conversation_key=self._token_hash,
            token_hash=self._token_hash,
            name=frame.form.name,
            email=frame.form.email,
            locale=frame.locale,
            topic=topic,
            body=frame.body,
            client_id=frame.client_id or "",
            address=self._socket.address,
            phone=frame.form.phone,
            callback=isinstance(frame, Leave) and frame.callback,
            after_hash=hash_token(frame.after) if isinstance(frame, Leave) and frame.after else "",
        )

    def _known_topic(self, form: Form) -> str:
        # A topic may have been configured away while the page showed it.
        return form.topic if any(key == form.topic for key, _ in self._channel.topics) else ""

    def _here(self) -> Interaction:
        assert self._interaction is not None, "the protocol lets nothing through before"
        return self._interaction

    def _receipt_book(self) -> Receipts:
        if self._receipts is None:
            interaction = self._here()
            self._receipts = Receipts(
                write=lambda received, read: self._parts.transcript.receive_mark(
                    self._org_id, interaction.id, delivered_seq=received, read_seq=read
                ),
                interval_ms=self._settings.receipt_interval_ms,
            )
            assert self._group is not None
            self._group.create_task(self._receipts.run(), name=f"chat-receipts:{interaction.id}")
        return self._receipts

    def _tell_typing(self, *, on: bool) -> None:
        self._parts.transcript.typing(self._org_id, self._here().id, Author.VISITOR, name=self._name or "", on=on)

    async def _depart(self, reason: BaseException) -> None:
        if isinstance(reason, ConversationEnded):
            await self._outlet.close(NORMAL, "ended")
        elif not isinstance(reason, SocketClosed):
            await refuse(self._outlet, reason)
        if self._receipts is not None:
            try:
                async with asyncio.timeout(_FLUSH_S):
                    await self._receipts.flush()
            except TimeoutError:
                log.warning("last receipts not written", interaction=self._here().id)

    def _let_go(self) -> None:
        if self._listener is not None:
            self._listener.close()
        if self._typing:
            self._tell_typing(on=False)
        if self._present:
            self._presence.depart(self._here())
        self._group = self._receipts = None  # both know this session: else only a search for cycles would free it

    _HANDLERS: ClassVar[Mapping[type, Callable[["Session", Any], Coroutine[Any, Any, None]]]] = {
        Open: _on_open,
        Resume: _on_resume,
        Leave: _on_leave,
        Message: _on_message,
        VisitorTyping: _on_typing,
        Received: _on_received,
        Read: _on_read,
        End: _on_end,
        Ping: _on_ping,
    }


def _first(failure: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first plain exception of a group."""
    first = failure.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first
