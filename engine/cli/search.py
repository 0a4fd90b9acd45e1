"""Commands about the search index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.cli.options import AsJson, DataDirectory, OrganisationId, SettingsFile, settings_for
from engine.cli.output import print_json, print_table
from engine.cli.record import audit, pick_organisation, with_store

if TYPE_CHECKING:
    from engine.store.store import Store  # opened in record.py only: the other commands start without SQL


def rebuild(
    *,
    organisation: OrganisationId = "",
    settings_file: SettingsFile = None,
    data: DataDirectory = None,
) -> None:
    """Have the search index made anew from the record; it goes on answering meanwhile.

    A running engine does the work in the background; `cordboard search status` tells how far it is.

    Examples:
      cordboard search rebuild

    Exit codes: 0 begun, 1 no such organisation, 2 wrong use, 3 the database is away.
    """

    async def work(store: Store) -> None:
        org_id = await pick_organisation(store, organisation)
        if await store.search.rebuild(org_id):
            await audit(store, org_id, "search.rebuild", org_id)

    with_store(settings_for(settings_file, data), work)


def status(
    *,
    organisation: OrganisationId = "",
    settings_file: SettingsFile = None,
    data: DataDirectory = None,
    as_json: AsJson = False,
) -> None:
    """Show how far the search index is behind what is written.

    Examples:
      cordboard search status
      cordboard search status --json

    Exit codes: 0 shown, 1 no such organisation, 2 wrong use, 3 the database is away.
    """

    async def work(store: Store) -> dict[str, object]:
        org_id = await pick_organisation(store, organisation)
        return {
            "organisation": org_id,
            "waiting": await store.search.waiting(org_id),
            "ready": await store.search.ready(org_id),
        }

    found = with_store(settings_for(settings_file, data), work)
    if as_json:
        print_json(found)
        return
    print_table(tuple(found), [tuple(str(value) for value in found.values())])
