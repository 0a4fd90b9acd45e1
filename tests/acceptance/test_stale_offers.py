"""Many people: hundreds of stale offers after a restart; and nobody at all, which must cost next to nothing."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis

from tests.acceptance.agent import SignedIn
from tests.acceptance.engine_process import until
from tests.acceptance.peer import Frame
from tests.acceptance.shop import Shop, open_shop

CROWD = 200
WINDOW_S = 3.0


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


def test_nobody_online_costs_next_to_nothing(shop: Shop, record_property: Callable[[str, object], None]) -> None:
    ana = shop.agent("ana", status="break")
    for number in range(40):
        shop.visitor().open(f"Hello {number}")
    shop.expect_queue("sales", waiting=40)
    ana.person.post("/sign-out", {})
    ana.close()
    board = redis.Redis(unix_socket_path=str(next(shop.engine.data.rglob("*.sock"))))
    calls, ticks, began = count_calls(board), cpu_ticks(shop.engine.pid), time.monotonic()
    until(lambda: time.monotonic() - began >= WINDOW_S, what="the window's end")
    seconds = time.monotonic() - began
    cpu = (cpu_ticks(shop.engine.pid) - ticks) / os.sysconf("SC_CLK_TCK") / seconds
    rate = (count_calls(board) - calls) / seconds
    board.close()
    record_property("board calls per second", round(rate, 1))
    record_property("share of a core", round(cpu, 3))
    assert rate < 60
    assert cpu < 0.5


def count_calls(board: "redis.Redis") -> int:
    """Return how often functions were called on the board."""
    statistics = board.info("commandstats")
    assert isinstance(statistics, dict)
    return sum(int(statistics[name]["calls"]) for name in ("cmdstat_fcall", "cmdstat_fcall_ro") if name in statistics)


def cpu_ticks(pid: int) -> int:
    """Return the processor time a process has used, in clock ticks (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])
