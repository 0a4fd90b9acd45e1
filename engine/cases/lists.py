"""Lists of cases: a filter's words become values, its text is asked of the search index, the record does the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from engine.cases.listing import Viewer, resolved
from engine.clock import Clock
from engine.model.case_list import CaseCount, CaseFilter, CaseOrder, CasePage, CaseWanted, Place
from engine.model.job import ChosenCase
from engine.model.organisation import Organisation
from engine.model.visibility import Sight

MOST_TEXTS = 500
"""Cases that a text may be found in; of more common words the newest cases are looked at one after the other."""


class ListRecord(Protocol):
    """Read lists from SQL; each method is bounded, whatever the filter."""

    async def page(
        self, org_id: str, wanted: CaseWanted, *, order: CaseOrder, limit: int, after: Place | None, sight: Sight
    ) -> CasePage:
        """Return a page."""
        ...

    async def count(self, org_id: str, wanted: CaseWanted, *, order: CaseOrder, sight: Sight, most: int) -> CaseCount:
        """Count cases up to ``most``."""
        ...

    async def chosen(self, org_id: str, wanted: CaseWanted, *, most: int, sight: Sight) -> Sequence[ChosenCase]:
        """Return up to ``most`` cases that fit, with their versions; those that somebody may write."""
        ...


class Texts(Protocol):
    """Ask the search index."""

    async def cases(self, org_id: str, text: str, *, sight: Sight, most: int) -> Sequence[str] | None:
        """Return the ids of the cases that hold ``text``; None: more than ``most``, or the index is not ready."""
        ...


class Organisations(Protocol):
    """Know the configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return the organisation; raise NotFound."""
        ...


class Lists:
    """List, count and choose cases."""

    def __init__(self, *, record: ListRecord, texts: Texts, organisations: Organisations, clock: Clock) -> None:
        self._record = record
        self._texts = texts
        self._organisations = organisations
        self._clock = clock

    async def page(
        self,
        org_id: str,
        which: CaseFilter,
        viewer: Viewer,
        *,
        order: CaseOrder = CaseOrder.NEWEST,
        limit: int,
        after: Place | None = None,
        sight: Sight,
    ) -> CasePage:
        """Return a page of the cases that fit and that the viewer sees; raise InvalidInput for a wrong moment."""
        wanted = await self._wanted(org_id, which, viewer, order, sight)
        return await self._record.page(org_id, wanted, order=order, limit=limit, after=after, sight=sight)

    async def count(
        self, org_id: str, which: CaseFilter, viewer: Viewer, *, order: CaseOrder, sight: Sight, most: int
    ) -> CaseCount:
        """Count the cases of a list up to ``most``."""
        wanted = await self._wanted(org_id, which, viewer, order, sight)
        return await self._record.count(org_id, wanted, order=order, sight=sight, most=most)

    async def chosen(
        self, org_id: str, which: CaseFilter, viewer: Viewer, *, most: int, sight: Sight
    ) -> Sequence[ChosenCase]:
        """Return up to ``most`` cases that fit, with their versions; those that somebody may write."""
        wanted = await self._wanted(org_id, which, viewer, CaseOrder.NEWEST, sight)
        return await self._record.chosen(org_id, wanted, most=most, sight=sight)

    async def _wanted(
        self, org_id: str, which: CaseFilter, viewer: Viewer, order: CaseOrder, sight: Sight
    ) -> CaseWanted:
        organisation = self._organisations.get(org_id)
        wanted = resolved(which, viewer, organisation, now_ms=self._clock.now_ms(), order=order)
        if not wanted.text or wanted.nothing:
            return wanted
        found = await self._texts.cases(org_id, wanted.text, sight=sight, most=MOST_TEXTS)
        return replace(wanted, ids=None if found is None else tuple(found))
