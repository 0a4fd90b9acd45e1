"""Why an agent does not have an item: every reason, in its order, for any number of agents."""

from dataclasses import replace

from engine.model.organisation import CapacityProfile, ChannelCapacity, Queue
from engine.model.work import Requirement
from tests.integration.router.scene import Scene, channels_status, organisation


async def test_every_reason(scene: Scene) -> None:
    channels = {
        "chat": ChannelCapacity(weight=1, maximum=2),
        "voice": ChannelCapacity(weight=1, exclusive=True, needs_empty=True),
        "task": ChannelCapacity(weight=3),
    }
    narrow = {"task": ChannelCapacity(weight=3)}
    names = [
        "away",
        "on-break",
        "declined",
        "other-queue",
        "unskilled",
        "offered",
        "exclusive",
        "occupied",
        "full",
        "many",
        "narrow",
        "held-back",
        "free",
    ]
    shape = organisation(
        scene.org_id,
        {name: {"english": 5} for name in names},
        queues={
            "sales": Queue(key="sales", name="Sales", wrapup_ms=0),
            "support": Queue(key="support", name="Support", wrapup_ms=0),
            "elsewhere": Queue(key="elsewhere", name="Elsewhere", wrapup_ms=0),
        },
        profiles={
            "standard": CapacityProfile(key="standard", units=3, channels=channels),
            "narrow": CapacityProfile(key="narrow", units=3, channels=narrow),
        },
        statuses=channels_status(*channels),
    )
    agents = dict(shape.agents)
    agents["other-queue"] = replace(agents["other-queue"], queues=("elsewhere",))
    agents["unskilled"] = replace(agents["unskilled"], skills={"english": 1})
    agents["narrow"] = replace(agents["narrow"], profile="narrow")
    await scene.open(replace(shape, agents=agents))

    async def give(agent: str, *kinds: str) -> None:
        for number, kind in enumerate(kinds):
            await scene.enqueue(f"{agent}-{number}", "support", kind=kind, skills={"billing": 9})
            assert (await scene.router.pick(scene.org_id, f"{agent}-{number}", agent, by="supervisor")).ok

    need = {"english": 3}
    await scene.sign_in("declined")
    await scene.enqueue("item", skills=need)
    await scene.decline("declined")
    await scene.sign_in("on-break", status="break")
    await scene.sign_in("other-queue", "unskilled", "narrow")
    await give("exclusive", "voice")
    await give("occupied", "chat")
    await give("full", "task")
    await give("many", "chat", "chat")
    await scene.sign_in("exclusive", "full", "many")
    await scene.sign_in("offered")
    assert await scene.offer_of("offered") == "item"
    await scene.enqueue("next", skills=need)
    assert await scene.offer_of("declined") == "next"
    await scene.enqueue("last", skills=need)
    reasons = await scene.explained("last")
    assert reasons == {
        "away": "not-connected",
        "on-break": "status",
        "declined": "offer-pending",
        "other-queue": "not-a-member",
        "unskilled": "skill:english",
        "offered": "offer-pending",
        "exclusive": "exclusive-work",
        "occupied": "not-connected",
        "full": "no-room",
        "many": "channel-maximum",
        "narrow": "channel-not-in-profile",
        "held-back": "not-connected",
        "free": "not-connected",
    }
    await scene.sign_in("occupied")
    await scene.accept("occupied")
    await scene.enqueue("call", kind="voice", skills={"english": 5})
    reasons = await scene.explained("call")
    assert (reasons["occupied"], reasons["many"], reasons["full"]) == ("needs-empty", "needs-empty", "needs-empty")


async def test_what_is_told_of_the_item(scene: Scene) -> None:
    await scene.open()
    await scene.enqueue("i1", skills={"english": 3}, priority=2, weight=2)
    await scene.advance(3_000)
    shown = await scene.shown("i1")
    expected = {
        "state": "queued",
        "queue": "sales",
        "queues": ["sales"],
        "requires": {"english": 3},
        "priority": 2,
        "age_ms": 3_000,
        "stage": 0,
        "held_for": "",
        "channel": "chat",
        "agent": "",
    }
    assert {key: shown[key] for key in expected} == expected
    assert await scene.router.explain(scene.org_id, "unknown") == {}
    scene.take(await scene.router.conclude(scene.org_id, "i1", "visitor"))
    assert (await scene.shown("i1"))["state"] == "closed"


async def test_only_what_waits_has_reasons(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    assert await scene.explained("i1") == {}
    await scene.accept("ana")
    assert (await scene.shown("i1"))["agent"] == "ana"


async def test_hundreds_of_agents_in_pages(scene: Scene) -> None:
    names = [f"agent-{number:03}" for number in range(451)]
    await scene.open(organisation(scene.org_id, {name: {"english": 5} for name in names}))
    await scene.enqueue("i1", skills={"english": 9})
    assert await scene.explained("i1") == dict.fromkeys(names, "skill:english")
    lines = (await scene.router.board_view(scene.org_id)).agents
    assert [line.agent_id for line in lines] == names


async def test_staff_are_counted_by_the_queues_own_skills_too(scene: Scene) -> None:
    queues = {
        "sales": Queue(key="sales", name="Sales", skills={"english": 5}),
        "support": Queue(key="support", name="Support"),
    }
    await scene.open(organisation(scene.org_id, {"ana": {"english": 5}, "ben": {"english": 4}}, queues=queues))
    await scene.sign_in("ana", "ben")
    staffed = scene.router.staffed
    assert await staffed(scene.org_id, "sales", Requirement()) == 1
    assert await staffed(scene.org_id, "support", Requirement()) == 2
    assert await staffed(scene.org_id, "support", Requirement(skills={"billing": 1})) == 0
    agents = dict(scene.organisation.agents)
    await scene.configure(agents=agents | {"ben": replace(agents["ben"], skills={"english": 9})})
    assert await staffed(scene.org_id, "sales", Requirement()) == 2
    scene.take(await scene.router.sign_out(scene.org_id, "ana", "requeue"))
    assert await staffed(scene.org_id, "sales", Requirement()) == 1
    await scene.configure(agents={"ana": agents["ana"]})
    assert await staffed(scene.org_id, "sales", Requirement()) == 0
