"""What items ask for: bounded in number, dropped when nothing waits for it, reaching agents in batches."""

from dataclasses import replace

from engine.model.organisation import OverflowTo, Pressure, Queue, RelaxationStep
from engine.model.work import Outcome, Requirement, WorkItem
from tests.integration.router.scene import Scene, kinds, organisation, single

SKILLS = ("upto", "facts", *(f"skill-{number}" for number in range(18)))
"""The first two are words of the router's own."""


def item(scene: Scene, item_id: str, **skills: int) -> WorkItem:
    return WorkItem(id=item_id, org_id=scene.org_id, kind="chat", queue="sales", requirement=Requirement(skills=skills))


async def open_with(scene: Scene, limit: int, **sales: object) -> None:
    agents = {"ana": dict.fromkeys(SKILLS, 5), "ben": {}}
    queue = replace(Queue(key="sales", name="Sales", wrapup_ms=0), **sales)  # type: ignore[arg-type] # its fields
    queues = {"sales": queue, "support": Queue(key="support", name="Support")}
    await scene.open(organisation(scene.org_id, agents, queues=queues, profiles=single(), signature_limit=limit))


async def signatures(scene: Scene) -> int:
    """Return how many signatures the board keeps."""
    keys = await scene.valkey.command("KEYS", f"cb:{{{scene.org_id}}}:*:signature-ids")
    return int(await scene.valkey.command("HLEN", keys[0])) if keys else 0


async def test_too_many_are_refused_without_effect(scene: Scene) -> None:
    await open_with(scene, 3)
    for number in range(3):
        await scene.enqueue(f"i{number}", skills={SKILLS[number]: 1})
    late = item(scene, "late", **{SKILLS[3]: 1})
    assert (await scene.router.enqueue(late)).outcome is Outcome.TOO_MANY_SIGNATURES
    assert (await scene.router.explain(scene.org_id, "late")) == {}
    assert (await scene.router.assign(late, "ben")).outcome is Outcome.TOO_MANY_SIGNATURES
    wish = {"skills": {SKILLS[4]: 1}}
    assert (await scene.router.change(scene.org_id, "i0", wish)).outcome is Outcome.TOO_MANY_SIGNATURES
    assert (await scene.shown("i0"))["requires"] == {SKILLS[0]: 1}
    outcomes = [
        reply.outcome
        for reply in await scene.router.enqueue_many(scene.org_id, [late, item(scene, "known", **{SKILLS[0]: 1})])
    ]
    assert outcomes == [Outcome.TOO_MANY_SIGNATURES, Outcome.OK]
    await scene.sign_in("ana")
    await scene.accept("ana")
    number = await scene.assignment("ana", "i0")
    transfer = await scene.transfer("ana", "i0", queue="support", billing=3)
    assert transfer.outcome is Outcome.TOO_MANY_SIGNATURES
    assert (await scene.items_of("ana"), await scene.assignment("ana", "i0")) == ({"i0": "active"}, number)


async def test_what_is_on_the_board_is_never_refused(scene: Scene) -> None:
    await open_with(scene, 2, relaxation=(RelaxationStep(after_ms=5_000, lower={"skill-0": 3}),))
    await scene.enqueue("i0", skills={"skill-0": 8})
    await scene.enqueue("i1", skills={"skill-1": 8})
    await scene.sign_in("ana")
    assert kinds(await scene.advance(5_000)) == ["relaxed", "offered", "relaxed"]


async def test_unused_ones_are_dropped_once_there_are_many(scene: Scene) -> None:
    await open_with(scene, 10)
    for number in range(10):
        await scene.enqueue(f"i{number}", skills={SKILLS[number]: 9})
    for number in range(8):
        scene.take(await scene.router.conclude(scene.org_id, f"i{number}", "visitor"))
    assert await signatures(scene) == 10
    await scene.advance(61_000)
    assert await signatures(scene) == 2
    for number in range(10, 15):
        await scene.enqueue(f"i{number}", skills={SKILLS[number]: 5})
    await scene.sign_in("ana")
    assert await scene.offer_of("ana") == "i10"
    await scene.accept("ana")
    for number in range(11, 15):
        last = next(iter(await scene.items_of("ana")))
        await scene.end("ana", last)
        assert await scene.offer_of("ana") == f"i{number}"
        await scene.accept("ana")


