"""Approvals in the record: written with their decision, read while they wait, made once."""

import asyncio
from dataclasses import dataclass, replace

import pytest

from engine.cases.approval_desk import ApprovalDesk, asker_of
from engine.cases.approvals import Answer, Question
from engine.cases.draft import CaseRules
from engine.cases.planner import planner
from engine.errors import Conflict, NotFound
from engine.model.approval import (
    Approval,
    ApprovalCounts,
    ApprovalFilter,
    ApprovalProcess,
    ApprovalState,
    ApprovalStep,
    Concern,
    Then,
    TurnState,
)
from engine.model.case import Case, NewCase
from engine.model.casework import EffectKind, PendingEffect
from engine.model.condition import Group, Joint, Operator, Test
from engine.model.organisation import AgentSetup, Organisation, Role
from engine.model.user import Principal
from engine.store.store import Store
from tests.contract.store.building import START_MS
from tests.organisations import small_organisation

URGENT = Group(joint=Joint.ALL, parts=(Test(field="priority", operator=Operator.AT_LEAST, value=10),))
PROCESSES = (
    ApprovalProcess(key="urgent", name="Urgent", changes=URGENT, steps=(ApprovalStep(by=("ben", "sue")),)),
    ApprovalProcess(
        key="soon", name="Soon", steps=(ApprovalStep(by=("role:supervisor",), timeout_ms=60_000, then=Then.APPROVE),)
    ),
)
ROLES = {"ana": Role.AGENT, "ben": Role.AGENT, "sue": Role.SUPERVISOR}


class StandingClock:
    """A clock that a test sets."""

    now = START_MS

    def now_ms(self) -> int:
        return self.now


@dataclass(kw_only=True)
class Desk:
    """Approvals of one organisation, with a case."""

    store: Store
    organisation: Organisation
    clock: StandingClock
    case: Case

    def __post_init__(self) -> None:
        self.approvals = ApprovalDesk(
            record=self.store.approvals,
            cases=self.store.cases,
            users=self.store.users,
            organisations=self,
            clock=self.clock,
            new_id=self.store._access.new_id,
        )

    def get(self, _org_id: str) -> Organisation:
        return self.organisation

    def who(self, login: str) -> Principal:
        setup = self.organisation.agents[login]
        return Principal(
            org_id=self.organisation.id, user_id=setup.user_id, login=login, name=login, role=setup.role, via="session"
        )

    async def ask(self, process: str = "urgent", by: str = "ana", **changes: object) -> Approval:
        question = Question(process=process, changes=changes, reason="It is")
        return (await self.approvals.ask(self.case.id, question, self.who(by)))[0]

    async def yes(self, approval: Approval, by: str) -> Approval:
        answer = Answer(approval_id=approval.id, version=approval.version)
        return (await self.approvals.answer(answer, self.who(by), yes=True))[0]

    async def now(self) -> Case:
        return await self.store.cases.get(self.organisation.id, self.case.id)

    async def clerk(self) -> None:
        """Decide on the case if anything of it is due."""
        org_id, now_ms = self.organisation.id, self.clock.now_ms()
        decide = planner(CaseRules(organisation=self.organisation, new_id=self.store._access.new_id))
        for case_id, _ in await self.store.cases.attention(org_id, now_ms=now_ms, limit=10):
            await self.store.cases.decide(org_id, case_id, decide, now_ms=now_ms)

    async def listed(self, by: str, concern: Concern | None = None, **others: object) -> list[str]:
        which = ApprovalFilter(of=asker_of(self.organisation, self.who(by)), concern=concern)
        which = replace(which, **others)  # type: ignore[arg-type]
        return [one.approval.process for one in await self.store.approvals.list(self.organisation.id, which)]


@pytest.fixture
async def desk(store: Store, org: str) -> Desk:
    agents = {}
    for login, role in ROLES.items():
        user = await store.users.create(org, login=login, name=login.title(), role=role, now_ms=START_MS)
        agents[login] = AgentSetup(login=login, name=login.title(), role=role, user_id=user.id)
    organisation = replace(small_organisation(org), agents=agents, approvals={one.key: one for one in PROCESSES})
    case = await store.cases.open(new_case(org), actor_id="", now_ms=START_MS)
    return Desk(store=store, organisation=organisation, clock=StandingClock(), case=case)


def new_case(org: str) -> NewCase:
    return NewCase(
        org_id=org, subject="Kettle", contact_id="", interaction_id="", queue="sales", priority=0, origin="", topic=""
    )


