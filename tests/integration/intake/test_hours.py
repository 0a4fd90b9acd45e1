"""The board is told each queue's hours: at the edges of the clock, after a rebuild, after a change of configuration."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from engine.intake.hours import HoursKeeper
from engine.model.hours import Hours, Period
from engine.model.organisation import Organisation, Overflow, OverflowTo, Pressure
from engine.model.work import Outcome, Requirement, WorkItem
from tests.integration.router.scene import Scene

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = Hours(periods=tuple(Period(weekday=day, start_minute=120, end_minute=180) for day in range(7)))
"""From two to three at night: the hour that is skipped in spring and repeated in autumn."""


class Served:
    """The configuration in force."""

    def __init__(self, *organisations: Organisation) -> None:
        self.organisations = list(organisations)

    def all(self) -> Sequence[Organisation]:
        return self.organisations


@pytest.fixture
async def scene(valkey_address: str, org: str) -> AsyncIterator[Scene]:
    played = Scene(valkey_address, org)
    sales = replace(played.organisation.queues["sales"], hours=NIGHT)
    queues = {**played.organisation.queues, "sales": sales}
    await played.open(replace(played.organisation, queues=queues, time_zone="Europe/Berlin"))
    yield played
    await played.close()


def keeper(scene: Scene) -> HoursKeeper:
    return HoursKeeper(queues=scene.router, organisations=Served(scene.organisation), clock=scene.clock)


def at(wall: str, *, fold: int = 0) -> int:
    return int(datetime.fromisoformat(f"2027-{wall}").replace(tzinfo=BERLIN, fold=fold).timestamp() * 1000)


def chat(scene: Scene, item_id: str) -> WorkItem:
    return WorkItem(id=item_id, org_id=scene.org_id, kind="chat", queue="sales", requirement=Requirement())


async def closed(scene: Scene) -> dict[str, bool]:
    return {key: view.closed for key, view in (await scene.router.queue_views(scene.org_id)).items()}


async def test_a_queue_opens_and_closes_at_the_edges(scene: Scene) -> None:
    role = keeper(scene)
    for wall, is_closed in (("01:59:59", True), ("02:00:00", False), ("02:59:59", False), ("03:00:00", True)):
        scene.clock.ms = at(f"07-01T{wall}")
        wait_s = await role.step()
        assert await closed(scene) == {"sales": is_closed, "support": False}
        assert wait_s == (1.0 if wall.endswith("59") else 2.0), "the next look is no later than the next minute"


async def test_the_board_then_admits_by_it(scene: Scene) -> None:
    scene.clock.ms = at("07-01T12:00")
    await keeper(scene).step()
    reply = await scene.router.enqueue(chat(scene, "i1"))
    assert reply.outcome is Outcome.QUEUE_CLOSED
    assert reply.detail == {"why": "closed", "do": "refuse", "queue": "sales"}
    queues = dict(scene.organisation.queues)
    queues["sales"] = replace(queues["sales"], overflow={Pressure.CLOSED: OverflowTo(do=Overflow.WAIT)})
    await scene.router.configure(replace(scene.organisation, queues=queues), scene.user_ids)
    assert (await scene.router.enqueue(chat(scene, "i1"))).ok


async def test_nothing_is_told_twice(scene: Scene) -> None:
    scene.clock.ms = at("07-01T12:00")
    for _ in range(3):
        await keeper(scene).step()
    told = [event for event in await scene.stream() if event.kind.value == "queue"]
    assert [(event.queue, event.data["closed"]) for event in told] == [("sales", True)]


async def test_in_spring_the_hour_never_comes(scene: Scene) -> None:
    for minute in range(0, 180, 20):
        scene.clock.ms = at("03-28T00:30") + minute * 60_000
        await keeper(scene).step()
        assert (await closed(scene))["sales"]


async def test_in_autumn_it_comes_twice(scene: Scene) -> None:
    for fold in (0, 1):
        scene.clock.ms = at("10-31T02:30", fold=fold)
        await keeper(scene).step()
        assert not (await closed(scene))["sales"]
    scene.clock.ms = at("10-31T03:00")
    await keeper(scene).step()
    assert (await closed(scene))["sales"]


async def test_a_rebuilt_board_is_told_again(scene: Scene) -> None:
    scene.clock.ms = at("07-01T12:00")
    role = keeper(scene)
    await role.step()
    await scene.reconciler.run(scene.org_id, force=True)
    await role.step()
    assert (await closed(scene))["sales"]


async def test_hours_that_are_configured_away_open_the_queue(scene: Scene) -> None:
    scene.clock.ms = at("07-01T12:00")
    await keeper(scene).step()
    sales = replace(scene.organisation.queues["sales"], hours=None)
    scene.organisation = replace(scene.organisation, queues={**scene.organisation.queues, "sales": sales})
    await keeper(scene).step()
    assert not (await closed(scene))["sales"]


async def test_a_board_that_is_away_holds_up_no_other(scene: Scene) -> None:
    scene.clock.ms = at("07-01T12:00")
    absent = replace(scene.organisation, id="nowhere")
    role = HoursKeeper(queues=scene.router, organisations=Served(absent, scene.organisation), clock=scene.clock)
    await role.step()
    assert (await closed(scene))["sales"]
