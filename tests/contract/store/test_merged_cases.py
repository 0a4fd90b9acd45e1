"""Two cases become one with all that hangs on them, and two again, exactly."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from engine.cases.merging import CaseMerges
from engine.errors import Conflict, InvalidInput, NotFound
from engine.model.case import Case, Comment, NewCase
from engine.model.case_parts import Attachment, CaseLink, LinkKind
from engine.model.case_setup import Filing
from engine.model.casework import CaseDecision, CaseFacts, Change, EffectKind, MilestoneState, SignalKind
from engine.model.customer import CASE, Merge
from engine.model.organisation import Organisation
from engine.store.cases.signals import add_signal
from engine.store.cases.tables import activities
from engine.store.customers.references import REFERENCES
from engine.store.customers.tables import entitlements, leads, merge_rows
from engine.store.mail.tables import mails, outgoing
from engine.store.store import Store
from engine.store.tables import work_items
from tests.contract.store.building import START_MS, agent, changed, listed, opened
from tests.contract.store.test_decisions import milestone
from tests.contract.store.test_merges import NEW_ID, Rows, everything
from tests.organisations import small_organisation

LATER_MS = START_MS + 60_000
HISTORY = {"case_events", "case_effects", "case_signals"}
"""What a merge and its undoing add to."""


class Book:
    def get(self, org_id: str) -> Organisation:
        return small_organisation(org_id)


class Clock:
    def now_ms(self) -> int:
        return LATER_MS

    def wall_ms(self) -> int:
        return LATER_MS


def merges(store: Store) -> CaseMerges:
    return CaseMerges(record=store.merges, organisations=Book(), clock=Clock(), new_id=NEW_ID)


async def merged(store: Store, kept: Case, lost: Case, why: str = "the same teapot") -> Merge:
    return await merges(store).merge(kept.org_id, kept.id, lost.id, why=why, actor_id="sue")


async def undone(store: Store, merge: Merge) -> int:
    return (await merges(store).undo(merge.org_id, merge.id, actor_id="sue")).left


async def case(store: Store, org: str, subject: str, **fields: Any) -> Case:
    new = NewCase(org_id=org, subject=subject, filing=Filing(watched=True), **fields)
    made = await store.cases.open(new, actor_id="ana", now_ms=START_MS)
    await settled(store, made)
    return made


async def settled(store: Store, one: Case) -> None:
    """Let the clerk have seen to a case."""
    await store.cases.decide(one.org_id, one.id, lambda facts: CaseDecision(timers=facts.timers), now_ms=START_MS)


async def with_clock(store: Store, one: Case) -> None:
    promise = replace(milestone(one.id), id=NEW_ID(), state=MilestoneState.RUNNING, due_ms=START_MS + 99_000)

    def decide(_facts: CaseFacts) -> CaseDecision:
        return CaseDecision(
            changes=(Change(field="plan", to="gold"),), milestones=(promise,), timers={"milestone:x": promise.due_ms}
        )

    await store.cases.decide(one.org_id, one.id, decide, now_ms=START_MS)


async def insert(store: Store, org: str, table: Any, **values: object) -> str:
    row: dict[str, object] = {column.name: (0 if column.type.python_type is int else "") for column in table.columns}
    row |= {"id": NEW_ID(), "org_id": org} | values
    await store.customers._access.execute(org, table.insert().values(row))
    return str(row["id"])


async def hang_on(store: Store, one: Case, other: Case) -> None:
    """Let something of everything hang on a case."""
    org, third = one.org_id, await case(store, one.org_id, "Third")
    ana, ben = [await agent(store, org, f"{name}-{org}") for name in ("ana", "ben")]
    for follower, of in ((ana, one), (ben, one), (ana, other)):
        await store.case_parts.follow(org, of.id, follower.id, now_ms=START_MS + of.number)
    shared = CaseLink(case_id=other.id, kind=LinkKind.CASE, target_id=third.id, linked_by="ben", linked_ms=START_MS)
    await store.case_parts.link(org, shared)
    for target in (other, third, await case(store, org, "Fourth")):
        link = CaseLink(case_id=one.id, kind=LinkKind.CASE, target_id=target.id, linked_by="ana", linked_ms=START_MS)
        await store.case_parts.link(org, link)
    file = Attachment(
        id=NEW_ID(), org_id=org, case_id=one.id, name=f"{one.id}.txt", media_type="text/plain", size=1,
        sha256="0", public=False, added_by="ana", added_ms=START_MS,
    )  # fmt: skip
    await store.case_parts.attach(file)
    await case(store, org, "Child", parent_id=one.id)
    await insert(store, org, activities, case_id=one.id, kind="task", status="open")
    await insert(store, org, leads, case_id=one.id, kind="lead", status="new")
    await insert(store, org, mails, case_id=one.id, state="filed", fingerprint=one.id)
    await insert(store, org, outgoing, case_id=one.id, state="sent")
    await insert(store, org, work_items, case_id=one.id, kind="email", state="queued")
    await insert(store, org, work_items, case_id=one.id, kind="case", state="closed")


async def rows(store: Store, query: Any) -> list[Any]:
    return await store.customers._access.read(lambda conn: list(conn.execute(query).all()))


def but_history(found: Rows) -> Rows:
    return {name: found[name] for name in found if name not in HISTORY}


async def test_a_case_is_merged_with_everything_and_back_exactly(store: Store, org: str) -> None:
    kept = await case(store, org, "Kept", tags=("blue",))
    result = await opened(store, org)
    assert result.case is not None
    lost = await changed(store, org, result.case.id, subject="Lost", tags=["blue", "vip"], description="Broken")
    await hang_on(store, lost, kept)
    await with_clock(store, lost)
    own = await insert(store, org, work_items, case_id=lost.id, kind="case", state="queued")
    comment = Comment(body="Look at this", actor_id="ana", client_id="1")
    await store.cases.comment(org, lost.id, comment, now_ms=START_MS + 5)
    for one in (kept, lost):
        await settled(store, one)
    before = await everything(store, org)

    merge = await merged(store, kept, lost)
    assert (merge.kind, merge.kept_id, merge.lost_id) == (CASE, kept.id, lost.id)
    places = {row[0] for row in await rows(store, select(merge_rows.c.place).where(merge_rows.c.merge_id == merge.id))}
    missing = {one.place for one in REFERENCES[CASE]} - places
    assert missing <= {"escalations.case_id"}, "of those no row was there"
    timeline = await store.cases.timeline(org, lost.id)
    assert timeline.case.id == kept.id == (await store.cases.get(org, lost.id)).id, "it answers as the kept one"
    assert (timeline.case.tags, timeline.case.description) == (("blue", "vip"), "Broken")
    assert [one.interaction.id for one in timeline.conversations] == [result.interaction.id]
    told = [(one.kind, one.case_id) for one in timeline.events]
    assert {("comment", lost.id), ("merged", kept.id), ("merged", lost.id), ("opened", lost.id)} <= set(told)
    assert [one.id for one in await listed(store, org, tag="vip")] == [kept.id], "lists leave it out"
    (gone,) = [one for one in await listed(store, org, text="lost") if one.id == lost.id]
    assert (gone.merged_into, gone.status, gone.closed_ms) == (kept.id, "closed", LATER_MS)
    clocks = await everything(store, org)
    assert (clocks["case_timers"], ["cancelled" in row for row in clocks["milestones"]]) == ([], [True])
    (left,) = await rows(store, select(work_items.c.id).where(work_items.c.case_id == lost.id))
    assert left.id == own, "what it was routed by ends with it"
    effects = await store.case_effects.due(EffectKind.WORK, now_ms=2**60, in_order=False, limit=999)
    assert {one.case_id for one in effects} >= {kept.id, lost.id}, "the work of both follows"
    assert await merged(store, kept, lost) == merge, "again is nothing new"

    assert await undone(store, merge) == 0
    assert but_history(await everything(store, org)) == but_history(before)
    assert await undone(store, merge) == 0, "once is enough"
    assert await rows(store, select(merge_rows.c.row_id).where(merge_rows.c.org_id == org)) == []
    kinds = [one.kind for one in await store.cases.events(org, lost.id)]
    assert {"merged_into", "merged", "unmerged"} <= set(kinds)
    lines = [(one.action, one.target) for one in await store.audit.list(org)]
    assert lines == [("case.unmerged", kept.id), ("case.merged", kept.id)]


async def test_a_merged_case_cannot_be_written(store: Store, org: str) -> None:
    kept, lost, other = [await case(store, org, name) for name in ("Kept", "Lost", "Other")]
    await merged(store, kept, lost)
    ana = await agent(store, org, f"ana-{org}")
    link = CaseLink(case_id=other.id, kind=LinkKind.CASE, target_id=lost.id, linked_by="ana", linked_ms=START_MS)
    writes = (
        changed(store, org, lost.id, actor_id="ana", priority=3),
        changed(store, org, other.id, actor_id="ana", parent_id=lost.id),
        store.cases.comment(org, lost.id, Comment(body="x", actor_id="ana", client_id=""), now_ms=LATER_MS),
        store.case_parts.follow(org, lost.id, ana.id, now_ms=LATER_MS),
        store.case_parts.link(org, link),
        store.happenings.tell(org, lost.id, name="x", data={}, actor_id="a", client_id="", now_ms=LATER_MS),
        merged(store, other, lost),
        merged(store, lost, other),
    )
    for write in writes:
        with pytest.raises(Conflict) as refused:
            await write
        assert (refused.value.slug, refused.value.fields["merged_into"]) == ("merged", kept.id)
    with pytest.raises(InvalidInput):
        await merged(store, kept, kept)
    for one, another in ((kept, replace(other, id="none")), (replace(other, org_id=f"{org}-x"), kept)):
        with pytest.raises(NotFound):
            await merged(store, one, another)


async def test_what_is_told_of_a_merged_case_reaches_the_kept_one(store: Store, org: str) -> None:
    kept, lost = await case(store, org, "Kept"), await case(store, org, "Lost")
    new_id = store._access.new_id

    async def tell(kind: SignalKind) -> None:
        await store.customers._access.write(
            org, lambda conn: add_signal(conn, org, lost.id, kind, new_id=new_id, at_ms=LATER_MS, text=kind.value)
        )

    await tell(SignalKind.MESSAGE)
    await merged(store, kept, lost)
    for kind in (SignalKind.REPLY, SignalKind.ACCEPTED):
        await tell(kind)
    await settled(store, lost)
    seen: list[SignalKind] = []

    def look(facts: CaseFacts) -> CaseDecision:
        seen.extend(one.kind for one in facts.signals)
        return CaseDecision()

    await store.cases.decide(org, kept.id, look, now_ms=LATER_MS)
    assert sorted(seen) == [SignalKind.MESSAGE, SignalKind.REPLY]
    assert await store.cases.attention(org, now_ms=2**60, limit=9) == []


@pytest.mark.parametrize("upwards", [True, False])
async def test_a_part_and_its_whole_may_be_merged(store: Store, org: str, upwards: bool) -> None:
    top = await case(store, org, "Top")
    middle = await case(store, org, "Middle", parent_id=top.id)
    below = await case(store, org, "Below", parent_id=middle.id)
    before = await everything(store, org)
    for lost in (top, middle) if upwards else (below, middle):
        kept = below if upwards else top
        merge = await merged(store, kept, lost)
        parents = {one.id: one.parent_id for one in await listed(store, org)}
        assert lost.id not in (*parents, *parents.values())
        assert parents[kept.id] == ("" if lost is top or not upwards else top.id)
        assert await undone(store, merge) == 0
        assert but_history(await everything(store, org)) == but_history(before)


async def test_an_undo_leaves_what_changed_since_and_refuses_the_impossible(store: Store, org: str) -> None:
    one, two, three = [await case(store, org, name, tags=(name,)) for name in ("a", "b", "c")]
    first = await merged(store, two, one)
    second = await merged(store, three, two)
    assert (await store.cases.get(org, one.id)).id == three.id, "reading follows both"
    assert {event.case_id for event in (await store.cases.timeline(org, three.id)).events} == {one.id, two.id, three.id}
    before = await everything(store, org)
    with pytest.raises(Conflict, match="itself merged") as refused:
        await undone(store, first)
    assert refused.value.slug == "cannot-undo"
    assert await everything(store, org) == before
    assert await undone(store, second) == 0
    await changed(store, org, two.id, tags=["mine"])
    assert await undone(store, first) == 0
    assert (await store.cases.get(org, two.id)).tags == ("mine",)
    assert (await store.cases.get(org, one.id)).tags == ("a",)


async def test_an_entitlement_that_is_used_up_since_refuses_the_undo(store: Store, org: str) -> None:
    support = await insert(store, org, entitlements, kind="support", cases_allowed=1)
    kept, lost = await case(store, org, "Kept"), await case(store, org, "Lost")

    async def claim(by: Case, entitlement_id: str) -> None:
        claimed = CaseDecision(changes=(Change(field="entitlement_id", to=entitlement_id),))
        await store.cases.decide(org, by.id, lambda _facts: claimed, now_ms=LATER_MS)

    await claim(lost, support)
    merge = await merged(store, kept, lost)
    await claim(kept, support)
    with pytest.raises(Conflict, match="used up") as refused:
        await undone(store, merge)
    assert refused.value.slug == "cannot-undo"
    await claim(kept, "")
    assert await undone(store, merge) == 0
    assert (await store.cases.get(org, lost.id)).entitlement_id == support
