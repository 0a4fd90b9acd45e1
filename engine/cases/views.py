"""Saved views: who may open one, who may change it, and those that every organisation has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from engine.cases.listing import ME, MY_TEAM, NOBODY, Oversees, Viewer
from engine.clock import Clock
from engine.errors import Forbidden, NotFound
from engine.ids import NewId
from engine.model.case_list import CaseOrder
from engine.model.organisation import Organisation
from engine.model.saved_view import SavedView, Shared, ViewNoun

_BUILT_IN: Mapping[str, tuple[str, Mapping[str, object], CaseOrder]] = {
    "my_open": ("My open cases", {"owner": [ME], "open": True}, CaseOrder.PRIORITY),
    "my_team": ("My team's open cases", {"owner": [MY_TEAM], "open": True}, CaseOrder.PRIORITY),
    "unassigned": ("Unassigned", {"owner": [NOBODY], "open": True}, CaseOrder.UNTOUCHED),
    "due_soon": ("Due soon", {"open": True, "due_before": "now+4h"}, CaseOrder.DUE),
    "recently_closed": ("Recently closed", {"open": False, "closed_from": "now-7d"}, CaseOrder.UPDATED),
}


class ViewRecord(Protocol):
    """Keep views in SQL."""

    async def get(self, org_id: str, view_id: str) -> SavedView:
        """Return a view; raise NotFound."""
        ...

    async def list(self, org_id: str, noun: ViewNoun, owner_id: str) -> Sequence[SavedView]:
        """Return the views of a noun that are an owner's, and those that others share; oldest first."""
        ...

    async def create(self, view: SavedView) -> SavedView:
        """Keep a new view; raise InvalidInput: too many."""
        ...

    async def change(
        self, org_id: str, view_id: str, *, version: int, changes: Mapping[str, object], now_ms: int
    ) -> SavedView:
        """Change a view that is still at ``version``; raise NotFound, Conflict."""
        ...

    async def delete(self, org_id: str, view_id: str) -> None:
        """Throw a view away."""
        ...


class Organisations(Protocol):
    """Know the configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return the organisation; raise NotFound."""
        ...


class Views:
    """Keep views, each for those it is shared with."""

    def __init__(self, *, record: ViewRecord, organisations: Organisations, clock: Clock, new_id: NewId) -> None:
        self._record = record
        self._organisations = organisations
        self._clock = clock
        self._new_id = new_id

    async def get(self, org_id: str, view_id: str, viewer: Viewer) -> SavedView:
        """Return a view that is built in, or that the viewer may open; raise NotFound."""
        found = built_in(org_id, view_id)
        if found is not None:
            return found
        view = await self._record.get(org_id, view_id)
        if not self._opens(view, viewer):
            raise NotFound(f"there is no view {view_id}", slug="unknown-view")
        return view

    async def list(self, org_id: str, noun: ViewNoun, viewer: Viewer) -> Sequence[SavedView]:
        """Return the views that the viewer may open: those built in, his own and those shared, oldest first."""
        kept = [one for one in await self._record.list(org_id, noun, viewer.user_id) if self._opens(one, viewer)]
        made = [built_in(org_id, key) for key in _BUILT_IN] if noun is ViewNoun.CASE else []
        return [*(one for one in made if one is not None), *kept]

    async def create(self, view: SavedView) -> SavedView:
        """Keep a new view; its id and times come from here. Raises InvalidInput: its owner has too many."""
        now_ms = self._clock.now_ms()
        return await self._record.create(replace(view, id=self._new_id(), created_ms=now_ms, updated_ms=now_ms))

    async def change(
        self, org_id: str, view_id: str, viewer: Viewer, *, version: int, changes: Mapping[str, object]
    ) -> SavedView:
        """Change a view; raise NotFound, Forbidden (``read-only``), Conflict (``stale-version``)."""
        await self._own(org_id, view_id, viewer)
        now_ms = self._clock.now_ms()
        return await self._record.change(org_id, view_id, version=version, changes=changes, now_ms=now_ms)

    async def delete(self, org_id: str, view_id: str, viewer: Viewer) -> None:
        """Throw a view away; raise NotFound, Forbidden (``read-only``)."""
        await self._own(org_id, view_id, viewer)
        await self._record.delete(org_id, view_id)

    def may_change(self, view: SavedView, viewer: Viewer) -> bool:
        """Say whether somebody who may open a view may change it: its owner; who oversees him where it is shared."""
        if view.built_in or (viewer.user_id and view.owner_id == viewer.user_id):
            return not view.built_in
        if view.shared is Shared.NOBODY or viewer.oversees is Oversees.NOBODY:
            return False
        return viewer.oversees is Oversees.ALL or self._together(view, viewer)

    async def _own(self, org_id: str, view_id: str, viewer: Viewer) -> None:
        if not self.may_change(await self.get(org_id, view_id, viewer), viewer):
            raise Forbidden(
                "Its owner changes it, or a supervisor of his.", slug="read-only", mend="Keep a view of your own."
            )

    def _opens(self, view: SavedView, viewer: Viewer) -> bool:
        """Say whether the viewer may open a view; who oversees all opens what is shared with anybody."""
        if view.shared is Shared.EVERYBODY or (viewer.user_id and view.owner_id == viewer.user_id):
            return True
        if view.shared is Shared.NOBODY:
            return False
        return viewer.oversees is Oversees.ALL or self._together(view, viewer)

    def _together(self, view: SavedView, viewer: Viewer) -> bool:
        organisation = self._organisations.get(view.org_id)
        owner = {login for login, one in organisation.agents.items() if one.user_id == view.owner_id}
        teams = (set(team.everybody) for team in organisation.teams.values())
        return any(viewer.login in team and team & owner for team in teams)


def built_in(org_id: str, view_id: str) -> SavedView | None:
    """Return the view that every organisation has under this id, if it is one."""
    if view_id not in _BUILT_IN:
        return None
    name, which, order = _BUILT_IN[view_id]
    return SavedView(
        id=view_id, org_id=org_id, noun=ViewNoun.CASE, name=name, shared=Shared.EVERYBODY, filter=which,
        order=order.value, built_in=True,
    )  # fmt: skip
