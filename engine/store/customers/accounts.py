"""Accounts: finding, reading, keeping, changing under a version; their families.

Whoever gives an account another parent locks the organisation's row: of two that move at once, the second one looks
after the first has committed, so that no two moves make a circle together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import CTE, ColumnElement, Connection, Integer, Select, bindparam, func, literal, literal_column, select

from engine.errors import Conflict, InvalidInput, NotFound
from engine.model.customer import Account, Tree, TreeNode
from engine.model.visibility import EVERYTHING, Sight
from engine.store.access import Access
from engine.store.cases.writes import ensure_organisation
from engine.store.customers.rows import account_of, row_of_account
from engine.store.customers.sight import accounts_seen
from engine.store.customers.tables import accounts
from engine.store.direct import first
from engine.store.rows import AnyRow
from engine.store.search import Looked, newest_containing
from engine.store.tables import organisations
from engine.store.upsert import change, insert

AccountList = list[Account]

MOST_HOPS = 20
"""Merges that reading follows."""
DEEPEST = 50
"""Accounts above one another."""
MOST_NODES = 2_000
"""Accounts of a family that are told."""

_NOTHING: ColumnElement[str] = literal_column("''")
_ACCOUNT: Select[Any] = select(accounts).where(accounts.c.id == bindparam("id"), accounts.c.org_id == bindparam("org"))
_LOCKED = _ACCOUNT.with_for_update()
_ORGANISATION = select(organisations).where(organisations.c.org_id == bindparam("org")).with_for_update()


class Accounts:
    """Find accounts, and keep them."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def get(self, org_id: str, account_id: str) -> Account:
        """Return an account, or the one it was merged into; raise NotFound."""
        return await self._access.read(lambda conn: present(conn, org_id, account_id))

    async def list(
        self,
        org_id: str,
        *,
        text: str = "",
        parent_id: str = "",
        limit: int = 100,
        before_id: str = "",
        named: Sequence[str] = (),
        sight: Sight = EVERYTHING,
    ) -> AccountList:
        """Return accounts whose name or domain contains ``text``, newest first, ``before_id`` exclusive.

        Of a text, the newest are looked at, and those that are ``named``: see ``Looked``.
        """
        lane = [accounts.c.merged_into == _NOTHING]
        if parent_id:
            lane += [accounts.c.parent_id == parent_id, accounts.c.parent_id != _NOTHING]
        seen = [] if sight.everything else [accounts_seen(org_id, sight)]
        if text:
            looked = Looked(
                table=accounts, org_id=org_id, text=text, lane=lane, fits=seen, named=named, before_id=before_id
            )
            return await self._access.read(
                lambda conn: [account_of(row) for row in newest_containing(conn, looked, limit=limit)]
            )
        query = select(accounts).where(accounts.c.org_id == org_id, *lane, *seen)
        if before_id:
            query = query.where(accounts.c.id < before_id)
        query = query.order_by(accounts.c.id.desc()).limit(limit)
        return await self._access.read(lambda conn: [account_of(row) for row in conn.execute(query)])

    async def create(self, account: Account) -> Account:
        """Keep a new account; raise InvalidInput when its parent is not there or too deep."""
        return await self._access.write(account.org_id, lambda conn: _create(conn, account))

    async def change(
        self, org_id: str, account_id: str, *, version: int, changes: Mapping[str, object], now_ms: int
    ) -> Account:
        """Set fields of an account that is still at ``version``; what is the same already is left alone.

        Raises NotFound, InvalidInput (no such parent), Conflict: ``stale-version`` (with the present ``version``),
        ``merged``, ``account-circle``.
        """
        return await self._access.write(
            org_id, lambda conn: _change(conn, (org_id, account_id), version=version, changes=changes, now_ms=now_ms)
        )

    async def tree(self, org_id: str, account_id: str, *, limit: int = MOST_NODES) -> Tree:
        """Return the whole family of an account, at most ``limit``, parents first; raise NotFound."""

        def work(conn: Connection) -> Tree:
            account = present(conn, org_id, account_id)
            above = ancestors(conn, org_id, account.id)
            return _tree(conn, org_id, above[-1], limit)

        return await self._access.read(work)

    async def above(self, org_id: str, account_id: str) -> tuple[str, ...]:
        """Return the ids of an account and those above it, nearest first; nothing for one that is not there."""
        return await self._access.read(lambda conn: tuple(ancestors(conn, org_id, account_id)))


def present(conn: Connection, org_id: str, account_id: str) -> Account:
    """Return an account, or the one it was merged into; raise NotFound."""
    wanted = account_id
    for _ in range(MOST_HOPS):
        account = account_of(_there(first(conn, _ACCOUNT, {"org": org_id, "id": wanted}), wanted))
        if not account.merged_into:
            return account
        wanted = account.merged_into
    raise NotFound(f"account {account_id} was merged too often", slug="unknown-account")


def locked_account(conn: Connection, org_id: str, account_id: str) -> Account:
    """Return an account locked until the transaction ends; raise NotFound, Conflict(merged)."""
    account = account_of(_there(first(conn, _LOCKED, {"org": org_id, "id": account_id}), account_id))
    if account.merged_into:
        raise Conflict("the account was merged into another", slug="merged", merged_into=account.merged_into)
    return account


