"""Hundreds of offers are stale after a restart: nobody is blamed, nothing is lost, capacity is right."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.acceptance.agent import SignedIn
from tests.acceptance.engine_process import until
from tests.acceptance.peer import Frame
from tests.acceptance.shop import Shop, open_shop

CROWD = 200


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    limits = "sockets_per_address: 1000, address_rate: 10000, address_burst: 10000"
    with open_shop(tmp_path, lease="2s", lost_agent_grace="1s", units="1", limits=limits) as shop:
        yield shop


def test_hundreds_of_stale_offers_after_a_restart(shop: Shop) -> None:
    crowd = hire(shop, CROWD)
    with ThreadPoolExecutor(16) as pool:
        windows = [shop.window(one) for one in crowd]
        list(pool.map(lambda one: one.open(), windows))
        list(pool.map(lambda one: one.person.post("/presence", {"status": "available"}), windows))
        visitors = list(pool.map(lambda number: shop.visitor().open(f"Hello {number}"), range(CROWD)))
    shop.expect_queue("sales", offered=CROWD, waiting=0)
    shop.engine.kill()  # and no browser of an agent comes back
    for one in (*windows, *visitors):
        one.close()
    shop.engine.start()
    shop.expect_queue("sales", offered=0, waiting=CROWD)
    ana = shop.agent("ana")
    assert ana.accept()["interaction_id"] in {one.interaction_id for one in visitors}
    kinds = [kind for one in visitors[:20] for kind in shop.kinds_of(shop.work_of(one)["id"])]
    assert "missed" not in kinds  # the engine's downtime is nobody's fault


def hire(shop: Shop, count: int) -> list[SignedIn]:
    """Put agents into the configuration of the running engine; return them with API tokens."""
    file = shop.engine.config / "agents.yaml"
    lines = [
        f"  temp-{number:03}: {{ name: Temp {number}, profile: standard, skills: {{ english: 5 }}, queues: [sales] }}"
        for number in range(count)
    ]
    file.write_text(file.read_text() + "\n".join(lines) + "\n")
    admin = shop.person("ada")

    def users() -> list[Frame]:
        found = [one for one in admin.get("/users")["items"] if one["login"].startswith("temp-")]
        return found if len(found) == count else []

    hired = until(users, what="the new agents")

    def token(user: Frame) -> SignedIn:
        made = admin.post("/tokens", {"name": user["login"], "user_id": user["id"]})
        return SignedIn(shop.engine.url, token=made["secret"])

    return [token(user) for user in hired]
