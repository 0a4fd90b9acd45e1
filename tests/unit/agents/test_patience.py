"""A board that is away is asked ever more rarely, and at once when it is back."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from engine.agents.floor import Floor
from engine.agents.mirror import Mirror, MirrorParts
from engine.agents.patience import FIRST_S, LONGEST_S, Patience, wait_s
from engine.agents.works import Works
from engine.errors import Unavailable
from engine.model.board import AgentView, HeldItem
from engine.model.case import Case
from engine.model.organisation import Organisation, Role
from engine.model.user import Principal
from engine.model.work import Offer
from tests.organisations import small_organisation
from tests.servers import eventually


class Socket:
    """One agent's socket with its mirror, and a board that may be away."""

    def __init__(self, patience: Patience, user_id: str) -> None:
        self.who = Principal(org_id="acme", user_id=user_id, login="ana", name="Ana", role=Role.AGENT, via="session")
        self.login_key = "k"
        self.away = True
        self.asked: list[float] = []
        self.told: list[str] = []
        parts = MirrorParts(
            floor=Floor(),
            board=self,
            desk=self,
            offers=self,  # type: ignore[arg-type]
            shown=self,  # type: ignore[arg-type]
            works=Works(org_id="acme", record=self),  # type: ignore[arg-type]
            organisations=self,
            patience=patience,
        )
        self.mirror = Mirror(member=self, parts=parts)
        self.tasks = [asyncio.create_task(work) for work in self.mirror.works().values()]

    async def agent_view(self, org_id: str, agent_id: str) -> AgentView:
        self.asked.append(asyncio.get_running_loop().time())
        if self.away:
            raise Unavailable("away")
        return AgentView(agent_id=agent_id, status="", status_since_ms=0, connected=True, units=1, used=0)

    def get(self, org_id: str) -> Organisation:
        return small_organisation(org_id)

    async def describe(self, org_id: str, offers: tuple[Offer, ...]) -> list[Any]:
        return []

    async def recorded(self, org_id: str, held: HeldItem) -> None:
        return None

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def show(self, items: object) -> set[str]:
        return set()

    def tell(self, text: str) -> None:
        self.told.append(text)

    def wake(self) -> None:
        self.mirror.wake()

    @property
    def sees_all(self) -> bool:
        return True

    def wake_alerts(self) -> None:
        return None

    def wake_calls(self) -> None:
        return None

    def case_changed(self, case: Case | None, interaction_id: str) -> None:
        return None

    def stop(self, code: int, reason: str) -> None:
        return None


@pytest.fixture
async def sockets() -> AsyncIterator[list[Socket]]:
    """Run two sockets of one process."""
    patience = Patience()
    both = [Socket(patience, "ana"), Socket(patience, "ben")]
    yield both
    await end(*both)


async def end(*sockets: Socket) -> None:
    """End the sockets' tasks."""
    for socket in sockets:
        for task in socket.tasks:
            task.cancel()
        await asyncio.gather(*socket.tasks, return_exceptions=True)


def test_waits_double_up_to_a_bound_and_are_not_the_same_for_all() -> None:
    for failed, whole in [(1, 0.25), (2, 0.5), (3, 1.0), (4, 2.0), (5, 4.0), (6, 5.0), (10_000, 5.0)]:
        waits = [wait_s(failed) for _ in range(50)]
        assert all(whole / 2 <= one <= whole for one in waits)
        assert len(set(waits)) > 40
    assert (FIRST_S, LONGEST_S) == (0.25, 5.0)


async def test_each_time_the_board_is_asked_later(sockets: list[Socket]) -> None:
    ana = sockets[0]
    await eventually(lambda: len(ana.asked) == 4)
    first, second, third = (later - earlier for earlier, later in zip(ana.asked, ana.asked[1:], strict=False))
    assert first >= 0.125
    assert second >= 0.25
    assert third >= 0.5


async def test_whoever_finds_the_board_back_tells_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    patience = Patience()
    ana, ben, sue = (Socket(patience, name) for name in ("ana", "ben", "sue"))
    await eventually(lambda: ana.asked and ben.asked and sue.asked)
    monkeypatch.setattr("engine.agents.patience.wait_s", lambda _: 3_600.0)
    await eventually(lambda: min(len(ana.asked), len(ben.asked), len(sue.asked)) == 2)
    ana.away = ben.away = False
    patience.works("elsewhere")
    patience.works("acme")
    await eventually(lambda: ana.told and ben.told)
    await eventually(lambda: len(sue.asked) >= 4)  # told by the role, then by Ana and Ben
    await end(ana, ben, sue)


async def test_a_stream_of_wakes_is_no_stream_of_questions(sockets: list[Socket]) -> None:
    ana = sockets[0]
    await eventually(lambda: len(ana.asked) == 1)
    for count in (2, 3, 4):

        def asked(count: int = count) -> bool:
            ana.wake()
            return len(ana.asked) >= count

        await eventually(asked)
    assert all(later - earlier >= 0.125 for earlier, later in zip(ana.asked, ana.asked[1:], strict=False))
