"""Relations: what contacts are, and were, to accounts."""

from typing import Annotated

from fastapi import Query

from engine.api.access import Agent, Parts
from engine.api.operation import Operation
from engine.api.schemas.accounts import NewRelation, RelationAnswer, RelationChange
from engine.api.schemas.model import Page
from engine.api.sight import seen
from engine.errors import InvalidInput
from engine.model.visibility import Guarded

TAG = "Relations"


async def list_contact_relations(contact_id: str, parts: Parts, who: Agent) -> Page[RelationAnswer]:
    """Read a contact's accounts.

    Present and past: the one he belongs to first, then the newest relations.
    """
    contact = await parts.service.contacts.get(who.org_id, contact_id)
    found = await parts.service.relations.of_contact(who.org_id, contact.id)
    return Page(items=[RelationAnswer.of(one) for one in await seen(parts, who, Guarded.RELATION, found)])


async def list_account_relations(
    account_id: str,
    parts: Parts,
    who: Agent,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before_id: Annotated[str, Query(max_length=40, description="The last one of the page before.")] = "",
    *,
    current: Annotated[bool, Query(description="Without those that have ended.")] = False,
) -> Page[RelationAnswer]:
    """Read an account's contacts.

    Newest relations first.
    """
    account = await parts.service.accounts.get(who.org_id, account_id)
    found = await parts.service.relations.of_account(
        who.org_id, account.id, limit=limit, before_id=before_id, current=current
    )
    return Page(items=[RelationAnswer.of(one) for one in await seen(parts, who, Guarded.RELATION, found)])


async def relate(body: NewRelation, parts: Parts, who: Agent) -> RelationAnswer:
    """Relate a contact to an account.

    With `direct` he belongs to it, and his direct relation of before ends on the day this one begins. The same
    relation that goes on already is answered as it is.
    """
    values = body.model_dump(exclude={"contact_id", "account_id"})
    relation = await parts.service.relations.add(who.org_id, body.contact_id, body.account_id, values=values)
    return RelationAnswer.of(relation)


async def change_relation(relation_id: str, body: RelationChange, parts: Parts, who: Agent) -> RelationAnswer:
    """Change or end a relation.

    `to_date` ends it; an empty one lets it go on.
    """
    values = body.model_dump(exclude_none=True)
    if not values:
        raise InvalidInput("Nothing to change.")
    return RelationAnswer.of(await parts.service.relations.change(who.org_id, relation_id, values=values))


OPERATIONS = (
    Operation(
        method="GET",
        path="/contacts/{contact_id}/relations",
        handler=list_contact_relations,
        tag=TAG,
        errors=("unknown-contact",),
    ),
    Operation(
        method="GET",
        path="/accounts/{account_id}/relations",
        handler=list_account_relations,
        tag=TAG,
        errors=("unknown-account",),
    ),
    Operation(
        method="POST",
        path="/relations",
        handler=relate,
        tag=TAG,
        status=201,
        errors=("unknown-contact", "unknown-account", "merged", "too-many"),
    ),
    Operation(
        method="PATCH",
        path="/relations/{relation_id}",
        handler=change_relation,
        tag=TAG,
        errors=("unknown-relation", "merged", "conflict"),
    ),
)
