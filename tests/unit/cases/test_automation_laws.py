"""Whatever the rules: a decision ends, no rule fires twice in it, and it is what a plain slow reading of them gives."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.automation import MOST_ROUNDS, AutomationRule, Enabled, OccasionKind, On, Once
from engine.model.case_setup import BUILT_IN_STATUSES, OVER, CaseStatusKind
from engine.model.casework import SignalKind
from engine.model.escalation import Action, ActionKind
from tests.unit.cases.automation_world import (
    HOUR,
    MESSAGE,
    OPENED,
    Life,
    case,
    changed,
    do,
    on,
    priority,
    rule,
    signal,
    status,
    tag,
    when,
)

FIELDS = ("priority", "status", "tags", "queue")
LISTENS = st.sampled_from(
    [
        OPENED,
        MESSAGE,
        changed(),
        *(changed(name) for name in FIELDS),
        on(OccasionKind.RESOLVED),
        on(OccasionKind.CLOSED),
        on(OccasionKind.REOPENED),
    ]
)
CONDITIONS = st.sampled_from(
    [when()] * 3
    + [when(status=key) for key in BUILT_IN_STATUSES]
    + [when(priority=points) for points in range(3)]
    + [when(queue=key) for key in ("sales", "support")]
)
ACTIONS = st.sampled_from(
    [priority(points) for points in range(3)]
    + [status(key) for key in BUILT_IN_STATUSES]
    + [tag("a"), tag("b"), do(ActionKind.REMOVE_TAGS, tags=("a",))]
    + [do(ActionKind.MOVE, queue=key) for key in ("sales", "support")]
    + [do(ActionKind.RAISE_PRIORITY, points=1)]
)


@st.composite
def rule_lists(draw: st.DrawFn) -> list[AutomationRule]:
    return [
        rule(
            f"r{number}",
            draw(st.lists(LISTENS, min_size=1, max_size=2)),
            *draw(st.lists(ACTIONS, min_size=1, max_size=3)),
            when=draw(CONDITIONS),
            stop=draw(st.sampled_from([False] * 5 + [True])),
            once=draw(st.sampled_from(list(Once))),
            enabled=draw(st.sampled_from([Enabled.TRUE] * 6 + [Enabled.FALSE, Enabled.DRY_RUN])),
            most_per_hour=draw(st.integers(1, 3)),
        )
        for number in range(draw(st.integers(1, 7)))
    ]


@dataclass
class Slow:
    """The same rules, read in the plainest way: a state, a log of what happened, and how far each rule has read."""

    state: dict[str, object]
    log: list[tuple[OccasionKind, str]]
    fired: list[str] = field(default_factory=list)
    read: dict[str, int] = field(default_factory=dict)

    def run(self, rules: Sequence[AutomationRule]) -> None:
        for _ in range(MOST_ROUNDS):
            length = len(self.log)
            for one in rules:
                if one.enabled is not Enabled.FALSE and self.turn(one):
                    return
            if len(self.log) == length:
                return

    def turn(self, one: AutomationRule) -> bool:
        """Ask a rule; return whether it lets no other be asked any more."""
        new = self.log[self.read.get(one.key, 0) :]
        self.read[one.key] = len(self.log)
        if one.key in self.fired or not any(self.hears(listens, *happened) for listens in one.on for happened in new):
            return False
        tests = one.when.parts  # type: ignore[attr-defined]  # a group of tests of equality
        if not all(self.state[test.field] == test.value for test in tests):
            return False
        self.fired.append(one.key)
        if one.enabled is Enabled.DRY_RUN:
            return False
        for action in one.actions:
            assert action.action
            self.act(action.action)
        self.read[one.key] = len(self.log)
        return one.stop

    def hears(self, listens: On, kind: OccasionKind, name: str) -> bool:
        return listens.kind is kind and (not listens.names or name in listens.names)

    def act(self, action: Action) -> None:
        tags = self.state["tags"]
        assert isinstance(tags, tuple)
        match action.kind:
            case ActionKind.SET_PRIORITY:
                self.put("priority", action.points)
            case ActionKind.RAISE_PRIORITY:
                self.put("priority", int(str(self.state["priority"])) + action.points)
            case ActionKind.MOVE:
                self.put("queue", action.queue)
            case ActionKind.ADD_TAGS:
                self.put("tags", tuple(dict.fromkeys((*tags, *action.tags))))
            case ActionKind.REMOVE_TAGS:
                self.put("tags", tuple(one for one in tags if one not in action.tags))
            case _:
                if action.status in BUILT_IN_STATUSES[str(self.state["status"])].to:
                    self.put("status", action.status)

    def put(self, name: str, value: object) -> None:
        was, self.state[name] = self.state[name], value
        if was == value:
            return
        self.log.append((OccasionKind.CHANGED, name))
        if name == "status":
            before, now = BUILT_IN_STATUSES[str(was)].kind, BUILT_IN_STATUSES[str(value)].kind
            if now in OVER and before not in OVER:
                self.log.append((OccasionKind.RESOLVED, ""))
            if now is CaseStatusKind.CLOSED:
                self.log.append((OccasionKind.CLOSED, ""))
            if before in OVER and now not in OVER:
                self.log.append((OccasionKind.REOPENED, ""))


@settings(max_examples=50)
@given(rules=rule_lists(), begins=st.sampled_from(list(BUILT_IN_STATUSES)))
def test_a_decision_is_what_a_plain_reading_gives(rules: list[AutomationRule], begins: str) -> None:
    life = Life(*rules, case=case(status=begins))
    draft = life.told(SignalKind.OPENED)
    slow = Slow(state={"priority": 0, "status": begins, "tags": (), "queue": "sales"}, log=[(OccasionKind.OPENED, "")])
    slow.run(rules)
    assert {name: getattr(draft.case, name) for name in FIELDS} == slow.state
    fired = [turn.rule.key for turn in life.turns if turn.outcome.value in ("fired", "would_fire")]
    assert fired == slow.fired
    assert len(set(fired)) == len(fired)
    assert life.rounds <= MOST_ROUNDS
    assert [line.data["rule"] for line in draft.decision.lines if line.kind == "automation"] == fired
    again = Life(*rules, case=case(status=begins))
    repeated = again.decide(*life.facts.signals)
    assert (repeated.case, repeated.decision.changes) == (draft.case, draft.decision.changes)


@settings(max_examples=50)
@given(rules=rule_lists(), steps=st.lists(st.sampled_from([None, *BUILT_IN_STATUSES]), min_size=1, max_size=8))
def test_over_many_decisions_no_rule_fires_too_often_nor_twice_under_one_name(
    rules: list[AutomationRule], steps: list[str | None]
) -> None:
    life = Life(*rules)
    for step in steps:
        if step is None:
            life.told(SignalKind.MESSAGE, text="Hi")
        else:
            life.decide(signal(SignalKind.MESSAGE), now_ms=life.facts.now_ms + HOUR // 3, status=step)
    names = life.fired()
    assert len(set(names)) == len(names)
    for one in rules:
        at_ms = sorted(firing.at_ms for firing in life.facts.firings if firing.step == one.firing)
        assert not (one.once is Once.CASE and len(at_ms) > 1)
        assert all(later - earlier >= HOUR for earlier, later in zip(at_ms, at_ms[one.most_per_hour :], strict=False))
