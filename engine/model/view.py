"""Everything about a customer at once, as one transaction read it: the 360 degree view."""

from __future__ import annotations

from dataclasses import dataclass

from engine.model.activity import Activity
from engine.model.case import Case
from engine.model.conversation import Interaction
from engine.model.customer import Account, Address, Contact, Relation, TeamMember
from engine.model.service import Asset, Contract, Lead, Order, Promise


@dataclass(frozen=True, kw_only=True, slots=True)
class Tie:
    """A relation of a contact and an account, with the name of the other side."""

    relation: Relation
    name: str
    tier: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseCount:
    """How many cases there are, of the newest ones at most ``COUNTED``."""

    open: int
    past: int  # resolved or closed
    complete: bool  # False: there are more than were counted


@dataclass(frozen=True, kw_only=True, slots=True)
class TimelineLine:
    """A conversation on any channel, with the case it belongs to and how it began."""

    interaction: Interaction
    case_number: int = 0  # 0 = none
    contact_name: str = ""
    words: str = ""  # the beginning of the first message
    subject: str = ""  # of the mail that it began with


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomerView:
    """What a contact and an account have in common: their cases, conversations, things, promises, people."""

    ties: tuple[Tie, ...]  # present ones first
    cases: tuple[Case, ...]  # open ones first, each part newest first
    count: CaseCount
    timeline: tuple[TimelineLine, ...]  # newest first
    promises: tuple[Promise, ...]
    assets: tuple[Asset, ...]
    orders: tuple[Order, ...]
    contracts: tuple[Contract, ...]
    leads: tuple[Lead, ...]
    team: tuple[TeamMember, ...]
    activities: tuple[Activity, ...]  # newest first


@dataclass(frozen=True, kw_only=True, slots=True)
class ContactView:
    """A contact with everything about him."""

    contact: Contact
    addresses: tuple[Address, ...]
    account: Account | None  # the one that he belongs to
    view: CustomerView


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountView:
    """An account with everything about it."""

    account: Account
    line: tuple[Account, ...]  # the accounts above it, nearest first
    children: tuple[Account, ...]
    view: CustomerView
