"""Failure modes that became bugs in other systems, on the whole program over its sockets.

Those of the board alone are in tests/integration/router/test_failures.py; kills between two systems, and the board's
loss, are in test_crashes.py.
"""

import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import redis

from tests.acceptance.agent import at_once
from tests.acceptance.engine_process import until
from tests.acceptance.shop import Shop, open_shop

WINDOW_S = 3.0


@pytest.fixture(scope="module")
def one_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("shop"), decline_memory="2s") as shop:
        yield shop


@pytest.fixture
def shop(one_shop: Shop) -> Iterator[Shop]:
    yield one_shop
    one_shop.clear()


def test_five_simultaneous_first_messages_of_one_visitor(shop: Shop) -> None:
    ana = shop.agent("ana")
    vera = shop.visitor()
    tabs = [vera, *(shop.visitor(token=vera.token) for _ in range(4))]
    for tab in tabs:
        tab.enter()
    at_once(*(lambda tab=tab: tab.begin("Hello", email="vera@five.test") for tab in tabs))
    for tab in tabs:
        tab.sees("Hello")
    assert len({tab.interaction_id for tab in tabs}) == 1
    (contact,) = shop.boss.get("/contacts", text="vera@five.test")["items"]
    (interaction,) = shop.boss.get(f"/contacts/{contact['id']}")["interactions"]
    assert interaction["id"] == vera.interaction_id
    items = shop.boss.get("/work-items")["items"]
    assert [one["interaction_id"] for one in items].count(interaction["id"]) == 1
    assert len(shop.boss.get("/cases", contact_id=contact["id"])["items"]) == 1
    ana.accept()
    assert [one["body"] for one in shop.transcript(vera) if one["kind"] == "message"] == ["Hello"]
    assert shop.kinds_of(shop.work_of(vera)["id"]).count("offered") == 1


def test_five_new_chats_of_one_new_contact_at_once(shop: Shop) -> None:
    shop.agent("ana", status="break")
    visitors = [shop.visitor().enter() for _ in range(5)]
    at_once(*(lambda one=one: one.begin("Hello", email="otto@five.test") for one in visitors))
    for one in visitors:
        one.sees("Hello")
    (contact,) = shop.boss.get("/contacts", text="otto@five.test")["items"]
    assert len(shop.boss.get(f"/contacts/{contact['id']}")["interactions"]) == 5


def test_a_message_sent_on_two_sockets_at_once_is_said_once(shop: Shop) -> None:
    ana = shop.agent("ana")
    vera = shop.visitor().open()
    tab = shop.visitor(token=vera.token).enter()
    tab.send("resume", v=1, token=tab.token, last_seq=0)
    tab.hear("opened")
    ana.accept()
    at_once(lambda: vera.utter("Once", "same-id"), lambda: tab.utter("Once", "same-id"))
    acks = [one.hear("ack", client_id="same-id")["seq"] for one in (vera, tab)]
    assert acks[0] == acks[1]
    vera.say("Twice")
    for one in (vera, tab):
        one.sees("Twice")
        assert one.bodies == ["Hello", "Once", "Twice"]
        assert one.doubled == []
    ana.sees(vera.interaction_id, "Twice")
    assert [one["body"] for one in ana.said(vera.interaction_id)] == ["Hello", "Once", "Twice"]


