"""Who looks after a customer, as a caller names him."""

from __future__ import annotations

from engine.api.parts import ApiParts
from engine.errors import InvalidInput, NotFound


async def check_owner(parts: ApiParts, org_id: str, owner_id: str) -> None:
    """Raise InvalidInput(unknown-user) unless ``owner_id`` is a user of the organisation, or "" for nobody."""
    if not owner_id:
        return
    try:
        await parts.users.get(org_id, owner_id)
    except NotFound as error:
        raise InvalidInput("There is no such user.", slug="unknown-user", field="owner_id") from error
