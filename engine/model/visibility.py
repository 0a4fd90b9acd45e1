"""Who sees what of cases and customers: how an organisation keeps it, and what one caller may see."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CasesSeen(StrEnum):
    """Which cases agents see."""

    ALL = "all"
    TEAM = "team"  # of their teams, of the queues they work in, and their own
    OWN = "own"  # owned, followed, held right now, or of accounts in whose team they are


class CustomersSeen(StrEnum):
    """Which contacts and accounts agents see."""

    ALL = "all"
    TEAM = "team"  # of cases they see, and of accounts they look after


class SupervisorsSee(StrEnum):
    """What supervisors see of cases, queues and people."""

    ALL = "all"
    TEAM = "team"  # of their teams, of the queues that anybody of their teams works in, and their own


class Right(StrEnum):
    """What somebody may do with one thing; who has none does not know of it."""

    READ = "read"
    WRITE = "write"


class Guarded(StrEnum):
    """What is guarded; the word is that of its ``unknown-`` slug."""

    CASE = "case"
    CONTACT = "contact"
    ACCOUNT = "account"
    INTERACTION = "interaction"
    ITEM = "item"
    ATTACHMENT = "attachment"
    RELATION = "relation"
    ASSET = "asset"
    ORDER = "order"
    CONTRACT = "contract"
    ENTITLEMENT = "entitlement"
    LEAD = "lead"
    ACTIVITY = "activity"
    APPROVAL = "approval"
    MAIL = "mail"
    CALL = "call"


@dataclass(frozen=True, kw_only=True, slots=True)
class Visibility:
    """What agents and supervisors of an organisation see."""

    cases: CasesSeen = CasesSeen.ALL
    customers: CustomersSeen = CustomersSeen.ALL
    supervisors: SupervisorsSee = SupervisorsSee.ALL

    @property
    def everything(self) -> bool:
        """Say whether every agent sees all, and so every supervisor."""
        return self.cases is CasesSeen.ALL and self.customers is CustomersSeen.ALL


@dataclass(frozen=True, kw_only=True, slots=True)
class Sight:
    """What one caller sees: everything, or what has to do with him, his teams and his queues."""

    visibility: Visibility = Visibility()
    user_id: str = ""
    teams: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()

    @property
    def everything(self) -> bool:
        """Say whether nothing is hidden."""
        return self.visibility.everything

    @property
    def all_cases(self) -> bool:
        """Say whether no case is hidden."""
        return self.visibility.cases is CasesSeen.ALL

    @property
    def all_customers(self) -> bool:
        """Say whether no contact and no account is hidden."""
        return self.visibility.customers is CustomersSeen.ALL


EVERYTHING = Sight()
