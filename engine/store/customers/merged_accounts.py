"""Merging accounts: whose place in the family, whose team."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection, bindparam, select

from engine.errors import Conflict, InvalidInput, NotFound
from engine.model.customer import Account, CustomerKind
from engine.store.customers.accounts import DEEPEST, ancestors, height, lock_families, write_account
from engine.store.customers.merging import Merging
from engine.store.customers.moving import restore, restore_all
from engine.store.customers.references import Move, drop
from engine.store.customers.rows import account_of
from engine.store.customers.tables import account_relations, account_team, accounts
from engine.store.direct import first
from engine.store.upsert import change

TAKEN_OVER = ("name", "domain", "phone", "website", "industry", "tier", "owner_id", "time_zone", "notes")

_LOCKED = (
    select(accounts).where(accounts.c.id == bindparam("id"), accounts.c.org_id == bindparam("org")).with_for_update()
)


def joined(conn: Connection, kept: Account, lost: Account) -> Account:
    """Return the kept account with what only the lost one has; from beneath it, it takes its place."""
    taken = {name: getattr(lost, name) for name in TAKEN_OVER if not getattr(kept, name)}
    beneath = lost.id in ancestors(conn, kept.org_id, kept.id)
    parent_id = lost.parent_id if beneath else kept.parent_id
    return replace(kept, **taken, parent_id=parent_id, fields={**lost.fields, **kept.fields})


def _locked(conn: Connection, org_id: str, account_id: str) -> Account:
    row = first(conn, _LOCKED, {"org": org_id, "id": account_id})
    if row is None:
        raise NotFound(f"there is no account {account_id}", slug="unknown-account")
    return account_of(row)


def _make_way(conn: Connection, move: Move, both: tuple[Account, Account]) -> None:
    """Let nobody be twice in the team, and the kept account lie beneath the lost one no more."""
    kept, lost = both
    place = joined(conn, kept, lost).parent_id
    if place != kept.parent_id:
        change(conn, accounts, {"id": kept.id}, {"parent_id": place})
    team = account_team
    ours = select(team.c.user_id).where(team.c.account_id == move.kept_id)
    for row in conn.execute(select(team).where(team.c.account_id == move.lost_id, team.c.user_id.in_(ours))).all():
        drop(conn, team, row, move)


def _give_back(conn: Connection, move: Move) -> tuple[int, bool]:
    team = restore_all(conn, account_team, move, of="account_id")
    left, more = restore(conn, account_relations, move, of="account_id")
    return team + left, more


def _mended(_conn: Connection, account: Account) -> Account:
    return account


def _check(conn: Connection, account: Account) -> None:
    above = ancestors(conn, account.org_id, account.parent_id) if account.parent_id else []
    if account.id in above:
        raise Conflict("an account would lie beneath itself", slug="account-circle")
    if len(above) + height(conn, account.org_id, account.id) > DEEPEST:
        raise InvalidInput(f"Accounts would lie more than {DEEPEST} deep.")


ACCOUNTS = Merging(
    kind=CustomerKind.ACCOUNT,
    prepare=lock_families,
    locked=_locked,
    joined=joined,
    make_way=_make_way,
    write=write_account,
    check=_check,
    give_back=_give_back,
    mended=_mended,
)
