"""Leases: one holder at a time, tokens that rise."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from engine.valkey.client import Valkey
from engine.valkey.lease import Leases
from tests.servers import eventually


@pytest.fixture
async def valkey(valkey_address: str) -> AsyncIterator[Valkey]:
    client = Valkey(address=valkey_address)
    await client.connect()
    yield client
    await client.close()


@pytest.fixture
def leases(valkey: Valkey) -> Leases:
    return Leases(commands=valkey)


async def test_one_holder_at_a_time(leases: Leases, org: str) -> None:
    tokens = await asyncio.gather(*(leases.acquire(org, 60_000) for _ in range(20)))
    held = [token for token in tokens if token is not None]
    assert len(held) == 1
    assert await leases.renew(org, held[0], 60_000)
    assert not await leases.renew(org, held[0] - 1, 60_000)
    assert not await leases.release(org, held[0] - 1)
    assert await leases.release(org, held[0])
    assert not await leases.release(org, held[0])


async def test_tokens_rise(leases: Leases, org: str) -> None:
    tokens = []
    for _ in range(20):
        token = await leases.acquire(org, 60_000)
        assert token is not None
        tokens.append(token)
        await leases.release(org, token)
    assert tokens == sorted(set(tokens))


async def test_tokens_rise_although_the_server_forgot(leases: Leases, valkey: Valkey, org: str) -> None:
    first = await leases.acquire(org, 60_000)
    await valkey.command("DEL", f"cb-lease:{{{org}}}", f"cb-lease:{{{org}}}:last")
    second = await leases.acquire(org, 60_000)
    assert first is not None
    assert second is not None
    assert second > first


async def test_a_lease_that_is_not_renewed_is_taken_over(leases: Leases, org: str) -> None:
    first = await leases.acquire(org, 30)
    assert first is not None

    async def taken_over() -> int | None:
        return await leases.acquire(org, 60_000)

    second: int = await eventually(taken_over)  # type: ignore[arg-type]
    assert second > first
    assert not await leases.renew(org, first, 60_000)


async def test_who_is_alone_inherits_what_a_dead_process_held_once(valkey: Valkey, leases: Leases, org: str) -> None:
    dead = await leases.acquire(org, 60_000)
    heirs = Leases(commands=valkey, alone=True)
    tokens = await asyncio.gather(*(heirs.acquire(org, 60_000) for _ in range(20)))
    (token,) = [token for token in tokens if token is not None]
    assert dead is not None
    assert token > dead
    assert not await leases.renew(org, dead, 60_000)
    assert await heirs.acquire(org, 60_000) is None
    assert await leases.acquire(org, 60_000) is None
