"""Commands about who can sign in.

A user made here can sign in; who takes work must stand in the configuration's ``agents`` too, which makes the
user by itself. Passwords are never on the command line, where other users of the machine could see them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli.options import AsJson, DataDirectory, OrganisationId, PasswordFile, SettingsFile, settings_for
from engine.cli.output import print_json, print_table
from engine.cli.record import audit, credentials_of, now_ms, pick_organisation, with_store
from engine.cli.secret_input import read_password
from engine.model.organisation import Role
from engine.model.user import User
from engine.passwords import hash_password

if TYPE_CHECKING:
    from engine.store.store import Store  # opened in record.py only: the other commands start without SQL

Login = Annotated[str, typer.Argument(metavar="LOGIN", help="Name that the user signs in with.")]


def add(
    login: Login,
    *,
    name: Annotated[str, typer.Option(help="Name that others see; else the log-in.")] = "",
    role: Annotated[Role, typer.Option(help="What the user may do.")] = Role.AGENT,
    password_file: PasswordFile = None,
    no_password: Annotated[bool, typer.Option("--no-password", help="Set none: cannot sign in yet.")] = False,
    organisation: OrganisationId = "",
    settings_file: SettingsFile = None,
    data: DataDirectory = None,
    as_json: AsJson = False,
) -> None:
    """Add a user. The password is typed, piped in, or read from a file.

    Examples:
      cordboard user add kim --name "Kim Lee" --role supervisor
      cordboard user add kim --password-file /run/secrets/kim

    Exit codes: 0 added, 1 the log-in is taken or the password too weak, 2 wrong use, 3 the database is away.
    """
    hashed = "" if no_password else hash_password(read_password(login, password_file))

    async def work(store: Store) -> User:
        org_id = await pick_organisation(store, organisation)
        user = await store.users.create(
            org_id, login=login, name=name or login, role=role, password_hash=hashed, now_ms=now_ms()
        )
        await audit(store, org_id, "user.create", user.id)
        return user

    user = with_store(settings_for(settings_file, data), work)
    _tell(user, f"{user.login} was added to {user.org_id} as {user.role}", as_json=as_json)


def list_users(
    *,
    organisation: OrganisationId = "",
    settings_file: SettingsFile = None,
    data: DataDirectory = None,
    as_json: AsJson = False,
) -> None:
    """List the users.

    Examples:
      cordboard user list
      cordboard user list --json

    Exit codes: 0 listed, 1 no such organisation, 2 wrong use, 3 the database is away.
    """

    async def work(store: Store) -> list[User]:
        return list(await store.users.list(await pick_organisation(store, organisation)))

    users = with_store(settings_for(settings_file, data), work)
    if as_json:
        print_json([_as_mapping(user) for user in users])
        return
    rows = [(user.login, user.name, str(user.role), "yes" if user.active else "no") for user in users]
    print_table(("login", "name", "role", "active"), rows)


def set_password(
    login: Login,
    *,
    password_file: PasswordFile = None,
    organisation: OrganisationId = "",
    settings_file: SettingsFile = None,
    data: DataDirectory = None,
    as_json: AsJson = False,
) -> None:
    """Set a user's password and end his sessions. It is typed, piped in, or read from a file.

    Examples:
      cordboard user set-password ana
      pass show cordboard/ana | cordboard user set-password ana

    Exit codes: 0 set, 1 no such user or too weak, 2 wrong use, 3 the database is away.
    """
    hashed = hash_password(read_password(login, password_file))

    async def work(store: Store) -> User:
        org_id = await pick_organisation(store, organisation)
        user = (await credentials_of(store, org_id, login)).user
        await store.users.set_password(org_id, user.id, hashed)
        await audit(store, org_id, "user.password", user.id)
        return user

    user = with_store(settings_for(settings_file, data), work)
    _tell(user, f"the password of {user.login} is set; his sessions are over", as_json=as_json)


def set_role(
    login: Login,
    role: Annotated[Role, typer.Argument(help="What the user may do.")],
    *,
    organisation: OrganisationId = "",
    settings_file: SettingsFile = None,
    data: DataDirectory = None,
    as_json: AsJson = False,
) -> None:
    """Set what a user may do. For users of the configuration files the next change of those wins.

    Examples:
      cordboard user set-role kim supervisor

    Exit codes: 0 set, 1 no such user, 2 wrong use, 3 the database is away.
    """
    user = _update(login, organisation, settings_file, data, role=role)
    _tell(user, f"{user.login} is {user.role} now", as_json=as_json)


def disable(
    login: Login,
    *,
    organisation: OrganisationId = "",
    settings_file: SettingsFile = None,
    data: DataDirectory = None,
    as_json: AsJson = False,
) -> None:
    """Keep a user from signing in, and end his sessions.

    Examples:
      cordboard user disable kim

    Exit codes: 0 disabled, 1 no such user, 2 wrong use, 3 the database is away.
    """
    user = _update(login, organisation, settings_file, data, active=False)
    _tell(user, f"{user.login} cannot sign in any more", as_json=as_json)


def enable(
    login: Login,
    *,
    organisation: OrganisationId = "",
    settings_file: SettingsFile = None,
    data: DataDirectory = None,
    as_json: AsJson = False,
) -> None:
    """Let a disabled user sign in again.

    Examples:
      cordboard user enable kim

    Exit codes: 0 enabled, 1 no such user, 2 wrong use, 3 the database is away.
    """
    user = _update(login, organisation, settings_file, data, active=True)
    _tell(user, f"{user.login} can sign in again", as_json=as_json)


def unlock(
    login: Login,
    *,
    organisation: OrganisationId = "",
    settings_file: SettingsFile = None,
    data: DataDirectory = None,
    as_json: AsJson = False,
) -> None:
    """Unlock a user whom too many wrong passwords have locked.

    Examples:
      cordboard user unlock ana

    Exit codes: 0 unlocked, 1 no such user, 2 wrong use, 3 the database is away.
    """

    async def work(store: Store) -> User:
        org_id = await pick_organisation(store, organisation)
        user = (await credentials_of(store, org_id, login)).user
        await store.users.record_success(org_id, user.id)
        await audit(store, org_id, "user.unlock", user.id)
        return user

    user = with_store(settings_for(settings_file, data), work)
    _tell(user, f"{user.login} is unlocked", as_json=as_json)


def _update(
    login: str,
    organisation: str,
    settings_file: Path | None,
    data: Path | None,
    *,
    role: Role | None = None,
    active: bool | None = None,
) -> User:
    async def work(store: Store) -> User:
        org_id = await pick_organisation(store, organisation)
        user = (await credentials_of(store, org_id, login)).user
        changed = await store.users.update(org_id, user.id, role=role, active=active)
        await audit(store, org_id, "user.update", user.id)
        return changed

    return with_store(settings_for(settings_file, data), work)


def _tell(user: User, text: str, *, as_json: bool) -> None:
    if as_json:
        print_json(_as_mapping(user))
    else:
        print(text)


def _as_mapping(user: User) -> dict[str, object]:
    return {
        "id": user.id,
        "organisation": user.org_id,
        "login": user.login,
        "name": user.name,
        "role": str(user.role),
        "active": user.active,
    }
