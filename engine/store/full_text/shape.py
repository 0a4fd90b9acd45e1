"""What every question needs of an index, whatever it asks: which parts there are, and what there is of each kind.

Both change with the index's version only, so they are read once for each; that is most of what a question would read.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from engine.model.search import SearchKind
from engine.store import direct
from engine.store.full_text import facets
from engine.store.full_text.bits import Docs, decode, either, size
from engine.store.full_text.gather import ALL
from engine.store.full_text.tables import search_facets, search_marks, search_parts

KEPT = 32
"""Organisations that are remembered: at a million documents each takes about 300 KB."""
_KIND_OF = {facets.kind(kind.value): kind for kind in SearchKind}
_MARK = select(search_marks.c.version, search_marks.c.filled).where(search_marks.c.org_id == bindparam("org"))
_LIVE = select(search_parts.c.part, search_parts.c.block).where(
    search_parts.c.org_id == bindparam("org"), search_parts.c.state == "live"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """An index at one version. Its sets are shared by all questions: nobody changes them."""

    version: int
    ready: bool  # what was written before there was an index is in it
    kinds: Mapping[SearchKind, Docs]
    everything: Docs
    documents: int
    block_of: Mapping[int, int]  # live part → its block


class Shapes:
    """Remember the shapes of some indexes; used by all threads that read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Shape] = OrderedDict()

    def of(self, conn: Connection, org_id: str) -> Shape:
        """Return the shape of the index as this transaction sees it."""
        mark = direct.first(conn, _MARK, {"org": org_id})
        version, ready = (mark.version, mark.filled == ALL) if mark is not None else (0, True)
        with self._lock:
            known = self._known.get(org_id)
        if known is not None and known.version == version:
            return known
        shape = _read(conn, org_id, version=version, ready=ready)
        with self._lock:
            self._known[org_id] = shape
            self._known.move_to_end(org_id)
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
        return shape


def _read(conn: Connection, org_id: str, *, version: int, ready: bool) -> Shape:
    kinds: dict[SearchKind, Docs] = {kind: {} for kind in SearchKind}
    facet = search_facets.c
    query = select(facet.facet, facet.block, facet.docs).where(facet.org_id == org_id, facet.facet.in_(list(_KIND_OF)))
    for name, block, kept in conn.execute(query):
        kinds[_KIND_OF[name]][block] = decode(kept)
    everything = either(*kinds.values())
    return Shape(
        version=version,
        ready=ready,
        kinds=kinds,
        everything=everything,
        documents=size(everything),
        block_of={row.part: row.block for row in direct.every(conn, _LIVE, {"org": org_id})},
    )
