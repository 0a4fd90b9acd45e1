"""The conversations on one agent's socket: each entry once, in order, whatever the hints do.

An entry with the next number is forwarded as it came, without a read. A gap, or a ``Behind``, is
read from the record. A conversation that is being opened lets hints pass and looks once more
afterwards, so that nothing falls between the first read and the first hint.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.agents.frames import CaseFrame, EntryFrame, ReceiptFrame, TypingFrame, VisitorFrame, encode
from engine.agents.render import case_part, conversation_frame, entry_part
from engine.errors import Forbidden, NotFound, Unavailable
from engine.model.board import HeldItem
from engine.model.call import VOICE
from engine.model.case import Case
from engine.model.conversation import Author, Entry, Interaction
from engine.model.mail_channel import MAIL_KIND
from engine.model.record import Overview
from engine.model.signal import Behind, EntryAppended, Receipt, Signal, Typing, VisitorOnline
from engine.model.work import WorkState

LAST_ENTRIES = 200
"""Entries sent with a conversation, at most; older ones come on ``sync`` or over HTTP."""
LAST_CHARACTERS = 262_144
"""… and at most so much text, so that the frame stays small."""
PAGE = 200


class ConversationRecord(Protocol):
    """Read conversations from SQL."""

    async def overview(self, org_id: str, interaction_id: str) -> Overview:
        """Return the interaction with contact, case and work item; raise NotFound."""
        ...


class EntryRecord(Protocol):
    """Read transcripts from SQL."""

    async def since(self, org_id: str, interaction_id: str, *, after_seq: int, limit: int = PAGE) -> Sequence[Entry]:
        """Return the entries after a number, in order."""
        ...

    async def shown(self, org_id: str, interaction_id: str, *, last: int) -> tuple[Overview, list[Entry]]:
        """Return a conversation with contact, case, work item and its last entries; raise NotFound."""
        ...


class Inbox(Protocol):
    """Signals of the conversations that one socket follows."""

    def follow(self, interaction_id: str) -> None:
        """Hear this conversation too."""
        ...

    def unfollow(self, interaction_id: str) -> None:
        """Hear it no longer."""
        ...

    async def get(self) -> Signal:
        """Return the next signal."""
        ...

    def close(self) -> None:
        """Hear nothing any more."""
        ...


@dataclass(slots=True)
class _Thread:
    item: HeldItem
    opened: bool = False
    missed: bool = False  # a hint passed while opening
    online: bool | None = None  # what was heard of the visitor while opening
    last_seq: int = 0
    case: Case | None = None


class Shown:
    """Follow the conversations an agent holds and send their frames."""

    def __init__(
        self,
        *,
        org_id: str,
        conversations: ConversationRecord,
        entries: EntryRecord,
        inbox: Inbox,
        send: Callable[[str], None],
        visitor_online: Callable[[Interaction], Awaitable[bool]],
    ) -> None:
        self._org_id = org_id
        self._conversations = conversations
        self._entries = entries
        self._inbox = inbox
        self._send = send
        self._visitor_online = visitor_online
        self._threads: dict[str, _Thread] = {}

    def holds(self, interaction_id: str) -> bool:
        """Say whether the agent held the conversation when the board was last looked at."""
        return self._has(interaction_id, as_consult=False)

    def talks(self, interaction_id: str) -> bool:
        """Say whether he held it then and what he writes is said at once: mail is written, calls are spoken."""
        return self.holds(interaction_id) and self._threads[interaction_id].item.kind not in (MAIL_KIND, VOICE)

    def consults(self, interaction_id: str) -> bool:
        """Say whether he was asked about it then: he may read it and leave notes."""
        return self._has(interaction_id, as_consult=True)

    def _has(self, interaction_id: str, *, as_consult: bool) -> bool:
        thread = self._threads.get(interaction_id)
        if thread is None or bool(thread.item.parent_id) is not as_consult:
            return False
        return thread.item.state in (WorkState.ACTIVE, WorkState.WRAPUP)

    def require(self, interaction_id: str) -> None:
        """Raise Forbidden unless the conversation is held."""
        if not self.holds(interaction_id):
            raise Forbidden("The conversation is not with you.", slug="not-yours")

    async def show(self, items: Sequence[HeldItem]) -> set[str]:
        """Show exactly these: open the new ones, drop those that are gone. Raises Unavailable; repeat then.

        Returns the conversations whose work changed its state: their case may have changed with it.
        """
        turned: set[str] = set()
        # Who holds a conversation that he is also asked about has it for himself.
        ordered = sorted(items, key=lambda item: not item.parent_id)
        held = {item.interaction_id: item for item in ordered if item.interaction_id}
        for interaction_id in [known for known in self._threads if known not in held]:
            del self._threads[interaction_id]
            self._inbox.unfollow(interaction_id)
        for interaction_id, item in held.items():
            thread = self._threads.get(interaction_id)
            if thread is None or thread.item.item_id != item.item_id:
                thread = self._threads[interaction_id] = _Thread(item=item)
                self._inbox.follow(interaction_id)
            changed, thread.item = thread.item.state is not item.state, item
            if not thread.opened:
                await self._open(interaction_id, thread)
            elif changed:
                turned.add(interaction_id)
        return turned

    async def run(self) -> None:
        """Forward signals until cancelled."""
        while True:
            signal = await self._inbox.get()
            thread = self._threads.get(signal.interaction_id)
            if thread is None:
                continue
            if not thread.opened:
                thread.missed = True
                if isinstance(signal, VisitorOnline):
                    thread.online = signal.online
            elif isinstance(signal, EntryAppended):
                await self._entry(thread, signal)
            elif isinstance(signal, Behind):
                await self._catch_up(signal.interaction_id, thread)
            else:
                self._hint(signal)

    async def sync(self, interaction_id: str, after_seq: int) -> None:
        """Send the entries after ``after_seq`` (again). Raises Forbidden, Unavailable."""
        if not self.consults(interaction_id):
            self.require(interaction_id)
        thread = self._threads[interaction_id]
        while True:
            page = await self._entries.since(self._org_id, interaction_id, after_seq=after_seq, limit=PAGE)
            for entry in page:
                self._send(_encode_entry(entry))
                if entry.seq == thread.last_seq + 1:
                    thread.last_seq = entry.seq
            if len(page) < PAGE:
                return
            after_seq = page[-1].seq

    async def look_at_case(self, interaction_id: str) -> None:
        """Read the conversation's case again and send it when it changed. Raises Unavailable."""
        overview = await self._conversations.overview(self._org_id, interaction_id)
        if overview.case is not None:
            self.tell_case(interaction_id, overview.case)

    def tell_case(self, interaction_id: str, case: Case) -> None:
        """Send the conversation's case when it is news."""
        thread = self._threads.get(interaction_id)
        if thread is None or (thread.case is not None and thread.case.version >= case.version):
            return
        thread.case = case
        self._send(encode(CaseFrame(interaction_id=interaction_id, case=case_part(case))))

    def interactions_of(self, case_id: str) -> list[str]:
        """Return the shown conversations that belong to a case."""
        return [key for key, thread in self._threads.items() if thread.case and thread.case.id == case_id]

    async def _open(self, interaction_id: str, thread: _Thread) -> None:
        try:
            overview, entries = await self._entries.shown(self._org_id, interaction_id, last=LAST_ENTRIES)
        except NotFound:
            return  # the board is ahead of a record that was restored from a copy; nothing to show
        online = await self._online(overview.interaction)
        if thread.online is not None:
            online = thread.online
        thread.last_seq = entries[-1].seq if entries else max(0, overview.interaction.last_seq - LAST_ENTRIES)
        thread.case = overview.case
        frame = conversation_frame(overview, latest(entries), item_id=thread.item.item_id, online=online)
        self._send(encode(frame))
        thread.opened = True
        if thread.missed or len(entries) == PAGE:
            await self._catch_up(interaction_id, thread)

    async def _online(self, interaction: Interaction) -> bool:
        try:
            return await self._visitor_online(interaction)
        except Unavailable:
            return False  # nobody knows; the next who comes or goes is told

    async def _entry(self, thread: _Thread, signal: EntryAppended) -> None:
        if signal.entry.seq == thread.last_seq + 1:
            thread.last_seq = signal.entry.seq
            self._send(signal.frame("agent", _encode_entry))
        elif signal.entry.seq > thread.last_seq:
            await self._catch_up(signal.interaction_id, thread)

    async def _catch_up(self, interaction_id: str, thread: _Thread) -> None:
        while True:
            page = await self._entries.since(self._org_id, interaction_id, after_seq=thread.last_seq, limit=PAGE)
            for entry in page:
                if entry.seq == thread.last_seq + 1:  # another catch-up may have been faster
                    thread.last_seq = entry.seq
                    self._send(_encode_entry(entry))
            if len(page) < PAGE:
                return

    def _hint(self, signal: Signal) -> None:
        if isinstance(signal, Typing) and signal.who is Author.VISITOR:
            frame = TypingFrame(
                interaction_id=signal.interaction_id, on=signal.on, who=signal.who.value, name=signal.name
            )
            self._send(encode(frame))
        elif isinstance(signal, Receipt) and signal.who is Author.VISITOR:
            self._send(
                encode(
                    ReceiptFrame(
                        interaction_id=signal.interaction_id,
                        received_seq=signal.received_seq,
                        read_seq=signal.read_seq,
                    )
                )
            )
        elif isinstance(signal, VisitorOnline):
            self._send(encode(VisitorFrame(interaction_id=signal.interaction_id, online=signal.online)))


def latest(entries: Sequence[Entry]) -> list[Entry]:
    """Return the last entries that together keep within ``LAST_CHARACTERS``, at least one."""
    room, first = LAST_CHARACTERS, len(entries)
    while first > 0 and (room := room - len(entries[first - 1].body)) >= 0:
        first -= 1
    return list(entries[min(first, len(entries) - 1) :]) if entries else []


def _encode_entry(entry: Entry) -> str:
    return encode(EntryFrame(interaction_id=entry.interaction_id, entry=entry_part(entry)))
