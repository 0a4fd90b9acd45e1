"""Cases that move with their customer: another version, a line of history, their entitlement verified anew."""

from engine.cases.draft import CaseRules
from engine.cases.planner import planner
from engine.model.case import Case
from engine.model.service import Entitlement, EntitlementKind
from engine.store.store import Store
from tests.contract.store.building import START_MS, changed, opened
from tests.contract.store.test_accounts import company
from tests.contract.store.test_contacts import kept
from tests.contract.store.test_things import watched
from tests.organisations import small_organisation


async def seen_to(store: Store, org: str, at_ms: int) -> list[str]:
    """Do what the clerk does; return the cases that waited for it."""
    decide = planner(CaseRules(organisation=small_organisation(org), new_id=store._access.new_id))
    waiting = [case_id for case_id, _ in await store.cases.attention(org, now_ms=at_ms, limit=100)]
    for case_id in waiting:
        await store.cases.decide(org, case_id, decide, now_ms=at_ms)
    return waiting


async def told(store: Store, case: Case, kind: str) -> list[tuple[object, object, object]]:
    events = await store.cases.events(case.org_id, case.id)
    return [(one.data["from"], one.data["to"], one.data.get("why")) for one in events if one.kind == kind]


async def test_a_contacts_cases_learn_of_its_merge_and_of_its_undoing(store: Store, org: str) -> None:
    kept_one = await kept(store, org, "main@example.org", name="Zoë")
    made = await watched(store, org)
    assert made.case is not None
    lost = made.contact
    held = await store.entitlements.create(
        Entitlement(id="", org_id=org, kind=EntitlementKind.SUPPORT, name="Care", contact_id=kept_one.id)
    )
    await seen_to(store, org, START_MS + 1)
    before = await store.cases.get(org, made.case.id)
    assert (before.entitled, before.entitlement_id) == ("none", "")

    merge = await store.merges.merge_contacts(org, kept_one.id, lost.id, actor_id="sue", now_ms=START_MS + 7)
    moved = await store.cases.get(org, before.id)
    assert (moved.contact_id, moved.version, moved.updated_ms) == (kept_one.id, before.version + 1, START_MS + 7)
    assert await seen_to(store, org, START_MS + 8) == [before.id]
    entitled = await store.cases.get(org, before.id)
    assert (entitled.entitled, entitled.entitlement_id) == ("entitled", held.id)
    assert await seen_to(store, org, START_MS + 9) == [], "told once"
    assert await told(store, before, "contact_id") == [(lost.id, kept_one.id, "merged")]

    await store.merges.undo(org, merge.id, actor_id="sue", now_ms=START_MS + 10)
    assert await seen_to(store, org, START_MS + 11) == [before.id]
    after = await store.cases.get(org, before.id)
    assert (after.contact_id, after.entitled, after.entitlement_id) == (lost.id, "none", "")
    assert after.version > entitled.version + 1
    assert (await told(store, before, "contact_id"))[1:] == [(kept_one.id, lost.id, "unmerged")]
    assert (await store.entitlements.get(org, held.id)).cases_used == 0


async def test_an_accounts_cases_learn_of_its_merge_and_others_do_not(store: Store, org: str) -> None:
    one, other = await company(store, org, "One"), await company(store, org, "Other")
    mine = (await opened(store, org)).case
    theirs = (await opened(store, org, conversation_key="2", token_hash="2")).case
    assert mine is not None
    assert theirs is not None
    await changed(store, org, mine.id, now_ms=START_MS + 1, account_id=other.id)
    await seen_to(store, org, START_MS + 2)
    untouched = await store.cases.get(org, theirs.id)

    merge = await store.merges.merge_accounts(org, one.id, other.id, actor_id="sue", now_ms=START_MS + 7)
    assert await seen_to(store, org, START_MS + 8) == [mine.id]
    assert (await told(store, mine, "account_id"))[-1] == (other.id, one.id, "merged")
    assert (await store.cases.get(org, mine.id)).entitled == "", "what was never verified is not now"
    assert await store.cases.get(org, theirs.id) == untouched

    await changed(store, org, mine.id, now_ms=START_MS + 9, account_id="")
    await store.merges.undo(org, merge.id, actor_id="sue", now_ms=START_MS + 10)
    assert (await store.cases.get(org, mine.id)).account_id == ""
    assert await seen_to(store, org, START_MS + 11) == [], "it was not moved back"