def test_an_offer_is_accepted_in_two_windows_at_once(shop: Shop) -> None:
    ana = shop.agent("ana")
    window = shop.window(ana.person).open()
    vera = shop.visitor().open()
    offer = ana.offer()
    path = f"/offers/{offer['item_id']}/accept"
    body = {"assignment": offer["assignment"]}
    answers = at_once(*(lambda: shop.person("ana").ask(path, body) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    for one in (ana, window):
        one.holds(vera.interaction_id)
    assert shop.kinds_of(offer["item_id"]).count("accepted") == 1
    shop.expect_load(ana=1)
    vera.sees_kind("joined")
    assert [one["kind"] for one in shop.transcript(vera)].count("joined") == 1


def test_accept_and_decline_at_once_one_wins(shop: Shop) -> None:
    ana = shop.agent("ana")
    vera = shop.visitor().open()
    offer = ana.offer()
    body = {"assignment": offer["assignment"]}
    accepted, declined = at_once(
        lambda: shop.person("ana").ask(f"/offers/{offer['item_id']}/accept", body),
        lambda: shop.person("ana").ask(f"/offers/{offer['item_id']}/decline", body),
    )
    assert {accepted.is_success, declined.is_success} == {True, False}
    loser = declined if accepted.is_success else accepted
    assert (loser.status_code, loser.json()["slug"]) in ((409, "wrong-state"), (409, "stale-assignment"))
    kinds = shop.kinds_of(offer["item_id"])
    assert ("accepted" in kinds) == accepted.is_success
    shop.expect_load(ana=1 if accepted.is_success else 0)
    assert vera.connected


def test_somebody_elses_offer_cannot_be_accepted(shop: Shop) -> None:
    ana = shop.agent("ana")
    shop.visitor().open()
    offer = ana.offer()
    shop.agent("ben")
    refused = shop.person("ben").ask(f"/offers/{offer['item_id']}/accept", {"assignment": offer["assignment"]})
    assert (refused.status_code, refused.json()["slug"]) == (403, "not-yours")
    ana.accept(offer)


def test_the_agents_socket_dies_during_an_offer(shop: Shop) -> None:
    ana = shop.agent("ana")
    vera = shop.visitor().open()
    offer = ana.offer()
    ben = shop.agent("ben")
    ana.cut()
    taken = ben.accept()
    assert taken["interaction_id"] == vera.interaction_id
    shop.expect_load(ana=0, ben=1)
    late = ana.person.ask(f"/offers/{offer['item_id']}/accept", {"assignment": offer["assignment"]})
    assert late.json()["slug"] in ("not-yours", "stale-assignment", "wrong-state")
    assert [kind for kind in shop.kinds_of(offer["item_id"]) if kind == "missed"] == []


def test_a_supervisors_hand_over_against_the_holders_end(shop: Shop) -> None:
    """Manual against automatic: of two decisions on one assignment, one counts, and the other is told so."""
    ana = shop.agent("ana")
    vera = shop.visitor().open()
    item = ana.accept()
    path, body = f"/work-items/{item['item_id']}", {"assignment": item["assignment"]}
    shop.person("sue")
    moved, ended = at_once(
        lambda: shop.boss.ask(f"{path}/transfer", {**body, "queue": "billing"}),
        lambda: ana.person.ask(f"{path}/end", body),
    )
    assert [moved.is_success, ended.is_success].count(True) == 1
    lost = ended if moved.is_success else moved
    assert lost.json()["slug"] in ("wrong-state", "stale-assignment", "not-yours")
    kinds = shop.kinds_of(item["item_id"])
    assert kinds.count("transferred") + kinds.count("ended") == 1
    if ended.is_success:
        vera.hear("ended")
    else:
        assert shop.work_of(vera)["queue"] == "billing"


def test_a_decision_on_an_older_assignment_changes_nothing(shop: Shop) -> None:
    """Automation that knew the offer before last cannot touch the fresh assignment."""
    ana = shop.agent("ana")
    vera = shop.visitor().open()
    old = ana.offer()
    ben = shop.agent("ben")
    ana.decline(old)
    item = ben.accept()
    assert item["assignment"] > old["assignment"]
    body = {"assignment": old["assignment"]}
    for path, more in (("transfer", {"queue": "billing"}), ("end", {})):
        refused = shop.boss.ask(f"/work-items/{old['item_id']}/{path}", {**body, **more})
        assert (refused.status_code, refused.json()["slug"]) == (409, "stale-assignment")
    ben.say(vera.interaction_id, "Still here")
    vera.sees("Still here")
    shop.expect_load(ben=1)


def test_the_sole_agent_declines(shop: Shop) -> None:
    """Neither a tight loop nor a parked item: it is offered again after the memory."""
    ana = shop.agent("ana")
    vera = shop.visitor().open()
    first = ana.offer()
    ana.decline(first)
    ana.wait(lambda: not ana.state["offers"], what="the offer gone")
    second = ana.offer()
    assert second["item_id"] == first["item_id"]
    assert second["assignment"] > first["assignment"]
    history = ["enqueued", "offered", "declined", "offered"]
    until(lambda: shop.kinds_of(first["item_id"]) == history, what="the history")  # written behind what the board does
    ana.accept(second)
    vera.sees_kind("joined")


def test_an_agent_in_two_queues_and_wrap_up_across_both(shop: Shop) -> None:
    """Wrap-up of one queue's work holds capacity against the other queue's; its end is an offer there at once."""
    ana = shop.agent("ana")
    orders = [shop.visitor().open(topic="order") for _ in range(2)]
    held = [ana.accept() for _ in orders]
    bill = shop.visitor().open("My invoice is wrong", topic="invoice")
    bill.wait(lambda: bill.position == 1, what="first in line")
    ana.end(held[0])
    ana.wait(lambda: ana.state["items"] and any(one["state"] == "wrapup" for one in ana.state["items"]))
    assert ana.state["offers"] == []
    assert ana.state["load"] == {"used": 2, "units": 2}
    shop.expect_queue("sales", active=1, wrapup=1)
    shop.expect_queue("billing", waiting=1, offered=0)
    ana.wrap_up(held[0])
    offer = ana.offer()
    assert (offer["queue"], offer["interaction"]["id"]) == ("billing", bill.interaction_id)


def test_the_first_unmatched_item_does_not_block_the_next(shop: Shop) -> None:
    shop.agent("ana", status="break")  # she alone knows billing
    bill = shop.visitor().open("My invoice is wrong", topic="invoice")
    bill.wait(lambda: bill.position == 1, what="in line")
    ben = shop.agent("ben")
    order = shop.visitor().open("Where is my order?", topic="order")
    assert ben.accept()["interaction_id"] == order.interaction_id
    assert shop.kinds_of(shop.work_of(bill)["id"]) == ["enqueued"]
    shop.expect_queue("billing", waiting=1)


def test_simultaneous_arrivals_at_the_last_place(shop: Shop) -> None:
    ana = shop.agent("ana")
    shop.visitor().open()
    ana.accept()  # one place is left
    arrivals = [shop.visitor().enter() for _ in range(6)]
    at_once(*(lambda one=one: one.begin("Me!") for one in arrivals))
    for one in arrivals:
        one.sees("Me!")
    offer = ana.offer()
    ana.accept(offer)
    waiting = [one for one in arrivals if one.interaction_id != offer["interaction"]["id"]]
    until(lambda: sorted(one.place() for one in waiting) == [1, 2, 3, 4, 5], what="five places in the line")
    shop.expect_load(ana=2)
    shop.expect_queue("sales", waiting=5)


def test_an_agent_back_from_a_break_is_not_buried(shop: Shop) -> None:
    ana = shop.agent("ana", status="break")
    visitors = [shop.visitor().open() for _ in range(6)]
    ana.choose("available")
    first = ana.offer()
    assert first["interaction"]["id"] == visitors[0].interaction_id
    assert len(ana.state["offers"]) == 1
    ana.accept(first)
    second = ana.offer(but=first["item_id"])
    assert second["interaction"]["id"] == visitors[1].interaction_id
    ana.accept(second)
    most = max(frame["load"]["used"] for frame in ana.frames if frame["type"] == "state")
    assert most == 2
    assert max(len(frame["offers"]) for frame in ana.frames if frame["type"] == "state") == 1
    shop.expect_queue("sales", waiting=4)


def test_the_visitor_leaves_while_the_agent_accepts(shop: Shop) -> None:
    """Whoever is first counts; either way nothing is left holding capacity."""
    ana = shop.agent("ana")
    for _ in range(3):
        vera = shop.visitor().open()
        offer = ana.offer()
        body = {"assignment": offer["assignment"]}
        answer, _ = at_once(partial(ana.person.ask, f"/offers/{offer['item_id']}/accept", body), vera.end)
        item = shop.boss.get(f"/work-items/{offer['item_id']}")
        if answer.is_success:
            assert item["state"] == "wrapup"
            ana.wrap_up({"item_id": item["id"], "assignment": item["assignment"], "interaction_id": ""})
        else:
            assert item["state"] == "closed"
            assert answer.json()["slug"] in ("wrong-state", "stale-assignment", "unknown-item")
        ana.idle()
        shop.expect_load(ana=0)


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
