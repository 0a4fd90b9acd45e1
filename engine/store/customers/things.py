"""Assets and orders: what customers have of us, and what they bought."""

from __future__ import annotations

from engine.model.service import Asset, AssetStatus, Order, OrderStatus
from engine.store.access import Access
from engine.store.cases.tables import case_links
from engine.store.customers.kept import Kept, Shape
from engine.store.customers.tables import assets, entitlements, orders

ASSET = Shape(
    noun=Asset,
    table=assets,
    word="asset",
    enums={"status": AssetStatus},
    objects=frozenset({"fields"}),
    used_by=((entitlements, "asset_id"), (case_links, "target_id")),
    filters=frozenset({"account_id", "contact_id", "serial"}),
)
ORDER = Shape(
    noun=Order,
    table=orders,
    word="order",
    enums={"status": OrderStatus},
    objects=frozenset({"fields"}),
    lists=frozenset({"lines"}),
    taken="number-taken",
    used_by=((case_links, "target_id"),),
    filters=frozenset({"account_id", "contact_id", "number"}),
)


class Assets(Kept[Asset]):
    """Keep assets."""

    def __init__(self, *, access: Access) -> None:
        super().__init__(access=access, shape=ASSET)


class Orders(Kept[Order]):
    """Keep orders."""

    def __init__(self, *, access: Access) -> None:
        super().__init__(access=access, shape=ORDER)
