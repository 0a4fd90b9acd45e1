"""Whoever stands in is asked, given and told what rules meant for who is away; not about what he asked for himself."""

from dataclasses import replace

import pytest

from engine.cases.deeds import Cause, do
from engine.cases.draft import CaseRules, begin
from engine.cases.people import deputy_of
from engine.model.approval import ApprovalState, Need, TurnState
from engine.model.casework import CaseFacts, EffectKind
from engine.model.deputy import Deputy
from engine.model.escalation import Action, ActionKind
from tests.unit.cases.approval_world import CASE, HOUR, NOON, World, organisation, process, step


def away(user: str, deputy: str, from_ms: int = NOON - HOUR, to_ms: int = NOON + 10 * HOUR) -> Deputy:
    return Deputy(
        id=f"{user}-{deputy}", org_id="acme", user_id=f"id-{user}", deputy_id=f"id-{deputy}", from_ms=from_ms,
        to_ms=to_ms,
    )  # fmt: skip


def world(*deputies: Deputy, **changes: object) -> World:
    return World(organisation=organisation(process(**changes)), deputies=deputies)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("deputies", "found"),
    [
        ((), ""),
        ((away("lea", "ben"),), "id-ben"),
        ((away("lea", "ben"), away("ben", "sue")), "id-sue"),
        ((away("lea", "ben"), away("ben", "lea")), "id-ben"),
        ((away("lea", "ben", from_ms=NOON + 1),), ""),
        ((away("lea", "ben", to_ms=NOON),), ""),
        ((away("ana", "ben"),), ""),
        ((away("lea", "gone"),), ""),
    ],
)
def test_who_stands_in(deputies: tuple[Deputy, ...], found: str) -> None:
    facts = CaseFacts(case=CASE, now_ms=NOON, deputies=deputies, absent=frozenset({"id-gone"}))
    assert deputy_of(begin(facts), "id-lea") == found


def test_the_deputy_is_asked_and_his_yes_counts() -> None:
    here = world(away("lea", "ben"))
    asked = here.ask(fields={"refund": 150})
    first, second = here.approvals[asked.id].turns
    assert (first.user_id, first.state, first.decided_by) == ("id-lea", TurnState.DELEGATED, "")
    assert (second.user_id, second.delegated_from) == ("id-ben", 1)
    line = here.lines[-1][1]
    assert (line["answer"], line["to_name"], line["deputy_of"]) == ("delegated", "Ben", "Lea")
    assert here.told[-1][1]["to"] == {"user_ids": ["id-ben"]}
    assert here.answer(here.approvals[asked.id], "ben").state is ApprovalState.APPROVED
    assert here.refund == 150


def test_who_asked_does_not_answer_for_his_lead() -> None:
    here = world(away("lea", "ana"))
    assert here.asked_now(here.ask(fields={"refund": 150})) == ["lea"]
    himself = world(away("lea", "ana"), asker_may_approve=True)
    assert himself.asked_now(himself.ask(fields={"refund": 150})) == ["ana"]


def test_who_asked_does_not_choose_who_answers() -> None:
    chosen = replace(away("lea", "ben"), made_by="id-ana")
    here = world(chosen)
    assert here.asked_now(here.ask(fields={"refund": 150})) == ["lea"]
    through_himself = world(away("lea", "ana"), replace(away("ana", "ben"), made_by="id-ana"))
    assert through_himself.asked_now(through_himself.ask(fields={"refund": 150})) == ["lea"]
    of_others = world(replace(chosen, made_by="id-sue"))
    assert of_others.asked_now(of_others.ask(fields={"refund": 150})) == ["ben"]
    himself = world(chosen, asker_may_approve=True)
    assert himself.asked_now(himself.ask(fields={"refund": 150})) == ["ben"]


def test_nobody_is_asked_twice_where_all_are_needed() -> None:
    here = World(organisation=organisation(process(step("lea", "ben", need=Need.ALL))), deputies=(away("lea", "ben"),))
    assert here.asked_now(here.ask(fields={"refund": 150})) == ["lea", "ben"]


def test_a_turn_that_waits_is_handed_on_when_it_begins() -> None:
    here = world()
    asked = here.ask(fields={"refund": 150})
    here.deputies = (away("lea", "ben", from_ms=NOON + HOUR),)
    here.decide()
    assert (here.asked_now(asked), here.timers["deputy:lea-ben"]) == (["lea"], NOON + HOUR)
    here.wait(HOUR)
    assert (here.asked_now(asked), here.timers) == (["ben"], {})


def test_it_ends_by_itself() -> None:
    here = world(away("lea", "ben", to_ms=NOON))
    assert here.asked_now(here.ask(fields={"refund": 150})) == ["lea"]


def test_a_case_that_is_over_hands_on_nothing() -> None:
    here = world()
    asked = here.ask(fields={"refund": 150})
    here.deputies = (away("lea", "ben"),)
    here.case = replace(here.case, status="closed")
    here.decide()
    assert here.approvals[asked.id].state is ApprovalState.WITHDRAWN
    assert all(turn.user_id != "id-ben" for turn in here.approvals[asked.id].turns)


@pytest.mark.parametrize("who", ["team_lead", "lea"])
def test_what_a_rule_gives_to_who_is_away_goes_to_his_deputy(who: str) -> None:
    facts = CaseFacts(case=CASE, now_ms=NOON, deputies=(away("lea", "ben"),))
    rules = CaseRules(organisation=organisation(), new_id=lambda: "new")
    cause = Cause(rule_set="late", name="Late", why="escalation: Late")
    given, _ = do(begin(facts), rules, cause, Action(kind=ActionKind.ASSIGN, who=who))
    assert given.case.owner_id == "id-ben"
    followed, _ = do(begin(facts), rules, cause, Action(kind=ActionKind.ADD_FOLLOWER, who=who))
    assert followed.decision.add_followers == {"id-ben"}
    told, _ = do(begin(facts), rules, cause, Action(kind=ActionKind.NOTIFY, to=(who,), text="x"))
    (effect,) = told.decision.effects
    assert (effect.kind, effect.data["to"]) == (EffectKind.CONSOLE, {"user_ids": ["id-ben"], "logins": ["lea"]})
