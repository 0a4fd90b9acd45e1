"""Deputies in the record: one at a time for each, looked at when one begins, heard of by decisions."""

from dataclasses import dataclass, replace

import pytest

from engine.cases.changes import Wish, wanted
from engine.cases.draft import CaseRules
from engine.cases.planner import planner
from engine.errors import Conflict, InvalidInput, NotFound
from engine.model.approval import ApprovalProcess, ApprovalStep, NewApproval
from engine.model.automation import AutomationRule, OccasionKind, On
from engine.model.case import NewCase
from engine.model.deputy import Deputy
from engine.model.escalation import Action, ActionKind
from engine.model.macro import MacroAction
from engine.model.organisation import AgentSetup, Organisation, Role
from engine.store.store import Store
from tests.contract.store.building import START_MS
from tests.organisations import small_organisation

DAY = 86_400_000
ASK = ApprovalProcess(key="ask", name="Ask", steps=(ApprovalStep(by=("ben",)),))

ASKS = Action(kind=ActionKind.ASK_APPROVAL, approval=NewApproval(process="ask", reason="It is"))
GIVES = Action(kind=ActionKind.ASSIGN, who="ben")


@dataclass(kw_only=True)
class Desk:
    """An organisation with three agents and a case about which ben is asked."""

    store: Store
    organisation: Organisation
    case_id: str

    def user(self, login: str) -> str:
        return self.organisation.agents[login].user_id

    def deputy(self, user: str, deputy: str, from_ms: int = START_MS, to_ms: int = START_MS + DAY) -> Deputy:
        return Deputy(
            id=self.store._access.new_id(), org_id=self.organisation.id, user_id=self.user(user),
            deputy_id=self.user(deputy), from_ms=from_ms, to_ms=to_ms, note="Leave", made_by="x", made_ms=START_MS,
        )  # fmt: skip

    async def decide(self, at_ms: int, *actions: Action) -> None:
        rule = AutomationRule(
            key="r",
            name="R",
            on=(On(kind=OccasionKind.CHANGED),),
            actions=tuple(MacroAction(action=a) for a in actions),
        )
        organisation = replace(self.organisation, automation=(rule,) if actions else ())
        hurry = wanted(Wish(changes={"priority": 5}))
        decide = planner(
            CaseRules(organisation=organisation, new_id=self.store._access.new_id), first=hurry if actions else None
        )
        await self.store.cases.decide(organisation.id, self.case_id, decide, now_ms=at_ms)

    async def asked(self) -> list[str]:
        names = {self.user(one): one for one in self.organisation.agents}
        (one,) = await self.store.approvals.of_case(self.organisation.id, self.case_id)
        return [names[turn.user_id] for turn in one.approval.waiting]


@pytest.fixture
async def desk(store: Store, org: str) -> Desk:
    agents = {}
    for login in ("ana", "ben", "sue"):
        user = await store.users.create(org, login=login, name=login.title(), role=Role.AGENT, now_ms=START_MS)
        agents[login] = AgentSetup(login=login, name=login.title(), role=Role.AGENT, user_id=user.id)
    organisation = replace(small_organisation(org), agents=agents, approvals={"ask": ASK})
    new = NewCase(
        org_id=org, subject="Kettle", contact_id="", interaction_id="", queue="sales", priority=0, origin="", topic=""
    )
    case = await store.cases.open(new, actor_id="", now_ms=START_MS)
    return Desk(store=store, organisation=organisation, case_id=case.id)


async def test_they_are_kept_one_at_a_time_for_each(desk: Desk) -> None:
    org, deputies = desk.organisation.id, desk.store.deputies
    later, first = desk.deputy("ben", "sue", START_MS + DAY, START_MS + 2 * DAY), desk.deputy("ben", "ana")
    await deputies.add(later)
    await deputies.add(first)
    assert await deputies.list(org, now_ms=START_MS) == (first, later)
    assert await deputies.list(org, now_ms=START_MS + DAY) == (later,)
    assert await deputies.list("other", now_ms=START_MS) == ()
    with pytest.raises(Conflict) as refused:
        await deputies.add(desk.deputy("ben", "sue", START_MS + DAY - 1, START_MS + 3 * DAY))
    assert (refused.value.slug, refused.value.fields["deputy_id"]) in {
        ("deputy-overlaps", first.id), ("deputy-overlaps", later.id),
    }  # fmt: skip
    await deputies.remove(org, first.id)
    with pytest.raises(NotFound):
        await deputies.get(org, first.id)
    with pytest.raises(NotFound):
        await deputies.remove("other", later.id)
    assert await deputies.get(org, later.id) == later


async def test_who_cannot_sign_in_stands_in_for_nobody(desk: Desk) -> None:
    org = desk.organisation.id
    await desk.store.users.update(org, desk.user("sue"), changes={"active": False})
    for wrong in (desk.deputy("ben", "sue"), replace(desk.deputy("ben", "ana"), deputy_id="nobody")):
        with pytest.raises(InvalidInput) as refused:
            await desk.store.deputies.add(wrong)
        assert (refused.value.slug, refused.value.fields["field"]) == ("unknown-user", "deputy_id")


async def test_what_waits_is_handed_on_when_one_begins(desk: Desk) -> None:
    org = desk.organisation.id
    await desk.decide(START_MS, ASKS)
    assert await desk.asked() == ["ben"]
    await desk.store.deputies.add(desk.deputy("ben", "sue", START_MS + 1_000))
    assert await desk.store.cases.attention(org, now_ms=START_MS + 999, limit=5) == []
    assert await desk.store.cases.attention(org, now_ms=START_MS + 1_000, limit=5) == [(desk.case_id, START_MS + 1_000)]
    await desk.decide(START_MS + 1_000)
    assert await desk.asked() == ["sue"]
    assert await desk.store.cases.attention(org, now_ms=START_MS + DAY, limit=5) == []


async def test_a_decision_that_names_somebody_hears_of_his_deputy(desk: Desk) -> None:
    await desk.store.deputies.add(desk.deputy("ben", "sue"))
    await desk.decide(START_MS, GIVES, ASKS)
    assert await desk.asked() == ["sue"]
    assert (await desk.store.cases.get(desk.organisation.id, desk.case_id)).owner_id == desk.user("sue")


async def test_a_deputy_who_was_switched_off_is_nobody(desk: Desk) -> None:
    await desk.store.deputies.add(desk.deputy("ben", "sue"))
    await desk.store.users.update(desk.organisation.id, desk.user("sue"), changes={"active": False})
    await desk.decide(START_MS, ASKS, GIVES)
    assert await desk.asked() == ["ben"]
    assert (await desk.store.cases.get(desk.organisation.id, desk.case_id)).owner_id == desk.user("ben")
