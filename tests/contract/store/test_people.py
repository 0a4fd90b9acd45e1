"""Users, sessions, tokens."""

import asyncio

import pytest

from engine.errors import Conflict, NotFound, Unauthenticated
from engine.model.organisation import Role
from engine.model.user import User
from engine.store.store import Store
from tests.contract.store.building import START_MS, agent


async def test_a_login_is_unique_in_its_organisation(store: Store, org: str) -> None:
    ana = await agent(store, org)
    with pytest.raises(Conflict) as taken:
        await agent(store, org)
    assert taken.value.slug == "login-taken"
    await agent(store, f"{org}-b")
    account = await store.users.by_login(org, "ana")
    assert account is not None
    assert (account.user, account.password_hash) == (ana, "")
    assert await store.users.by_login(org, "nobody") is None
    assert org in await store.users.organisations()
    assert await store.users.list(org) == [ana]
    with pytest.raises(NotFound):
        await store.users.get(f"{org}-b", ana.id)


async def test_users_change(store: Store, org: str) -> None:
    ana = await agent(store, org)
    changed = await store.users.update(org, ana.id, role=Role.SUPERVISOR, name="Ana B", locale="zh-CN")
    assert (changed.role, changed.name, changed.locale, changed.active) == (Role.SUPERVISOR, "Ana B", "zh-CN", True)
    changed = await store.users.update(org, ana.id, changes={"active": False, "role": "agent"})
    assert (changed.active, changed.role) == (False, Role.AGENT)
    assert await store.users.get(org, ana.id) == changed


async def test_the_last_admin_stays(store: Store, org: str) -> None:
    ada, eve = await agent(store, org, "ada", Role.ADMIN), await agent(store, org, "eve", Role.ADMIN)
    outcomes = await asyncio.gather(
        store.users.update(org, ada.id, role=Role.AGENT),
        store.users.update(org, eve.id, active=False),
        return_exceptions=True,
    )
    (refused,) = [one for one in outcomes if isinstance(one, Conflict)]
    assert refused.slug == "last-admin"
    assert sum(user.active and user.role is Role.ADMIN for user in await store.users.list(org)) == 1


async def test_wrong_passwords_lock_for_a_while(store: Store, org: str) -> None:
    ana = await agent(store, org)
    for expected in (0, 0, 5_000):
        account = await store.users.record_failure(org, ana.id, lock_after=3, lock_ms=4_000, now_ms=1_000)
        assert account.locked_until_ms == expected
    await store.users.record_failure(org, ana.id, lock_after=3, lock_ms=4_000, now_ms=1_000)
    await store.users.record_success(org, ana.id)
    account = await store.users.credentials(org, ana.id)
    assert (account.failed_count, account.locked_until_ms) == (0, 0)
    await store.users.set_password(org, ana.id, "hash")
    assert (await store.users.credentials(org, ana.id)).password_hash == "hash"


async def test_sessions_end(store: Store, org: str) -> None:
    ana = await agent(store, org)

    async def begin(token_hash: str, expires_ms: int) -> None:
        await store.sessions.create(
            f"{org}{token_hash}", user=ana, csrf="c", expires_ms=expires_ms, address="::1",
            user_agent="x" * 999, now_ms=START_MS, password_hash="",
        )  # fmt: skip

    async def lives(token_hash: str, now_ms: int = START_MS + 50) -> bool:
        session = await store.sessions.get(f"{org}{token_hash}", now_ms)
        assert session is None or (session.user, session.csrf) == (ana, "c")
        return session is not None

    for name in ("a", "b", "c"):
        await begin(name, START_MS + 100)
    assert await lives("a")
    assert not await lives("a", START_MS + 100)
    await store.sessions.touch(f"{org}a", now_ms=START_MS + 60, expires_ms=START_MS + 900)
    assert await lives("a", START_MS + 800)
    await store.sessions.delete(f"{org}b")
    assert not await lives("b")
    assert await store.sessions.purge(START_MS + 100) >= 1
    assert not await lives("c", START_MS)


