"""The files are edited while people chat: what is right is in force within a moment, what is wrong changes nothing."""

from collections.abc import Iterator

import pytest

from tests.acceptance.agent import Agent
from tests.acceptance.engine_process import until
from tests.acceptance.shop import Shop, open_shop
from tests.acceptance.visitor import Visitor


@pytest.fixture(scope="module")
def one_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("shop")) as shop:
        yield shop


@pytest.fixture
def shop(one_shop: Shop) -> Iterator[Shop]:
    with one_shop.restored():
        yield one_shop
    one_shop.clear()


def chat(shop: Shop, login: str = "ana") -> tuple[Agent, Visitor]:
    """Bring an agent and a visitor together."""
    agent = shop.agent(login)
    vera = shop.visitor().open()
    agent.accept()
    return agent, vera


def still_talk(agent: Agent, vera: Visitor) -> None:
    """Say something both ways on the sockets that were open before."""
    agent.say(vera.interaction_id, "Are you still there?")
    vera.sees("Are you still there?")
    vera.say("I am")
    agent.sees(vera.interaction_id, "I am")


def test_a_new_queue_and_skill_come_into_force_under_a_live_chat(shop: Shop) -> None:
    ana, vera = chat(shop)
    before = shop.version()
    shop.edit("skills.yaml", "skills:", "skills:\n  boots: { name: Boots }")
    shop.edit("queues.yaml", "queues:", "queues:\n  boots:\n    name: Boots\n    skills: { boots: 5 }")
    shop.edit(
        "rules.yaml", "rules:", "rules:\n  - name: Boots\n    when: { keywords: [boots] }\n    then: { queue: boots }"
    )
    shop.edit("agents.yaml", "billing: 8 }, queues: [sales, billing]", "billing: 8, boots: 7 }, queues: [sales, boots]")
    until(lambda: shop.version() > before, what="a new version")
    ana.hear("config", version=shop.version())
    until(lambda: "boots" in {one["key"] for one in shop.boss.get("/organisation")["queues"]}, what="the new queue")
    otto = shop.visitor().open("Do you have boots?")
    offer = ana.offer()
    assert (offer["queue"], offer["interaction"]["id"]) == ("boots", otto.interaction_id)
    assert shop.work_of(otto)["skills"] == {"boots": 5}
    ana.accept(offer)
    still_talk(ana, vera)
    versions = [one["version"] for one in shop.person("ada").get("/configuration/versions")["items"]]
    assert versions == sorted(versions, reverse=True)
    assert versions[0] == shop.version()


def test_a_wrong_edit_keeps_what_is_in_force_and_is_counted(shop: Shop) -> None:
    ana, vera = chat(shop)
    before = shop.version()
    assert shop.metric("cordboard_configuration_errors") == 0
    shop.edit("rules.yaml", "queue: billing", "queue: biling")
    until(lambda: shop.metric("cordboard_configuration_errors") == 1, what="the error is counted")
    log = shop.engine.log_end()
    assert "rules.yaml:4" in log
    assert "biling" in log
    assert shop.version() == before
    still_talk(ana, vera)
    bill = shop.visitor().open("My invoice is wrong", topic="invoice")
    assert ana.offer()["interaction"]["id"] == bill.interaction_id
    shop.edit("rules.yaml", "queue: biling", "queue: billing")
    until(lambda: shop.metric("cordboard_configuration_errors") == 0, what="the error is mended")
    assert shop.version() == before


def test_an_agent_loses_a_skill(shop: Shop) -> None:
    ana, vera = chat(shop)
    before = shop.version()
    shop.edit("agents.yaml", "billing: 8 }", "billing: 2 }")
    until(lambda: shop.version() > before, what="in force")
    bill = shop.visitor().open("My invoice is wrong", topic="invoice")
    assert bill.seen("offline")  # nobody is there who knows billing
    still_talk(ana, vera)
    shop.edit("agents.yaml", "billing: 2 }", "billing: 3 }")
    until(lambda: shop.version() > before + 1, what="in force")
    bill.open("My invoice is wrong", topic="invoice")
    assert ana.offer()["queue"] == "billing"


def test_what_an_agent_is_no_longer_able_to_do_waits_for_another(shop: Shop) -> None:
    ana = shop.agent("ana", status="break")
    bill = shop.visitor().open("My invoice is wrong", topic="invoice")
    bill.wait(lambda: bill.position == 1, what="in line")
    before = shop.version()
    shop.edit("agents.yaml", "billing: 8 }", "billing: 2 }")
    until(lambda: shop.version() > before, what="in force")
    ana.choose("available")
    otto = shop.visitor().open("Where is my order?")
    assert ana.accept()["interaction_id"] == otto.interaction_id
    shop.edit("agents.yaml", "english: 6 }, queues: [sales]", "english: 6, billing: 3 }, queues: [sales, billing]")
    ben = shop.agent("ben")
    assert ben.accept()["interaction_id"] == bill.interaction_id
    assert {one["agent_id"] for one in shop.events_of(shop.work_of(bill)["id"])} == {"", ben.hello["user"]["id"]}


def test_room_lowered_below_use_breaks_nothing(shop: Shop) -> None:
    ana, vera = chat(shop)
    otto = shop.visitor().open()
    ana.accept()
    before = shop.version()
    shop.edit("profiles.yaml", "units: 2", "units: 1")
    until(lambda: shop.version() > before, what="in force")
    ana.wait(lambda: ana.state["load"] == {"used": 2, "units": 1}, what="more used than there is")
    still_talk(ana, vera)
    third = shop.visitor().open()
    item = ana.item_of(otto.interaction_id)
    assert item is not None
    ana.finish(item)
    third.wait(lambda: third.position == 1, what="in line still")
    item = ana.item_of(vera.interaction_id)
    assert item is not None
    ana.finish(item)
    assert ana.offer()["interaction"]["id"] == third.interaction_id


def test_another_organisations_files_are_refused(shop: Shop) -> None:
    before = shop.version()
    shop.edit("organisation.yaml", "id: demo", "id: other")
    until(lambda: shop.metric("cordboard_configuration_errors") == 1, what="refused")
    assert shop.version() == before
