"""Accounts: companies, their families, who looks after them."""

from dataclasses import replace
from typing import Annotated

from fastapi import Query

from engine.api.access import Agent, Parts
from engine.api.operation import Operation
from engine.api.owners import check_owner
from engine.api.pace import Pace
from engine.api.schemas.accounts import (
    AccountAnswer,
    AccountChange,
    AccountCheck,
    AccountWritten,
    DefaultTeam,
    MemberAnswer,
    MemberBody,
    NewAccount,
    TreeAnswer,
    WhoseTeam,
)
from engine.api.schemas.customers import DuplicateAnswer
from engine.api.schemas.model import Page
from engine.api.sight import seen, sight_of
from engine.errors import Conflict, InvalidInput
from engine.model.visibility import Guarded

TAG = "Accounts"


async def list_accounts(
    parts: Parts,
    who: Agent,
    text: Annotated[str, Query(max_length=200, description="In name or domain.")] = "",
    parent_id: Annotated[str, Query(max_length=40, description="Only the accounts right beneath it.")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    *,
    before_id: Annotated[str, Query(max_length=40, description="The last one of the page before.")] = "",
) -> Page[AccountAnswer]:
    """Find accounts.

    Newest first; those that were merged into others are left out. `text` is looked for in the 20,000 newest, anywhere
    in name or domain; older ones are found by whole words and how they begin, the 500 newest of them.
    """
    found = await parts.service.accounts.list(
        who.org_id, text=text, parent_id=parent_id, limit=limit, before_id=before_id, sight=sight_of(parts, who)
    )
    return Page(items=[AccountAnswer.of(one) for one in found])


async def create_account(body: NewAccount, parts: Parts, who: Agent) -> AccountWritten:
    """Keep an account.

    With the name, e-mail domain or telephone number of another one the answer is 409 `likely-duplicate` with
    `duplicates`, unless the request says `despite_duplicates`.
    """
    await check_owner(parts, who.org_id, body.owner_id)
    account, found = await parts.service.accounts.create(
        who.org_id,
        values=body.model_dump(exclude={"despite_duplicates"}),
        despite_duplicates=body.despite_duplicates,
    )
    return AccountWritten(
        account=AccountAnswer.of(account),
        duplicates=[DuplicateAnswer.of(one) for one in await seen(parts, who, Guarded.ACCOUNT, found)],
    )


async def check_account(body: AccountCheck, parts: Parts, who: Agent) -> Page[DuplicateAnswer]:
    """Find likely duplicates of an account that is not kept yet.

    Likeliest first; `certain` ones have its name, e-mail domain or telephone number.
    """
    found = await parts.service.accounts.check(who.org_id, values=body.model_dump())
    return Page(items=[DuplicateAnswer.of(one) for one in await seen(parts, who, Guarded.ACCOUNT, found)])


async def read_account(account_id: str, parts: Parts, who: Agent) -> AccountAnswer:
    """Read an account.

    For one that was merged, this is the one it was merged into; its `id` tells.
    """
    return AccountAnswer.of(await parts.service.accounts.get(who.org_id, account_id))


async def change_account(account_id: str, body: AccountChange, parts: Parts, who: Agent) -> AccountWritten:
    """Change an account.

    `version` is the one the change is based on; if somebody was faster the answer is 409 `stale-version` with the
    present `version` and `account`. No account may come to lie beneath itself: 409 `account-circle`.
    """
    values = body.model_dump(exclude={"version", "despite_duplicates"}, exclude_none=True)
    if not values:
        raise InvalidInput("Nothing to change.")
    await check_owner(parts, who.org_id, body.owner_id or "")
    try:
        account, found = await parts.service.accounts.change(
            who.org_id,
            account_id,
            version=body.version,
            values=values,
            despite_duplicates=body.despite_duplicates,
        )
    except Conflict as refusal:
        if refusal.slug != "stale-version":
            raise
        present = AccountAnswer.of(await parts.service.accounts.get(who.org_id, account_id))
        raise Conflict(
            refusal.detail, slug=refusal.slug, version=present.version, account=present.model_dump()
        ) from refusal
    return AccountWritten(
        account=AccountAnswer.of(account),
        duplicates=[DuplicateAnswer.of(one) for one in await seen(parts, who, Guarded.ACCOUNT, found)],
    )


async def list_account_duplicates(account_id: str, parts: Parts, who: Agent) -> Page[DuplicateAnswer]:
    """Find likely duplicates of an account.

    Likeliest first, at most 20.
    """
    found = await parts.service.accounts.duplicates_of(who.org_id, account_id)
    return Page(items=[DuplicateAnswer.of(one) for one in await seen(parts, who, Guarded.ACCOUNT, found)])


async def read_account_tree(account_id: str, parts: Parts, who: Agent) -> TreeAnswer:
    """Read the whole family of an account.

    From its root, parents before children, at most 2,000 accounts; `complete` says whether that is all. Those that the
    caller does not see have no name.
    """
    tree = await parts.service.accounts.tree(who.org_id, account_id)
    told = {one.id for one in await seen(parts, who, Guarded.ACCOUNT, tree.nodes)}
    nodes = tuple(one if one.id in told else replace(one, name="", tier="") for one in tree.nodes)
    return TreeAnswer.of(replace(tree, nodes=nodes))


async def read_account_team(account_id: str, parts: Parts, who: Agent) -> Page[MemberAnswer]:
    """Read who looks after an account."""
    account = await parts.service.accounts.get(who.org_id, account_id)
    found = await parts.service.teams.of_account(who.org_id, account.id)
    return Page(items=[MemberAnswer.of(one) for one in found])


async def put_account_member(
    account_id: str, user_id: str, body: MemberBody, parts: Parts, who: Agent
) -> Page[MemberAnswer]:
    """Let somebody look after an account.

    Or change as what he does. The answer is the whole team.
    """
    found = await parts.service.teams.put(who.org_id, account_id, body.member(user_id), now_ms=parts.clock.now_ms())
    return Page(items=[MemberAnswer.of(one) for one in found])


async def remove_account_member(account_id: str, user_id: str, parts: Parts, who: Agent) -> None:
    """Let somebody look after an account no more."""
    await parts.service.teams.remove(who.org_id, account_id, user_id)


async def add_default_team(account_id: str, body: WhoseTeam, parts: Parts, who: Agent) -> Page[MemberAnswer]:
    """Add a user's default team to an account's.

    In one step; who is in the account's team already stays as he is. The answer is the whole team.
    """
    found = await parts.service.teams.add_default(
        who.org_id, account_id, body.user_id or who.user_id, now_ms=parts.clock.now_ms()
    )
    return Page(items=[MemberAnswer.of(one) for one in found])


async def read_default_team(parts: Parts, who: Agent) -> Page[MemberAnswer]:
    """Read one's own default team."""
    found = await parts.service.teams.default(who.org_id, who.user_id)
    return Page(items=[MemberAnswer.of(one) for one in found])


async def set_default_team(body: DefaultTeam, parts: Parts, who: Agent) -> Page[MemberAnswer]:
    """Replace one's own default team."""
    members = {one.user_id: one.member(one.user_id) for one in body.members}
    if not who.user_id:
        raise InvalidInput("This needs a user; the token speaks for none.")
    found = await parts.service.teams.set_default(who.org_id, who.user_id, list(members.values()))
    return Page(items=[MemberAnswer.of(one) for one in found])


_ONE = "/accounts/{account_id}"
_GONE = ("unknown-account",)
_WRITE = ("unknown-account", "merged")

OPERATIONS = (
    Operation(method="GET", path="/accounts", handler=list_accounts, tag=TAG, pace=Pace.LIST),
    Operation(
        method="POST",
        path="/accounts",
        handler=create_account,
        tag=TAG,
        status=201,
        errors=("unknown-account", "unknown-user", "likely-duplicate"),
    ),
    Operation(method="POST", path="/accounts/check", handler=check_account, tag=TAG),
    Operation(method="GET", path=_ONE, handler=read_account, tag=TAG, errors=_GONE),
    Operation(
        method="PATCH",
        path=_ONE,
        handler=change_account,
        tag=TAG,
        errors=(*_WRITE, "unknown-user", "stale-version", "account-circle", "likely-duplicate"),
    ),
    Operation(method="GET", path=f"{_ONE}/duplicates", handler=list_account_duplicates, tag=TAG, errors=_GONE),
    Operation(method="GET", path=f"{_ONE}/tree", handler=read_account_tree, tag=TAG, errors=_GONE),
    Operation(method="GET", path=f"{_ONE}/team", handler=read_account_team, tag=TAG, errors=_GONE),
    Operation(
        method="PUT",
        path=f"{_ONE}/team/{{user_id}}",
        handler=put_account_member,
        tag=TAG,
        errors=(*_WRITE, "unknown-user", "too-many"),
    ),
    Operation(
        method="DELETE",
        path=f"{_ONE}/team/{{user_id}}",
        handler=remove_account_member,
        tag=TAG,
        status=204,
        errors=(*_WRITE, "unknown-member"),
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/default-team",
        handler=add_default_team,
        tag=TAG,
        errors=(*_WRITE, "too-many"),
    ),
    Operation(method="GET", path="/default-team", handler=read_default_team, tag=TAG),
    Operation(method="PUT", path="/default-team", handler=set_default_team, tag=TAG, errors=("unknown-user",)),
)
