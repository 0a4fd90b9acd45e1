"""Ladders begin when their trigger comes, take each step once at its time, and stop when there is a reason to."""

from dataclasses import replace
from itertools import count

import pytest

from engine.cases.draft import CaseRules, Draft, begin
from engine.cases.escalation import escalation
from engine.model.case import Case
from engine.model.casework import (
    CaseFacts,
    Change,
    EffectKind,
    Firing,
    Milestone,
    MilestoneState,
    Signal,
    SignalKind,
)
from engine.model.condition import Group, Joint, Operator, Test
from engine.model.customer import Contact
from engine.model.escalation import (
    Action,
    ActionKind,
    AgeFrom,
    EscalationStep,
    NewChild,
    NotifyBy,
    RuleSet,
    Trigger,
    TriggerKind,
    Until,
)
from engine.model.hours import Hours, Period
from engine.model.organisation import AgentSetup, Organisation, Role
from engine.model.team import Team
from tests.organisations import small_organisation

NOON = 1_800_014_400_000  # a Friday, 12:00 UTC
MINUTE, HOUR = 60_000, 3_600_000
RAISE = Action(kind=ActionKind.RAISE_PRIORITY, points=5)
LATE = Trigger(kind=TriggerKind.MILESTONE, milestone="first_response", shift_ms=-30 * MINUTE)


def step(after_ms: int = 0, *actions: Action, key: str = "") -> EscalationStep:
    return EscalationStep(key=key or str(after_ms), after_ms=after_ms, actions=actions or (RAISE,))


def rule_set(trigger: Trigger = LATE, *steps: EscalationStep, **changes: object) -> RuleSet:
    made = RuleSet(key="late", name="Late", trigger=trigger, steps=steps or (step(),))
    return replace(made, **changes)  # type: ignore[arg-type]


def organisation(*sets: RuleSet, **changes: object) -> Organisation:
    agents = {
        login: AgentSetup(login=login, name=login.title(), role=Role.AGENT, user_id=f"id-{login}")
        for login in ("ana", "sue")
    }
    teams = {"support": Team(key="support", name="Support", lead="sue", members=("ana",))}
    made = {"agents": agents, "teams": teams, "escalations": {one.key: one for one in sets}}
    return replace(small_organisation(), **{**made, **changes})  # type: ignore[arg-type]


