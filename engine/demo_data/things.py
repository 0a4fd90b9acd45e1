"""What families own, bought and were promised. Pure."""

from __future__ import annotations

import json

from engine.demo_data.people import Person, account_id, accounts_of, person
from engine.demo_data.scale import ACCOUNTS, DAY_MS, FAMILY, Rows, Scale, day
from engine.demo_data.words import MACHINES, PRODUCTS, Product

YEAR_MS = 365 * DAY_MS
_STATUSES = ("delivered", "delivered", "delivered", "shipped", "returned", "paid")


def orders_of(number: int) -> int:
    """Return how many orders a contact has."""
    return number * 7_919 % 4


def order_number(scale: Scale, number: int, place: int) -> str:
    """Return the shop's number of an order."""
    return f"{scale.tag}55-{number * 4 + place:06d}"


def order_id(scale: Scale, one: Person, place: int) -> str:
    """Return the id of a contact's order."""
    return scale.id_of("order", one.number * 4 + place, one.created_ms + (place + 1) * 60 * DAY_MS)


def asset_id(scale: Scale, owner: int) -> str:
    """Return the id of the machine that an account, or a consumer, has."""
    return scale.id_of("asset", owner, scale.since_ms + owner % 500 * DAY_MS)


def owner_of(one: Person) -> int:
    """Return the number under which a contact's machine is known."""
    family, place = divmod(one.number, FAMILY)
    if not one.account_id:
        return -one.number - 1
    return family * ACCOUNTS + place % accounts_of(family)


def machine(owner: int) -> Product:
    """Return what machine it is."""
    return MACHINES[owner % len(MACHINES)]


def serial(scale: Scale, owner: int) -> str:
    """Return its serial number."""
    return f"{scale.tag}{machine(owner).key}-{'C' if owner < 0 else 'A'}{abs(owner):06d}"


def support_id(scale: Scale, family: int) -> str:
    """Return the id of a family's support entitlement."""
    return scale.id_of("support", family, scale.since_ms + family % 200 * DAY_MS)


def support_plan(scale: Scale, family: int) -> str:
    """Return what a family's support promises; "" where no plans are configured."""
    return scale.plans[family % len(scale.plans)] if scale.plans else ""


def support_period(scale: Scale, family: int) -> tuple[int, int]:
    """Return from when until when a family has support; every fifth has it no more, every third never had."""
    begins_ms = scale.since_ms + family % 200 * DAY_MS
    if family % 3 == 2:
        return 0, 0
    return begins_ms, scale.until_ms + (-60 * DAY_MS if family % 5 == 0 else 200 * DAY_MS)


def thing_rows(scale: Scale, family: int) -> Rows:
    """Return the rows of a family's assets, orders, contract and entitlements."""
    rows: Rows = {name: [] for name in ("assets", "orders", "contracts", "entitlements")}
    for place in range(accounts_of(family)):
        owner = family * ACCOUNTS + place
        _machine(scale, owner, {"account_id": account_id(scale, family, place)}, rows)
    for number in range(family * FAMILY, (family + 1) * FAMILY):
        one = person(scale, number)
        if not one.account_id:
            _machine(scale, owner_of(one), {"contact_id": one.id}, rows)
        for place in range(orders_of(number)):
            rows["orders"].append(_order(scale, one, place))
    _support(scale, family, rows)
    return rows


def _machine(scale: Scale, owner: int, holder: dict[str, object], rows: Rows) -> None:
    bought_ms = scale.since_ms + owner % 500 * DAY_MS
    until = day(bought_ms + 2 * YEAR_MS)
    product, one = machine(owner), asset_id(scale, owner)
    made = {"version": 1, "created_ms": bought_ms, "updated_ms": bought_ms}
    rows["assets"].append(
        {
            "id": one,
            **holder,
            "name": product.names["en"],
            "product": product.key,
            "serial": serial(scale, owner),
            "status": "in_use",
            "purchased_on": day(bought_ms),
            "warranty_until": until,
            **made,
        }
    )
    rows["entitlements"].append(
        {
            "id": scale.id_of("warranty", owner, bought_ms),
            "name": "Two years of warranty",
            "kind": "warranty",
            "asset_id": one,
            "channels": "[]",
            "starts_on": day(bought_ms),
            "ends_on": until,
            **made,
        }
    )


def _order(scale: Scale, one: Person, place: int) -> dict[str, object]:
    chance = scale.chance("order", one.number * 4 + place)
    product, quantity = chance.choice(PRODUCTS), chance.choice((1, 1, 2, 3, 6, 12))
    at_ms = one.created_ms + (place + 1) * 60 * DAY_MS
    line = {
        "product": product.key,
        "name": product.names[one.language[:2]],
        "quantity": quantity,
        "price_minor": product.price_minor,
    }
    return {
        "id": order_id(scale, one, place),
        "number": order_number(scale, one.number, place),
        "account_id": one.account_id,
        "contact_id": one.id,
        "status": chance.choice(_STATUSES),
        "ordered_on": day(at_ms),
        "total_minor": quantity * product.price_minor,
        "currency": "EUR",
        "lines": json.dumps([line], ensure_ascii=False),
        "version": 1,
        "created_ms": at_ms,
        "updated_ms": at_ms,
    }


def _support(scale: Scale, family: int, rows: Rows) -> None:
    begins_ms, ends_ms = support_period(scale, family)
    if not ends_ms:
        return
    made = {"version": 1, "created_ms": begins_ms, "updated_ms": begins_ms}
    contract, root = scale.id_of("contract", family, begins_ms), account_id(scale, family, 0)
    period = {"starts_on": day(begins_ms), "ends_on": day(ends_ms)}
    rows["contracts"].append(
        {
            "id": contract,
            "number": f"{scale.tag}SC-{family:05d}",
            "account_id": root,
            "name": "Service contract",
            "status": "active",
            **period,
            **made,
        }
    )
    used_up = family % 7 == 0
    rows["entitlements"].append(
        {
            "id": support_id(scale, family),
            "name": "Support",
            "kind": "support",
            "plan": support_plan(scale, family),
            "contract_id": contract,
            "account_id": root,
            "channels": "[]",
            "cases_allowed": 10 if used_up else 0,
            "cases_used": 10 if used_up else 0,
            **period,
            **made,
        }
    )
