"""Saved views."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter

from sqlalchemy import Connection, delete, func, select

from engine.errors import Conflict, InvalidInput, NotFound
from engine.model.saved_view import MOST_VIEWS, SavedView, Shared, ViewNoun
from engine.store.access import Access
from engine.store.cases.tables import views
from engine.store.json_text import dump, load, load_names
from engine.store.rows import AnyRow
from engine.store.upsert import change, insert

ViewList = list[SavedView]
SHOWN = 1_000
"""Views of others that are looked at for a list."""


class Views:
    """Keep views."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def get(self, org_id: str, view_id: str) -> SavedView:
        """Return a view; raise NotFound."""
        return await self._access.look(lambda conn: _view(conn, org_id, view_id))

    async def list(self, org_id: str, noun: ViewNoun, owner_id: str) -> ViewList:
        """Return the views of a noun that are an owner's, all of them, and those that others share; oldest first."""
        here = select(views).where(views.c.org_id == org_id, views.c.noun == noun.value).order_by(views.c.id)
        own = here.where(views.c.owner_id == owner_id).limit(MOST_VIEWS)
        shared = here.where(views.c.owner_id != owner_id, views.c.shared != Shared.NOBODY.value).limit(SHOWN)

        def work(conn: Connection) -> ViewList:
            return sorted((_of(row) for query in (own, shared) for row in conn.execute(query)), key=attrgetter("id"))

        return await self._access.look(work)

    async def create(self, view: SavedView) -> SavedView:
        """Keep a new view; raise InvalidInput: its owner has too many."""
        return await self._access.write(view.org_id, lambda conn: _create(conn, view))

    async def change(
        self, org_id: str, view_id: str, *, version: int, changes: Mapping[str, object], now_ms: int
    ) -> SavedView:
        """Change a view that is still at ``version``; raise NotFound, Conflict(stale-version, its present one)."""
        return await self._access.write(
            org_id, lambda conn: _change(conn, (org_id, view_id), version=version, changes=changes, now_ms=now_ms)
        )

    async def delete(self, org_id: str, view_id: str) -> None:
        """Throw a view away; idempotent."""
        await self._access.execute(org_id, delete(views).where(views.c.id == view_id, views.c.org_id == org_id))


def _view(conn: Connection, org_id: str, view_id: str, *, lock: bool = False) -> SavedView:
    query = select(views).where(views.c.id == view_id, views.c.org_id == org_id)
    row = conn.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise NotFound(f"there is no view {view_id}", slug="unknown-view")
    return _of(row)


def _create(conn: Connection, view: SavedView) -> SavedView:
    of_owner = select(func.count()).where(
        views.c.org_id == view.org_id, views.c.noun == view.noun.value, views.c.owner_id == view.owner_id
    )
    if conn.execute(of_owner).scalar_one() >= MOST_VIEWS:
        raise InvalidInput(f"You have {MOST_VIEWS} views.", field="name", mend="Delete some.")
    insert(conn, views, {**_written(view), "id": view.id, "org_id": view.org_id, "created_ms": view.created_ms})
    return view


def _change(
    conn: Connection, where: tuple[str, str], *, version: int, changes: Mapping[str, object], now_ms: int
) -> SavedView:
    present = _view(conn, *where, lock=True)
    if present.version != version:
        raise Conflict("somebody else changed the view", slug="stale-version", version=present.version)
    kept = {key: dump(value) if isinstance(value, dict | list) else value for key, value in changes.items()}
    moved = {**kept, "version": version + 1, "updated_ms": now_ms}
    change(conn, views, {"id": present.id}, moved)
    return _view(conn, *where)


def _written(view: SavedView) -> dict[str, object]:
    return {
        "noun": view.noun.value,
        "name": view.name,
        "owner_id": view.owner_id,
        "shared": view.shared.value,
        "filter": dump(view.filter),
        "columns": dump(view.columns),
        "order": view.order,
        "version": view.version,
        "updated_ms": view.updated_ms,
    }


def _of(row: AnyRow) -> SavedView:
    return SavedView(
        id=row.id,
        org_id=row.org_id,
        noun=ViewNoun(row.noun),
        name=row.name,
        owner_id=row.owner_id,
        shared=Shared(row.shared),
        filter=load(row.filter),
        columns=load_names(row.columns),
        order=row.order,
        version=row.version,
        created_ms=row.created_ms,
        updated_ms=row.updated_ms,
    )
