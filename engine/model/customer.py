"""Customers: contacts, the persons who write; accounts, the companies; what connects them; who looks after them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

EMAIL = "email"
PHONE = "phone"
"""Channels of addresses; others are names of networks, whose ids are kept as they are."""


def email_key(address: str) -> str:
    """Return an e-mail address as it is compared: trimmed and case-folded."""
    return address.strip().casefold()


@dataclass(frozen=True, kw_only=True, slots=True)
class Contact:
    """A person, known by addresses."""

    id: str
    org_id: str
    name: str
    email: str = ""  # the main address, as shown; one of his addresses
    language: str = ""
    created_ms: int = 0
    time_zone: str = ""
    tier: str = ""
    title: str = ""  # what he is in his company
    notes: str = ""
    owner_id: str = ""  # who looks after him
    fields: Mapping[str, object] = field(default_factory=dict)  # custom fields by key
    merged_into: str = ""  # the contact that this one was found to be the same as
    version: int = 1
    updated_ms: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """One way to reach a contact. Nobody else in the organisation has the same channel and key."""

    id: str
    org_id: str
    contact_id: str
    channel: str  # email | phone | a network's name
    value: str  # as written
    key: str  # normalised: case-folded e-mail address, E.164 number, network's id
    label: str = ""
    verified_ms: int = 0  # 0 = not verified
    created_ms: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A company."""

    id: str
    org_id: str
    name: str
    parent_id: str = ""  # the account that it belongs to
    domain: str = ""  # e-mail domain of its people, case-folded
    phone: str = ""  # E.164
    website: str = ""
    industry: str = ""
    tier: str = ""
    owner_id: str = ""
    time_zone: str = ""
    notes: str = ""
    fields: Mapping[str, object] = field(default_factory=dict)
    merged_into: str = ""  # the account that this one was found to be the same as
    version: int = 1
    created_ms: int = 0
    updated_ms: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class TreeNode:
    """An account in its family."""

    id: str
    parent_id: str
    name: str
    tier: str
    depth: int  # the root has 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Tree:
    """The whole family of an account, parents before children."""

    root_id: str
    nodes: tuple[TreeNode, ...]
    complete: bool  # False: there are more than are told


@dataclass(frozen=True, kw_only=True, slots=True)
class Relation:
    """What a contact is, or was, to an account. Dates are ``2026-11-22``; "" = open."""

    id: str
    org_id: str
    contact_id: str
    account_id: str
    direct: bool = False  # the account that the contact belongs to: one at a time
    role: str = ""
    from_date: str = ""
    to_date: str = ""  # the last day; "" = it goes on
    notes: str = ""
    created_ms: int = 0
    contact_name: str = ""  # told by lists
    account_name: str = ""  # told by lists


class AccountAccess(StrEnum):
    """What a member of an account's team may do with the account."""

    READ = "read"
    EDIT = "edit"


class CaseAccess(StrEnum):
    """What a member of an account's team may do with its cases."""

    NONE = "none"
    READ = "read"
    EDIT = "edit"


@dataclass(frozen=True, kw_only=True, slots=True)
class TeamMember:
    """Somebody who looks after an account, or is in a user's default team."""

    user_id: str
    role: str = ""
    account_access: AccountAccess = AccountAccess.READ
    case_access: CaseAccess = CaseAccess.READ


class CustomerKind(StrEnum):
    """Which of the two a duplicate or a merge is about."""

    CONTACT = "contact"
    ACCOUNT = "account"


CASE = "case"
"""What a merge may be about besides the two kinds of customers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Duplicate:
    """Somebody, or a company, that is likely the same."""

    id: str
    name: str
    score: float  # 0 to 1
    certain: bool
    reasons: tuple[str, ...]  # same-email | same-phone | same-address | same-name | similar-name | …


@dataclass(frozen=True, kw_only=True, slots=True)
class Merge:
    """Two that were found to be one. What pointed to the lost one points to the kept one since."""

    id: str
    org_id: str
    kind: str  # contact | account | case
    kept_id: str
    lost_id: str
    merged_by: str
    merged_ms: int
    moved: int = 0  # rows
    undone_by: str = ""
    undone_ms: int = 0
    left: int = 0  # after an undo: rows that were gone or elsewhere by then, and stayed so
    moving: bool = False  # rows are still on their way, there or, after an undo, back


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonTraits:
    """What a contact is recognised by."""

    id: str
    name: str
    addresses: frozenset[tuple[str, str]] = frozenset()  # (channel, key)
    account_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class CompanyTraits:
    """What an account is recognised by."""

    id: str
    name: str
    domain: str = ""
    phone: str = ""
