"""Search: cases, messages, contacts and accounts by what is written of them."""

from typing import Annotated

from fastapi import Query
from pydantic import AwareDatetime

from engine.api.access import Agent, Parts
from engine.api.operation import Operation
from engine.api.pace import Pace
from engine.api.schemas.search import ResultsAnswer
from engine.api.sight import sight_of
from engine.model.search import Narrow, SearchKind
from engine.search.finder import LONGEST

TAG = "Search"
MOST = 50

Id = Annotated[str, Query(max_length=40)]
Key = Annotated[str, Query(max_length=100)]


async def search(
    parts: Parts,
    who: Agent,
    q: Annotated[str, Query(max_length=LONGEST, description='Words; `"side by side"`; `-without`; `begin*`.')] = "",
    *,
    kind: Annotated[list[SearchKind] | None, Query(description="May be repeated; all kinds unless given.")] = None,
    status: Annotated[Key, Query(description="Of the case, also for its messages.")] = "",
    queue: Annotated[Key, Query(description="Of the case, also for its messages.")] = "",
    owner: Annotated[Id, Query(description="Of the case, also for its messages: a user id, or `me`.")] = "",
    contact: Id = "",
    account: Id = "",
    since: Annotated[
        AwareDatetime | None, Query(alias="from", description="Written, opened or created then or later.")
    ] = None,
    until: Annotated[AwareDatetime | None, Query(alias="to", description="… and before this time.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 20,
    after: Annotated[str, Query(max_length=2_000, description="`next` of the page before.")] = "",
) -> ResultsAnswer:
    """Search.

    All words must be there, in any order, and the last one may be a beginning, for whoever is still typing. What has
    the number or the address that was asked for comes first. Without `q`, the newest of what the filters leave.
    """
    narrow = Narrow(
        kinds=frozenset(kind or ()),
        status=status,
        queue=queue,
        owner_id=who.user_id if owner == "me" else owner,
        contact_id=contact,
        account_id=account,
        from_ms=_ms(since),
        to_ms=_ms(until),
    )
    found = await parts.service.finder.find(
        who.org_id, q, narrow=narrow, sight=sight_of(parts, who), limit=limit, after=after
    )
    return ResultsAnswer.of(found)


def _ms(moment: AwareDatetime | None) -> int:
    return max(0, int(moment.timestamp() * 1000)) if moment is not None else 0


OPERATIONS = (
    Operation(method="GET", path="/search", handler=search, tag=TAG, errors=("invalid-input",), pace=Pace.SEARCH),
)
