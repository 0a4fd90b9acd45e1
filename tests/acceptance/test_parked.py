"""Parked conversations: the customer writes and is heard, by himself, once, whoever dies in between."""

from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.agent import Agent, SignedIn
from tests.acceptance.conftest import StartEngine
from tests.acceptance.engine_process import ApiClient, EngineProcess, until
from tests.acceptance.standing import rows
from tests.acceptance.visitor import Visitor


def engine_that_parks(start_engine: StartEngine, tmp_path: Path, failpoints: str = "") -> EngineProcess:
    """Start an engine whose agents may park chats."""
    engine = start_engine()
    profiles = tmp_path / "config" / "profiles.yaml"
    profiles.write_text(profiles.read_text().replace("chat: { weight: 1 }", "chat: { weight: 1, parked_maximum: 3 }"))
    engine.stop()
    engine.start_kept(failpoints=failpoints)
    return engine


def parked_chat(engine: EngineProcess) -> tuple[Agent, Visitor, dict[str, Any]]:
    """Let Ana talk with Vera and put her aside; return them and the work item as it was."""
    ana = Agent(SignedIn.by_password(engine.url, "ana", engine.logins["ana"])).sit_down()
    vera = Visitor(engine.url).open("Where is my order?")
    item = ana.accept()
    ana.say(vera.interaction_id, "Tell me your number when you have found it")
    ana.person.post(f"/work-items/{item['item_id']}/park", {"assignment": item["assignment"]})
    ana.wait(lambda: ana.state["items"] and ana.state["items"][0]["state"] == "parked", what="parked")
    return ana, vera, item


def leave(*people: Agent | Visitor) -> None:
    """Close windows, and the connections beside them."""
    for one in people:
        one.close()
        if isinstance(one, Agent):
            one.person.close()


def events_of(engine: EngineProcess, item: dict[str, Any]) -> list[dict[str, Any]]:
    with ApiClient(engine, "sue") as api:
        return list(api.get(f"/work-items/{item['item_id']}/events")["items"])


def check_resumed_once(engine: EngineProcess, item: dict[str, Any]) -> None:
    """The last agent has it again, after one event, in a segment of its own."""
    (resumed,) = [one for one in events_of(engine, item) if one["kind"] == "resumed"]
    assert resumed["agent_id"]
    segments = rows(engine, "SELECT number, ended_ms FROM segments ORDER BY number")
    assert [one["number"] for one in segments] == [1, 2]
    assert [one["ended_ms"] > 0 for one in segments] == [True, False]


def test_a_parked_conversation_goes_on_when_its_customer_writes(start_engine: StartEngine, tmp_path: Path) -> None:
    engine = engine_that_parks(start_engine, tmp_path)
    ben = Agent(SignedIn.by_password(engine.url, "ben", engine.logins["ben"])).sit_down()
    ana, vera, item = parked_chat_with_ana(engine, ben)
    vera.say("It is 4711")
    offer = ana.offer()
    assert offer["item_id"] == item["item_id"]  # Ana's, though Ben has waited for longer
    again = ana.accept(offer)
    ana.sees(vera.interaction_id, "It is 4711")
    assert ben.state["offers"] == []
    check_resumed_once(engine, item)

    body = {"assignment": again["assignment"], "seen_seq": 1}  # she has not read the number yet
    ana.person.post(f"/work-items/{item['item_id']}/park", body)
    assert ana.offer()["item_id"] == item["item_id"]
    leave(ana, ben, vera)


def parked_chat_with_ana(engine: EngineProcess, ben: Agent) -> tuple[Agent, Visitor, dict[str, Any]]:
    """Let Ben rest while Ana gets the chat."""
    ben.choose("break")
    found = parked_chat(engine)
    ben.choose("available")
    return found


@pytest.mark.parametrize("place", ["transcript.after-commit@2", "resume.after-board"])
def test_it_goes_on_once_though_the_engine_dies(start_engine: StartEngine, tmp_path: Path, place: str) -> None:
    name, _, count = place.partition("@")
    engine = engine_that_parks(start_engine, tmp_path, failpoints=f"{name}=kill@{count or 1}")
    ana, vera, item = parked_chat(engine)
    vera.utter("It is 4711")
    until(lambda: engine.deaths == 1 and engine.ready(), within_s=60, what="killed and back")
    ana.open()
    vera.come_back()
    assert ana.accept(ana.offer(within_s=60))["item_id"] == item["item_id"]
    ana.sees(vera.interaction_id, "It is 4711")
    check_resumed_once(engine, item)
    assert len(rows(engine, "SELECT seq FROM entries WHERE body = 'It is 4711'")) == 1
    assert rows(engine, "SELECT state FROM work_items") == [{"state": "active"}]
    leave(ana, vera)
