"""The transcript: what was said, in order, committed before anybody is told."""

from collections.abc import Callable, Iterable
from typing import Protocol

from engine.clock import Clock
from engine.failpoints import failpoint
from engine.model.conversation import Appended, Author, Draft, Entry, EntryKind, VisitorMark
from engine.model.signal import EntryAppended, Receipt, Signal, Typing

PAGE = 200


class Transcripts(Protocol):
    """Keep transcripts (SQL)."""

    async def append(self, org_id: str, interaction_id: str, draft: Draft, *, now_ms: int) -> Appended:
        """Commit an entry, once per (author, client id)."""
        ...

    async def since(
        self, org_id: str, interaction_id: str, *, after_seq: int, limit: int = PAGE, public_only: bool = False
    ) -> list[Entry]:
        """Return the entries after a number, in order."""
        ...

    async def mark_visitor(self, org_id: str, interaction_id: str, *, delivered_seq: int, read_seq: int) -> VisitorMark:
        """Raise the customer's marks, never beyond the last entry."""
        ...

    async def mark_agent(self, org_id: str, interaction_id: str, *, read_seq: int) -> None:
        """Raise the agent's mark."""
        ...


class Outlet(Protocol):
    """Tell listeners."""

    def publish(self, signal: Signal) -> None:
        """Deliver a signal; never blocks."""
        ...


class Transcript:
    """Write and read transcripts; tell whoever listens, after the commit."""

    def __init__(
        self, *, record: Transcripts, hub: Outlet, clock: Clock, count: Callable[[str], None] | None = None
    ) -> None:
        """Keep transcripts in ``record``; ``count`` hears the author of each message that is committed."""
        self._count = count
        self._record = record
        self._hub = hub
        self._clock = clock

    async def append(self, org_id: str, interaction_id: str, draft: Draft) -> Appended:
        """Commit an entry, then tell the listeners. Idempotent by the draft's ``client_id``.

        Raises NotFound, Conflict (``interaction-closed``), Unavailable. A cancelled call may still commit.
        """
        appended = await self._record.append(org_id, interaction_id, draft, now_ms=self._clock.now_ms())
        # A repeat is told again: the first telling may be what a crash cut off. Listeners know the number.
        self._hub.publish(EntryAppended(org_id=org_id, entry=appended.entry))
        failpoint("transcript.after-publish")
        if not appended.repeated:
            self._note(appended.entry)
        return appended

    def publish(self, entries: Iterable[Entry], *, org_id: str = "") -> None:
        """Tell the listeners of entries that another transaction committed."""
        for entry in entries:
            self._hub.publish(EntryAppended(org_id=org_id, entry=entry))
            self._note(entry)

    def _note(self, entry: Entry) -> None:
        if self._count is not None and entry.kind is EntryKind.MESSAGE:
            self._count(entry.author.value)

    async def since(
        self, org_id: str, interaction_id: str, *, after_seq: int, limit: int = PAGE, public_only: bool = False
    ) -> list[Entry]:
        """Return up to ``limit`` entries after ``after_seq``, in order. Raises NotFound, Unavailable."""
        return await self._record.since(
            org_id, interaction_id, after_seq=after_seq, limit=limit, public_only=public_only
        )

    async def receive_mark(self, org_id: str, interaction_id: str, *, delivered_seq: int, read_seq: int) -> VisitorMark:
        """Note how far the customer has received and read; tell the listeners. Idempotent, never lowers."""
        mark = await self._record.mark_visitor(org_id, interaction_id, delivered_seq=delivered_seq, read_seq=read_seq)
        self._hub.publish(
            Receipt(
                org_id=org_id,
                interaction_id=interaction_id,
                who=Author.VISITOR,
                received_seq=mark.delivered_seq,
                read_seq=mark.read_seq,
            )
        )
        return mark

    async def agent_mark(self, org_id: str, interaction_id: str, *, read_seq: int) -> None:
        """Note how far the agent has read; tell the listeners. Idempotent, never lowers."""
        await self._record.mark_agent(org_id, interaction_id, read_seq=read_seq)
        self._hub.publish(
            Receipt(
                org_id=org_id,
                interaction_id=interaction_id,
                who=Author.AGENT,
                received_seq=read_seq,
                read_seq=read_seq,
            )
        )

    def typing(self, org_id: str, interaction_id: str, who: Author, *, name: str = "", on: bool) -> None:
        """Tell the listeners that somebody began or stopped writing; nothing is kept."""
        self._hub.publish(Typing(org_id=org_id, interaction_id=interaction_id, who=who, name=name, on=on))