@pytest.mark.parametrize("change", ["password", "activity", "role"])
async def test_what_ends_sessions_ends_them_in_its_own_transaction(store: Store, org: str, change: str) -> None:
    ana, ben = await agent(store, org), await agent(store, org, "ben")
    for user in (ana, ben):
        await begin_session(store, user, f"{org}{user.login}")
    if change == "password":
        await store.users.set_password(org, ana.id, "new")
    elif change == "activity":
        await store.users.update(org, ana.id, active=False)
        await store.users.update(org, ana.id, active=True)
    else:
        await store.users.update(org, ana.id, role=Role.SUPERVISOR, name="Ana")
    assert await store.sessions.get(f"{org}ana", START_MS) is None
    assert await store.sessions.get(f"{org}ben", START_MS) is not None


async def test_the_same_role_ends_no_session(store: Store, org: str) -> None:
    ana = await agent(store, org)
    await begin_session(store, ana, f"{org}ana")
    await store.users.update(org, ana.id, name="Ana B", role=Role.AGENT)
    assert await store.sessions.get(f"{org}ana", START_MS) is not None


async def test_no_session_begins_with_a_password_that_was_replaced_meanwhile(store: Store, org: str) -> None:
    ana = await agent(store, org)
    for number in range(20):
        outcomes = await asyncio.gather(
            store.users.set_password(org, ana.id, f"new {number}"),
            begin_session(store, ana, f"{org}{number}", f"new {number - 1}" if number else ""),
            return_exceptions=True,
        )
        assert all(one is None or isinstance(one, Unauthenticated) for one in outcomes)
        assert await store.sessions.get(f"{org}{number}", START_MS) is None
    assert not await store.users.rehash(org, ana.id, before="new 18", after="other")
    assert await store.users.rehash(org, ana.id, before="new 19", after="other")
    assert (await store.users.credentials(org, ana.id)).password_hash == "other"


async def begin_session(store: Store, user: User, token_hash: str, password_hash: str = "") -> None:
    await store.sessions.create(
        token_hash, user=user, csrf="c", expires_ms=START_MS + 100, address="::1", user_agent="", now_ms=START_MS,
        password_hash=password_hash,
    )  # fmt: skip


async def test_tokens_speak_for_somebody_until_revoked(store: Store, org: str) -> None:
    ana = await agent(store, org)
    mine = await store.tokens.create(
        org,
        name="mine",
        token_hash=f"{org}1",
        role=Role.AGENT,
        user_id=ana.id,
        expires_ms=START_MS + 9,
        now_ms=START_MS,
    )
    ours = await store.tokens.create(org, name="ours", token_hash=f"{org}2", role=Role.ADMIN, now_ms=START_MS)
    principal = await store.tokens.get(f"{org}1", START_MS)
    assert principal is not None
    assert (principal.user_id, principal.login, principal.role, principal.via) == (ana.id, "ana", Role.AGENT, "token")
    assert await store.tokens.get(f"{org}1", START_MS + 9) is None
    principal = await store.tokens.get(f"{org}2", START_MS)
    assert principal is not None
    assert (principal.user_id, principal.login) == ("", "token:ours")
    assert {token.id for token in await store.tokens.list(org)} == {mine.id, ours.id}
    with pytest.raises(NotFound):
        await store.tokens.revoke("other", ours.id, now_ms=START_MS)
    await store.tokens.revoke(org, ours.id, now_ms=START_MS + 1)
    await store.tokens.revoke(org, ours.id, now_ms=START_MS + 2)
    assert await store.tokens.get(f"{org}2", START_MS) is None
    assert {token.revoked_ms for token in await store.tokens.list(org)} == {0, START_MS + 1}


async def test_a_token_may_never_do_more_than_its_user_may_now(store: Store, org: str) -> None:
    await agent(store, org, "ada", Role.ADMIN)
    sue = await agent(store, org, "sue", Role.SUPERVISOR)
    await store.tokens.create(
        org, name="mine", token_hash=f"{org}1", role=Role.SUPERVISOR, user_id=sue.id, now_ms=START_MS
    )
    for role, may in ((Role.ADMIN, Role.SUPERVISOR), (Role.AGENT, Role.AGENT), (Role.SUPERVISOR, Role.SUPERVISOR)):
        await store.users.update(org, sue.id, role=role)
        principal = await store.tokens.get(f"{org}1", START_MS)
        assert principal is not None
        assert principal.role is may
