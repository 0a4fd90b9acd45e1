"""Assets and orders: what customers have of us, and what they bought."""

from typing import Annotated

from fastapi import Query

from engine.api.access import Agent, Parts, Supervisor
from engine.api.operation import Operation
from engine.api.schemas.model import Page
from engine.api.schemas.things import (
    AssetAnswer,
    AssetChange,
    NewAsset,
    NewOrder,
    OrderAnswer,
    OrderChange,
)
from engine.api.sight import sight_of
from engine.errors import InvalidInput
from engine.model.service import Asset, Order

TAG = "Assets and orders"
WRONG = ("unknown-account", "unknown-contact")

Whose = Annotated[str, Query(max_length=40)]
Text = Annotated[str, Query(max_length=200)]
Limit = Annotated[int, Query(ge=1, le=200)]
Before = Annotated[str | None, Query(max_length=40)]


def changes_of(body: AssetChange | OrderChange) -> dict[str, object]:
    """Return what a change names; raise InvalidInput when it is nothing."""
    changes = body.model_dump(exclude={"version"}, exclude_none=True)
    if not changes:
        raise InvalidInput("Nothing to change.")
    return changes


async def list_assets(
    parts: Parts,
    who: Agent,
    account_id: Whose = "",
    contact_id: Whose = "",
    *,
    serial: Text = "",
    limit: Limit = 50,
    before_id: Before = None,
) -> Page[AssetAnswer]:
    """List assets.

    Newest first; `before_id` is the last id of the page before.
    """
    wanted = {"account_id": account_id, "contact_id": contact_id, "serial": serial}
    found = await parts.service.things.assets.list(
        who.org_id, wanted=wanted, limit=limit, before_id=before_id, sight=sight_of(parts, who)
    )
    return Page(items=[AssetAnswer.of(one) for one in found])


async def read_asset(asset_id: str, parts: Parts, who: Agent) -> AssetAnswer:
    """Read an asset."""
    return AssetAnswer.of(await parts.service.things.assets.get(who.org_id, asset_id))


async def add_asset(body: NewAsset, parts: Parts, who: Agent) -> AssetAnswer:
    """Add an asset."""
    things = parts.service.things
    now_ms = things.now_ms()
    asset = Asset(id=things.new_id(), org_id=who.org_id, created_ms=now_ms, updated_ms=now_ms, **body.model_dump())
    return AssetAnswer.of(await things.assets.create(asset))


async def change_asset(asset_id: str, body: AssetChange, parts: Parts, who: Agent) -> AssetAnswer:
    """Change an asset.

    `version` is the one the change is based on; if somebody was faster the answer is 409 `stale-version`.
    """
    things = parts.service.things
    changes = changes_of(body)
    changed = await things.assets.change(
        who.org_id, asset_id, version=body.version, changes=changes, now_ms=things.now_ms()
    )
    return AssetAnswer.of(changed)


async def delete_asset(asset_id: str, parts: Parts, who: Supervisor) -> None:
    """Delete an asset.

    Refused while a case or an entitlement refers to it.
    """
    await parts.service.things.assets.delete(who.org_id, asset_id)


async def list_orders(
    parts: Parts,
    who: Agent,
    account_id: Whose = "",
    contact_id: Whose = "",
    *,
    number: Text = "",
    limit: Limit = 50,
    before_id: Before = None,
) -> Page[OrderAnswer]:
    """List orders.

    Newest first; `before_id` is the last id of the page before.
    """
    wanted = {"account_id": account_id, "contact_id": contact_id, "number": number}
    found = await parts.service.things.orders.list(
        who.org_id, wanted=wanted, limit=limit, before_id=before_id, sight=sight_of(parts, who)
    )
    return Page(items=[OrderAnswer.of(one) for one in found])


async def read_order(order_id: str, parts: Parts, who: Agent) -> OrderAnswer:
    """Read an order."""
    return OrderAnswer.of(await parts.service.things.orders.get(who.org_id, order_id))


async def add_order(body: NewOrder, parts: Parts, who: Agent) -> OrderAnswer:
    """Add an order.

    Its number is the shop's own and can be used once.
    """
    things = parts.service.things
    now_ms = things.now_ms()
    given = body.model_dump()
    lines = tuple(given.pop("lines"))
    order = Order(id=things.new_id(), org_id=who.org_id, created_ms=now_ms, updated_ms=now_ms, lines=lines, **given)
    return OrderAnswer.of(await things.orders.create(order))


async def change_order(order_id: str, body: OrderChange, parts: Parts, who: Agent) -> OrderAnswer:
    """Change an order.

    `version` is the one the change is based on; if somebody was faster the answer is 409 `stale-version`.
    """
    things = parts.service.things
    changes = changes_of(body)
    changed = await things.orders.change(
        who.org_id, order_id, version=body.version, changes=changes, now_ms=things.now_ms()
    )
    return OrderAnswer.of(changed)


async def delete_order(order_id: str, parts: Parts, who: Supervisor) -> None:
    """Delete an order.

    Refused while a case refers to it.
    """
    await parts.service.things.orders.delete(who.org_id, order_id)


OPERATIONS = (
    Operation(method="GET", path="/assets", handler=list_assets, tag=TAG),
    Operation(method="POST", path="/assets", handler=add_asset, tag=TAG, status=201, errors=WRONG),
    Operation(method="GET", path="/assets/{asset_id}", handler=read_asset, tag=TAG, errors=("unknown-asset",)),
    Operation(
        method="PATCH",
        path="/assets/{asset_id}",
        handler=change_asset,
        tag=TAG,
        errors=("unknown-asset", "stale-version", *WRONG),
    ),
    Operation(
        method="DELETE",
        path="/assets/{asset_id}",
        handler=delete_asset,
        tag=TAG,
        status=204,
        errors=("unknown-asset", "in-use"),
    ),
    Operation(method="GET", path="/orders", handler=list_orders, tag=TAG),
    Operation(method="POST", path="/orders", handler=add_order, tag=TAG, status=201, errors=("number-taken", *WRONG)),
    Operation(method="GET", path="/orders/{order_id}", handler=read_order, tag=TAG, errors=("unknown-order",)),
    Operation(
        method="PATCH",
        path="/orders/{order_id}",
        handler=change_order,
        tag=TAG,
        errors=("unknown-order", "stale-version", "number-taken", *WRONG),
    ),
    Operation(
        method="DELETE",
        path="/orders/{order_id}",
        handler=delete_order,
        tag=TAG,
        status=204,
        errors=("unknown-order", "in-use"),
    ),
)
