"""The measured contact center is the same for the same seed, and as its options say."""

from collections import Counter
from dataclasses import replace
from itertools import islice

from engine.bench.routing.organisation import AVAILABLE, organisation, user_ids, work_item
from engine.bench.routing.shape import SIGNATURES_PER_QUEUE, Shape
from engine.model.organisation import AgentOrder
from engine.skills.qualify import qualifies

SHAPE = Shape(agents=40, signatures=60, skills_per_agent=6, channels={"chat": 3, "email": 1})


def test_the_same_seed_gives_the_same_center() -> None:
    again = replace(SHAPE)
    assert list(SHAPE.people()) == list(again.people())
    assert list(islice(SHAPE.stream(), 50)) == list(islice(again.stream(), 50))
    assert list(replace(SHAPE, seed=2).people()) != list(SHAPE.people())


def test_specialists_have_so_many_skills_and_the_queues_that_ask_for_them() -> None:
    for person in SHAPE.people():
        assert len(person.skills) == 6
        assert set(person.queues) == {f"q{skill // SIGNATURES_PER_QUEUE}" for skill in person.skills}


def test_generalists_qualify_for_everything_and_are_not_alike() -> None:
    shape = replace(SHAPE, generalists=True)
    people = list(shape.people())
    for asked in shape.all_signatures():
        assert all(person.skills[asked.skill] >= asked.level for person in people)
    assert len({tuple(person.skills.items()) for person in people}) == len(people)
    assert len({(asked.skill, asked.level) for asked in shape.all_signatures()}) == 60


def test_cohorts_are_alike() -> None:
    people = list(replace(SHAPE, cohorts=4).people())
    assert len({tuple(person.skills.items()) for person in people}) == 4


def test_channels_have_their_shares() -> None:
    assert Counter(one.channel for one in SHAPE.all_signatures()) == {"chat": 45, "email": 15}


def test_one_queue() -> None:
    shape = replace(SHAPE, one_queue=True)
    assert shape.queues() == ["q0"]
    assert {person.queues for person in shape.people()} == {("q0",)}
    assert len(SHAPE.queues()) == 6


def test_the_organisation_resolves() -> None:
    made = organisation("bench", SHAPE, order="least_loaded")
    assert {queue.order for queue in made.queues.values()} == {AgentOrder.LEAST_LOADED}
    assert all(queue.wrapup_ms == 0 for queue in made.queues.values())
    assert made.statuses[AVAILABLE].channels == {"chat", "email"}
    assert set(made.agents) == set(user_ids(SHAPE))
    for agent in made.agents.values():
        assert set(agent.queues) <= set(made.queues)
        assert set(agent.skills) <= set(made.skills)


def test_items_ask_for_their_signature() -> None:
    made = organisation("bench", SHAPE, order="longest_idle")
    signature = SHAPE.signature(17)
    item = work_item("bench", signature, item_id="i", priority=2)
    assert (item.queue, item.kind, item.priority) == ("q1", signature.channel, 2)
    able = [agent for agent in made.agents.values() if qualifies(item.requirement, agent.skills)]
    assert {agent.login for agent in able} == {
        f"agent-{person.number}" for person in SHAPE.people() if signature.skill in person.skills
    }