def lock_families(conn: Connection, org_id: str, now_ms: int) -> None:
    """Let nobody else give an account of the organisation another parent until the transaction ends."""
    if first(conn, _ORGANISATION, {"org": org_id}) is None:
        ensure_organisation(conn, org_id, now_ms)
        first(conn, _ORGANISATION, {"org": org_id})


def ancestors(conn: Connection, org_id: str, account_id: str) -> list[str]:
    """Return the ids of an account and those above it, nearest first; they are at most 50."""
    start = (
        select(accounts.c.id, accounts.c.parent_id, literal(0, Integer).label("steps"))
        .where(accounts.c.id == account_id, accounts.c.org_id == org_id)
        .cte("above", recursive=True)
    )
    next_up = (
        select(accounts.c.id, accounts.c.parent_id, start.c.steps + 1)
        .join(start, accounts.c.id == start.c.parent_id)
        .where(accounts.c.org_id == org_id, start.c.steps < DEEPEST)
    )
    above = start.union_all(next_up)
    rows = conn.execute(select(above.c.id).order_by(above.c.steps)).all()
    return [str(row[0]) for row in rows]


def check_parent(conn: Connection, account: Account) -> None:
    """Raise unless an account may have the parent it names; the families are locked."""
    if not account.parent_id:
        return
    parent = first(conn, _ACCOUNT, {"org": account.org_id, "id": account.parent_id})
    if parent is None or parent.merged_into:
        raise InvalidInput("There is no such parent account.", slug="unknown-account", field="parent_id")
    above = ancestors(conn, account.org_id, account.parent_id)
    if account.id in above:
        raise Conflict("the account would lie beneath itself", slug="account-circle", path=above[::-1])
    if len(above) + height(conn, account.org_id, account.id) > DEEPEST:
        raise InvalidInput(f"Accounts lie at most {DEEPEST} deep.", field="parent_id")


def height(conn: Connection, org_id: str, account_id: str) -> int:
    """Return how many accounts lie above one another from this one downwards, itself included; at least 1."""
    family = _family(org_id, account_id)
    deepest: int | None = conn.execute(select(func.max(family.c.depth))).scalar()
    return 1 + (deepest or 0)


def write_account(conn: Connection, before: Account, account: Account, now_ms: int) -> Account:
    """Write what differs between a locked account and what it becomes; its version counts on."""
    after = replace(account, version=before.version + 1, updated_ms=now_ms)
    old, new = row_of_account(before), row_of_account(after)
    change(conn, accounts, {"id": before.id}, {name: value for name, value in new.items() if old[name] != value})
    return after


def _there(row: AnyRow | None, account_id: str) -> AnyRow:
    if row is None:
        raise NotFound(f"there is no account {account_id}", slug="unknown-account")
    return row


def _create(conn: Connection, account: Account) -> Account:
    if account.parent_id:
        lock_families(conn, account.org_id, account.created_ms)
        check_parent(conn, account)
    insert(conn, accounts, row_of_account(account))
    return account


def _change(
    conn: Connection, where: tuple[str, str], *, version: int, changes: Mapping[str, object], now_ms: int
) -> Account:
    if "parent_id" in changes:
        lock_families(conn, where[0], now_ms)  # before the account's own row, as a merge does
    before = locked_account(conn, *where)
    if before.version != version:
        raise Conflict(
            f"the account has version {before.version}, not {version}", slug="stale-version", version=before.version
        )
    values: dict[str, Any] = dict(changes)
    after = replace(before, **values)
    if after == before:
        return before
    if after.parent_id != before.parent_id:
        check_parent(conn, after)
    return write_account(conn, before, after, now_ms)


def _family(org_id: str, root_id: str) -> CTE:
    kept = (accounts.c.id, accounts.c.parent_id, accounts.c.name, accounts.c.tier)
    start = (
        select(*kept, literal(0, Integer).label("depth"))
        .where(accounts.c.id == root_id, accounts.c.org_id == org_id)
        .cte("family", recursive=True)
    )
    children = (
        select(*kept, start.c.depth + 1)
        .join(start, accounts.c.parent_id == start.c.id)
        .where(accounts.c.org_id == org_id, accounts.c.parent_id != _NOTHING, accounts.c.merged_into == _NOTHING)
        .where(start.c.depth < DEEPEST)
    )
    return start.union_all(children)


def _tree(conn: Connection, org_id: str, root_id: str, limit: int) -> Tree:
    # Both databases make the rows of a recursion breadth first, one by one, and stop at a limit without an order.
    rows = conn.execute(select(_family(org_id, root_id)).limit(limit + 1)).all()
    nodes = [
        TreeNode(id=row.id, parent_id=row.parent_id, name=row.name, tier=row.tier, depth=row.depth) for row in rows
    ]
    told = sorted(nodes[:limit], key=lambda one: (one.depth, one.name, one.id))
    return Tree(root_id=root_id, nodes=tuple(told), complete=len(nodes) <= limit)
