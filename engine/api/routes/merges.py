"""Merges: two contacts, accounts or cases become one, and two again."""

from typing import Annotated

from fastapi import Query

from engine.api.access import Agent, Parts, Supervisor
from engine.api.operation import Operation
from engine.api.parts import ApiParts
from engine.api.schemas.merges import CaseMergeRequest, MergeAnswer, MergeRequest
from engine.api.schemas.model import Page
from engine.api.sight import seen, sight_of
from engine.errors import NotFound
from engine.model.user import Principal
from engine.model.visibility import Guarded

TAG = "Merges"
LAST = 100


async def merge_contacts(contact_id: str, body: MergeRequest, parts: Parts, who: Supervisor) -> MergeAnswer:
    """Merge another contact into this one.

    This one takes over what it has not; everything that pointed to the other one points to it: addresses,
    conversations, cases and the rest. Of many rows the last follow some seconds later (`moving`). Repeating it changes
    nothing.
    """
    merge = await parts.service.merges.merge_contacts(
        who.org_id, contact_id, body.lost_id, actor_id=who.user_id, now_ms=parts.clock.now_ms()
    )
    return MergeAnswer.of(merge)


async def merge_accounts(account_id: str, body: MergeRequest, parts: Parts, who: Supervisor) -> MergeAnswer:
    """Merge another account into this one.

    As with contacts; the accounts beneath the other one come to lie beneath this one.
    """
    merge = await parts.service.merges.merge_accounts(
        who.org_id, account_id, body.lost_id, actor_id=who.user_id, now_ms=parts.clock.now_ms()
    )
    return MergeAnswer.of(merge)


async def merge_case(case_id: str, body: CaseMergeRequest, parts: Parts, who: Supervisor) -> MergeAnswer:
    """Merge another case into this one.

    What hung on the other one hangs on this one: conversations, work, files, links, followers, activities, leads, the
    cases that were a part of it; its history is told in this one's timeline. The other one is closed, its clocks stop
    and its own work item ends. Repeating it changes nothing.
    """
    merge = await parts.service.case_merges.merge(who.org_id, case_id, body.lost_id, why=body.why, actor_id=who.user_id)
    return MergeAnswer.of(merge)


async def list_merges(
    parts: Parts,
    who: Agent,
    customer_id: Annotated[str, Query(max_length=40, description="A contact, account or case that was part of them.")],
) -> Page[MergeAnswer]:
    """List the merges of a contact, an account or a case.

    Newest first, at most 100, those that were undone included.
    """
    found = await parts.service.merges.of(who.org_id, customer_id, limit=LAST)
    told: set[str] = set()
    for kind in {one.kind for one in found}:
        of_kind = [one for one in found if one.kind == kind]
        told |= {one.id for one in await seen(parts, who, Guarded(kind), of_kind, lambda one: one.kept_id)}
    return Page(items=[MergeAnswer.of(one) for one in found if one.id in told])


async def undo_merge(merge_id: str, parts: Parts, who: Supervisor) -> MergeAnswer:
    """Undo a merge.

    The rows that were moved go back, but for those that are gone or elsewhere by now (`left`); so do the fields that
    nobody changed since. What came after the merge stays with the kept one. The clocks of a case stand as
    if it had never been merged. Many rows go back in pieces (`moving`); a merge that is still moving can be undone,
    too. Repeating it changes nothing.
    """
    await _require(parts, who, merge_id)
    merge = await parts.service.case_merges.undo(who.org_id, merge_id, actor_id=who.user_id)
    return MergeAnswer.of(merge)


async def _require(parts: ApiParts, who: Principal, merge_id: str) -> None:
    """Raise NotFound unless the caller sees what a merge is about."""
    sight = sight_of(parts, who)
    if sight.everything:
        return
    merge = await parts.service.merges.get(who.org_id, merge_id)
    if not await parts.service.sights.right(who.org_id, sight, Guarded(merge.kind), merge.kept_id):
        raise NotFound(f"there is no merge {merge_id}", slug="unknown-merge")


OPERATIONS = (
    Operation(
        method="POST",
        path="/contacts/{contact_id}/merge",
        handler=merge_contacts,
        tag=TAG,
        errors=("unknown-contact", "merged", "still-moving"),
    ),
    Operation(
        method="POST",
        path="/accounts/{account_id}/merge",
        handler=merge_accounts,
        tag=TAG,
        errors=("unknown-account", "merged", "still-moving"),
    ),
    Operation(
        method="POST",
        path="/cases/{case_id}/merge",
        handler=merge_case,
        tag=TAG,
        errors=("unknown-case", "merged", "still-moving"),
    ),
    Operation(method="GET", path="/merges", handler=list_merges, tag=TAG),
    Operation(
        method="POST",
        path="/merges/{merge_id}/undo",
        handler=undo_merge,
        tag=TAG,
        errors=("unknown-merge", "cannot-undo", "still-moving"),
    ),
)
