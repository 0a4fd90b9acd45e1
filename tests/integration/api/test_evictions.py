"""Sockets of whoever may not go on are closed: at once where it was said, within seconds elsewhere."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import connect

from engine.api.gate import hash_secret
from engine.clock import SystemClock
from engine.ids import id_source
from engine.model.organisation import Role
from engine.store.store import Store
from tests.integration.api.engine_under_test import PASSWORD, Browser, Engine, Socket, agent_socket

WITHIN_S = 8.0
"""The look is every two seconds; the rest is for a busy machine."""


async def without_the_role(engine: Engine) -> None:
    """End the role that looks for what ended elsewhere, so that it cannot help."""
    await engine.application._loops._loops.pop("eviction").stop()


async def user_id_of(browser: Browser) -> str:
    user_id: str = (await browser.get("/me")).json()["user"]["id"]
    return user_id


@asynccontextmanager
async def token_socket(address: str, secret: str) -> AsyncIterator[Socket]:
    async with connect(f"ws://{address}/api/v1/agent/socket", proxy=None) as connection:
        link = Socket(connection)
        await link.send("hello", v=1, token=secret)
        await link.until("state")
        yield link


async def test_a_revoked_token_loses_its_socket_at_once(engine: Engine) -> None:
    admin, ana = await engine.signed_in("ada"), await engine.signed_in("ana")
    body = {"name": "bot", "user_id": await user_id_of(ana)}
    one, other = [(await admin.post("/tokens", body)).json() for _ in range(2)]
    await without_the_role(engine)
    async with (
        engine.served() as address,
        token_socket(address, one["secret"]) as revoked,
        token_socket(address, other["secret"]) as kept,
    ):
        assert (await admin.send("DELETE", f"/tokens/{one['token']['id']}")).status_code == 204
        assert await revoked.closed() == 1008
        await kept.send("heartbeat")
        await kept.until("pong")


@pytest.mark.parametrize("how", ["log out", "password", "password given", "switched off", "role"])
async def test_a_session_that_ends_here_loses_its_socket_at_once(engine: Engine, how: str) -> None:
    admin, ana = await engine.signed_in("ada"), await engine.signed_in("ana")
    user = f"/users/{await user_id_of(ana)}"
    await without_the_role(engine)
    async with engine.served() as address, agent_socket(address, ana) as link:
        await link.until("state")
        answer = await {
            "log out": lambda: ana.post("/logout"),
            "password": lambda: ana.post("/me/password", {"current": PASSWORD, "password": "another good one"}),
            "password given": lambda: admin.post(f"{user}/password", {"password": "another good one"}),
            "switched off": lambda: admin.send("PATCH", user, {"active": False}),
            "role": lambda: admin.send("PATCH", user, {"role": "supervisor"}),
        }[how]()
        assert answer.is_success
        assert await link.closed() == 1008


def elsewhere(how: str, ana: Browser, org: str) -> Callable[[Store], Awaitable[object]]:
    """Return what ends Ana's session in another process."""
    key = hash_secret(ana.http.cookies["cordboard_session"])

    async def end(store: Store) -> None:
        account = await store.users.by_login(org, "ana")
        assert account is not None
        if how == "log out":
            await store.sessions.delete(key)
        elif how == "password":
            await store.users.set_password(org, account.user.id, "other")
        elif how == "switched off":
            await store.users.update(org, account.user.id, active=False)
        else:
            await store.users.update(org, account.user.id, role=Role.SUPERVISOR)

    return end


@pytest.mark.parametrize("how", ["log out", "password", "switched off", "role"])
async def test_a_session_that_ends_elsewhere_loses_its_socket_soon(engine: Engine, org: str, how: str) -> None:
    ana, ben = await engine.signed_in("ana"), await engine.signed_in("ben")
    clock = SystemClock()
    other_process = Store(url=engine.application._settings.database, clock=clock, new_id=id_source(clock))
    await other_process.start()
    async with (
        engine.served() as address,
        agent_socket(address, ana) as link,
        agent_socket(address, ben) as others,
    ):
        await link.until("state")
        await others.until("state")
        await elsewhere(how, ana, org)(other_process)
        assert await link.closed(within_s=WITHIN_S) == 1008
        async with agent_socket(address, ana) as again:
            assert (await again.receive())["slug"] == "unauthenticated", "no memory of the gate lets him in"
        await others.send("heartbeat")
        await others.until("pong")
    await other_process.stop()


async def test_a_token_that_is_revoked_elsewhere_loses_its_socket_soon(engine: Engine, org: str) -> None:
    admin, ana = await engine.signed_in("ada"), await engine.signed_in("ana")
    body = {"name": "bot", "user_id": await user_id_of(ana)}
    one, other = [(await admin.post("/tokens", body)).json() for _ in range(2)]
    async with (
        engine.served() as address,
        token_socket(address, one["secret"]) as revoked,
        token_socket(address, other["secret"]) as kept,
    ):
        now_ms = SystemClock().now_ms()
        await engine.application.store.tokens.revoke(org, one["token"]["id"], now_ms=now_ms)  # as another process does
        assert await revoked.closed(within_s=WITHIN_S) == 1008
        await kept.send("heartbeat")
        await kept.until("pong")
