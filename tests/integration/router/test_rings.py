"""A telephone that rings keeps its agent: nothing is offered to him meanwhile, and what was goes on to others."""

from dataclasses import replace

from engine.model.call import Ring
from engine.model.work import Outcome
from tests.integration.router.scene import Scene, kinds, organisation, single


async def ring(scene: Scene, leg: str = "c1/201", *, for_ms: int = 60_000) -> list[str]:
    return kinds(scene.take(await scene.router.ring(scene.org_id, "ana", leg, scene.clock.ms + for_ms)))


async def unring(scene: Scene, leg: str = "c1/201") -> list[str]:
    return kinds(scene.take(await scene.router.unring(scene.org_id, "ana", leg)))


async def test_nothing_is_offered_while_the_telephone_rings(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana")
    assert await ring(scene) == []
    await scene.enqueue("i1")
    assert await scene.explained("i1") == {"ana": "phone-rings", "ben": "not-connected"}
    assert await unring(scene) == ["offered"]
    assert await scene.offer_of("ana") == "i1"


async def test_what_was_offered_goes_to_somebody_else_with_its_age_and_without_a_miss(scene: Scene) -> None:
    await scene.open(organisation(scene.org_id, profiles=single()))
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    rank = (await scene.shown("i1"))["rank"]
    await scene.sign_in("ben")
    rang = scene.take(await scene.router.ring(scene.org_id, "ana", "c1/201", scene.clock.ms + 60_000))
    assert [(one.kind.value, one.agent_id) for one in rang] == [("rescinded", "ana"), ("offered", "ben")]
    assert rang[0].data["reason"] == "phone-rings"
    assert (await scene.shown("i1"))["rank"] == rank
    await unring(scene)
    assert "missed" not in kinds(await scene.advance(1_000))


async def test_a_mark_that_nobody_takes_off_ends_by_itself(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana")
    await ring(scene, for_ms=5_000)
    await scene.enqueue("i1")
    assert kinds(await scene.advance(4_500)) == []
    assert kinds(await scene.advance(1_000)) == ["offered"]
    assert (await scene.router.unring(scene.org_id, "ana", "c1/201")).outcome is Outcome.REPEATED


async def test_he_is_free_when_the_last_of_his_telephones_is_silent(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana")
    await ring(scene, "c1/201")
    await ring(scene, "c2/mobile", for_ms=1_000)
    await scene.enqueue("i1")
    assert await unring(scene, "c1/201") == []
    assert await unring(scene, "c2/mobile") == ["offered"]


async def test_repeating_it_changes_nothing_and_a_later_end_counts(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana")
    until = scene.clock.ms + 2_000
    router, org_id = scene.router, scene.org_id
    assert (await router.ring(org_id, "ana", "c1/201", until)).ok
    assert (await router.ring(org_id, "ana", "c1/201", until)).outcome is Outcome.REPEATED
    assert (await router.ring(org_id, "ana", "c1/201", until - 1_000)).outcome is Outcome.REPEATED
    assert (await router.ring(org_id, "ana", "c2/201", scene.clock.ms)).outcome is Outcome.REPEATED  # over
    assert (await router.ring(org_id, "ana", "c1/201", until + 2_000)).ok
    await scene.enqueue("i1")
    assert kinds(await scene.advance(3_000)) == []
    assert kinds(await scene.advance(1_500)) == ["offered"]


async def test_what_cannot_ring_is_refused(scene: Scene) -> None:
    await scene.open()
    router, org_id, until = scene.router, scene.org_id, scene.clock.ms + 1_000
    assert (await router.ring(org_id, "nobody", "c1/201", until)).outcome is Outcome.UNKNOWN_AGENT
    assert (await router.unring(org_id, "nobody", "c1/201")).outcome is Outcome.UNKNOWN_AGENT
    assert (await router.ring(org_id, "ana", "", until)).outcome is Outcome.INVALID
    assert (await router.unring(org_id, "ana", "")).outcome is Outcome.REPEATED


async def test_no_more_telephones_are_noted_than_an_agent_can_have(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana")
    until = scene.clock.ms + 10_000
    outcomes = [(await scene.router.ring(scene.org_id, "ana", f"c{number}/201", until)).outcome for number in range(22)]
    assert outcomes == [Outcome.OK] * 20 + [Outcome.REPEATED] * 2


async def test_the_pace_of_who_came_back_goes_on_behind_it(scene: Scene) -> None:
    await scene.open(replace(organisation(scene.org_id), fill_pace_ms=4_000))
    await scene.enqueue("i1")
    await scene.enqueue("i2")
    await scene.sign_in("ana")
    await scene.accept("ana")
    assert (await scene.explained("i2"))["ana"] == "return-pace"
    await ring(scene)
    assert (await scene.explained("i2"))["ana"] == "phone-rings"
    assert await unring(scene) == []
    assert (await scene.explained("i2"))["ana"] == "return-pace"
    assert kinds(await scene.advance(4_500)) == ["offered"]


async def test_a_board_that_is_rebuilt_knows_what_rings(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana")
    until = scene.clock.ms + 20_000
    scene.record.ringing = [
        Ring(agent_id="ana", leg="c1/201", until_ms=until),
        Ring(agent_id="who-left", leg="c1/202", until_ms=until),
    ]
    await scene.reconciler.run(scene.org_id, force=True)
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    assert (await scene.explained("i1"))["ana"] == "phone-rings"
    assert await unring(scene) == ["offered"]
