"""Nobody there: the visitor is told so, leaves a message, and it is a case."""

from collections.abc import Iterator

import pytest

from tests.acceptance.shop import Shop, open_shop
from tests.acceptance.visitor import Visitor


@pytest.fixture(scope="module")
def one_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("shop"), hours="hours: never") as shop:
        yield shop


@pytest.fixture
def shop(one_shop: Shop) -> Iterator[Shop]:
    yield one_shop
    one_shop.clear()


def leave(visitor: Visitor, body: str, *, email: str, topic: str) -> int:
    """Leave a message; return the case's number."""
    form = {"name": "Vera", "email": email, "topic": topic}
    visitor.send("leave", v=1, token=visitor.token, locale="en", form=form, client_id="left", body=body)
    return int(visitor.hear("left_message")["case_number"])


def check_case(shop: Shop, number: int, body: str, *, email: str, topic: str) -> None:
    """Find the case by its number, with what was left and by whom; and no work for anybody."""
    (case,) = [one for one in shop.person("ana").get("/cases")["items"] if one["number"] == number]
    assert (case["topic"], case["status"], case["contact_name"]) == (topic, "new", "Vera")
    detail = shop.person("ana").get(f"/cases/{case['id']}")
    assert detail["contact"]["email"] == email
    (conversation,) = detail["conversations"]
    interaction = conversation["interaction"]
    entries = shop.boss.get(f"/interactions/{interaction['id']}/entries", after_seq="0")["items"]
    assert [one["body"] for one in entries if one["kind"] == "message"] == [body]
    assert interaction["state"] == "closed"
    assert interaction["id"] not in {one["interaction_id"] for one in shop.boss.get("/work-items")["items"]}


def test_a_closed_queue_takes_a_message(shop: Shop) -> None:
    shop.agent("ana")  # who is there and knows billing, but the queue is closed
    vera = shop.visitor().open("My invoice is wrong", topic="invoice")
    offline = vera.seen("offline")
    assert offline is not None
    assert (offline["reason"], offline["form"]) == ("closed", ["name", "email", "topic", "body"])
    number = leave(vera, "My invoice is wrong", email="vera@hours.test", topic="invoice")
    check_case(shop, number, "My invoice is wrong", email="vera@hours.test", topic="invoice")


def test_nobody_staffed_takes_a_message_once(shop: Shop) -> None:
    vera = shop.visitor().open("Where is my order?", topic="order")
    offline = vera.seen("offline")
    assert offline is not None
    assert offline["reason"] == "unstaffed"
    number = leave(vera, "Where is my order?", email="vera@nobody.test", topic="order")
    vera.cut()
    vera.frames.clear()
    vera.enter()  # and sends it again, not knowing whether it arrived
    assert leave(vera, "Where is my order?", email="vera@nobody.test", topic="order") == number
    check_case(shop, number, "Where is my order?", email="vera@nobody.test", topic="order")


def test_another_topic_is_open_at_the_same_time(shop: Shop) -> None:
    ana = shop.agent("ana")
    vera = shop.visitor().open("My invoice is wrong", topic="invoice")
    assert vera.seen("offline")
    otto = shop.visitor().open("Where is my order?", topic="order")
    ana.accept()
    otto.sees_kind("joined")


def test_who_was_sent_away_may_ask_again_when_somebody_came(shop: Shop) -> None:
    vera = shop.visitor().open("Anybody?", topic="order")
    assert vera.seen("offline")
    ana = shop.agent("ana")
    vera.open("Anybody?", topic="order")
    vera.wait(lambda: vera.interaction_id, what="opened")
    assert ana.accept()["interaction_id"] == vera.interaction_id
    vera.sees("Anybody?")
