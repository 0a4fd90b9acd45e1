"""Passwords of the demo's users: made once, kept beside the data, so that the same log-ins work after a restart."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import structlog

from engine.model.record import Credentials
from engine.passwords import hash_password, verify_password

log = structlog.get_logger(__name__)

FILE = "demo-logins.json"
WORDS = """
amber apple arrow aspen atlas badge baker basil beach berry birch blaze bloom board brick brook brush cabin
candy canoe cedar chalk charm chess cider cliff cloud clover cobalt comet copper coral crane crisp crown daisy
delta denim diner dozen drift eagle early ember fable falcon fern field flint flute forest frost garnet ginger
glade globe grape gravel green hazel heron honey ivory jolly juniper kayak kettle koala ladle lemon lilac linen
lucky lunar magnet mango maple marble meadow melon mint misty mocha moss noble north novel ocean olive onyx
opal orbit otter paddle panda papaya pearl pebble pepper piano pilot plum polar poppy prairie quartz quiet
radar raven ready river robin rocket rustic saffron sage salmon sandy scout shore silver sketch slate solar
spice spruce stone storm sugar summit sunny swift tango teal thistle tiger timber topaz tulip tundra velvet
violet walnut willow winter wonder yellow zebra zephyr
"""
"""Four of them make about 29 bits: enough behind a lock-out, for a demo."""


class Users(Protocol):
    """What is needed of the record's users."""

    async def by_login(self, org_id: str, login: str) -> Credentials | None:
        """Return a user with what signing in needs."""
        ...

    async def set_password(self, org_id: str, user_id: str, password_hash: str) -> None:
        """Set a password's hash."""
        ...


class Store(Protocol):
    """What is needed of the record."""

    @property
    def users(self) -> Users:
        """Who can sign in."""
        ...


async def ensure_demo_passwords(
    data: Path,
    store: Store,
    org_id: str,
    logins: Sequence[str],
    *,
    hash_password: Callable[[str], str] = hash_password,
) -> Mapping[str, str]:
    """Give each of ``logins`` that has no password one of its own; return all passwords that are known and work.

    They lie in ``<data>/secrets/demo-logins.json``, readable by the owner only. A user who has a password keeps
    it. Idempotent; log-ins without a user are left out.
    """
    file = data / "secrets" / FILE
    kept = await asyncio.to_thread(_read, file)
    known: dict[str, str] = {}
    for login in logins:
        credentials = await store.users.by_login(org_id, login)
        if credentials is None:
            log.warning("demo log-in has no user", login=login)
        elif not credentials.password_hash:
            if login not in kept:
                kept[login] = new_password()
                await asyncio.to_thread(_write, file, kept)  # first, so that a crash leaves none that nobody knows
            hashed = await asyncio.to_thread(hash_password, kept[login])
            await store.users.set_password(org_id, credentials.user.id, hashed)
            known[login] = kept[login]
        elif login in kept and await asyncio.to_thread(verify_password, credentials.password_hash, kept[login]):
            known[login] = kept[login]
    return known


def new_password() -> str:
    """Return a password that is easy to read and type."""
    words = WORDS.split()
    return "-".join(secrets.choice(words) for _ in range(4))


def _read(file: Path) -> dict[str, str]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        log.warning("demo log-ins cannot be read; new ones are made", file=str(file))
        return {}
    return {str(login): str(password) for login, password in content.items()} if isinstance(content, dict) else {}


def _write(file: Path, passwords: Mapping[str, str]) -> None:
    """Write the whole file or nothing: a crash leaves the old one."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as text:
        json.dump(dict(passwords), text, indent=2)
        text.flush()
        os.fsync(text.fileno())
    new.replace(file)
