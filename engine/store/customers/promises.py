"""Contracts and entitlements: what was promised, who may claim it for a case, and how often it was claimed.

A use is counted in the transaction that writes the entitlement to the case, by a conditional update: of two cases
that want the last one, one gets it, and the other one's decision is asked again and sees it used up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, literal_column, or_, select, update

from engine.model.service import Contract, ContractStatus, Entitlement, EntitlementKind, Promise
from engine.store.access import Access
from engine.store.cases.tables import case_links
from engine.store.customers.kept import Kept, Shape, plain_org
from engine.store.customers.tables import accounts, contracts, entitlements
from engine.store.direct import every, first, run
from engine.store.rows import AnyRow

MOST = 200
"""Promises looked at for one case, of each holder."""
DEEP = 10
"""Accounts above the case's own whose entitlements count."""

CONTRACT = Shape(
    noun=Contract,
    table=contracts,
    word="contract",
    enums={"status": ContractStatus},
    taken="number-taken",
    used_by=((entitlements, "contract_id"),),
    filters=frozenset({"account_id", "number"}),
)
ENTITLEMENT = Shape(
    noun=Entitlement,
    table=entitlements,
    word="entitlement",
    enums={"kind": EntitlementKind},
    lists=frozenset({"channels"}),
    filters=frozenset({"account_id", "contact_id", "asset_id", "contract_id"}),
)

_NOTHING: Any = literal_column("''")
_ZERO: Any = literal_column("0")


def _held_by(column: str) -> Select[Any]:
    found = entitlements.c[column]
    return (
        select(entitlements)
        .where(found == bindparam("holder"), found != _NOTHING, plain_org(entitlements) == bindparam("org"))
        .order_by(entitlements.c.id.desc())
        .limit(MOST)
    )


_HELD = {column: _held_by(column) for column in ("asset_id", "contact_id", "account_id")}
_CONTRACT = select(contracts).where(contracts.c.id == bindparam("id"), contracts.c.org_id == bindparam("org"))
_PARENT = select(accounts.c.parent_id).where(accounts.c.id == bindparam("id"), accounts.c.org_id == bindparam("org"))
_LINKED = select(case_links.c.target_id).where(
    case_links.c.case_id == bindparam("case"),
    case_links.c.kind == literal_column("'asset'"),
    plain_org(case_links) == bindparam("org"),
)
_CLAIM = (
    update(entitlements)
    .where(
        entitlements.c.id == bindparam("id"),
        entitlements.c.org_id == bindparam("org"),
        or_(entitlements.c.cases_allowed == _ZERO, entitlements.c.cases_used < entitlements.c.cases_allowed),
    )
    .values(cases_used=entitlements.c.cases_used + 1)
)
_GIVE_BACK = (
    update(entitlements)
    .where(
        entitlements.c.id == bindparam("id"),
        entitlements.c.org_id == bindparam("org"),
        entitlements.c.cases_used > _ZERO,
    )
    .values(cases_used=entitlements.c.cases_used - 1)
)


class Contracts(Kept[Contract]):
    """Keep contracts."""

    def __init__(self, *, access: Access) -> None:
        super().__init__(access=access, shape=CONTRACT)


class Entitlements(Kept[Entitlement]):
    """Keep entitlements, and find those that a case may claim."""

    def __init__(self, *, access: Access) -> None:
        super().__init__(access=access, shape=ENTITLEMENT)

    async def promises(
        self, org_id: str, *, contact_id: str = "", account_id: str = "", assets: Sequence[str] = ()
    ) -> tuple[list[Promise], tuple[str, ...]]:
        """Return what these may claim, and the account with those above it, nearest first."""

        def work(conn: Connection) -> tuple[list[Promise], tuple[str, ...]]:
            line = account_line(conn, org_id, account_id)
            return promises_of(conn, org_id, contact_id=contact_id, accounts=line, assets=assets), line

        return await self._access.read(work)


def account_line(conn: Connection, org_id: str, account_id: str) -> tuple[str, ...]:
    """Return an account and those above it, nearest first, at most ``DEEP`` of them; a circle ends it."""
    line: list[str] = []
    while account_id and account_id not in line and len(line) <= DEEP:
        line.append(account_id)
        row = first(conn, _PARENT, {"id": account_id, "org": org_id})
        account_id = "" if row is None else row.parent_id
    return tuple(line)


def linked_assets(conn: Connection, org_id: str, case_id: str) -> tuple[str, ...]:
    """Return the assets that a case is about."""
    return tuple(row.target_id for row in every(conn, _LINKED, {"case": case_id, "org": org_id}))


def promises_of(
    conn: Connection, org_id: str, *, contact_id: str, accounts: Sequence[str], assets: Sequence[str]
) -> list[Promise]:
    """Return the entitlements of these holders, each once, with their contracts; not judged yet."""
    found: dict[str, AnyRow] = {}
    holders = [("asset_id", one) for one in assets] + [("contact_id", contact_id)]
    for column, holder in (*holders, *(("account_id", one) for one in accounts)):
        if holder:
            rows = every(conn, _HELD[column], {"holder": holder, "org": org_id})
            found.update((row.id, row) for row in rows)
    return _with_contracts(conn, org_id, [ENTITLEMENT.read(row) for row in found.values()])


def _with_contracts(conn: Connection, org_id: str, held: Iterable[Entitlement]) -> list[Promise]:
    known: dict[str, Contract | None] = {}
    promises: list[Promise] = []
    for one in held:
        if one.contract_id and one.contract_id not in known:
            row = first(conn, _CONTRACT, {"id": one.contract_id, "org": org_id})
            known[one.contract_id] = None if row is None else CONTRACT.read(row)
        promises.append(Promise(entitlement=one, contract=known.get(one.contract_id)))
    return promises


def move_use(conn: Connection, org_id: str, before: str, changes: Mapping[str, object]) -> bool:
    """Count the use of a case whose entitlement changes from ``before`` to that of ``changes``.

    False: the new one is used up by now, and nothing was counted; the decision must be asked again. Call it once in
    the transaction that writes the case, under the case's lock.
    """
    after = changes.get("entitlement_id", before)
    if after == before:
        return True
    if after and run(conn, _CLAIM, {"id": after, "org": org_id}).rowcount == 0:
        return False
    if before:
        run(conn, _GIVE_BACK, {"id": before, "org": org_id})
    return True
