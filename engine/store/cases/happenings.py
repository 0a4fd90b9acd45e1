"""What happens to cases outside the engine, and how far their escalations have come."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, select

from engine.errors import NotFound
from engine.ids import NewId
from engine.model.case import CaseEvent
from engine.model.casework import Firing, SignalKind
from engine.store.access import Access
from engine.store.cases.facts import firing_of
from engine.store.cases.signals import add_signal
from engine.store.cases.tables import case_events, case_timers, cases, firings
from engine.store.cases.writes import add_event, writable_case
from engine.store.direct import every, first
from engine.store.rows import case_event_of, case_of

HAPPENED = "event"
"""Kind of the history's line."""

FiringsAndTimers = tuple[list[Firing], dict[str, int]]

_CASE = select(cases.c.id).where(cases.c.id == bindparam("case"), cases.c.org_id == bindparam("org"))
_FIRINGS = select(firings).where(firings.c.case_id == bindparam("case")).order_by(firings.c.at_ms)
_TIMERS = select(case_timers).where(case_timers.c.case_id == bindparam("case"))
_REPEATED = select(case_events).where(
    case_events.c.case_id == bindparam("case"),
    case_events.c.actor_id == bindparam("actor"),
    case_events.c.client_id == bindparam("client"),
    case_events.c.client_id != "",
)


class Happenings:
    """Keep what other systems tell of cases."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def tell(
        self,
        org_id: str,
        case_id: str,
        *,
        name: str,
        data: Mapping[str, object],
        actor_id: str,
        client_id: str,
        now_ms: int,
    ) -> CaseEvent:
        """Write an event into a case's history and leave word for its clerk, in one transaction.

        The same actor's ``client_id`` is the same event. Raises NotFound.
        """
        said = {"name": name, "data": dict(data)}
        new_id = self._access.new_id
        return await self._access.write(
            org_id,
            lambda conn: _tell(
                conn, (org_id, case_id), said, actor_id=actor_id, client_id=client_id, new_id=new_id, now_ms=now_ms
            ),
        )

    async def escalations(self, org_id: str, case_id: str) -> FiringsAndTimers:
        """Return a case's firings, oldest first, and its timers; raise NotFound."""

        def work(conn: Connection) -> FiringsAndTimers:
            if first(conn, _CASE, {"case": case_id, "org": org_id}) is None:
                raise NotFound(f"there is no case {case_id}", slug="unknown-case")
            of = {"case": case_id}
            timers = {row.timer: row.at_ms for row in every(conn, _TIMERS, of)}
            return [firing_of(row) for row in every(conn, _FIRINGS, of)], timers

        return await self._access.read(work)


def _tell(
    conn: Connection,
    where: tuple[str, str],
    said: Mapping[str, object],
    *,
    actor_id: str,
    client_id: str,
    new_id: NewId,
    now_ms: int,
) -> CaseEvent:
    row = writable_case(conn, *where)
    case = case_of(row)
    event = add_event(
        conn,
        case,
        kind=HAPPENED,
        data=said,
        new_id=new_id,
        actor_id=actor_id,
        now_ms=now_ms,
        client_id=client_id,
    )
    if event is None:
        found = first(conn, _REPEATED, {"case": case.id, "actor": actor_id, "client": client_id})
        if found is None:
            raise RuntimeError("an event that was refused as a repeat is not there")
        return case_event_of(found)
    if row.watched:
        add_signal(conn, case.org_id, case.id, SignalKind.EVENT, new_id=new_id, at_ms=now_ms, **said)
    return event
