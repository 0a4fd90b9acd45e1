"""What a mail names, looked up: cases by their ids, by mails of theirs, by number; who takes part in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, bindparam, literal_column, select

from engine.errors import NotFound
from engine.model.customer import EMAIL
from engine.model.mail import Mailbox
from engine.model.mail_filing import Sought, Takers, Threads
from engine.store.access import Access
from engine.store.cases.merged_reading import present
from engine.store.cases.tables import cases
from engine.store.customers.contacts import present as present_contact
from engine.store.customers.tables import accounts, contact_addresses
from engine.store.direct import every, first
from engine.store.mail.tables import mails, outgoing, outgoing_recipients

MOST_MAILS = 200
"""The latest of a case whose senders and recipients take part in it."""

_CASE: Select[Any] = select(cases.c.id, cases.c.contact_id, cases.c.account_id, cases.c.merged_into).where(
    cases.c.id == bindparam("case"), cases.c.org_id == bindparam("org")
)
_OF_NUMBER: Select[Any] = select(cases.c.id).where(
    cases.c.number == bindparam("number"), cases.c.org_id == bindparam("org")
)
_SENT: Select[Any] = (
    select(outgoing.c.case_id)
    .where(outgoing.c.org_id == bindparam("org"), outgoing.c.message_id == bindparam("message"))
    .limit(1)
)
_FILED = mails.c.state.in_([literal_column("'filed'"), literal_column("'joined'")])
_TAKEN: Select[Any] = (
    select(mails.c.case_id)
    .where(
        mails.c.org_id == bindparam("org"),
        mails.c.message_id == bindparam("message"),
        mails.c.message_id != literal_column("''"),
        mails.c.case_id != literal_column("''"),
        _FILED,
    )
    .order_by(mails.c.id.desc())
    .limit(1)
)
_ADDRESSES: Select[Any] = select(contact_addresses.c.key).where(
    contact_addresses.c.contact_id == bindparam("contact"),
    contact_addresses.c.org_id == bindparam("org"),
    contact_addresses.c.channel == EMAIL,
)
_DOMAIN: Select[Any] = select(accounts.c.domain).where(
    accounts.c.id == bindparam("account"), accounts.c.org_id == bindparam("org")
)
_WROTE: Select[Any] = (
    select(mails.c.sender, mails.c.summary)
    .where(
        mails.c.org_id == bindparam("org"),
        mails.c.case_id == bindparam("case"),
        mails.c.case_id != literal_column("''"),
        _FILED,
    )
    .order_by(mails.c.id.desc())
    .limit(MOST_MAILS)
)
_WRITTEN_TO: Select[Any] = (
    select(outgoing_recipients.c.email)
    .join(outgoing, outgoing.c.id == outgoing_recipients.c.outgoing_id)
    .where(outgoing.c.org_id == bindparam("org"), outgoing.c.case_id == bindparam("case"))
    .order_by(outgoing.c.id.desc())
    .limit(MOST_MAILS * 5)
)


class _Named(msgspec.Struct):
    """Of a summary what says who took part."""

    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()


class MailThreads:
    """Find the cases that mails name."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def find(self, org_id: str, sought: Sought) -> Threads:
        """Return what is known of what a mail names."""
        return await self._access.read(lambda conn: find(conn, org_id, sought))


def find(conn: Connection, org_id: str, sought: Sought) -> Threads:
    """Return what is known of what a mail names."""
    by_id = {one: case_id for one in dict.fromkeys(sought.case_ids) if (case_id := _present(conn, org_id, one))}
    by_message, sent = dict[str, str](), set[str]()
    if sought.own_id and first(conn, _SENT, {"org": org_id, "message": sought.own_id}) is not None:
        sent.add(sought.own_id)
    for one in dict.fromkeys(sought.message_ids):
        case_id, ours = _of_message(conn, {"org": org_id, "message": one})
        if ours:
            sent.add(one)
        if case_id and (now := _present(conn, org_id, case_id)):
            by_message[one] = now
    by_number = {}
    for number in sought.numbers:
        row = first(conn, _OF_NUMBER, {"org": org_id, "number": number})
        if row is not None and (now := _present(conn, org_id, row.id)):
            by_number[number] = now
    cases_found = dict.fromkeys((*by_id.values(), *by_message.values(), *by_number.values()))
    takers = {case_id: takers_of(conn, org_id, case_id) for case_id in cases_found}
    return Threads(by_id=by_id, by_message=by_message, by_number=by_number, takers=takers, sent=frozenset(sent))


def takers_of(conn: Connection, org_id: str, case_id: str) -> Takers:
    """Return who takes part in a case: its contact, everybody whom its mails name, its account's people."""
    of = {"org": org_id, "case": case_id}
    row = first(conn, _CASE, of)
    if row is None:
        return Takers(addresses=frozenset())
    addresses: set[str] = set()
    if row.contact_id:
        addresses.update(_addresses(conn, org_id, row.contact_id))
    for mail in every(conn, _WROTE, of):
        addresses.add(mail.sender)
        addresses.update(_named(mail.summary))
    addresses.update(one.email for one in every(conn, _WRITTEN_TO, of))
    account = first(conn, _DOMAIN, {"org": org_id, "account": row.account_id}) if row.account_id else None
    domains = frozenset({account.domain.lower()} - {""}) if account is not None else frozenset()
    return Takers(addresses=frozenset(addresses - {""}), domains=domains)


def _addresses(conn: Connection, org_id: str, contact_id: str) -> Iterable[str]:
    """Return the keys of the addresses of whoever a contact is now: his case may still be on its way there."""
    try:
        contact = present_contact(conn, org_id, contact_id)
    except NotFound:
        return ()
    return [one.key for one in every(conn, _ADDRESSES, {"org": org_id, "contact": contact.id})]


def _named(summary: str) -> Iterable[str]:
    if not summary:
        return ()
    named = msgspec.json.decode(summary, type=_Named)
    return (one.email.lower() for one in (*named.to, *named.cc))


def _of_message(conn: Connection, of: Mapping[str, object]) -> tuple[str, bool]:
    """Return the case of a mail by its Message-ID, and whether we sent it."""
    row = first(conn, _SENT, of)
    if row is not None:
        return row.case_id, True
    row = first(conn, _TAKEN, of)
    return ("" if row is None else row.case_id), False


def _present(conn: Connection, org_id: str, case_id: str) -> str:
    """Return the case that a case is now, "" where there is none."""
    if first(conn, _CASE, {"case": case_id, "org": org_id}) is None:
        return ""
    try:
        return present(conn, org_id, case_id)
    except NotFound:
        return ""