def case(**changes: object) -> Case:
    made = Case(
        id="c", org_id="acme", number=7, subject="Broken {case.id}\nkettle", contact_id="p", status="open",
        queue="sales", opened_ms=NOON, updated_ms=NOON,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def milestone(**changes: object) -> Milestone:
    made = Milestone(
        id="m", case_id="c", key="first_response", occurrence=1, plan="gold", hours="", target_ms=HOUR,
        state=MilestoneState.RUNNING, started_ms=NOON, running_since_ms=NOON, due_ms=NOON + HOUR,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def signal(kind: SignalKind, at_ms: int, **data: object) -> Signal:
    return Signal(id="s", org_id="acme", case_id="c", kind=kind, at_ms=at_ms, data=data)


class Life:
    """A case's life: each decision's consequences are the next one's facts."""

    def __init__(self, *sets: RuleSet, organisation_: Organisation | None = None, **facts: object) -> None:
        ids = count(1)
        self.rules = CaseRules(organisation=organisation_ or organisation(*sets), new_id=lambda: f"id-{next(ids)}")
        self.facts = CaseFacts(**{"case": case(), "now_ms": NOON, **facts})  # type: ignore[arg-type]

    def at(self, now_ms: int, *signals: Signal, asked: bool = False, **facts: object) -> Draft:
        """Decide at a time, and keep what was decided."""
        self.facts = replace(self.facts, now_ms=now_ms, signals=signals, **facts)  # type: ignore[arg-type]
        draft = begin(self.facts)
        if asked:
            draft = replace(draft, decision=replace(draft.decision, changes=(Change(field="tags", to=(), asked=True),)))
        draft = escalation(draft, self.rules)
        decision = draft.decision
        self.facts = replace(
            self.facts,
            case=draft.case,
            timers=draft.timers,
            firings=(*self.facts.firings, *decision.firings),
            followers=self.facts.followers | decision.add_followers,
        )
        return draft

    def taken(self) -> list[tuple[str, int, int]]:
        """Return the steps taken so far: name, occurrence, minutes after noon at which they were due."""
        return [(one.step.partition("/")[2], one.occurrence, (one.due_ms - NOON) // MINUTE) for one in self.firings()]

    def firings(self) -> tuple[Firing, ...]:
        return self.facts.firings


def test_a_step_before_a_milestone_is_waited_for_and_taken_once() -> None:
    life = Life(rule_set(), milestones=(milestone(),))
    assert life.at(NOON).timers == {"escalation:late/begun/1": NOON + 30 * MINUTE}
    draft = life.at(NOON + 30 * MINUTE + 400)
    assert life.taken() == [("begun", 1, 30), ("0", 1, 30)]
    assert draft.case.priority == 5
    assert draft.timers == {}
    assert life.at(NOON + 31 * MINUTE).decision.firings == ()
    assert life.at(NOON + 90 * MINUTE).case.priority == 5


def test_the_timeline_says_what_was_done_and_why() -> None:
    life = Life(rule_set(), milestones=(milestone(),))
    life.at(NOON)
    (line,) = life.at(NOON + 31 * MINUTE).decision.lines
    assert line.kind == "escalated"
    assert line.data == {
        "rule_set": "late",
        "name": "Late",
        "step": "0",
        "occurrence": 1,
        "due_ms": NOON + 30 * MINUTE,
        "trigger": "milestone",
        "milestone": "first_response",
        "milestone_due_ms": NOON + HOUR,
        "shift_ms": -30 * MINUTE,
        "used_ms": 30 * MINUTE,
        "actions": [{"action": "raise_priority", "points": 5}],
    }


def test_steps_follow_at_their_times_also_after_a_pause_of_the_engine() -> None:
    ladder = rule_set(LATE, step(), step(10 * MINUTE), step(2 * HOUR))
    life = Life(ladder, milestones=(milestone(),))
    life.at(NOON)
    draft = life.at(NOON + HOUR)  # nobody was there for half an hour
    assert life.taken() == [("begun", 1, 30), ("0", 1, 30), ("600000", 1, 40)]
    assert {one.at_ms for one in life.firings()} == {NOON + HOUR}
    assert draft.timers == {"escalation:late/7200000/1": NOON + 150 * MINUTE}


def test_a_ladder_waits_while_its_milestone_does() -> None:
    life = Life(rule_set(LATE, step(), step(10 * MINUTE)), milestones=(milestone(),))
    life.at(NOON)
    life.at(NOON + 30 * MINUTE)
    paused = milestone(state=MilestoneState.PAUSED, used_ms=35 * MINUTE, running_since_ms=0, due_ms=0)
    assert life.at(NOON + 35 * MINUTE, milestones=(paused,)).timers == {}
    later = milestone(used_ms=35 * MINUTE, running_since_ms=NOON + 3 * HOUR, due_ms=NOON + 3 * HOUR + 25 * MINUTE)
    draft = life.at(NOON + 3 * HOUR, milestones=(later,))
    assert draft.timers == {"escalation:late/600000/1": NOON + 3 * HOUR + 5 * MINUTE}


def test_before_and_after_are_in_the_milestones_business_time() -> None:
    day = [Period(weekday=weekday, start_minute=9 * 60, end_minute=17 * 60) for weekday in range(5)]
    hours = {"office": Hours(periods=tuple(day), key="office", time_zone="UTC")}
    after = rule_set(replace(LATE, shift_ms=2 * HOUR))
    promised = milestone(hours="office", target_ms=4 * HOUR, due_ms=NOON + 4 * HOUR)
    life = Life(organisation_=organisation(after, hours=hours), milestones=(promised,))
    due_ms = NOON + 4 * HOUR + HOUR  # Friday 17:00 …
    due_ms += 64 * HOUR + HOUR  # … and one hour on Monday
    assert life.at(NOON).timers == {"escalation:late/begun/1": due_ms}


def test_a_milestone_that_is_met_stops_the_ladder() -> None:
    life = Life(rule_set(LATE, step(), step(10 * MINUTE)), milestones=(milestone(),))
    life.at(NOON)
    life.at(NOON + 30 * MINUTE)
    met = milestone(state=MilestoneState.MET, running_since_ms=0, due_ms=0, met_ms=NOON + 32 * MINUTE)
    draft = life.at(NOON + HOUR, milestones=(met,))
    assert life.taken()[-1][:2] == ("stopped", 1)
    assert (draft.timers, [one.data["reason"] for one in draft.decision.lines]) == ({}, ["met"])
    second = milestone(
        id="m2", occurrence=2, started_ms=NOON + HOUR, running_since_ms=NOON + HOUR, due_ms=NOON + 2 * HOUR
    )
    life.at(NOON + HOUR, milestones=(met, second))
    life.at(NOON + 2 * HOUR)
    assert [one for one in life.taken() if one[1] == 2] == [("begun", 2, 90), ("0", 2, 90), ("600000", 2, 100)]


@pytest.mark.parametrize("trigger", [LATE, Trigger(kind=TriggerKind.AGE, after_ms=30 * MINUTE)])
def test_what_is_resolved_is_left_alone(trigger: Trigger) -> None:
    life = Life(rule_set(trigger), milestones=(milestone(),))
    life.at(NOON)
    draft = life.at(NOON + HOUR, case=case(status="resolved"))
    assert (life.taken(), draft.timers) == ([], {})


def test_a_condition_that_comes_true_late_begins_then() -> None:
    urgent = Group(joint=Joint.ALL, parts=(Test(field="priority", operator=Operator.AT_LEAST, value=5),))
    life = Life(rule_set(LATE, step(), step(10 * MINUTE), when=urgent), milestones=(milestone(),))
    life.at(NOON)
    assert life.at(NOON + 30 * MINUTE).decision.firings == ()
    life.at(NOON + 45 * MINUTE, case=case(priority=6))
    assert life.taken() == [("begun", 1, 45), ("0", 1, 45)]
    assert life.firings()[0].why["because"] == [
        {"field": "priority", "operator": "at_least", "value": 5, "seen": 6, "held": True}
    ]


def test_age_since_the_opening_counts_in_the_rule_sets_hours() -> None:
    hours = {"office": Hours(periods=(Period(weekday=4, start_minute=0, end_minute=13 * 60),), key="office")}
    sets = rule_set(Trigger(kind=TriggerKind.AGE, after_ms=2 * HOUR), hours="office")
    life = Life(organisation_=organisation(sets, hours=hours, time_zone="UTC"))
    assert life.at(NOON).timers == {"escalation:late/begun/1": NOON + 12 * HOUR + 6 * 24 * HOUR + HOUR}


def test_age_since_the_last_change_is_by_what_people_do() -> None:
    life = Life(rule_set(Trigger(kind=TriggerKind.AGE, since=AgeFrom.UPDATED, after_ms=HOUR)))
    life.at(NOON)
    draft = life.at(NOON + 30 * MINUTE, signal(SignalKind.REPLY, NOON + 30 * MINUTE))
    assert draft.timers == {"escalation:late/begun/1": NOON + 90 * MINUTE}
    life.at(NOON + 90 * MINUTE)
    life.at(NOON + 5 * HOUR)  # the engine's own changes are no sign of life
    assert life.taken() == [("begun", 1, 90), ("0", 1, 90)]
    life.at(NOON + 5 * HOUR, asked=True)
    life.at(NOON + 6 * HOUR)
    assert [one for one in life.taken() if one[1] == 2] == [("begun", 2, 360), ("0", 2, 360)]


def test_age_since_the_customers_message_ends_with_an_answer() -> None:
    life = Life(rule_set(Trigger(kind=TriggerKind.AGE, since=AgeFrom.MESSAGE, after_ms=HOUR)))
    assert life.at(NOON).timers == {}
    life.at(NOON + MINUTE, signal(SignalKind.MESSAGE, NOON + MINUTE))
    assert life.at(NOON + 2 * MINUTE, signal(SignalKind.REPLY, NOON + 2 * MINUTE)).timers == {}
    life.at(NOON + 3 * MINUTE, signal(SignalKind.MESSAGE, NOON + 3 * MINUTE))
    life.at(NOON + 2 * HOUR)
    assert life.taken() == [("begun", 1, 63), ("0", 1, 63)]


def test_words_in_messages() -> None:
    trigger = Trigger(kind=TriggerKind.KEYWORD, words=("lawyer", "投诉"))
    life = Life(rule_set(trigger))
    life.at(
        NOON, signal(SignalKind.MESSAGE, NOON - 5, text="My flawyers"), signal(SignalKind.REPLY, NOON, text="lawyer")
    )
    assert life.taken() == []
    life.at(NOON + HOUR, signal(SignalKind.MESSAGE, NOON + HOUR, text="我要投诉！"))
    life.at(NOON + 2 * HOUR, signal(SignalKind.MESSAGE, NOON + 2 * HOUR, text="My LAWYER!"))
    assert life.taken() == [("begun", 1, 60), ("0", 1, 60), ("begun", 2, 120), ("0", 2, 120)]
    assert life.firings()[0].why["words"] == ["投诉"]


def test_a_bound_on_how_often() -> None:
    life = Life(rule_set(Trigger(kind=TriggerKind.EVENT, event="failed"), times=1))
    for minute in (1, 2):
        life.at(NOON + minute * MINUTE, signal(SignalKind.EVENT, NOON + minute * MINUTE, name="failed", data={"a": 1}))
    assert life.taken() == [("begun", 1, 1), ("0", 1, 1)]
    assert life.firings()[0].why["data"] == {"a": 1}


def test_what_was_told_by_a_clock_that_is_ahead_begins_at_once_and_is_not_forgotten() -> None:
    life = Life(rule_set(Trigger(kind=TriggerKind.EVENT, event="failed")))
    draft = life.at(NOON, signal(SignalKind.EVENT, NOON + 40, name="failed", data={}))
    assert life.taken() == [("begun", 1, 0), ("0", 1, 0)]
    assert draft.timers == {}


def test_tier_reopening_rating_and_repetition() -> None:
    sets = (
        rule_set(Trigger(kind=TriggerKind.TIER, tiers=frozenset({"gold"})), key="tier"),
        rule_set(Trigger(kind=TriggerKind.REOPENED, least=2), key="reopened"),
        rule_set(Trigger(kind=TriggerKind.RATING, rating=2), key="rating"),
        rule_set(Trigger(kind=TriggerKind.REPEATED, least=3, within_ms=HOUR), key="repeated"),
    )
    life = Life(*sets, contact=Contact(id="p", org_id="acme", name="Zoe", tier="gold"))
    life.at(NOON, signal(SignalKind.OPENED, NOON), contact_times=(NOON, NOON - 30 * MINUTE, NOON - 90 * MINUTE))
    assert [one.step for one in life.firings()] == ["tier/begun", "tier/0"]
    life.at(NOON, signal(SignalKind.MESSAGE, NOON), contact_times=(NOON, NOON - 20 * MINUTE, NOON - 30 * MINUTE))
    life.at(NOON + 1, signal(SignalKind.MESSAGE, NOON + 1))  # within the same hour it is the same
    life.at(NOON + 2, case=replace(life.facts.case, reopened=2))
    life.at(NOON + 3)
    life.at(NOON + 4, signal(SignalKind.RATED, NOON + 4, rating=1), case=replace(life.facts.case, status="closed"))
    assert [one.step for one in life.firings() if one.step.endswith("begun")] == [
        "tier/begun", "repeated/begun", "reopened/begun", "rating/begun",
    ]  # fmt: skip
    assert life.firings()[-1].why["over"] is True


def test_every_action_becomes_its_consequence() -> None:
    text = "{case.number} {case.subject} {contact.name} {what}"
    actions = (
        Action(kind=ActionKind.SET_PRIORITY, points=9),
        Action(kind=ActionKind.MOVE, queue="support"),
        Action(kind=ActionKind.REQUIRE, skills={"billing": 4}),
        Action(kind=ActionKind.ASSIGN, who="team_lead"),
        Action(kind=ActionKind.ADD_FOLLOWER, who="ana"),
        Action(kind=ActionKind.SET, fields={"severity": "high"}),
        Action(kind=ActionKind.SET_STATUS, status="waiting"),
        Action(kind=ActionKind.OPEN_CHILD, child=NewChild(subject="Look: {case.subject}", queue="sales")),
        Action(kind=ActionKind.COMMENT, text=text),
        Action(kind=ActionKind.NOTIFY, by=NotifyBy.CONSOLE, to=("owner", "followers", "supervisors"), text=text),
        Action(kind=ActionKind.NOTIFY, by=NotifyBy.EMAIL, to=("team_lead", "role:admin", "x@y.org"), text=text),
        Action(kind=ActionKind.NOTIFY, by=NotifyBy.WEBHOOK, to=("erp",), text=text),
    )
    life = Life(rule_set(Trigger(kind=TriggerKind.AGE, after_ms=MINUTE), step(0, *actions)), case=case(team="support"))
    draft = life.at(NOON + MINUTE, contact=Contact(id="p", org_id="acme", name="{case.id}"))
    now = draft.case
    assert (now.priority, now.queue, now.skills, now.owner_id) == (9, "support", {"billing": 4}, "id-sue")
    assert (dict(now.fields), now.status) == ({"severity": "high"}, "waiting")
    assert draft.decision.add_followers == {"id-ana"}
    (child,) = draft.decision.children
    assert child["subject"] == "Look: Broken {case.id} kettle"
    said = "7 Broken {case.id}\nkettle {case.id} {what}"  # what a customer wrote is put in as it stands
    assert [one.data["body"] for one in draft.decision.lines if one.kind == "comment"] == [said]
    console, email, webhook = draft.decision.effects
    assert [one.kind for one in draft.decision.effects] == [EffectKind.CONSOLE, EffectKind.EMAIL, EffectKind.WEBHOOK]
    assert console.data["to"] == {"user_ids": ["id-ana", "id-sue"], "supervisors": True}
    assert email.data["to"] == {"logins": ["sue"], "roles": ["admin"], "addresses": ["x@y.org"]}
    assert (webhook.data["webhook"], webhook.data["text"]) == ("erp", said)


def test_who_looks_after_the_customer_may_get_follow_and_be_told() -> None:
    both = ("contact_owner", "account_owner")
    actions = (
        Action(kind=ActionKind.ASSIGN, who="contact_owner"),
        Action(kind=ActionKind.ADD_FOLLOWER, who="account_owner"),
        Action(kind=ActionKind.NOTIFY, by=NotifyBy.CONSOLE, to=both, text="x"),
    )
    ladder = rule_set(Trigger(kind=TriggerKind.AGE, after_ms=MINUTE), step(0, *actions))
    contact = Contact(id="p", org_id="acme", name="Kim", owner_id="id-ana")
    draft = Life(ladder).at(NOON + MINUTE, contact=contact, account_owner_id="id-sue")
    assert (draft.case.owner_id, set(draft.decision.add_followers)) == ("id-ana", {"id-sue"})
    assert draft.decision.effects[0].data["to"] == {"user_ids": ["id-ana", "id-sue"]}
    life = Life(ladder)
    life.at(NOON + MINUTE)
    faults = [one.get("fault", "") for one in life.firings()[-1].why["actions"]]  # type: ignore[attr-defined]
    assert faults == ["nobody is contact_owner", "nobody is account_owner", "nobody is contact_owner, account_owner"]


def test_what_cannot_be_done_is_said_and_holds_up_nothing() -> None:
    actions = (
        Action(kind=ActionKind.ASSIGN, who="nobody"),
        Action(kind=ActionKind.SET_STATUS, status="new"),
        Action(kind=ActionKind.OPEN_CHILD, child=NewChild(subject="x")),
        RAISE,
    )
    life = Life(rule_set(Trigger(kind=TriggerKind.AGE, after_ms=MINUTE), step(0, *actions)), case=case(parent_id="o"))
    draft = life.at(NOON + MINUTE)
    faults = [one.get("fault", "") for one in life.firings()[-1].why["actions"]]  # type: ignore[attr-defined]
    assert faults == ["nobody is nobody", "open cannot become new", "the case is a part itself", ""]
    assert (draft.case.priority, draft.decision.children) == (5, ())


@pytest.mark.parametrize(
    ("until", "now", "said"),
    [
        (Until.OWNED, case(owner_id="id-ana"), ()),
        (Until.CONDITION, case(priority=1), ()),
        (Until.REPLIED, case(), (signal(SignalKind.REPLY, NOON + 2 * MINUTE),)),
        (Until.ACCEPTED, case(), (signal(SignalKind.ACCEPTED, NOON + 2 * MINUTE),)),
    ],
)
def test_other_reasons_to_stop(until: Until, now: Case, said: tuple[Signal, ...]) -> None:
    calm = Group(joint=Joint.ALL, parts=(Test(field="priority", operator=Operator.AT_MOST, value=0),))
    quiet = Action(kind=ActionKind.COMMENT, text="x")
    trigger = Trigger(kind=TriggerKind.AGE, after_ms=MINUTE)
    life = Life(rule_set(trigger, step(0, quiet), step(HOUR, quiet), until=frozenset({until}), when=calm))
    life.at(NOON + MINUTE)
    life.at(NOON + 2 * MINUTE, *said, case=now)
    assert life.firings()[-1].why == {"reason": until.value}
    assert life.at(NOON + 2 * HOUR).decision.firings == ()
