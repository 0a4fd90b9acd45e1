"""A case with automation rules, decided on in memory."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

from engine.cases.automation import Automated, Turn, automated
from engine.cases.draft import CaseRules, Draft, begin
from engine.model.automation import AutomationRule, By, OccasionKind, On
from engine.model.case import Case
from engine.model.casework import CaseFacts, HistoryLine, Signal, SignalKind
from engine.model.condition import ALWAYS, Condition, Group, Joint, Operator, Test
from engine.model.escalation import Action, ActionKind
from engine.model.macro import MacroAction
from engine.model.organisation import AgentSetup, Organisation, Role
from engine.model.team import Team
from tests.organisations import small_organisation

NOON = 1_800_014_400_000
MINUTE, HOUR = 60_000, 3_600_000


def on(kind: OccasionKind, *names: str, by: By = By.ANYONE) -> On:
    return On(kind=kind, names=frozenset(names), by=by)


OPENED = on(OccasionKind.OPENED)
MESSAGE = on(OccasionKind.MESSAGE)


def changed(*names: str, by: By = By.ANYONE) -> On:
    return on(OccasionKind.CHANGED, *names, by=by)


def when(**equal: object) -> Condition:
    """Return the condition that these fields have these values; ``was_status`` is ``was.status``."""
    tests = (
        Test(field=name.replace("was_", "was."), operator=Operator.EQUAL, value=value) for name, value in equal.items()
    )
    return Group(joint=Joint.ALL, parts=tuple(tests))


def do(kind: ActionKind, **what: object) -> MacroAction:
    return MacroAction(action=Action(kind=kind, **what))  # type: ignore[arg-type]


def priority(points: int) -> MacroAction:
    return do(ActionKind.SET_PRIORITY, points=points)


def status(key: str) -> MacroAction:
    return do(ActionKind.SET_STATUS, status=key)


def tag(*tags: str) -> MacroAction:
    return do(ActionKind.ADD_TAGS, tags=tags)


def rule(
    key: str, listens: On | Sequence[On], *actions: MacroAction, when: Condition = ALWAYS, **more: object
) -> AutomationRule:
    heard = (listens,) if isinstance(listens, On) else tuple(listens)
    made = AutomationRule(key=key, name=key.title(), on=heard, actions=actions, when=when)
    return replace(made, **more)  # type: ignore[arg-type]


def organisation(*rules: AutomationRule, **changes: object) -> Organisation:
    agents = {
        login: AgentSetup(login=login, name=login.title(), role=Role.AGENT, user_id=f"id-{login}")
        for login in ("ana", "sue")
    }
    teams = {"support": Team(key="support", name="Support", lead="sue", members=("ana",))}
    return replace(small_organisation(), **{"agents": agents, "teams": teams, "automation": rules, **changes})  # type: ignore[arg-type]


def case(**changes: object) -> Case:
    made = Case(
        id="c", org_id="acme", number=7, subject="Broken kettle", contact_id="p", status="open", queue="sales",
        opened_ms=NOON, updated_ms=NOON,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


_SIGNALS = count(1)


def signal(kind: SignalKind, **data: object) -> Signal:
    return Signal(id=f"s{next(_SIGNALS)}", org_id="acme", case_id="c", kind=kind, at_ms=NOON, data=data)


class Life:
    """A case's life: each decision's consequences are the next one's facts."""

    def __init__(self, *rules: AutomationRule, of: Organisation | None = None, **facts: object) -> None:
        ids = count(1)
        self.rules = CaseRules(organisation=of or organisation(*rules), new_id=lambda: f"id-{next(ids)}")
        self.facts = CaseFacts(**{"case": case(), "now_ms": NOON, **facts})  # type: ignore[arg-type]
        self.turns: Sequence[Turn] = ()
        self.rounds = 0

    def decide(self, *signals: Signal, **asked: object) -> Draft:
        """Decide on signals, and on what a person changes, a moment later or at ``now_ms``; keep what was decided."""
        now_ms = asked.pop("now_ms", self.facts.now_ms + 1)
        assert isinstance(now_ms, int)
        self.facts = replace(self.facts, now_ms=now_ms, signals=signals)
        draft = begin(self.facts, self.rules.organisation.case_statuses)
        for name, to in asked.items():
            draft = draft.with_change(name, to, asked=True)
        whole: Automated = automated(draft, self.rules)
        self.turns, self.rounds, draft = whole.turns, whole.rounds, whole.draft
        self.facts = replace(self.facts, case=draft.case, firings=(*self.facts.firings, *draft.decision.firings))
        return draft

    def told(self, kind: SignalKind, **data: object) -> Draft:
        """Decide on one signal."""
        return self.decide(signal(kind, **data))

    def outcomes(self) -> list[tuple[str, str]]:
        """Return what became of each rule in the last decision."""
        return [(one.rule.key, one.outcome.value) for one in self.turns]

    def fired(self) -> list[tuple[str, int]]:
        """Return all firings so far."""
        return [(one.step, one.occurrence) for one in self.facts.firings]


def lines(draft: Draft, kind: str) -> list[HistoryLine]:
    return [one for one in draft.decision.lines if one.kind == kind]
