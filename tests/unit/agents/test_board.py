"""The wallboard is built once however many watch, from board, record and names."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from engine.agents.board import FRESH_MS, Wallboard, start_of_day_ms
from engine.model.board import AgentLine, BoardView, QueueView
from engine.model.organisation import Organisation, Role, ServiceLevel
from engine.model.record import QueueStatistics
from engine.model.user import Principal, User
from tests.organisations import small_organisation


class Source:
    """Board, record, names, clock and configuration in one; counts what it is asked."""

    def __init__(self) -> None:
        self.ms = 1_700_000_000_000
        self.builds = self.statistics = self.lists = 0

    def now_ms(self) -> int:
        return self.ms

    def get(self, org_id: str) -> Organisation:
        organisation = small_organisation(org_id)
        goal = ServiceLevel(percent=90, within_ms=20_000, amber=15)
        sales = replace(organisation.queues["sales"], service_level=goal)
        return replace(organisation, queues={"sales": sales, "support": organisation.queues["support"]})

    async def board_view(self, org_id: str) -> BoardView:
        self.builds += 1
        await asyncio.sleep(0)
        line = AgentLine(
            agent_id="u1", status="available", since_ms=self.ms - 5_000, connected=True, used=1, units=3, items=1
        )
        gone = AgentLine(agent_id="u2", status="removed", since_ms=0, connected=False, used=0, units=0, items=0)
        return BoardView(
            at_ms=self.ms, queues={"sales": QueueView(key="sales", waiting=2, active=1)}, agents=(line, gone)
        )

    async def service_level(self, org_id: str, *, since_ms: int, now_ms: int) -> Mapping[str, QueueStatistics]:
        self.statistics += 1
        return {"sales": QueueStatistics(offered=4, answered=3, answered_in_target=2, abandoned=1, short_abandoned=1)}

    async def list(self, org_id: str) -> "list[User]":
        self.lists += 1
        return [User(id="u1", org_id=org_id, login="ana", name="Ana", role=Role.AGENT)]


WHO = Principal(org_id="acme", user_id="u9", login="ada", name="Ada", role=Role.ADMIN, via="session")


def wallboard(source: Source) -> Wallboard:
    return Wallboard(board=source, statistics=source, users=source, organisations=source, clock=source)


async def test_many_watchers_cost_one_snapshot() -> None:
    source = Source()
    board = wallboard(source)
    texts = await asyncio.gather(*(board.text(WHO) for _ in range(50)))
    assert len(set(texts)) == 1
    assert (source.builds, source.statistics, source.lists) == (1, 1, 1)
    source.ms += FRESH_MS + 1
    await board.text(WHO)
    assert (source.builds, source.statistics, source.lists) == (2, 1, 1)
    source.ms += 1_001
    await board.text(WHO)
    assert (source.builds, source.statistics, source.lists) == (3, 2, 1)
    source.ms -= 100_000  # a clock that was set back does not freeze the board
    await board.text(WHO)
    assert source.builds == 4


async def test_it_joins_what_board_and_record_know() -> None:
    frame = json.loads(await wallboard(Source()).text(WHO))
    sales, support = frame["queues"]
    assert (sales["name"], sales["waiting"], sales["active"]) == ("Sales", 2, 1)
    assert sales["service_level"] == pytest.approx(2 / 3, abs=0.001)
    assert (sales["offered_today"], sales["answered_today"], sales["abandoned_today"]) == (4, 3, 1)
    assert (support["waiting"], support["service_level"]) == (0, None)
    assert (sales["goal"], sales["least"]) == (0.9, 0.75)
    assert (support["goal"], support["least"]) == (0.8, 0.6), "usual where none is configured"
    ana, gone = frame["agents"]
    assert (ana["name"], ana["status_name"], ana["status_kind"]) == ("Ana", "Available", "available")
    assert (gone["status_name"], gone["status_kind"], gone["since"]) == ("removed", "offline", None)


@pytest.mark.parametrize(
    ("now", "zone", "midnight"),
    [
        ("2026-03-29T12:00+00:00", "Europe/Berlin", "2026-03-28T23:00+00:00"),  # the clock went forward that night
        ("2026-10-25T12:00+00:00", "Europe/Berlin", "2026-10-24T22:00+00:00"),  # … and back
        ("2026-06-01T15:59+00:00", "Asia/Shanghai", "2026-05-31T16:00+00:00"),
        ("2026-06-01T16:00+00:00", "Asia/Shanghai", "2026-06-01T16:00+00:00"),
    ],
)
def test_today_begins_at_the_organisation_s_midnight(now: str, zone: str, midnight: str) -> None:
    def in_ms(text: str) -> int:
        return int(datetime.fromisoformat(text).astimezone(UTC).timestamp() * 1000)

    assert start_of_day_ms(in_ms(now), zone) == in_ms(midnight)
