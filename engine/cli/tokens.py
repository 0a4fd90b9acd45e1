"""Commands about API tokens. A token is shown once, when it is made; the record keeps its SHA-256 only."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli.options import AsJson, DataDirectory, OrganisationId, SettingsFile, settings_for
from engine.cli.output import print_json, print_table
from engine.cli.record import audit, credentials_of, now_ms, pick_organisation, with_store
from engine.clock import rfc3339
from engine.config.durations import parse_duration
from engine.model.organisation import Role
from engine.model.record import ApiToken
from engine.model.user import Scope

if TYPE_CHECKING:
    from engine.store.store import Store  # opened in record.py only: the other commands start without SQL

PREFIX = "cbt_"
"""Makes a leaked token recognisable to scanners."""
NEVER = "never"


def create(
    *,
    name: Annotated[str, typer.Option(help="What the token is for.")],
    role: Annotated[Role, typer.Option(help="What it may do.")] = Role.AGENT,
    login: Annotated[str, typer.Option("--user", metavar="LOGIN", help="User it acts as; else the organisation.")] = "",
    scope: Annotated[
        list[Scope] | None, typer.Option(help="For a system: all it may do, whatever the role; may be repeated.")
    ] = None,
    expires: Annotated[str, typer.Option(metavar="TIME", help="Such as 30d or 12h; at most 30d, or never.")] = "30d",
    organisation: OrganisationId = "",
    settings_file: SettingsFile = None,
    data: DataDirectory = None,
    as_json: AsJson = False,
) -> None:
    """Make a token and print it. It is printed only now.

    Examples:
      cordboard token create --name reporting --role supervisor
      cordboard token create --name bot --user ana --expires never --json
      cordboard token create --name erp --scope work:write --scope work:read

    Exit codes: 0 made, 1 no such user, 2 wrong use, 3 the database is away.
    """
    lifetime_ms = _lifetime_ms(expires)
    if scope and login:
        raise typer.BadParameter("a token with scopes is the organisation's own", param_hint="--scope")
    token = PREFIX + secrets.token_urlsafe(32)

    async def work(store: Store) -> ApiToken:
        org_id = await pick_organisation(store, organisation)
        user_id = (await credentials_of(store, org_id, login)).user.id if login else ""
        now = now_ms()
        made = await store.tokens.create(
            org_id,
            name=name,
            token_hash=token_hash(token),
            role=role,
            user_id=user_id,
            scopes=scope or (),
            expires_ms=now + lifetime_ms if lifetime_ms else 0,
            now_ms=now,
        )
        await audit(store, org_id, "token.create", made.id)
        return made

    made = with_store(settings_for(settings_file, data), work)
    if as_json:
        print_json({**_as_mapping(made), "token": token})
    else:
        print(token)


def list_tokens(
    *,
    organisation: OrganisationId = "",
    settings_file: SettingsFile = None,
    data: DataDirectory = None,
    as_json: AsJson = False,
) -> None:
    """List the tokens, without the secrets, which nobody has.

    Examples:
      cordboard token list

    Exit codes: 0 listed, 1 no such organisation, 2 wrong use, 3 the database is away.
    """

    async def work(store: Store) -> list[ApiToken]:
        return list(await store.tokens.list(await pick_organisation(store, organisation)))

    found = with_store(settings_for(settings_file, data), work)
    if as_json:
        print_json([_as_mapping(token) for token in found])
        return
    rows = [(token.id, token.name, str(token.role), _until(token), _state(token, now_ms())) for token in found]
    print_table(("id", "name", "role", "expires", "state"), rows)


def revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="The token's id, from cordboard token list.")],
    *,
    organisation: OrganisationId = "",
    settings_file: SettingsFile = None,
    data: DataDirectory = None,
) -> None:
    """Revoke a token; whoever uses it is refused from then on.

    Examples:
      cordboard token revoke 01923f4e-7c1a-7b3c-9d5e-0a1b2c3d4e5f

    Exit codes: 0 revoked, 1 no such token, 2 wrong use, 3 the database is away.
    """

    async def work(store: Store) -> None:
        org_id = await pick_organisation(store, organisation)
        await store.tokens.revoke(org_id, token_id, now_ms=now_ms())
        await audit(store, org_id, "token.revoke", token_id)

    with_store(settings_for(settings_file, data), work)
    print(f"{token_id} is revoked")


def token_hash(token: str) -> str:
    """Return what the record keeps of a token: SHA-256 in hexadecimal. It is random, so it needs no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


def _lifetime_ms(text: str) -> int:
    if text == NEVER:
        return 0
    try:
        milliseconds = parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--expires") from None
    if milliseconds == 0:
        raise typer.BadParameter("write a time such as 30d, or never", param_hint="--expires")
    return milliseconds


def _until(token: ApiToken) -> str:
    return rfc3339(token.expires_ms) if token.expires_ms else NEVER


def _state(token: ApiToken, now: int) -> str:
    if token.revoked_ms:
        return "revoked"
    return "expired" if token.expires_ms and token.expires_ms <= now else "valid"


def _as_mapping(token: ApiToken) -> dict[str, object]:
    return {
        "id": token.id,
        "organisation": token.org_id,
        "name": token.name,
        "role": str(token.role),
        "scopes": [str(one) for one in token.scopes],
        "user_id": token.user_id,
        "expires": rfc3339(token.expires_ms) if token.expires_ms else None,
        "revoked": rfc3339(token.revoked_ms) if token.revoked_ms else None,
    }
