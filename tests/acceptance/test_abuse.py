"""Abuse over the real program: each kind is named and ends its own socket, and a chat beside it goes on."""

import json
from collections.abc import Callable, Iterator

import pytest
from websockets.exceptions import InvalidStatus

from tests.acceptance.agent import Agent, SignedIn, try_login
from tests.acceptance.engine_process import until
from tests.acceptance.peer import Peer
from tests.acceptance.shop import Shop, open_shop
from tests.acceptance.visitor import Visitor

LIMITS = (
    "message_bytes: 500, frame_bytes: 2048, visitor_rate: 2, visitor_burst: 8, "
    "sockets_per_address: 12, address_rate: 1000, address_burst: 1000"
)


@pytest.fixture(scope="module")
def one_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("shop"), limits=LIMITS) as shop:
        yield shop


@pytest.fixture
def shop(one_shop: Shop) -> Iterator[Shop]:
    """Have a normal chat go on beside each test."""
    ana = one_shop.agent("ana")
    vera = one_shop.visitor().open()
    ana.accept()
    yield one_shop
    vera.say("Is something wrong?")
    ana.sees(vera.interaction_id, "Is something wrong?")
    ana.say(vera.interaction_id, "Not at all")
    vera.sees("Not at all")
    assert vera.connected
    assert ana.connected
    one_shop.clear()


def inside(shop: Shop) -> Visitor:
    """Return somebody with an open chat."""
    return shop.visitor().open("Let me in")


def hello(token: str = "t" * 43, **changes: object) -> str:
    """Return a first frame, changed."""
    return json.dumps({"type": "open", "v": 1, "token": token, "client_id": "c", "body": "Hi"} | changes)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("not json", ("bad-frame", 1008)),
        ("[]", ("bad-frame", 1008)),
        ('{"type": "dance"}', ("bad-frame", 1008)),
        ("[" * 900, ("bad-frame", 1008)),
        (hello(v=2), ("bad-frame", 1008)),
        (hello(token="short"), ("bad-frame", 1008)),
        (hello(body=" "), ("bad-frame", 1008)),
        (hello(body="x" * 501), ("too-large", 1009)),
        (hello(body="x" * 4_000), ("too-large", 1009)),
        ('{"type": "message", "client_id": "c", "body": "Hi"}', ("out-of-order", 1008)),
        ('{"type": "end"}', ("out-of-order", 1008)),
        (json.dumps({"type": "resume", "v": 1, "token": "n" * 43, "last_seq": 0}), ("unknown-session", 1008)),
    ],
)
def test_a_wrong_first_frame(shop: Shop, text: str, refusal: tuple[str, int]) -> None:
    eve = shop.visitor().enter()
    eve.send_text(text)
    assert eve.refused() == refusal


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (hello(), ("out-of-order", 1008)),
        ('{"type": "received", "seq": 900}', ("out-of-order", 1008)),
        ('{"type": "read", "seq": -1}', ("bad-frame", 1008)),
        (json.dumps({"type": "message", "client_id": "c", "body": "x" * 501}), ("too-large", 1009)),
        (json.dumps({"type": "message", "client_id": "with spaces", "body": "Hi"}), ("bad-frame", 1008)),
    ],
)
def test_a_wrong_later_frame(shop: Shop, text: str, refusal: tuple[str, int]) -> None:
    eve = inside(shop)
    eve.send_text(text)
    assert eve.refused() == refusal
    eve.come_back()
    eve.say("I behave now")
    eve.sees("I behave now")
    assert eve.bodies == ["Let me in", "I behave now"]


def test_too_fast_is_told_when_to_come_back_and_loses_nothing(shop: Shop) -> None:
    eve = inside(shop)
    for number in range(12):
        eve.utter(f"spam {number}")
    assert eve.refused() == ("too-fast", 1008)
    error = eve.seen("error")
    assert error is not None
    assert 0 < error["retry_after_ms"] <= 600
    said = [one["body"] for one in shop.transcript(eve) if one["kind"] == "message"]
    assert said == ["Let me in", *(f"spam {number}" for number in range(len(said) - 1))]
    assert len(said) < 12
    eve.give_up()
    until(lambda: comes_back(eve), what="let in again")


