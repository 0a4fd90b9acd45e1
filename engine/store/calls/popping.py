"""Whom a call is about, as its agent sees it; and the calls that an agent's telephones take part in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, literal_column, select

from engine.model.call import Call
from engine.model.pop import AgentCall, Found, Match, PopBy, PopQuestion
from engine.model.transfer import Noun
from engine.model.visibility import Sight
from engine.store.calls.rows import call_of
from engine.store.calls.tables import call_events, call_legs, calls
from engine.store.calls.taking import LEGS
from engine.store.cases.sight import cases_seen
from engine.store.cases.tables import cases
from engine.store.customers.sight import accounts_seen, contacts_seen
from engine.store.customers.tables import account_relations, accounts, contacts
from engine.store.direct import every, first, scalar
from engine.store.rows import AnyRow
from engine.store.tables import interactions
from engine.store.transfer.keys import of_key, present

MOST_CALLS = 20
MOST_MATCHES = 20

_OF_AGENT: Select[Any] = (
    select(calls, interactions.c.contact_id, interactions.c.case_id, contacts.c.name.label("contact_name"))
    .select_from(
        call_legs.join(calls, calls.c.id == call_legs.c.call_id)
        .outerjoin(interactions, interactions.c.id == calls.c.interaction_id)
        .outerjoin(contacts, contacts.c.id == interactions.c.contact_id)
    )
    .where(
        call_legs.c.org_id == bindparam("org"),
        call_legs.c.agent_id == bindparam("agent"),
        call_legs.c.agent_id != literal_column("''"),
        call_legs.c.state != literal_column("'left'"),
        calls.c.state != literal_column("'ended'"),
    )
    .order_by(calls.c.id.desc())
    .limit(literal_column(str(MOST_CALLS)))
)
_AHEAD = select(func.min(call_events.c.received_ms - call_events.c.at_ms)).where(
    call_events.c.call_id == bindparam("call")
)
_NUMBERED: Select[Any] = select(cases.c.id).where(
    cases.c.org_id == bindparam("org"), cases.c.number == bindparam("number")
)
_WITH_PHONE: Select[Any] = (
    select(accounts.c.id)
    .where(
        accounts.c.org_id == bindparam("org"),
        accounts.c.phone == bindparam("phone"),
        accounts.c.phone != literal_column("''"),
        accounts.c.merged_into == literal_column("''"),
    )
    .order_by(accounts.c.id)
    .limit(literal_column(str(MOST_MATCHES)))
)
_EMPLOYER: Select[Any] = select(account_relations.c.account_id).where(
    account_relations.c.contact_id == bindparam("contact"),
    account_relations.c.direct == literal_column("1"),
    account_relations.c.to_date == literal_column("''"),
)


def of_agent(conn: Connection, org_id: str, agent_id: str) -> list[AgentCall]:
    """Return the calls that an agent's telephones ring for or take part in, newest first."""
    found = {row.id: row for row in every(conn, _OF_AGENT, {"org": org_id, "agent": agent_id})}
    return [_agent_call(conn, row, agent_id) for row in found.values()]


def _agent_call(conn: Connection, row: AnyRow, agent_id: str) -> AgentCall:
    call = call_of(row, every(conn, LEGS, {"call": row.id}))
    mine = [leg for leg in call.picture.legs if leg.agent_id == agent_id and leg.state != "left"]
    leg = next((one for one in mine if one.connected), mine[0])
    ahead_ms = int(scalar(conn, _AHEAD, {"call": row.id}) or 0)
    return AgentCall(call=call, leg=leg, ahead_ms=ahead_ms, contact_name=row.contact_name or "")


def found(conn: Connection, org_id: str, sight: Sight, wanted: PopQuestion, call: Call) -> Found:
    """Return what somebody sees of what is looked for: all of the first kind of which there is anything."""
    finding = _Finding(conn, org_id, sight, call)
    stages: tuple[tuple[PopBy, Callable[[PopQuestion], list[Match]]], ...] = (
        (PopBy.CASE_NUMBER, finding.numbered),
        (PopBy.CUSTOMER_NUMBER, finding.keyed),
        (PopBy.NUMBER, finding.calling),
    )
    for by, find in stages:
        matches = find(wanted)[:MOST_MATCHES]
        if matches:
            return Found(by=by, matches=tuple(matches), case=finding.open_case(matches))
    return Found()


