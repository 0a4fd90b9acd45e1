"""Configuration snapshots, idempotency keys, the audit log."""

import asyncio

import pytest

from engine.errors import Conflict
from engine.model.organisation import AgentSetup, Role
from engine.model.record import Kept, Snapshot
from engine.store.idempotency import ABANDONED_MS
from engine.store.store import Store
from tests.contract.store.building import START_MS

ANA = AgentSetup(login="ana", name="Ana", role=Role.AGENT)
SUE = AgentSetup(login="sue", name="Sue", role=Role.SUPERVISOR)


async def put(store: Store, org: str, digest: str, *agents: AgentSetup) -> Snapshot:
    return await store.configuration.put(
        org,
        name="Acme",
        digest=digest,
        compiled=digest.encode() + b"\x00\xff",
        agents=agents,
        author="t",
        now_ms=START_MS,
    )


async def test_the_same_configuration_is_one_snapshot(store: Store, org: str) -> None:
    assert await store.configuration.latest(org) is None
    both = await asyncio.gather(put(store, org, "a", ANA), put(store, org, "a", ANA))
    assert both[0] == both[1]
    second = await put(store, org, "b", ANA)
    again = await put(store, org, "a", ANA)
    assert [both[0].version, second.version, again.version] == [1, 2, 3]
    assert await store.configuration.latest(org) == again
    assert [one.compiled for one in await store.configuration.versions(org, 2)] == [b"a\x00\xff", b"b\x00\xff"]


async def test_configured_users_keep_what_is_theirs(store: Store, org: str) -> None:
    await put(store, org, "a", ANA, SUE)
    ana = (await store.users.list(org))[0]
    await store.users.set_password(org, ana.id, "hash")
    await put(store, org, "b", AgentSetup(login="ana", name="Ana Maria", role=Role.ADMIN))
    account = await store.users.by_login(org, "ana")
    assert account is not None
    assert (account.user.id, account.user.name, account.user.role) == (ana.id, "Ana Maria", Role.ADMIN)
    assert account.password_hash == "hash"
    assert [user.login for user in await store.users.list(org)] == ["ana", "sue"]


async def test_an_idempotency_key_gives_one_answer(store: Store, org: str) -> None:
    async def begin(digest: str = "d", now_ms: int = START_MS, actor: str = "u") -> Kept | None:
        return await store.idempotency.begin(org, key="k", actor=actor, digest=digest, now_ms=now_ms, ttl_ms=900_000)

    outcomes = await asyncio.gather(*(begin() for _ in range(4)), return_exceptions=True)
    assert outcomes.count(None) == 1
    assert {one.slug for one in outcomes if isinstance(one, Conflict)} == {"idempotency-busy"}
    assert await begin(actor="other") is None
    await store.idempotency.finish(org, "k", "u", status=201, body='{"id": 1}')
    assert await begin() == Kept(status=201, body='{"id": 1}')
    with pytest.raises(Conflict) as mismatch:
        await begin("another")
    assert mismatch.value.slug == "idempotency-mismatch"
    await store.idempotency.release(org, "k", "u")  # answered: stays
    assert await begin() == Kept(status=201, body='{"id": 1}')
    assert await begin("another", START_MS + 900_000) is None


async def test_a_key_of_a_dead_request_is_free_again(store: Store, org: str) -> None:
    async def begin(now_ms: int) -> Kept | None:
        return await store.idempotency.begin(org, key="k", actor="u", digest="d", now_ms=now_ms)

    assert await begin(START_MS) is None
    await store.idempotency.release(org, "k", "u")
    assert await begin(START_MS) is None
    assert await begin(START_MS + ABANDONED_MS) is None
    assert await store.idempotency.purge(START_MS + 86_400_000 + ABANDONED_MS) >= 1


async def test_the_audit_log_keeps_order(store: Store, org: str) -> None:
    for number in range(3):
        await store.audit.add(
            org, actor_id="ada", action="user.create", target=f"u{number}", data={"n": number}, now_ms=START_MS
        )
    lines = await store.audit.list(org, 10)
    assert {line.target for line in lines} == {"u0", "u1", "u2"}
    assert lines[0].data in ({"n": 0}, {"n": 1}, {"n": 2})
