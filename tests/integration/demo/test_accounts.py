"""Demo log-ins are made once, and work after a restart."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.clock import SystemClock
from engine.demo.accounts import FILE, ensure_demo_passwords, new_password
from engine.ids import id_source
from engine.model.organisation import Role
from engine.passwords import hash_password, verify_password
from engine.store.store import Store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    clock = SystemClock()
    store = Store(url=f"sqlite:///{tmp_path}/record.sqlite3", clock=clock, new_id=id_source(clock))
    await store.start()
    try:
        yield store
    finally:
        await store.stop()


async def add(store: Store, org: str, *logins: str) -> None:
    for login in logins:
        await store.users.create(org, login=login, name=login, role=Role.AGENT, now_ms=1)


async def stored_hash(store: Store, org: str, login: str) -> str:
    account = await store.users.by_login(org, login)
    assert account is not None
    return account.password_hash


async def test_made_once_and_kept(store: Store, org: str, tmp_path: Path) -> None:
    await add(store, org, "ana", "ben")
    first = await ensure_demo_passwords(tmp_path, store, org, ["ana", "ben", "nobody"])
    assert set(first) == {"ana", "ben"}
    assert verify_password(await stored_hash(store, org, "ana"), first["ana"])
    file = tmp_path / "secrets" / FILE
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    await add(store, org, "chen")
    second = await ensure_demo_passwords(tmp_path, store, org, ["ana", "ben", "chen"])
    assert {**second, **first} == second


async def test_a_password_that_somebody_chose_is_kept(store: Store, org: str, tmp_path: Path) -> None:
    await add(store, org, "ana", "ben")
    ben = await store.users.by_login(org, "ben")
    assert ben is not None
    await store.users.set_password(org, ben.user.id, hash_password("correct horse"))
    known = await ensure_demo_passwords(tmp_path, store, org, ["ana", "ben"])
    assert set(known) == {"ana"}
    ana = await store.users.by_login(org, "ana")
    assert ana is not None
    await store.users.set_password(org, ana.user.id, hash_password("battery staple"))
    assert await ensure_demo_passwords(tmp_path, store, org, ["ana", "ben"]) == {}
    assert verify_password(await stored_hash(store, org, "ben"), "correct horse")


async def test_a_damaged_file_is_made_anew(store: Store, org: str, tmp_path: Path) -> None:
    await add(store, org, "ana")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / FILE).write_text("[")
    assert set(await ensure_demo_passwords(tmp_path, store, org, ["ana"])) == {"ana"}


async def test_an_empty_record_gets_the_passwords_of_the_file(store: Store, org: str, tmp_path: Path) -> None:
    await add(store, org, "ana")
    first = await ensure_demo_passwords(tmp_path, store, org, ["ana"])
    await add(store, f"{org}-2", "ana")
    assert await ensure_demo_passwords(tmp_path, store, f"{org}-2", ["ana"]) == first


def test_passwords_are_readable_and_differ() -> None:
    assert len({new_password() for _ in range(100)}) > 95
    assert all(word.isalpha() for word in new_password().split("-"))
