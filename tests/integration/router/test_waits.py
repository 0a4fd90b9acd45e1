"""The wait estimate on a real board: learned from what is handed out, told to the board, checked against what comes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine.model.organisation import Organisation
from engine.model.outside import Place, ToldEvent
from engine.model.work import Outcome, RoutingEvent
from engine.router.waits import QueueWait, WaitKeeper
from tests.integration.router.scene import Scene, single


class Told:
    """The record's history: every event of the scene."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    async def place(self, org_id: str) -> Place:
        return _place(self._scene.seen[-1]) if self._scene.seen else (0, 0)

    async def after(self, org_id: str, place: Place, *, limit: int) -> Sequence[ToldEvent]:
        later = sorted((event for event in self._scene.seen if _place(event) > place), key=_place)
        return [ToldEvent(event=event) for event in later[:limit]]


def _place(event: RoutingEvent) -> Place:
    return (event.epoch, event.seq)


class Ear:
    """Hear what is told to all processes; serve the organisation."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.waits: Mapping[str, QueueWait] = {}

    def all(self) -> Sequence[Organisation]:
        return [self._scene.organisation]

    async def tell(self, org_id: str, waits: Mapping[str, QueueWait]) -> None:
        self.waits = waits


async def serve(scene: Scene, agent: str = "ana") -> None:
    """Let the agent take what he is offered, and be done with it."""
    item = await scene.offer_of(agent)
    if item:
        await scene.accept(agent)
        (offer,) = [one for one in (await scene.view(agent)).items if one.item_id == item]
        scene.take(await scene.router.end(scene.org_id, item, agent, offer.assignment))
        scene.take(await scene.router.finish_wrapup(scene.org_id, item, agent, offer.assignment))


async def play(scene: Scene, role: WaitKeeper, handed_out: int) -> None:
    """Hand out one item each ten seconds, and look each two."""
    for second in range(0, handed_out * 10, 2):
        await scene.advance(2_000)
        if second % 10 == 8:
            await serve(scene)
        await role.step()


async def test_a_queue_is_estimated_and_closes_itself_by_it(scene: Scene) -> None:
    changed = replace(scene.organisation.queues["sales"], limit_wait_ms=120_000, offer_timeout_ms=600_000)
    queues = {**scene.organisation.queues, "sales": changed}
    await scene.open(replace(scene.organisation, queues=queues, profiles=single()))
    ear = Ear(scene)
    role = WaitKeeper(queues=scene.router, history=Told(scene), organisations=ear, share=ear, clock=scene.clock)
    await role.step()
    for number in range(50):
        await scene.enqueue(f"i{number:02}")
    await scene.sign_in("ana")
    await play(scene, role, handed_out=20)
    known = ear.waits["sales"]
    assert known.pace is not None
    assert 9_000 < 1 / known.pace.rate < 11_500, "one each ten seconds"
    assert 250_000 < known.newcomer_ms < 350_000, "thirty are ahead"
    refused = await scene.router.enqueue(replace(scene.record.items["i00"], id="late"))
    assert (refused.outcome, refused.detail["why"]) == (Outcome.QUEUE_FULL, "wait")
    places = await scene.router.places(scene.org_id, ["i00", "i21", "i49", "nothing"])
    assert places["i00"] == (0, "")
    assert places["i49"][0] > places["i21"][0] > 0
    assert places["i49"][1] == "sales"


async def test_what_was_foretold_is_checked(scene: Scene) -> None:
    changed = replace(scene.organisation.queues["sales"], offer_timeout_ms=600_000)
    queues = {**scene.organisation.queues, "sales": changed}
    await scene.open(replace(scene.organisation, queues=queues, profiles=single()))
    ear = Ear(scene)
    role = WaitKeeper(queues=scene.router, history=Told(scene), organisations=ear, share=ear, clock=scene.clock)
    await role.step()
    for number in range(12):
        await scene.enqueue(f"i{number:02}")
    await scene.sign_in("ana")
    await play(scene, role, handed_out=8)
    await scene.enqueue("left")
    await scene.enqueue("served")
    await role.step()
    scene.take(await scene.router.conclude(scene.org_id, "left", "visitor"))
    await play(scene, role, handed_out=8)
    known = ear.waits["sales"]
    assert known.checked == 2
    assert known.inside == 1.0, "so regular a pace is well foretold; who left does not count against it"
