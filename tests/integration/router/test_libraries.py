"""Function libraries of builds that are gone are deleted; one that is in use never is for long."""

from engine.router.libraries import KEY, UNUSED_MS, Libraries
from engine.router.library import library_name
from engine.valkey.client import Valkey
from tests.integration.router.scene import Scene

OLD, DEAD, OTHER = "cordboard_2_00000000aa", "cordboard_1_00000000bb", "cordboard_mine"


def source(name: str) -> str:
    return f"#!lua name={name}\nredis.register_function('{name}_ping', function() return 1 end)\n"


async def loaded(valkey: Valkey) -> set[str]:
    """Return the libraries that any server has."""
    answers = await valkey.everywhere("FUNCTION", "LIST", "LIBRARYNAME", "cordboard_*")
    return {library[1] for answer in answers for library in answer}


async def age(valkey: Valkey, name: str) -> None:
    """Let the library's last note be a day old."""
    seconds, _ = await valkey.command("TIME")
    await valkey.command("ZADD", KEY, int(seconds) * 1000 - UNUSED_MS, name)


async def test_what_nobody_has_used_for_a_day_is_deleted(scene: Scene) -> None:
    await scene.open()
    valkey = scene.valkey
    role = Libraries(servers=valkey, own=library_name())
    for name in (OLD, DEAD, OTHER):
        await valkey.everywhere("FUNCTION", "LOAD", "REPLACE", source(name))
    await valkey.command("ZREM", KEY, OLD, DEAD)
    await role.step()
    assert {library_name(), OLD, DEAD, OTHER} <= await loaded(valkey)  # seen for the first time

    await age(valkey, OLD)
    await age(valkey, DEAD)
    await age(valkey, OTHER)
    await age(valkey, library_name())
    await Libraries(servers=valkey, own=OLD).step()  # a process of the build before is alive
    assert DEAD not in await loaded(valkey)
    await role.step()
    assert {OLD, OTHER} <= await loaded(valkey)  # the other's note counts; what is not ours is left alone
    for name in (OLD, OTHER):
        await valkey.everywhere("FUNCTION", "DELETE", name)


async def test_who_finds_his_library_deleted_loads_it_again(scene: Scene) -> None:
    await scene.open()
    await age(scene.valkey, library_name())
    await Libraries(servers=scene.valkey, own=OLD).step()
    assert library_name() not in await loaded(scene.valkey)
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    assert await scene.offer_of("ana") == "i1"
    assert library_name() in await loaded(scene.valkey)
