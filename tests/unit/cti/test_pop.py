"""What a call pops: by its direction, by what the caller keyed in, and by how much is found."""

from dataclasses import replace

import pytest

from engine.cti.pop import LONGEST_URL, pop, question
from engine.model.call import Call, CallPicture, Direction
from engine.model.pop import Found, Match, PopBy, PopQuestion
from engine.model.transfer import Noun
from engine.model.voice import PopAction, PopChoice, PopRules

VERA = Match(kind=Noun.CONTACT, id="v", title="Vera")
SHOP = Match(kind=Noun.ACCOUNT, id="s", title="Shop")
CASE = Match(kind=Noun.CASE, id="k", title="Broken pot", number=7)
PICTURE = CallPicture(
    from_number="01632 960001", to_number="600", queue="tea", given={"case": "#7", "account": " K-7 "}
)
CALL = Call(
    id="c", org_id="acme", channel="phone", source="pbx", reference="1", picture=PICTURE, contact_id="v", known=True
)


def popped(rules: PopRules, *matches: Match, case: Match | None = None, call: Call = CALL) -> tuple[PopAction, str]:
    """Return what is done, and the id of what is opened."""
    done = pop(rules, call, Found(by=PopBy.NUMBER, matches=matches, case=case), phone="+441632960001", agent_id="ana")
    return done.action, done.open.id if done.open else ""


def test_what_was_keyed_in_is_looked_for_by_its_name() -> None:
    rules = PopRules(case_number=("ticket", "case"), customer_number=("account",), customer_source="crm")
    assert question(rules, PICTURE, phone="+44", contact_id="v") == PopQuestion(
        case_numbers=(7,), customer_numbers=("K-7",), source="crm", contact_id="v", phone="+44"
    )
    assert question(PopRules(), PICTURE, phone="", contact_id="") == PopQuestion()


@pytest.mark.parametrize(
    ("said", "numbers"),
    [("7", (7,)), ("#0012", (12,)), ("K-12", (12,)), ("12#", (12,)), ("", ()), ("no number", ()), ("9" * 16, ())],
)
def test_a_case_number_as_telephones_hand_it_over(said: str, numbers: tuple[int, ...]) -> None:
    picture = CallPicture(given={"case": said})
    assert question(PopRules(case_number=("case",)), picture, phone="", contact_id="").case_numbers == numbers


def test_it_is_by_how_much_is_found() -> None:
    rules = PopRules()
    assert popped(rules) == (PopAction.NEW, "")
    assert popped(rules, VERA) == (PopAction.MATCH, "v")
    assert popped(rules, CASE) == (PopAction.MATCH, "k")
    assert popped(rules, VERA, SHOP) == (PopAction.LIST, "")


def test_the_open_case_is_opened_where_there_is_one() -> None:
    rules = PopRules(inbound=PopChoice(one=PopAction.CASE))
    assert popped(rules, VERA, case=CASE) == (PopAction.CASE, "k")
    assert popped(rules, VERA) == (PopAction.CASE, "v")
    assert popped(PopRules(), VERA, case=CASE) == (PopAction.MATCH, "v")


def test_each_direction_has_its_own() -> None:
    rules = PopRules(outbound=PopChoice(one=PopAction.NOTHING))
    out = replace(CALL, picture=replace(PICTURE, direction=Direction.OUTBOUND))
    within = replace(CALL, picture=replace(PICTURE, direction=Direction.INTERNAL))
    assert popped(rules, VERA, call=out) == (PopAction.NOTHING, "")
    assert popped(rules, VERA) == (PopAction.MATCH, "v")
    assert popped(rules, VERA, call=within) == (PopAction.NOTHING, "")


def test_a_page_of_another_program_gets_its_fields_quoted() -> None:
    url = "https://crm.example/pop?n={number}&a={given.account}&q={queue}&d={direction}&x={given.none}&who={agent}"
    rules = PopRules(url=url, inbound=PopChoice(one=PopAction.URL))
    evil = replace(CALL, picture=replace(PICTURE, given={"account": "K 7&admin=1#"}))
    done = pop(rules, evil, Found(matches=(VERA,)), phone="+441632960001", agent_id="ana")
    assert (done.action, done.url) == (
        PopAction.URL,
        "https://crm.example/pop?n=%2B441632960001&a=K%207%26admin%3D1%23&q=tea&d=inbound&x=&who=ana",
    )
    assert pop(rules, evil, Found(), phone="", agent_id="").url.startswith("https://crm.example/pop?n=01632%20960001&")


def test_an_address_without_end_opens_nothing() -> None:
    rules = PopRules(url="https://crm.example/{given.a}", inbound=PopChoice(none=PopAction.URL))
    long = replace(CALL, picture=replace(PICTURE, given={"a": "x" * LONGEST_URL}))
    done = pop(rules, long, Found(), phone="", agent_id="")
    assert (done.action, done.url) == (PopAction.NOTHING, "")
