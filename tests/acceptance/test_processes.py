"""Two processes on one PostgreSQL and one Valkey: people meet across them, and either may die."""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest

from tests.acceptance.agent import Agent, SignedIn, at_once
from tests.acceptance.engine_process import until
from tests.acceptance.pair import Pair, pair_of_processes
from tests.acceptance.visitor import Visitor

TAKEN_OVER_S = 10.0
"""A lease lasts seven seconds, and who stands by looks every second; the rest is for a busy machine."""
GRACE_S = 5.0


@pytest.fixture(scope="module")
def one_pair(tmp_path_factory: pytest.TempPathFactory, postgres_module_dsn: str) -> Iterator[Pair]:
    with pair_of_processes(tmp_path_factory.mktemp("pair"), postgres_module_dsn, second="web") as pair:
        yield pair


@pytest.fixture
def pair(one_pair: Pair) -> Iterator[Pair]:
    yield one_pair
    one_pair.shop.clear()


def test_a_whole_chat_across_two_processes_on_postgresql(pair: Pair) -> None:
    ana = pair.agent_at(pair.second, "ana")
    vera = pair.visitor_at(pair.first).open("My invoice is wrong", email="vera@pair.test", topic="invoice")
    item = ana.accept()
    assert (item["interaction_id"], item["queue"]) == (vera.interaction_id, "billing")
    vera.sees_kind("joined")
    said = ["My invoice is wrong"]
    for number in range(5):
        ana.say(vera.interaction_id, f"Ana {number}")
        vera.sees(f"Ana {number}")
        vera.say(f"Vera {number}")
        ana.sees(vera.interaction_id, f"Vera {number}")
        said += [f"Ana {number}", f"Vera {number}"]
    assert vera.bodies == said
    assert [one["body"] for one in ana.said(vera.interaction_id)] == said
    ana.end(item)
    vera.hear("ended")
    ana.wrap_up(item)
    boss = pair.boss_at(pair.second)
    (case,) = boss.get("/cases", text="invoice")["items"]
    assert case["contact_name"] == "Vera"
    boss.close()
    entries = pair.shop.transcript(vera)
    assert [one["seq"] for one in entries] == list(range(1, len(entries) + 1))
    assert [one["body"] for one in entries if one["kind"] == "message"] == said
    assert pair.shop.kinds_of(item["item_id"]) == ["enqueued", "offered", "accepted", "ended", "closed"]
    pair.shop.expect_load(ana=0)


def test_typing_receipts_and_presence_cross_over(pair: Pair) -> None:
    ana = pair.agent_at(pair.second, "ana")
    vera = pair.visitor_at(pair.first).open()
    ana.accept()
    ana.say(vera.interaction_id, "Hello Vera")
    seq = vera.sees("Hello Vera")["seq"]
    vera.send("read", seq=seq)
    ana.hear("receipt", interaction_id=vera.interaction_id, received_seq=seq, read_seq=seq)
    ana.send("read", interaction_id=vera.interaction_id, seq=seq)
    vera.hear("receipt", read_seq=seq)
    vera.send("typing", on=True)
    ana.hear("typing", interaction_id=vera.interaction_id, on=True, who="visitor")
    ana.send("typing", interaction_id=vera.interaction_id, on=True)
    vera.hear("typing", on=True, name="Ana Silva")
    vera.cut()
    ana.hear("visitor", interaction_id=vera.interaction_id, online=False)
    vera.come_back()
    ana.hear("visitor", interaction_id=vera.interaction_id, online=True)


def test_two_agents_at_two_processes_and_one_conversation(pair: Pair) -> None:
    """The offer of one process's agent cannot be taken over at the other; the next one is his."""
    ana = pair.agent_at(pair.first, "ana")
    vera = pair.visitor_at(pair.second).open()
    offer = ana.offer()
    ben = pair.agent_at(pair.second, "ben")
    otto = pair.visitor_at(pair.first).open()
    assert ben.offer()["interaction"]["id"] == otto.interaction_id
    path, body = f"/offers/{offer['item_id']}/accept", {"assignment": offer["assignment"]}
    assert ben.person.ask(path, body).json()["slug"] == "not-yours"
    window = pair.shop.window(ana.person.at(pair.second.url)).open()
    assert window.person.ask(path, body).status_code == 200  # the same person, at the other process
    for one in (ana, window):
        one.holds(vera.interaction_id)
    assert pair.shop.kinds_of(offer["item_id"]).count("accepted") == 1


def test_a_visitors_two_tabs_at_two_processes(pair: Pair) -> None:
    pair.agent_at(pair.first, "ana")
    vera = pair.visitor_at(pair.first).open()
    tab = pair.shop.visitor(token=vera.token, url=pair.second.url).come_back()
    tab.say("Hello again")
    assert tab.interaction_id == vera.interaction_id
    vera.sees("Hello again")
    vera.say("And again")
    tab.sees("And again")
    assert vera.bodies == tab.bodies == ["Hello", "Hello again", "And again"]


