"""Calls: taking reports, reading, what the board has to be told, what was never ended."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, case, exists, func, literal_column, select, tuple_, update

from engine.errors import NotFound
from engine.failpoints import failpoint
from engine.model.call import LOST, RINGS_MS, Call, CallChange, CallEvent, CallFilter, CallKind, CallTerms, Ring
from engine.model.pop import AgentCall, Found, PopQuestion
from engine.model.visibility import Sight
from engine.store.access import Access
from engine.store.calls.popping import found, of_agent
from engine.store.calls.rows import call_of, event_of
from engine.store.calls.tables import call_events, call_legs, calls
from engine.store.calls.taking import CALL, EVENTS, LEGS, Fold, take, version_of
from engine.store.cases.sight import interactions_seen
from engine.store.direct import every, first, run, scalar
from engine.store.rows import AnyRow
from engine.store.tables import interactions

CallList = list[Call]

_ONE = CALL.where(calls.c.id == bindparam("call"), calls.c.org_id == bindparam("org"))
_ZERO: Any = literal_column("0")
_ENDED: Any = literal_column("'ended'")
_OWED = (
    CALL.where(
        calls.c.owed == literal_column("1"),
        calls.c.heard_ms < bindparam("until"),
        tuple_(calls.c.heard_ms, calls.c.id) > tuple_(bindparam("heard"), bindparam("call")),
    )
    .order_by(calls.c.heard_ms, calls.c.id)
    .limit(bindparam("most"))
)
_SETTLED = (
    update(calls)
    .where(calls.c.id == bindparam("call"), calls.c.org_id == bindparam("org"), calls.c.version == bindparam("at"))
    .values(owed=0)
)
_SILENT = (
    CALL.where(
        calls.c.org_id == bindparam("org"),
        calls.c.channel == bindparam("channel"),
        calls.c.state != _ENDED,
        calls.c.heard_ms < bindparam("until"),
    )
    .order_by(calls.c.heard_ms)
    .limit(bindparam("most"))
)
_RINGS = _SILENT.where(calls.c.answered_ms == _ZERO)
_TALKS = _SILENT.where(calls.c.answered_ms != _ZERO)
_GONE = (
    CALL.where(
        calls.c.org_id == bindparam("org"),
        calls.c.state != _ENDED,
        calls.c.heard_ms < case((calls.c.answered_ms == _ZERO, bindparam("rings")), else_=bindparam("talks")),
    )
    .order_by(calls.c.heard_ms)
    .limit(bindparam("most"))
)
_RINGING = CALL.where(
    calls.c.org_id == bindparam("org"),
    calls.c.state != _ENDED,
    calls.c.heard_ms > bindparam("since"),
    exists().where(
        call_legs.c.call_id == calls.c.id,
        call_legs.c.state == literal_column("'ringing'"),
        call_legs.c.agent_id != literal_column("''"),
    ),
)
_LAST = select(func.max(call_events.c.at_ms)).where(call_events.c.call_id == bindparam("call"))


class Calls:
    """Keep calls."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def take(
        self, org_id: str, source: str, events: Sequence[CallEvent], *, terms: CallTerms, fold: Fold
    ) -> CallChange:
        """Take reports of one call, at least one. Idempotent by their ids. Raises Unavailable.

        A cancelled call may still commit.
        """
        new_id, now_ms = self._access.new_id, self._access.clock.now_ms()
        change = await self._access.write(
            org_id,
            lambda conn: take(conn, (org_id, source), events, terms=terms, fold=fold, new_id=new_id, now_ms=now_ms),
        )
        failpoint("call.after-take")
        return change

    async def lose(self, call: Call, *, terms: CallTerms, fold: Fold) -> CallChange | None:
        """End a call as of when it was last heard of; None where it was heard of since ``call`` was read."""
        return await self._access.write(call.org_id, lambda conn: self._lose(conn, call, terms, fold))

    def _lose(self, conn: Connection, call: Call, terms: CallTerms, fold: Fold) -> CallChange | None:
        if version_of(conn, call) != call.version:
            return None
        now_ms = self._access.clock.now_ms()
        event = CallEvent(
            event_id=f"{LOST}:{call.id}",
            reference=call.reference,
            kind=CallKind.ENDED,
            at_ms=scalar(conn, _LAST, {"call": call.id}),
            received_ms=now_ms,
            direction=call.picture.direction,
            cause=LOST,
        )
        where = (call.org_id, call.source)
        return take(conn, where, [event], terms=terms, fold=fold, new_id=self._access.new_id, now_ms=now_ms)

    async def silent(self, org_id: str, channel: str, *, rings_ms: int, talks_ms: int, limit: int) -> CallList:
        """Return open calls of which nothing was heard since: those that ring, those that were answered."""
        of = {"org": org_id, "channel": channel, "most": limit}
        return await self._access.read(
            lambda conn: [
                *_with_legs(conn, every(conn, _RINGS, {**of, "until": rings_ms})),
                *_with_legs(conn, every(conn, _TALKS, {**of, "until": talks_ms})),
            ]
        )

    async def lasting(
        self, org_id: str, *, besides: Sequence[str], rings_ms: int, talks_ms: int, limit: int
    ) -> CallList:
        """Return open calls of which nothing was heard since, as ``silent``, of all channels ``besides`` these."""
        of = {"org": org_id, "rings": rings_ms, "talks": talks_ms, "most": limit}
        query = _GONE.where(calls.c.channel.not_in(besides))
        return await self._access.read(lambda conn: _with_legs(conn, conn.execute(query, of).all()))

    async def rings(self, org_id: str) -> Sequence[Ring]:
        """Return whose telephones ring now."""
        of = {"org": org_id, "since": self._access.clock.now_ms() - RINGS_MS}
        found = await self._access.read(lambda conn: _with_legs(conn, every(conn, _RINGING, of)))
        return [ring for call in found for ring in call.rings]

    async def owed(
        self, *, until_ms: int, limit: int, after: Call | None = None, without: Collection[str] = ()
    ) -> CallList:
        """Return calls of whose last change the board was not told, heard of before a time, the oldest first.

        ``after``: only those behind this one. ``without``: none of these organisations.
        """
        heard, last = (after.heard_ms, after.id) if after is not None else (-1, "")
        of = {"until": until_ms, "most": limit, "heard": heard, "call": last}
        if not without:
            return await self._access.read(lambda conn: _with_legs(conn, every(conn, _OWED, of)))
        query = _OWED.where(calls.c.org_id.not_in(sorted(without)))
        return await self._access.read(lambda conn: _with_legs(conn, conn.execute(query, of).all()))

    async def settled(self, call: Call) -> bool:
        """Note that the board knows of this version of a call; False where there is a newer one."""
        of = {"call": call.id, "org": call.org_id, "at": call.version}
        return await self._access.write(call.org_id, lambda conn: run(conn, _SETTLED, of).rowcount == 1)

    async def get(self, org_id: str, call_id: str) -> Call:
        """Return a call; raise NotFound (``unknown-call``)."""
        return await self._access.read(lambda conn: _get(conn, org_id, call_id))

    async def reports(self, org_id: str, call_id: str) -> Sequence[CallEvent]:
        """Return all reports of a call, in no order; raise NotFound (``unknown-call``)."""
        return await self._access.read(
            lambda conn: [event_of(one) for one in every(conn, EVENTS, {"call": _get(conn, org_id, call_id).id})]
        )

    async def of_agent(self, org_id: str, agent_id: str) -> Sequence[AgentCall]:
        """Return the calls that an agent's telephones take part in now, ringing or talking; newest first."""
        return await self._access.read(lambda conn: of_agent(conn, org_id, agent_id))

    async def found(self, org_id: str, sight: Sight, wanted: PopQuestion, *, call: Call) -> Found:
        """Return whom a call is about, as somebody sees it."""
        return await self._access.read(lambda conn: found(conn, org_id, sight, wanted, call))

    async def list(self, org_id: str, sight: Sight, wanted: CallFilter, *, internal: bool) -> CallList:
        """Return calls that somebody sees, newest first; ``internal``: those of no conversation, too."""
        query = CALL.where(calls.c.org_id == org_id).order_by(calls.c.id.desc()).limit(wanted.limit)
        if not sight.all_cases:
            query = query.where(interactions_seen(org_id, sight))
        elif not internal:
            query = query.where(calls.c.interaction_id != "")
        if wanted.contact_id:
            query = query.where(interactions.c.contact_id == wanted.contact_id, interactions.c.org_id == org_id)
        if wanted.agent_id:
            mine = select(call_legs.c.call_id).where(
                call_legs.c.org_id == org_id, call_legs.c.agent_id == wanted.agent_id, call_legs.c.agent_id != ""
            )
            query = query.where(calls.c.id.in_(mine))
        if wanted.state is not None:
            query = query.where(calls.c.state == wanted.state.value)
        if wanted.before:
            query = query.where(calls.c.id < wanted.before)
        return await self._access.read(lambda conn: _with_legs(conn, conn.execute(query).all()))


def _get(conn: Connection, org_id: str, call_id: str) -> Call:
    row = first(conn, _ONE, {"call": call_id, "org": org_id})
    if row is None:
        raise NotFound(f"there is no call {call_id}", slug="unknown-call")
    return call_of(row, every(conn, LEGS, {"call": call_id}))


def _with_legs(conn: Connection, rows: Sequence[AnyRow]) -> CallList:
    return [call_of(row, every(conn, LEGS, {"call": row.id})) for row in rows]
