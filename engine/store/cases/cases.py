"""Cases: reading them, opening them, deciding on them, commenting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Select, select

from engine.errors import NotFound
from engine.model.case import Case, CaseEvent, Comment, NewCase
from engine.model.case_setup import Filing
from engine.model.casework import CaseFacts, Decide, Decided
from engine.model.conversation import Interaction
from engine.model.record import CaseTimeline, Conversation
from engine.store.access import Access
from engine.store.cases.comments import write_comment
from engine.store.cases.decide import attention, decide_case
from engine.store.cases.facts import read_facts
from engine.store.cases.merged_reading import absorbed, present
from engine.store.cases.opening import open_alone, open_for
from engine.store.cases.tables import case_events, cases
from engine.store.cases.writes import LAST_LINE
from engine.store.conditions import INTERACTION_UNFILED
from engine.store.customers.whole import whole
from engine.store.direct import scalar
from engine.store.rows import AnyRow, case_event_of, case_of, entry_of, interaction_of
from engine.store.tables import entries, interactions

CaseEvents = list[CaseEvent]
Interactions = list[Interaction]
Attention = list[tuple[str, int]]

CONVERSATIONS_SHOWN = 50


class Cases:
    """Keep cases."""

    def __init__(self, *, access: Access) -> None:
        self._access = access
        self._observe: Callable[[Decided], None] | None = None

    def watch(self, observe: Callable[[Decided], None]) -> None:
        """Let ``observe`` be told of each decision that was committed, in this process."""
        self._observe = observe

    async def get(self, org_id: str, case_id: str) -> Case:
        """Return a case, or the one it was merged into; raise NotFound."""
        return await self._access.read(lambda conn: case_of(_find(conn, org_id, present(conn, org_id, case_id))))

    async def lines(self, org_id: str, case_id: str) -> int:
        """Return how many lines the history of a case has, that of one it was merged into included; raise NotFound."""

        def work(conn: Connection) -> int:
            found = _find(conn, org_id, present(conn, org_id, case_id))
            return scalar(conn, LAST_LINE, {"case": found.id}) or 0

        return await self._access.read(work)

    async def by_number(self, org_id: str, number: int) -> Case:
        """Return the case with this number; raise NotFound."""
        query = select(cases).where(cases.c.org_id == org_id, cases.c.number == number)
        row = await self._access.read(lambda conn: conn.execute(query).first())
        if row is None:
            raise NotFound(f"there is no case {number}", slug="unknown-case")
        return case_of(row)

    async def events(self, org_id: str, case_id: str, *, after_number: int = 0, limit: int | None = None) -> CaseEvents:
        """Return a case's history, oldest first, ``after_number`` exclusive."""
        query = _history(org_id, case_id).where(case_events.c.number > after_number).limit(limit)
        return await self._access.read(lambda conn: [case_event_of(row) for row in conn.execute(query)])

    async def open_for(
        self,
        org_id: str,
        interaction_id: str,
        *,
        subject: str,
        actor_id: str,
        now_ms: int,
        filing: Filing | None = None,
    ) -> Case:
        """Open the interaction's case, or return the one it has. Idempotent; raises NotFound.

        ``filing``: how it begins, and whether its clerk is told what happens to it.
        """
        new_id = self._access.new_id
        return await self._access.write(
            org_id,
            lambda conn: open_for(
                conn,
                (org_id, interaction_id),
                subject=subject,
                actor_id=actor_id,
                filing=filing or Filing(),
                new_id=new_id,
                now_ms=now_ms,
            ),
        )

    async def open(self, new: NewCase, *, actor_id: str, now_ms: int) -> Case:
        """Open a case without a conversation; the same ``request_key`` is the same case.

        Raises NotFound, InvalidInput or Conflict for what it refers to.
        """
        new_id = self._access.new_id
        return await self._access.write(
            new.org_id, lambda conn: open_alone(conn, new, new_id=new_id, actor_id=actor_id, now_ms=now_ms)
        )

    async def decide(self, org_id: str, case_id: str, decide: Decide, *, actor_id: str = "", now_ms: int) -> Decided:
        """Ask the pure function ``decide`` about the locked case and write its decision, in one transaction.

        ``actor_id``: who it is made for. Raises NotFound, and whatever ``decide`` raises; then nothing is written.
        """
        new_id = self._access.new_id
        decided = await self._access.write(
            org_id,
            lambda conn: decide_case(conn, (org_id, case_id), decide, actor_id=actor_id, new_id=new_id, now_ms=now_ms),
        )
        if self._observe is not None:
            self._observe(decided)
        return decided

    async def facts(self, org_id: str, case_id: str, *, now_ms: int) -> CaseFacts:
        """Return what a decision about a case would see now; nothing is locked. Raises NotFound."""
        return await self._access.read(lambda conn: read_facts(conn, org_id, case_id, now_ms=now_ms, lock=False))

    async def attention(self, org_id: str, *, now_ms: int, limit: int) -> Attention:
        """Return up to ``limit`` cases with signals or due timers, and since when (ms), oldest first."""
        return await self._access.read(lambda conn: attention(conn, org_id, now_ms=now_ms, limit=limit))

    async def comment(self, org_id: str, case_id: str, comment: Comment, *, now_ms: int) -> CaseEvent:
        """Add a comment; the same actor's ``client_id`` is the same comment. Raises NotFound."""
        new_id = self._access.new_id
        return await self._access.write(
            org_id, lambda conn: write_comment(conn, (org_id, case_id), comment, new_id=new_id, now_ms=now_ms)
        )

    async def timeline(self, org_id: str, case_id: str, *, limit: int = 500) -> CaseTimeline:
        """Return a case with its events and conversations, oldest first; at most ``limit`` lines of each."""
        return await self._access.read(lambda conn: _timeline(conn, org_id, case_id, limit))

    async def closed_without_case(
        self, org_id: str, *, channels: Sequence[str], since_ms: int, limit: int
    ) -> Interactions:
        """Return interactions of ``channels`` closed since ``since_ms`` that have no case, oldest first."""
        query = (
            select(interactions)
            .where(
                interactions.c.org_id == org_id,
                INTERACTION_UNFILED,
                interactions.c.closed_ms >= since_ms,
                interactions.c.channel.in_(list(channels)),
            )
            .order_by(interactions.c.closed_ms)
            .limit(limit)
        )
        return await self._access.read(lambda conn: [interaction_of(row) for row in conn.execute(query)])


