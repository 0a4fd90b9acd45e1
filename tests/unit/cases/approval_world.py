"""A case with its approvals, without a database: decisions are applied to it as the record would."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count

from engine.cases.approvals import Answer, Question, answered, asked, delegated, withdrawn
from engine.cases.changes import Wish, wanted
from engine.cases.draft import CaseRules, Step
from engine.cases.planner import planner
from engine.model.approval import Approval, ApprovalProcess, ApprovalState, ApprovalStep
from engine.model.case import Case
from engine.model.case_setup import CustomField, CustomFieldType, FieldOf
from engine.model.casework import CaseDecision, CaseFacts, EffectKind
from engine.model.condition import Condition, Group, Joint, Operator, Test
from engine.model.deputy import Deputy
from engine.model.hours import Hours, Period
from engine.model.organisation import AgentSetup, Organisation, Role
from engine.model.team import Team
from engine.model.user import Principal
from tests.organisations import small_organisation

NOON = 1_800_014_400_000  # a Friday, 12:00 UTC
HOUR = 3_600_000
ROLES = {"ana": Role.AGENT, "ben": Role.AGENT, "lea": Role.AGENT, "sue": Role.SUPERVISOR, "ada": Role.ADMIN}
OFFICE = Hours(
    key="office",
    periods=tuple(Period(weekday=day, start_minute=540, end_minute=1_020) for day in range(5)),
    time_zone="UTC",
)


CASE = Case(id="c", org_id="acme", number=7, subject="Tea", contact_id="", status="open", team="front")


def at_least(name: str, value: object) -> Condition:
    return Group(joint=Joint.ALL, parts=(Test(field=name, operator=Operator.AT_LEAST, value=value),))


def equal(name: str, value: object) -> Condition:
    return Group(joint=Joint.ALL, parts=(Test(field=name, operator=Operator.EQUAL, value=value),))


def process(*steps: ApprovalStep, key: str = "refund", **changes: object) -> ApprovalProcess:
    made = ApprovalProcess(
        key=key, name=key.title(), steps=steps or (step("team_lead"),), changes=at_least("fields.refund", 100)
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def step(*by: str, **changes: object) -> ApprovalStep:
    return replace(ApprovalStep(by=by), **changes)  # type: ignore[arg-type]


def organisation(*processes: ApprovalProcess, **changes: object) -> Organisation:
    agents = {
        login: AgentSetup(login=login, name=login.title(), role=role, user_id=f"id-{login}")
        for login, role in ROLES.items()
    }
    refund = CustomField(key="refund", name="Refund", type=CustomFieldType.NUMBER, least=0)
    made: dict[str, object] = {
        "agents": agents,
        "teams": {"front": Team(key="front", name="Front", lead="lea", members=("ana", "ben"))},
        "fields": {FieldOf.CASE: {"refund": refund}},
        "hours": {"office": OFFICE},
        "approvals": {one.key: one for one in processes},
    }
    return replace(small_organisation(), **{**made, **changes})  # type: ignore[arg-type]


def person(login: str) -> Principal:
    return Principal(
        org_id="acme", user_id=f"id-{login}", login=login, name=login.title(), role=ROLES[login], via="session"
    )


@dataclass(kw_only=True)
class World:
    """One case, its approvals by id, its timers and what was told."""

    organisation: Organisation
    case: Case = CASE
    now_ms: int = NOON
    approvals: dict[str, Approval] = field(default_factory=dict)
    timers: Mapping[str, int] = field(default_factory=dict)
    lines: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)
    told: list[tuple[EffectKind, Mapping[str, object]]] = field(default_factory=list)
    refused: str = ""
    deputies: tuple[Deputy, ...] = ()

    def __post_init__(self) -> None:
        numbers = count(1)
        self.new_id = lambda: f"id{next(numbers):04}"

    def decide(self, first: Step | None = None) -> CaseDecision:
        """Decide and keep what was decided; what raises changes nothing."""
        waiting = tuple(one for one in self.approvals.values() if one.state is ApprovalState.WAITING)
        facts = CaseFacts(
            case=self.case,
            now_ms=self.now_ms,
            approvals=waiting,
            timers=self.timers,
            refused=self.refused,
            deputies=self.deputies,
        )
        decision = planner(CaseRules(organisation=self.organisation, new_id=self.new_id), first=first)(facts)
        for change in decision.changes:
            self.case = replace(self.case, **{change.field: change.to})  # type: ignore[arg-type]
        if decision.changes:
            self.case = replace(self.case, version=self.case.version + 1)
        self.approvals |= {one.id: one for one in decision.approvals}
        self.timers = decision.timers or {}
        self.lines += [(one.kind, one.data) for one in decision.lines]
        self.told += [(one.kind, one.data) for one in decision.effects]
        return decision

    def change(self, **changes: object) -> CaseDecision:
        return self.decide(wanted(Wish(changes=changes)))

    def ask(self, key: str = "refund", by: str = "ana", macro: str = "", **changes: object) -> Approval:
        question = Question(process=key, changes=changes, macro=macro, reason="broken")
        decision = self.decide(asked(question, f"id-{by}" if by else ""))
        return next(one for one in reversed(decision.approvals) if one.process == key)

    def answer(self, approval: Approval, by: str, *, yes: bool = True, version: int = 0) -> Approval:
        answer = Answer(approval_id=approval.id, version=version, note="so")
        self.decide(answered(answer, person(by), yes=yes))
        return self.approvals[approval.id]

    def delegate(self, approval: Approval, by: str, to: str, *, turn: int = 0) -> Approval:
        answer = Answer(approval_id=approval.id)
        self.decide(delegated(answer, person(by), f"id-{to}", turn_number=turn))
        return self.approvals[approval.id]

    def withdraw(self, approval: Approval, by: str) -> Approval:
        self.decide(withdrawn(Answer(approval_id=approval.id), person(by)))
        return self.approvals[approval.id]

    def wait(self, ms: int) -> None:
        """Let time pass, and the clerk come by once if anything is due."""
        self.now_ms += ms
        if any(at_ms <= self.now_ms for at_ms in self.timers.values()):
            self.decide()

    @property
    def refund(self) -> object:
        return self.case.fields.get("refund")

    def asked_now(self, approval: Approval) -> list[str]:
        """Return whose turn it is."""
        return [one.user_id.removeprefix("id-") or f"role:{one.role}" for one in self.approvals[approval.id].waiting]