def test_first_messages_at_both_processes_at_once(pair: Pair) -> None:
    """One token is one conversation, one address is one contact, whichever process is asked."""
    pair.agent_at(pair.first, "ana")
    vera = pair.visitor_at(pair.first)
    tabs = [vera, *(pair.shop.visitor(token=vera.token, url=_turn(pair, number)) for number in range(5))]
    others = [pair.visitor_at(pair.second), pair.visitor_at(pair.first)]
    for one in (*tabs, *others):
        one.enter()
    at_once(*(partial(one.begin, "Hello", email="vera@both.test") for one in (*tabs, *others)))
    for one in (*tabs, *others):
        one.sees("Hello")
    assert len({one.interaction_id for one in tabs}) == 1
    (contact,) = pair.shop.boss.get("/contacts", text="vera@both.test")["items"]
    interactions = pair.shop.boss.get(f"/contacts/{contact['id']}")["interactions"]
    assert {one["id"] for one in interactions} == {one.interaction_id for one in (*tabs, *others)}
    assert len(interactions) == 3
    ids = [one["interaction_id"] for one in pair.shop.boss.get("/work-items")["items"]]
    assert [ids.count(one["id"]) for one in interactions] == [1, 1, 1]


def _turn(pair: Pair, number: int) -> str:
    return (pair.first.url, pair.second.url)[number % 2]


def test_arrivals_at_both_processes_never_exceed_an_agents_room(pair: Pair) -> None:
    ana = pair.agent_at(pair.second, "ana")
    window = pair.shop.window(pair.shop.person("ana")).open()  # the other process's view of her
    visitors = [pair.shop.visitor(url=_turn(pair, number)).enter() for number in range(8)]
    at_once(*(partial(one.begin, "Me!") for one in visitors))
    first = ana.offer()
    ana.accept(first)
    ana.accept(ana.offer(but=first["item_id"]))
    held = {one["interaction_id"] for one in ana.state["items"]}
    for one in visitors:
        one.sees("Me!")
    waiting = [one for one in visitors if one.interaction_id not in held]
    until(lambda: sorted(one.place() for one in waiting) == [1, 2, 3, 4, 5, 6], what="six places in the line")
    window.wait(lambda: {one["interaction_id"] for one in window.state["items"]} == held, what="the same there")
    for view in (ana, window):
        states = [frame for frame in view.frames if frame["type"] == "state"]
        assert max(frame["load"]["used"] for frame in states) == 2
        assert max(len(frame["offers"]) for frame in states) == 1


def test_a_process_dies_and_its_people_go_to_the_other(tmp_path: Path, postgres_dsn: str) -> None:
    with pair_of_processes(tmp_path, postgres_dsn, visitor_grace=f"{GRACE_S:.0f}s") as pair:
        ana = pair.agent_at(pair.second, "ana")
        ben = pair.agent_at(pair.first, "ben")
        boss = pair.boss_at(pair.second)
        vera = pair.visitor_at(pair.first).open("Hello")
        holder = whoever_is_offered(ana, ben)
        holder.accept()
        vera.say("Before")
        vera.utter("On the way")  # perhaps committed, perhaps not
        pair.first.kill()
        killed_s = time.monotonic()
        vera.close()
        vera.come_back(pair.second.url)
        ben.close()
        ben.open(pair.second.url)
        vera.say("After")
        holder.holds(vera.interaction_id)
        holder.sees(vera.interaction_id, "After")
        pair.visitor_at(pair.second).open("Somebody new")
        holder.say(vera.interaction_id, "Nothing is lost")
        vera.sees("Nothing is lost")
        assert vera.bodies == ["Hello", "Before", "On the way", "After", "Nothing is lost"]
        assert vera.doubled == []
        check_that_roles_are_taken_over(boss, postgres_dsn, vera, by_s=killed_s + TAKEN_OVER_S)
        boss.close()


def whoever_is_offered(*agents: Agent) -> Agent:
    """Wait until one of the agents has an offer; return him."""

    def found() -> Agent | None:
        for agent in agents:
            agent.read_all()
        return next((agent for agent in agents if agent.state["offers"]), None)

    agent = until(found, what="an offer to either")
    assert agent is not None
    return agent


def check_that_roles_are_taken_over(boss: SignedIn, dsn: str, vera: Visitor, *, by_s: float) -> None:
    """What the dead process did for all, projecting and looking for visitors who are gone, the other does now."""
    vera.cut()
    with psycopg.connect(dsn, autocommit=True) as record:

        def projected() -> bool:
            # Commands write their own events; only the projector moves the mark.
            found = record.execute(
                "SELECT seq >= (SELECT max(seq) FROM routing_events WHERE epoch = mark.epoch) FROM routing_marks mark"
            ).fetchone()
            return found == (True,)

        until(projected, within_s=by_s - time.monotonic(), what="the projector is taken over")
    until(
        lambda: boss.get(f"/interactions/{vera.interaction_id}")["interaction"]["close_reason"] == "gone",
        within_s=max(by_s, time.monotonic()) + 2 * GRACE_S - time.monotonic(),
        what="the keeper is taken over",
    )
