"""Assignment rules: which queue, which skills, which owner a case gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from engine.model.condition import ALWAYS, Condition


class OwnerFrom(StrEnum):
    """Where a case's owner comes from; anything else is a log-in."""

    ACCOUNT_OWNER = "account_owner"  # who looks after the account
    CONTACT_OWNER = "contact_owner"  # who looks after the contact
    NOBODY = "nobody"


CARETAKERS = frozenset({OwnerFrom.CONTACT_OWNER.value, OwnerFrom.ACCOUNT_OWNER.value})
"""Words for who looks after the customer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AssignmentRule:
    """One assignment rule: the first whose condition holds decides; what is empty is left as it is."""

    name: str
    when: Condition = ALWAYS
    queue: str = ""
    skills: Mapping[str, int] = field(default_factory=dict)  # asked of who gets it, besides the queue's
    owner: str = ""  # log-in, or one of ``OwnerFrom``
    priority: int | None = None  # from then on
    team: str = ""
    type: str = ""
    plan: str = ""
    tags: tuple[str, ...] = ()  # added
    route: bool | None = None  # True: the case waits for an agent as a work item; None: as it was
