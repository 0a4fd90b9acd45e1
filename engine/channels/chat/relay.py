"""Show a conversation to one socket: first what was missed, then what happens, each entry once and in order.

Live entries come as hints. One with the next number is forwarded as it is, encoded once for all sockets; any other
number sends the relay to the record. So a lost, doubled or overtaken hint costs a query and nothing else.
"""

from collections.abc import Callable, Sequence

from engine.channels.chat.frames import AgentTyping, Ended, PositionFrame, ReceiptFrame, WaitLine
from engine.channels.chat.outlet import Outlet
from engine.channels.chat.parts import Listener, Transcript
from engine.channels.chat.protocol import encode_entry
from engine.model.board import Standing
from engine.model.conversation import Author, Entry, EntryKind, Interaction
from engine.model.signal import Behind, EntryAppended, Position, Receipt, Signal, Typing

PAGE = 200
NOWHERE = Standing(position=0)


class ConversationEnded(Exception):
    """The conversation is over and the visitor was told."""


class Relay:
    """The outgoing half of a visitor's socket."""

    def __init__(
        self,
        *,
        outlet: Outlet,
        transcript: Transcript,
        listener: Listener,
        interaction: Interaction,
        sent_seq: int,
        on_sent: Callable[[int], None],
    ) -> None:
        self.waiting = False  # whether the visitor waits in a queue
        self.shown = NOWHERE  # where he stands in it, as he was told
        self._outlet = outlet
        self._transcript = transcript
        self._listener = listener
        self._interaction = interaction
        self._sent_seq = sent_seq
        self._on_sent = on_sent

    async def run(self) -> None:
        """Forward signals until cancelled. Raises ConversationEnded, SocketClosed, Unavailable."""
        while True:
            await self._show(await self._listener.get())

    async def show(self, entries: Sequence[Entry]) -> None:
        """Send the next entries, as they are known. Raises as ``run``."""
        for entry in entries:
            await self._show_entry(entry, encode_entry)

    async def catch_up(self) -> None:
        """Send all entries of the record that were not sent. Raises as ``run``."""
        while True:
            page = await self._transcript.since(
                self._interaction.org_id, self._interaction.id, after_seq=self._sent_seq, limit=PAGE
            )
            await self.show(page)
            if len(page) < PAGE:
                return

    async def _show(self, signal: Signal) -> None:
        if isinstance(signal, EntryAppended):
            if signal.entry.seq == self._sent_seq + 1:
                await self._show_entry(signal.entry, lambda _: signal.frame("visitor", encode_entry))
            elif signal.entry.seq > self._sent_seq:
                await self.catch_up()
        elif isinstance(signal, Behind):
            if signal.last_seq == 0 or signal.last_seq > self._sent_seq:
                await self.catch_up()
        elif isinstance(signal, Typing) and signal.who is Author.AGENT:
            await self._outlet.send(AgentTyping(on=signal.on, name=signal.name))
        elif isinstance(signal, Receipt) and signal.who is Author.AGENT:
            await self._outlet.send(ReceiptFrame(received_seq=signal.received_seq, read_seq=signal.read_seq))
        elif isinstance(signal, Position):
            await self._show_position(Standing(position=signal.position, low_ms=signal.low_ms, high_ms=signal.high_ms))

    async def _show_position(self, now: Standing) -> None:
        if self.waiting and now != self.shown:
            self.shown = now
            wait = WaitLine(low_ms=now.low_ms, high_ms=now.high_ms) if now.high_ms else None
            await self._outlet.send(PositionFrame(position=now.position, wait=wait))

    async def _show_entry(self, entry: Entry, encode: Callable[[Entry], str]) -> None:
        self._sent_seq = entry.seq
        if entry.kind is EntryKind.JOINED:
            self.waiting, self.shown = False, NOWHERE
        elif entry.kind in (EntryKind.LEFT, EntryKind.TRANSFERRED):
            self.waiting = True
        if not entry.public:
            return
        self._on_sent(entry.seq)
        await self._outlet.send_text(encode(entry))
        if entry.kind is EntryKind.ENDED:
            await self.say_ended(str(entry.data.get("reason", "")), str(entry.data.get("text", "")))

    async def say_ended(self, reason: str, text: str = "") -> None:
        """Tell that the conversation is over; raises ConversationEnded."""
        await self._outlet.send(Ended(reason=reason, text=text))
        raise ConversationEnded
