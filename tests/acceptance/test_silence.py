"""Who goes: a visitor gone or silent frees his agent; an agent who signs out says what becomes of his work."""

from collections.abc import Iterator

import pytest

from tests.acceptance.shop import Shop, open_shop


@pytest.fixture(scope="module")
def one_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("shop"), visitor_grace="2s", lost_agent_grace="1s") as shop:
        yield shop


@pytest.fixture
def shop(one_shop: Shop) -> Iterator[Shop]:
    yield one_shop
    one_shop.clear()


def test_a_visitor_who_is_gone_frees_his_agent(shop: Shop) -> None:
    ana = shop.agent("ana")
    vera = shop.visitor().open()
    item = ana.accept()
    vera.cut()
    ana.hear("visitor", interaction_id=vera.interaction_id, online=False)
    held = ana.wait(lambda: next((one for one in ana.state["items"] if one["state"] == "wrapup"), None))
    ana.wrap_up(held)
    shop.expect_load(ana=0)
    assert held["item_id"] == item["item_id"]
    (end,) = [one for one in shop.transcript(vera) if one["kind"] == "ended"]
    assert end["data"].get("reason", "gone") == "gone"
    vera.come_back()
    assert vera.hear("ended")["reason"] == "gone"


def test_a_waiting_visitor_who_is_gone_leaves_the_line(shop: Shop) -> None:
    shop.agent("ana", status="break")
    vera = shop.visitor().open()
    otto = shop.visitor().open()
    otto.wait(lambda: otto.position == 2, what="second")
    vera.cut()
    otto.wait(lambda: otto.position == 1, what="first")
    shop.expect_queue("sales", waiting=1)


def test_a_visitor_who_comes_back_in_time_stays(shop: Shop) -> None:
    ana = shop.agent("ana")
    vera = shop.visitor().open()
    ana.accept()
    for number in range(3):
        vera.cut()
        ana.say(vera.interaction_id, f"Are you there? {number}")
        vera.come_back().sees(f"Are you there? {number}")
    vera.say("Here I am")
    ana.sees(vera.interaction_id, "Here I am")
    assert vera.doubled == []
    assert shop.work_of(vera)["state"] == "active"


def test_signing_out_with_open_work_asks_then_hands_it_on(shop: Shop) -> None:
    ana = shop.agent("ana")
    vera = shop.visitor().open()
    item = ana.accept()
    asked = ana.person.ask("/sign-out")
    assert (asked.status_code, asked.json()["slug"]) == (409, "open-work")
    assert [one["item_id"] for one in asked.json()["items"]] == [item["item_id"]]
    assert ana.person.ask("/presence", {"status": "offline"}).json()["slug"] == "open-work"
    ana.say(vera.interaction_id, "Ben takes over")
    ben = shop.agent("ben", status="break")
    ana.person.post("/sign-out", {"open_work": "requeue"})
    ana.idle()
    ben.choose("available")
    assert ben.accept()["interaction_id"] == vera.interaction_id
    ben.say(vera.interaction_id, "Ben here")
    vera.sees("Ben here")
    assert vera.bodies == ["Hello", "Ben takes over", "Ben here"]
    ben.sees(vera.interaction_id, "Ben here")
    assert [one["body"] for one in ben.said(vera.interaction_id)] == vera.bodies
    shop.expect_load(ana=0, ben=1)


def test_signing_out_may_end_what_is_open(shop: Shop) -> None:
    ana = shop.agent("ana")
    vera = shop.visitor().open()
    ana.accept()
    ana.person.post("/sign-out", {"open_work": "end"})
    vera.hear("ended")
    assert vera.hear_close() == 1000
    ana.idle()
    assert shop.work_of(vera) is None or shop.work_of(vera)["state"] == "closed"


def test_offers_missed_in_a_row_change_the_status(shop: Shop) -> None:
    with shop.configured(offer_timeout="500ms", decline_memory="100ms", missed_offers="2"):
        ana = shop.agent("ana")
        vera = shop.visitor().open()
        ana.wait(lambda: ana.state["status"]["key"] == "break", what="on a break")
        kinds = shop.kinds_of(shop.work_of(vera)["id"])
        assert [kind for kind in kinds if kind in ("offered", "missed")] == ["offered", "missed"] * 2
        shop.expect_queue("sales", waiting=1, offered=0)
    ana.choose("available")
    ana.accept()
    vera.sees_kind("joined")


def test_a_silent_visitor_is_warned_then_parted_with(shop: Shop) -> None:
    ana = shop.agent("ana")
    vera = shop.visitor().open()
    ana.accept()
    ana.say(vera.interaction_id, "How can I help?")
    with shop.configured(idle_warning="2s", idle_close="2s"):
        warning = vera.sees_kind("warning")
        assert (warning["author"], bool(warning["body"])) == ("system", True)
        assert vera.hear("ended")["reason"] == "idle"
        held = ana.wait(lambda: next((one for one in ana.state["items"] if one["state"] == "wrapup"), None))
        ana.wrap_up(held)
        shop.expect_load(ana=0)