class _Finding:
    """One look into the record, for one agent."""

    def __init__(self, conn: Connection, org_id: str, sight: Sight, call: Call) -> None:
        self._conn = conn
        self._org_id = org_id
        self._sight = sight
        self._call = call

    def numbered(self, wanted: PopQuestion) -> list[Match]:
        """Return the case of the first number that is one."""
        for number in wanted.case_numbers:
            row = first(self._conn, _NUMBERED, {"org": self._org_id, "number": number})
            seen = self._cases([present(self._conn, self._org_id, Noun.CASE, row.id)]) if row is not None else []
            if seen:
                return seen
        return []

    def keyed(self, wanted: PopQuestion) -> list[Match]:
        """Return the contact and the account of the first key that is anybody's."""
        for key in wanted.customer_numbers:
            people, firms = (
                of_key(self._conn, self._org_id, noun, source=wanted.source, key=key)
                for noun in (Noun.CONTACT, Noun.ACCOUNT)
            )
            matches = [*self._contacts([people]), *self._accounts([firms])]
            if matches:
                return matches
        return []

    def calling(self, wanted: PopQuestion) -> list[Match]:
        """Return whose telephone number it is: the contact, and accounts that are not his own."""
        matches = self._contacts([wanted.contact_id])
        if wanted.phone:
            rows = every(self._conn, _WITH_PHONE, {"org": self._org_id, "phone": wanted.phone})
            his = {one.account_id for one in every(self._conn, _EMPLOYER, {"contact": wanted.contact_id})}
            matches += self._accounts(row.id for row in rows if not matches or row.id not in his)
        return matches

    def open_case(self, matches: Sequence[Match]) -> Match | None:
        """Return the newest open case of the only match, where it is a customer."""
        if len(matches) != 1 or matches[0].kind is Noun.CASE:
            return None
        of = cases.c.contact_id if matches[0].kind is Noun.CONTACT else cases.c.account_id
        newest = self._seen_cases().where(of == matches[0].id, cases.c.closed_ms == 0, cases.c.merged_into == "")
        row = self._conn.execute(newest.order_by(cases.c.number.desc()).limit(1)).first()
        return None if row is None else _case(row)

    def _contacts(self, ids: Iterable[str]) -> list[Match]:
        """Return contacts; that of the call itself is its agent's to see."""
        matches = []
        for one in filter(None, ids):
            query = select(contacts.c.id, contacts.c.name).where(
                contacts.c.org_id == self._org_id, contacts.c.id == one
            )
            if one != self._call.contact_id:
                query = query.where(contacts_seen(self._org_id, self._sight))
            row = self._conn.execute(query).first()
            if row is not None:
                matches.append(Match(kind=Noun.CONTACT, id=row.id, title=row.name))
        return matches

    def _accounts(self, ids: Iterable[str]) -> list[Match]:
        wanted = list(filter(None, ids))
        if not wanted:
            return []
        seen = accounts_seen(self._org_id, self._sight)
        query = select(accounts.c.id, accounts.c.name).where(
            accounts.c.org_id == self._org_id, accounts.c.id.in_(wanted), seen
        )
        rows = self._conn.execute(query.order_by(accounts.c.name, accounts.c.id))
        return [Match(kind=Noun.ACCOUNT, id=row.id, title=row.name) for row in rows]

    def _cases(self, ids: Iterable[str]) -> list[Match]:
        return [_case(row) for row in self._conn.execute(self._seen_cases().where(cases.c.id.in_(list(ids))))]

    def _seen_cases(self) -> Select[Any]:
        seen = cases_seen(self._org_id, self._sight)
        return select(cases.c.id, cases.c.number, cases.c.subject).where(cases.c.org_id == self._org_id, seen)


def _case(row: Any) -> Match:  # noqa: ANN401 -- a row of the database's own kind
    return Match(kind=Noun.CASE, id=row.id, title=row.subject, number=row.number)