async def test_an_approval_is_kept_and_made_with_the_yes(desk: Desk) -> None:
    asked = await desk.ask(priority=20)
    org = desk.organisation.id
    kept = await desk.store.approvals.get(org, asked.id)
    assert (kept.approval, kept.number, kept.subject) == (asked, desk.case.number, "Kettle")
    assert (await desk.now()).approvals_waiting == 1
    facts = await desk.store.cases.facts(org, desk.case.id, now_ms=START_MS)
    assert facts.approvals == (asked,)
    with pytest.raises(Conflict) as again:
        await desk.ask(priority=30)
    assert again.value.slug == "approval-waiting"
    done = await desk.yes(asked, "ben")
    assert (done.state, done.version) == (ApprovalState.APPROVED, 2)
    assert [turn.state for turn in done.turns] == [TurnState.APPROVED, TurnState.OVER]
    assert (await desk.store.approvals.get(org, asked.id)).approval == done
    now = await desk.now()
    assert (now.priority, now.approvals_waiting, now.version) == (20, 0, desk.case.version + 1)
    assert (await desk.store.cases.facts(org, desk.case.id, now_ms=START_MS)).approvals == ()
    effects = [one.effect.id for one in await outbox(desk)]
    assert len(effects) == len(set(effects)) == 2
    with pytest.raises(NotFound):
        await desk.store.approvals.get("other", asked.id)


async def outbox(desk: Desk) -> list[PendingEffect]:
    found = await desk.store.case_effects.due(EffectKind.CONSOLE, now_ms=START_MS, in_order=False, limit=1_000)
    return [one for one in found if one.case_id == desk.case.id]


async def test_lists_and_counts_are_of_what_concerns_somebody(desk: Desk) -> None:
    first, _second = await desk.ask(priority=20), await desk.ask("soon", by="sue")
    assert await desk.listed("ben", Concern.WAITING) == ["urgent"]
    assert await desk.listed("sue", Concern.WAITING) == ["urgent"]  # the other one she asked for herself
    assert await desk.listed("sue", Concern.ASKED) == ["soon"]
    assert await desk.listed("ana") == ["soon", "urgent"]
    assert await desk.listed("ana", process="soon", state=ApprovalState.WAITING) == ["soon"]
    org = desk.organisation.id
    asker = asker_of(desk.organisation, desk.who("sue"))
    assert await desk.store.approvals.counts(org, asker) == ApprovalCounts(waiting=1, asked=1)
    await desk.yes(first, "ben")
    assert await desk.listed("ben", Concern.DECIDED) == ["urgent"]
    assert await desk.store.approvals.counts(org, asker) == ApprovalCounts(waiting=0, asked=1)
    of_case = await desk.store.approvals.of_case(org, desk.case.id)
    assert [one.approval.state for one in of_case] == [ApprovalState.WAITING, ApprovalState.APPROVED]
    page = await desk.listed("ana", limit=1, before_id=of_case[0].approval.id)
    assert page == ["urgent"]


async def test_of_two_who_answer_at_once_one_is_heard(desk: Desk) -> None:
    asked = await desk.ask(priority=20)
    outcomes = await asyncio.gather(desk.yes(asked, "ben"), desk.yes(asked, "sue"), return_exceptions=True)
    (lost,) = [one for one in outcomes if isinstance(one, Conflict)]
    assert lost.slug == "approval-over"
    events = await desk.store.cases.events(desk.organisation.id, desk.case.id)
    assert [one.kind for one in events].count("priority") == 1


async def test_whoever_is_gone_by_then_makes_it_fail_and_nothing_is_lost(desk: Desk) -> None:
    org = desk.organisation.id
    user = await desk.store.users.create(org, login="new", name="New", role=Role.AGENT, now_ms=START_MS)
    with pytest.raises(NotFound):
        await desk.ask("soon", owner_id="nobody")
    await desk.ask("soon", owner_id=user.id)
    await desk.store.users.update(org, user.id, active=False)
    desk.clock.now += 3_600_000
    await desk.clerk()
    (one,) = await desk.store.approvals.of_case(org, desk.case.id)
    assert (one.approval.state, one.approval.fault) == (ApprovalState.FAILED, "the user is switched off")
    assert one.approval.decided_ms == START_MS + 60_000
    assert (await desk.now()).owner_id == ""
    await desk.clerk()
    assert await desk.store.cases.attention(org, now_ms=desk.clock.now, limit=10) == []


async def test_a_time_that_ends_is_seen_to_once(desk: Desk) -> None:
    await desk.ask("soon", priority=5)
    await desk.clerk()
    assert (await desk.now()).priority == 0
    desk.clock.now += 60_000
    await asyncio.gather(desk.clerk(), desk.clerk())
    (one,) = await desk.store.approvals.of_case(desk.organisation.id, desk.case.id)
    assert (one.approval.state, (await desk.now()).priority) == (ApprovalState.APPROVED, 5)
    events = [one.kind for one in await desk.store.cases.events(desk.organisation.id, desk.case.id)]
    assert events.count("approval_ended") == events.count("priority") == 1