async def test_few_are_kept(scene: Scene) -> None:
    await open_with(scene, 10)
    for number in range(4):
        await scene.enqueue(f"i{number}", skills={SKILLS[number]: 9})
        scene.take(await scene.router.conclude(scene.org_id, f"i{number}", "visitor"))
    await scene.advance(121_000)
    assert await signatures(scene) == 4


async def test_a_dropped_one_comes_back_with_the_item_that_an_agent_had(scene: Scene) -> None:
    await open_with(scene, 4)
    await scene.sign_in("ana")
    await scene.enqueue("i0", skills={SKILLS[0]: 3})
    await scene.accept("ana")
    for number in range(1, 4):
        await scene.enqueue(f"i{number}", skills={SKILLS[number]: 9})
    held = await scene.enqueue("held", skills={SKILLS[1]: 9}, preferred_agent="ana", preferred_required=True)
    assert kinds(held) == ["enqueued"]
    for number in range(1, 4):
        scene.take(await scene.router.conclude(scene.org_id, f"i{number}", "visitor"))
    await scene.advance(61_000)
    assert await signatures(scene) == 0
    scene.take(await scene.transfer("ana", "i0", **{SKILLS[0]: 3}))  # type: ignore[arg-type] # a skill's name
    assert await scene.offer_of("ana") == "held"
    assert kinds(await scene.decline("ana")) == ["declined"]
    assert (await scene.explained("held"))["ben"] == f"skill:{SKILLS[1]}"
    await scene.advance(30_500)
    assert await scene.offer_of("ana") == "i0"


async def test_who_remembers_an_old_one_learns_that_it_is_gone(scene: Scene) -> None:
    """The same requirement before and after it was dropped, for an agent who can do it."""
    await open_with(scene, 2)
    for turn in range(3):
        for number in range(2):
            await scene.enqueue(f"i{turn}-{number}", skills={SKILLS[number]: 3})
            scene.take(await scene.router.conclude(scene.org_id, f"i{turn}-{number}", "visitor"))
        await scene.advance(61_000)
        assert await signatures(scene) == 0
    await scene.sign_in("ana")
    await scene.enqueue("i9", skills={SKILLS[0]: 3})
    assert await scene.offer_of("ana") == "i9"


async def test_the_limit_can_be_lowered_below_use(scene: Scene) -> None:
    await open_with(scene, 10)
    for number in range(6):
        await scene.enqueue(f"i{number}", skills={SKILLS[number]: 3})
    await scene.configure(signature_limit=2)
    await scene.sign_in("ana")
    assert await scene.offer_of("ana") == "i0"
    assert kinds(await scene.decline("ana")) == ["declined", "offered"]
    assert (await scene.router.enqueue(item(scene, "new", **{SKILLS[9]: 1}))).outcome is Outcome.TOO_MANY_SIGNATURES


async def test_a_change_that_leads_nowhere_makes_no_signature(scene: Scene) -> None:
    french = RelaxationStep(after_ms=10_000, drop=frozenset({"french"}))
    full = {Pressure.FULL: OverflowTo(to="sales")}
    queues = {
        "sales": Queue(key="sales", name="Sales", relaxation=(french,)),
        "support": Queue(key="support", name="Support", limit_items=1, overflow=full),
    }
    agents = {"ana": {"spanish": 3, "german": 3}}
    await scene.open(organisation(scene.org_id, agents, queues=queues))
    await scene.enqueue("s0", queue="support", skills={"french": 9})
    await scene.enqueue("i0", skills={"french": 2})
    await scene.advance(12_000)
    await scene.configure(queues=queues | {"sales": replace(queues["sales"], skills={"german": 1})})
    await scene.tick()
    reply = await scene.router.change(scene.org_id, "i0", {"queue": "support"})
    assert reply.outcome is Outcome.REPEATED, "support is full, and sends it to where it is"
    await scene.enqueue("x1", skills={"spanish": 2})
    await scene.router.conclude(scene.org_id, "i0", "gone")
    await scene.sign_in("ana")
    assert await scene.offer_of("ana") == "x1"
