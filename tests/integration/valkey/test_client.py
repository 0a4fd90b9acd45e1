"""The Valkey client on a real server: pipelined calls, the library, streams, topics, and a server that dies."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.errors import CordboardError, Unavailable
from engine.valkey.client import Valkey, events_key, meta_key
from engine.valkey.server import ValkeyServer
from tests.servers import eventually

LIBRARY = """#!lua name=cordboard_test
redis.register_function('test_add_v1', function(declared, arguments)
  return {declared[1], redis.call('INCRBY', declared[1] .. ':sum', arguments[1])}
end)
redis.register_function('test_fail_v1', function() return redis.error_reply('ERR on purpose') end)
"""


@pytest.fixture
async def valkey(valkey_address: str) -> AsyncIterator[Valkey]:
    client = Valkey(address=valkey_address, library=LIBRARY)
    await client.connect()
    yield client
    await client.close()


async def test_a_function_gets_the_organisations_one_key(valkey: Valkey, org: str) -> None:
    assert await valkey.call("test_add_v1", org, 4) == [meta_key(org), 4]
    assert meta_key("acme") == "cb:{acme}:meta"


async def test_many_callers_at_once_get_their_own_answers(valkey: Valkey, org: str) -> None:
    orgs = [f"{org}-{number}" for number in range(500)]
    answers = await asyncio.gather(*(valkey.call("test_add_v1", name, at) for at, name in enumerate(orgs)))
    assert answers == [[meta_key(name), at] for at, name in enumerate(orgs)]


async def test_one_callers_commands_keep_their_order(valkey: Valkey, org: str) -> None:
    for number in range(50):
        await valkey.set(f"{org}:n", str(number))
        assert await valkey.get(f"{org}:n") == str(number)


async def test_two_long_commands_do_not_wait_for_one_anothers_answers(valkey: Valkey, org: str) -> None:
    keys = [f"{org}:{number}" for number in range(40)]
    held_up = asyncio.create_task(valkey.command("BLPOP", *keys, 0))
    assert await asyncio.wait_for(asyncio.create_task(valkey.command("EXISTS", *keys)), 30) == 0
    assert not held_up.done()
    await valkey.command("LPUSH", keys[7], "come")
    assert await asyncio.wait_for(held_up, 30) == (keys[7], "come")


async def test_a_missing_library_is_loaded_and_the_call_repeated(valkey: Valkey, org: str) -> None:
    await valkey.command("FUNCTION", "DELETE", "cordboard_test")
    assert await valkey.call("test_add_v1", org, 1) == [meta_key(org), 1]


async def test_one_error_spoils_no_other_answer(valkey: Valkey, org: str) -> None:
    answers = await asyncio.gather(
        valkey.call("test_add_v1", org, 1),
        valkey.call("test_fail_v1", org),
        valkey.call("test_add_v1", org, 1),
        return_exceptions=True,
    )
    assert answers[0] == [meta_key(org), 1]
    assert isinstance(answers[1], CordboardError)
    assert (answers[1].slug, "on purpose" in str(answers[1])) == ("board-fault", True)
    assert answers[2] == [meta_key(org), 2]


async def test_a_cancelled_caller_disturbs_nobody(valkey: Valkey, org: str) -> None:
    calls = [asyncio.create_task(valkey.call("test_add_v1", org, 1)) for _ in range(40)]
    await asyncio.sleep(0)
    for call in calls[::2]:
        call.cancel()
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(answer, asyncio.CancelledError) for answer in answers) == 20
    assert sum(isinstance(answer, list) for answer in answers) == 20


async def test_values_may_live_for_a_time(valkey: Valkey, org: str) -> None:
    await valkey.set(f"{org}:short", "x", ttl_ms=60_000)
    assert 0 < await valkey.command("PTTL", f"{org}:short") <= 60_000
    assert await valkey.get(f"{org}:none") is None


async def test_the_stream_is_read_after_an_id_and_waited_for(valkey: Valkey, org: str) -> None:
    assert await valkey.read_stream(org, "0-0") == []
    first = await valkey.command("XADD", events_key(org), "*", "seq", 1)
    assert await valkey.read_stream(org, "0-0") == [(first, {"seq": "1"})]
    waiting = asyncio.create_task(valkey.read_stream(org, first, block_ms=5_000))
    second = await valkey.command("XADD", events_key(org), "*", "seq", 2)
    assert await waiting == [(second, {"seq": "2"})]
    assert await valkey.read_stream(org, second, block_ms=20) == []


async def test_a_read_that_is_cancelled_leaves_the_client_whole(valkey: Valkey, org: str) -> None:
    waiting = asyncio.create_task(valkey.read_stream(org, "0-0", block_ms=5_000))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    stream_id = await valkey.command("XADD", events_key(org), "*", "seq", 1)
    assert await valkey.read_stream(org, "0-0", block_ms=1_000) == [(stream_id, {"seq": "1"})]


async def test_publish_and_subscribe(valkey: Valkey, org: str) -> None:
    heard: list[bytes] = []

    async def listen() -> None:
        async for payload in valkey.subscribe(org):
            heard.append(payload)  # noqa: PERF401 - heard while it goes on

    listener = asyncio.create_task(listen())

    async def heard_by_one() -> bool:
        return await valkey.publish(org, b"\xff\x00") == 1

    await eventually(heard_by_one)
    await eventually(lambda: heard == [b"\xff\x00"])
    listener.cancel()
    await asyncio.gather(listener, return_exceptions=True)


async def test_before_connecting_and_after_closing(valkey_address: str, org: str) -> None:
    client = Valkey(address=valkey_address)
    with pytest.raises(Unavailable):
        await client.command("PING")
    await client.connect()
    await client.connect()
    assert await client.command("PING")
    await client.close()
    await client.close()
    with pytest.raises(Unavailable):
        await client.call("test_add_v1", org, 1)


async def test_nobody_listens_there(tmp_path: Path) -> None:
    client = Valkey(address=f"unix://{tmp_path}/none.sock")
    with pytest.raises(Unavailable) as caught:
        await client.connect()
    assert caught.value.slug == "board-unavailable"
    await client.close()


async def test_a_server_that_is_killed_and_comes_back(tmp_path: Path, org: str) -> None:
    first = ValkeyServer(data=tmp_path, fsync="no")
    await first.start()
    client = Valkey(address=first.address, library=LIBRARY, timeout_s=2.0)
    await client.connect()
    await client.call("test_add_v1", org, 1)
    listening = client.subscribe(org)
    heard: asyncio.Task[bytes] = asyncio.create_task(anext(listening))
    assert first.pid is not None
    os.kill(first.pid, signal.SIGKILL)
    await eventually(lambda: first.pid is None)
    answers = await asyncio.gather(
        *(client.call("test_add_v1", org, 1) for _ in range(20)),
        client.read_stream(org, "0-0", block_ms=1_000),
        heard,
        return_exceptions=True,
    )
    assert all(isinstance(answer, Unavailable | StopAsyncIteration) for answer in answers)
    await first.stop()
    second = ValkeyServer(data=tmp_path, fsync="no")
    await second.start()

    async def answered() -> bool:
        try:
            return bool((await client.call("test_add_v1", org, 1))[1] >= 2)
        except Unavailable:
            return False

    await eventually(answered)
    await client.close()
    await second.stop()


async def test_a_server_that_answers_too_slowly(tmp_path: Path, org: str) -> None:
    server = ValkeyServer(data=tmp_path, fsync="no")
    await server.start()
    client = Valkey(address=server.address, library=LIBRARY, timeout_s=0.3)
    await client.connect()
    assert server.pid is not None
    os.kill(server.pid, signal.SIGSTOP)
    try:
        answers = await asyncio.gather(*(client.call("test_add_v1", org, 1) for _ in range(5)), return_exceptions=True)
    finally:
        os.kill(server.pid, signal.SIGCONT)
    assert all(isinstance(answer, Unavailable) for answer in answers)
    assert (await client.call("test_add_v1", org, 1))[0] == meta_key(org)
    await client.close()
    await server.stop()
