"""Rules decide queue, skills and priority."""

import pytest

from engine.errors import NotFound
from engine.model.organisation import Channel, Organisation, Queue, Rule
from engine.model.work import Plan, Requirement
from engine.skills.infer import infer, primary_language

CHANNEL = Channel(key="web", kind="chat", name="Web", queue="general", topics=(("bill", "Bill or refund"),))


def organisation(*rules: Rule) -> Organisation:
    queues = {
        "general": Queue(key="general", name="General"),
        "billing": Queue(key="billing", name="Billing", skills={"billing": 3, "english": 2}),
        "sales": Queue(key="sales", name="Sales"),
    }
    return Organisation(
        id="t",
        name="T",
        version=1,
        skills={},
        queues=queues,
        statuses={},
        profiles={},
        channels={"web": CHANNEL, "shop": Channel(key="shop", kind="chat", name="Shop", queue="sales")},
        rules=rules,
        agents={},
        dispositions=(),
        sign_out_status="offline",
    )


def test_without_rules_the_channel_decides() -> None:
    assert infer(organisation(), "shop", "", "en", "hi") == Plan(queue="sales", requirement=Requirement())


def test_unknown_channel() -> None:
    with pytest.raises(NotFound) as caught:
        infer(organisation(), "fax", "", "en", "")
    assert caught.value.slug == "unknown-channel"


def test_the_first_final_match_ends_the_search() -> None:
    rules = (
        Rule(name="never", keywords=("lawyer",), priority=9),
        Rule(name="first", keywords=("refund",), queue="billing", priority=2),
        Rule(name="second", queue="sales", priority=5),
    )
    plan = infer(organisation(*rules), "web", "", "en", "A refund!")
    assert plan == Plan(
        queue="billing", requirement=Requirement(skills={"billing": 3, "english": 2}), priority=2, rules=("first",)
    )


def test_preferred_skills_join_where_they_ask_for_more() -> None:
    rules = (
        Rule(name="one", preferred={"german": 5, "billing": 3}, final=False),
        Rule(name="two", queue="billing", preferred={"german": 7, "english": 6}),
    )
    plan = infer(organisation(*rules), "web", "", "en", "")
    assert plan.requirement == Requirement(skills={"billing": 3, "english": 2})
    assert plan.preferred == {"german": 7, "english": 6}


def test_rules_that_are_not_final_add_up() -> None:
    rules = (
        Rule(name="zh", languages=frozenset({"zh"}), skills={"chinese": 5, "billing": 1}, priority=1, final=False),
        Rule(name="complaint", keywords=("投诉",), queue="billing", skills={"billing": 7}, priority=3, final=False),
        Rule(name="rest", queue="sales", skills={"chinese": 2}, priority=-1),
    )
    plan = infer(organisation(*rules), "web", "", "zh_Hans_CN", "我要投诉")
    assert plan.queue == "billing"
    assert plan.requirement.skills == {"chinese": 5, "billing": 7, "english": 2}
    assert plan.priority == 3
    assert plan.rules == ("zh", "complaint", "rest")


def test_all_conditions_must_hold() -> None:
    rule = Rule(
        name="all",
        channels=frozenset({"web"}),
        topics=frozenset({"bill"}),
        languages=frozenset({"de", "en"}),
        keywords=("invoice", "payment"),
        queue="billing",
    )
    book = organisation(rule)
    assert infer(book, "web", "bill", "en-GB", "my payment").queue == "billing"
    assert infer(book, "shop", "bill", "en-GB", "my payment").queue == "sales"
    assert infer(book, "web", "", "en-GB", "my payment").queue == "general"
    assert infer(book, "web", "bill", "fr", "my payment").queue == "general"
    assert infer(book, "web", "bill", "de", "my money").queue == "general"


def test_keywords_are_found_in_the_topic_and_its_name() -> None:
    book = organisation(Rule(name="refund", keywords=("refund",), queue="billing"))
    assert infer(book, "web", "bill", "en", "").queue == "billing"
    assert infer(organisation(Rule(name="b", keywords=("bill",), priority=1)), "web", "bill", "en", "").priority == 1


@pytest.mark.parametrize(
    ("locale", "language"), [("en", "en"), ("zh-CN", "zh"), ("zh_CN", "zh"), ("DE-at", "de"), ("", ""), (" fr ", "fr")]
)
def test_primary_language(locale: str, language: str) -> None:
    assert primary_language(locale) == language