def comes_back(visitor: Visitor) -> bool:
    """Try to resume; say whether that was allowed."""
    visitor.enter()
    visitor.frames.clear()
    visitor.send("resume", v=1, token=visitor.token, last_seq=0)
    visitor.wait(lambda: visitor.frames, what="an answer")
    if not visitor.seen("opened"):
        visitor.close()
    return visitor.connected


def test_too_many_sockets_of_one_address(shop: Shop) -> None:
    crowd = [shop.visitor().enter() for _ in range(14)]  # one more is Vera's
    refused = [one for one in crowd if one.wait(lambda one=one: ping(one)) == "refused"]  # type: ignore[misc]
    assert len(refused) == 3
    for one in refused:
        assert one.refused() == ("too-many-sockets", 1013)
    for one in crowd:
        one.close()
    inside(shop)


def ping(visitor: Visitor) -> str:
    """Say whether the visitor's socket answers or was refused, "" while that is not known."""
    if visitor.seen("error"):
        return "refused"
    visitor.send("ping")
    visitor.read(0.1)
    return "here" if visitor.seen("pong") else ""


@pytest.mark.parametrize("origin", ["https://evil.test", "null", ""])
def test_a_page_that_is_not_on_the_list(shop: Shop, origin: str) -> None:
    eve = shop.visitor(origin=origin).enter()
    assert eve.refused() == ("origin-refused", 1008)


def test_a_channel_that_does_not_exist(shop: Shop) -> None:
    assert shop.visitor(channel="fax").enter().refused() == ("unknown-channel", 1008)


def test_a_frame_beyond_any_bound(shop: Shop) -> None:
    eve = inside(shop)
    eve.send_text("x" * 300_000)
    assert eve.hear_close() == 1009


@pytest.mark.parametrize(
    ("send", "refusal"),
    [
        (lambda window: window.send_text("not json"), ("bad-frame", 1008)),
        (lambda window: window.send("dance"), ("bad-frame", 1008)),
        (lambda window: window.send_text("x" * 70_000), ("too-large", 1009)),
    ],
)
def test_a_wrong_frame_of_an_agent(shop: Shop, send: Callable[[Agent], None], refusal: tuple[str, int]) -> None:
    window = shop.window(shop.person("ana")).open()
    send(window)
    assert window.refused() == refusal


def test_a_foreign_page_gets_no_agents_socket(shop: Shop) -> None:
    url, cookie = shop.engine.url, shop.person("ana").headers["Cookie"]
    with pytest.raises(InvalidStatus) as refused:
        Peer().connect(f"{url}/api/v1/agent/socket", origin="https://evil.test", Cookie=cookie)
    assert refused.value.response.status_code == 403


def test_nobody_gets_an_agents_socket_without_signing_in(shop: Shop) -> None:
    window = Peer()
    window.connect(f"{shop.engine.url}/api/v1/agent/socket", origin=shop.engine.url)
    window.send("heartbeat")
    assert window.refused() == ("out-of-order", 1008)
    window.close()


def test_wrong_passwords_lock_the_account_and_nobody_elses(shop: Shop) -> None:
    url, logins = shop.engine.url, shop.engine.logins
    for _ in range(5):
        assert try_login(url, "ben", "wrong password").status_code == 401
    locked = try_login(url, "ben", logins["ben"])
    unknown = try_login(url, "nobody", "wrong password")
    assert (locked.status_code, unknown.status_code) == (401, 401)
    assert locked.json() == unknown.json()  # which of both it was is not told
    ada = SignedIn.by_password(url, "ada", logins["ada"])
    assert ada.get("/me")["user"]["login"] == "ada"
    ada.close()
    shop.person("ana").get("/me")


def test_a_page_of_another_site_cannot_use_the_session(shop: Shop) -> None:
    ana = shop.person("ana")
    for headers in ({"Origin": "https://evil.test"}, {"X-CSRF-Token": "wrong"}):
        refused = ana.ask("/presence", {"status": "break"}, **headers)
        assert refused.status_code == 403
        assert refused.json()["slug"] in ("origin-refused", "csrf")