def _find(conn: Connection, org_id: str, case_id: str) -> AnyRow:
    row = conn.execute(select(cases).where(cases.c.id == case_id, cases.c.org_id == org_id)).first()
    if row is None:
        raise NotFound(f"there is no case {case_id}", slug="unknown-case")
    return row


def _history(org_id: str, case_id: str) -> Select[Any]:
    return (
        select(case_events)
        .where(case_events.c.case_id == case_id, case_events.c.org_id == org_id)
        .order_by(case_events.c.number)
    )


def _timeline(conn: Connection, org_id: str, case_id: str, limit: int) -> CaseTimeline:
    case = case_of(_find(conn, org_id, present(conn, org_id, case_id)))
    told = [
        row
        for one in (case.id, *absorbed(conn, org_id, case.id))
        for row in conn.execute(_history(org_id, one).limit(limit))
    ]
    found = conn.execute(
        select(interactions)
        .where(interactions.c.org_id == org_id, interactions.c.case_id.in_(whole(conn, org_id, case.id)))
        .order_by(interactions.c.id)
        .limit(CONVERSATIONS_SHOWN)
    )
    return CaseTimeline(
        case=case,
        events=tuple(case_event_of(row) for row in sorted(told, key=lambda row: (row.at_ms, row.id))),
        conversations=tuple(_conversation(conn, interaction_of(row), limit) for row in found.all()),
    )


def _conversation(conn: Connection, interaction: Interaction, limit: int) -> Conversation:
    rows = conn.execute(
        select(entries).where(entries.c.interaction_id == interaction.id).order_by(entries.c.seq).limit(limit)
    )
    return Conversation(interaction=interaction, entries=tuple(entry_of(row) for row in rows))
