"""Which ended interactions become cases, and what they are called."""

from dataclasses import replace

import pytest

from engine.cases.lifecycle import Cases
from engine.clock import SystemClock
from engine.model.case import Case, CaseEvent, Comment, NewCase
from engine.model.case_setup import Filing
from engine.model.casework import Decide, Decided
from engine.model.conversation import Interaction, InteractionState
from engine.model.organisation import CasePolicy, Organisation
from engine.model.record import Applied
from engine.model.work import EventKind, RoutingEvent
from tests.organisations import small_organisation

ENDED = Interaction(
    id="i1",
    org_id="acme",
    channel="web",
    kind="chat",
    conversation_key="k",
    contact_id="c1",
    state=InteractionState.CLOSED,
    topic="bill",
)
EVENT = RoutingEvent(org_id="acme", epoch=1, seq=1, stream_id="1-0", at_ms=1, kind=EventKind.ENDED)


class Record:
    """Remember what was asked of the record."""

    def __init__(self) -> None:
        self.opened: list[tuple[str, str]] = []

    async def open_for(
        self,
        org_id: str,
        interaction_id: str,
        *,
        subject: str,
        actor_id: str,
        now_ms: int,
        filing: Filing | None = None,
    ) -> Case:
        self.opened.append((interaction_id, subject))
        return Case(id="case", org_id=org_id, number=1, subject=subject, contact_id="c1")

    async def open(self, new: NewCase, *, actor_id: str, now_ms: int) -> Case:
        raise AssertionError("not asked for")

    async def decide(self, org_id: str, case_id: str, decide: Decide, *, actor_id: str = "", now_ms: int) -> Decided:
        raise AssertionError("not asked for")

    async def comment(self, org_id: str, case_id: str, comment: Comment, *, now_ms: int) -> CaseEvent:
        raise AssertionError("not asked for")


class Book:
    """Hold one organisation."""

    def __init__(self, organisation: Organisation) -> None:
        self._organisation = organisation

    def get(self, org_id: str) -> Organisation:
        return self._organisation


def cases_with(policy: CasePolicy, record: Record) -> Cases:
    organisation = small_organisation()
    web = replace(organisation.channels["web"], case_policy=policy)
    book = Book(replace(organisation, channels={"web": web}))
    return Cases(record=record, organisations=book, clock=SystemClock(), new_id=str)


async def follow(policy: CasePolicy, interaction: Interaction | None) -> list[tuple[str, str]]:
    record = Record()
    await cases_with(policy, record).follow([Applied(event=EVENT, fresh=True, interaction=interaction)])
    return record.opened


async def test_an_ended_conversation_becomes_a_case_named_by_its_topic() -> None:
    assert await follow(CasePolicy.END, ENDED) == [("i1", "My bill")]


@pytest.mark.parametrize("policy", [CasePolicy.FIRST_MESSAGE, CasePolicy.MANUAL])
async def test_other_policies_open_nothing_at_the_end(policy: CasePolicy) -> None:
    assert await follow(policy, ENDED) == []


@pytest.mark.parametrize(
    "interaction",
    [
        None,
        replace(ENDED, state=InteractionState.OPEN),
        replace(ENDED, case_id="has-one"),
        replace(ENDED, channel="gone"),
    ],
)
async def test_what_is_open_or_filed_or_unknown_opens_nothing(interaction: Interaction | None) -> None:
    assert await follow(CasePolicy.END, interaction) == []


async def test_an_unknown_topic_falls_back_to_its_own_words_then_to_the_channel() -> None:
    assert await follow(CasePolicy.END, replace(ENDED, topic="gifts")) == [("i1", "gifts")]
    assert await follow(CasePolicy.END, replace(ENDED, topic="")) == [("i1", "Web chat")]
