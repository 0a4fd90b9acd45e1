"""A case with its clocks, decided on in memory: facts, signals and timers as the record keeps them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count

from engine.cases.draft import CaseRules, Draft, begin
from engine.cases.milestones import milestones, milestones_again
from engine.model.case import Case
from engine.model.casework import CaseDecision, CaseFacts, HistoryLine, Milestone, MilestoneState, Signal, SignalKind
from engine.model.hours import Hours
from engine.model.organisation import Organisation, Queue
from engine.model.plan import BUILT_IN_MILESTONES, MilestoneRule, Plan, Target

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


def plan(key: str, hours: str = "", **targets: int | Sequence[Target]) -> Plan:
    """Return a plan; targets in milliseconds, or by priority."""
    bands = {
        name: (Target(within_ms=target),) if isinstance(target, int) else tuple(target)
        for name, target in targets.items()
    }
    return Plan(key=key, name=key, hours=hours, targets=bands)


def organisation(
    *plans: Plan,
    hours: Mapping[str, Hours] | None = None,
    milestone_rules: Mapping[str, MilestoneRule] | None = None,
    zone: str = "UTC",
) -> Organisation:
    """Return an organisation; each plan has a queue of its name, and there is one without."""
    queues = {each.key: Queue(key=each.key, name=each.key, plan=each.key) for each in plans}
    return Organisation(
        id="o",
        name="O",
        version=1,
        time_zone=zone,
        skills={},
        queues={**queues, "none": Queue(key="none", name="None")},
        statuses={},
        profiles={},
        channels={},
        rules=(),
        agents={},
        dispositions=(),
        sign_out_status="offline",
        hours=dict(hours or {}),
        plans={each.key: each for each in plans},
        milestones={**BUILT_IN_MILESTONES, **(milestone_rules or {})},
    )


class World:
    """One case; each method that takes a time is one decision of the planner's steps about milestones."""

    def __init__(self, org: Organisation, *, queue: str, opened_ms: int, priority: int = 0) -> None:
        self.organisation = org
        self._ids = (f"id-{number}" for number in count(1))
        case = Case(
            id="c",
            org_id="o",
            number=1,
            subject="",
            contact_id="p",
            queue=queue,
            priority=priority,
            opened_ms=opened_ms,
        )
        self.facts = CaseFacts(case=case, now_ms=opened_ms)
        self.lines: list[HistoryLine] = []
        self.pending: list[Signal] = [self.signal(SignalKind.OPENED, opened_ms)]

    def signal(self, kind: SignalKind, at_ms: int, **data: object) -> Signal:
        """Return a signal."""
        return Signal(id=next(self._ids), org_id="o", case_id="c", kind=kind, at_ms=at_ms, data=data)

    def tell(self, kind: SignalKind, at_ms: int, **data: object) -> None:
        """Leave a signal for the next decision."""
        self.pending.append(self.signal(kind, at_ms, **data))

    def decide(self, now_ms: int, **changes: object) -> CaseDecision:
        """Decide at ``now_ms`` on the pending signals, and on what a person changes."""
        facts = replace(self.facts, now_ms=now_ms, signals=tuple(self.pending))
        draft = begin(facts)
        for name, to in changes.items():
            draft = draft.with_change(name, to, asked=True)
        rules = CaseRules(organisation=self.organisation, new_id=lambda: next(self._ids))
        draft = milestones(draft, rules)
        self._law_again_changes_nothing(draft, rules)
        decision = draft.finished()
        known = {(one.key, one.occurrence): one for one in (*facts.milestones, *decision.milestones)}
        self.facts = replace(
            facts, case=draft.case, milestones=tuple(known.values()), timers=dict(decision.timers or {}), signals=()
        )
        self.pending = []
        self.lines += decision.lines
        return decision

    def run_timers(self, until_ms: int, lag_ms: int = 0) -> None:
        """Let the clerk come whenever a timer is due by ``until_ms``, so late as given."""
        while self.facts.timers and min(self.facts.timers.values()) + lag_ms <= until_ms:
            self.decide(min(self.facts.timers.values()) + lag_ms)

    def last(self, key: str) -> Milestone:
        """Return the newest occurrence of a milestone."""
        return max((one for one in self.facts.milestones if one.key == key), key=lambda one: one.occurrence)

    def state(self, key: str) -> MilestoneState:
        """Return its state."""
        return self.last(key).state

    def told(self, key: str = "") -> list[str]:
        """Return the kinds of the history's lines, of one milestone if asked."""
        return [line.kind for line in self.lines if key in ("", line.data["milestone"])]

    def _law_again_changes_nothing(self, draft: Draft, rules: CaseRules) -> None:
        again = milestones_again(draft, rules)
        assert again == draft
