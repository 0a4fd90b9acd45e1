"""Signs of life of the parts a process needs, for ``/readyz``."""

from collections.abc import Mapping

from engine.api.parts import Probe
from engine.router.board import Board
from engine.store.store import Store
from engine.wiring.organisations import OrganisationBook


def probes_of(store: Store, board: Board, book: OrganisationBook) -> Mapping[str, Probe]:
    """Return how to ask the record and the boards."""

    async def boards() -> None:
        for organisation in book.all():
            await board.question(organisation.id, "show_mark")  # cheap: whoever likes may ask

    return {"store": store.probe, "board": boards}
