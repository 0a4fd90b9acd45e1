"""Room: units, weights, channel maximum, exclusive and interruptible work, limits that change."""

from dataclasses import replace

from engine.model.organisation import CapacityProfile, ChannelCapacity, Organisation
from tests.integration.router.scene import Scene, channels_status, organisation


def shop(org_id: str, units: int, **channels: ChannelCapacity) -> Organisation:
    return organisation(
        org_id,
        {"ana": {}},
        profiles={"standard": CapacityProfile(key="standard", units=units, channels=channels)},
        statuses=channels_status(*channels),
    )


async def take(scene: Scene, item_id: str, kind: str) -> bool:
    """Enqueue an item and accept it if it is offered; say whether."""
    await scene.enqueue(item_id, kind=kind)
    if await scene.offer_of("ana") != item_id:
        return False
    await scene.accept("ana")
    return True


async def test_weights(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, 5, chat=ChannelCapacity(weight=2), mail=ChannelCapacity(weight=1)))
    await scene.sign_in("ana")
    assert await take(scene, "c1", "chat")
    assert await take(scene, "c2", "chat")
    assert not await take(scene, "c3", "chat")
    assert await take(scene, "m1", "mail")
    assert not await take(scene, "m2", "mail")
    assert (await scene.view("ana")).used == 5
    assert await scene.explained("c3") == {"ana": "no-room"}


async def test_a_channels_own_maximum(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, 5, chat=ChannelCapacity(maximum=2), mail=ChannelCapacity()))
    await scene.sign_in("ana")
    assert await take(scene, "c1", "chat")
    assert await take(scene, "c2", "chat")
    assert not await take(scene, "c3", "chat")
    assert await scene.explained("c3") == {"ana": "channel-maximum"}
    assert await take(scene, "m1", "mail")


async def test_exclusive_work_blocks_every_offer_wrap_up_included(scene: Scene) -> None:
    voice = ChannelCapacity(weight=1, exclusive=True)
    await scene.open(shop(scene.org_id, 9, voice=voice, chat=ChannelCapacity()))
    await scene.sign_in("ana")
    assert await take(scene, "v1", "voice")
    assert not await take(scene, "c1", "chat")
    assert await scene.explained("c1") == {"ana": "exclusive-work"}
    await scene.end("ana", "v1")
    assert await scene.offer_of("ana") == ""
    await scene.finish("ana", "v1")
    assert await scene.offer_of("ana") == "c1"


async def test_interruptible_work_leaves_room(scene: Scene) -> None:
    mail = ChannelCapacity(weight=3, interruptible_by=frozenset({"chat"}))
    await scene.open(shop(scene.org_id, 3, mail=mail, chat=ChannelCapacity(weight=1)))
    await scene.sign_in("ana")
    assert await take(scene, "m1", "mail")
    assert not await take(scene, "m2", "mail")
    assert await take(scene, "c1", "chat")
    assert await take(scene, "c2", "chat")
    assert (await scene.view("ana")).used == 5


async def test_a_channel_that_is_not_in_the_profile(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, 3, chat=ChannelCapacity()))
    scene.organisation = replace(scene.organisation, statuses=channels_status("chat", "fax"))
    await scene.router.configure(scene.organisation, scene.user_ids)
    await scene.sign_in("ana")
    assert not await take(scene, "f1", "fax")
    assert await scene.explained("f1") == {"ana": "channel-not-in-profile"}


async def test_limits_lowered_below_use(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, 3, chat=ChannelCapacity()))
    await scene.sign_in("ana")
    for item in ("c1", "c2", "c3"):
        assert await take(scene, item, "chat")
    small = {"standard": CapacityProfile(key="standard", units=1, channels={"chat": ChannelCapacity(weight=2)})}
    await scene.router.configure(replace(scene.organisation, profiles=small), scene.user_ids)
    view = await scene.view("ana")
    assert (view.units, view.used, len(view.items)) == (1, 3, 3)
    await scene.enqueue("c4")
    for item in ("c1", "c2", "c3"):
        await scene.end("ana", item)
        await scene.finish("ana", item)
        assert await scene.offer_of("ana") == ""
    assert (await scene.view("ana")).used == 0
    larger = {"standard": CapacityProfile(key="standard", units=2, channels={"chat": ChannelCapacity(weight=2)})}
    scene.take(await scene.router.configure(replace(scene.organisation, profiles=larger), scene.user_ids))
    assert await scene.offer_of("ana") == "c4"
    assert (await scene.view("ana")).used == 2
