"""Accounts, their contacts and teams at the border."""

from typing import Annotated, Any

from pydantic import Field

from engine.api.schemas.customers import Day, DuplicateAnswer, Fields, Id, Line, Notes, Tier, Zone
from engine.api.schemas.model import Answer, Request
from engine.clock import moment
from engine.model.customer import Account, AccountAccess, CaseAccess, Relation, TeamMember, Tree


class AccountAnswer(Answer):
    """A company."""

    id: str
    name: str
    parent_id: str
    domain: str
    phone: str
    website: str
    industry: str
    tier: str
    owner_id: str
    time_zone: str
    notes: str
    fields: dict[str, Any]
    version: int
    created_at: str | None
    updated_at: str | None

    @classmethod
    def of(cls, one: Account) -> "AccountAnswer":
        """Build from the noun."""
        return cls(
            id=one.id,
            name=one.name,
            parent_id=one.parent_id,
            domain=one.domain,
            phone=one.phone,
            website=one.website,
            industry=one.industry,
            tier=one.tier,
            owner_id=one.owner_id,
            time_zone=one.time_zone,
            notes=one.notes,
            fields=dict(one.fields),
            version=one.version,
            created_at=moment(one.created_ms),
            updated_at=moment(one.updated_ms),
        )


class AccountWritten(Answer):
    """An account that was written, and which are likely the same."""

    account: AccountAnswer
    duplicates: list[DuplicateAnswer]


class TreeNodeAnswer(Answer):
    """An account in its family."""

    id: str
    parent_id: str
    name: str
    tier: str
    depth: int = Field(description="The root has 0.")


class TreeAnswer(Answer):
    """The whole family of an account, parents before children."""

    root_id: str
    nodes: list[TreeNodeAnswer]
    complete: bool = Field(description="False: there are more than are told.")

    @classmethod
    def of(cls, tree: Tree) -> "TreeAnswer":
        """Build from the noun."""
        nodes = [
            TreeNodeAnswer(id=one.id, parent_id=one.parent_id, name=one.name, tier=one.tier, depth=one.depth)
            for one in tree.nodes
        ]
        return cls(root_id=tree.root_id, nodes=nodes, complete=tree.complete)


class NewAccount(Request):
    """Keep an account."""

    name: str = Field(min_length=1, max_length=200)
    parent_id: Id = ""
    domain: str = Field(default="", max_length=253, description="E-mail domain of its people.")
    phone: str = Field(default="", max_length=60, description="Kept as E.164.")
    website: Line = ""
    industry: Line = ""
    tier: Tier = ""
    owner_id: Id = ""
    time_zone: Zone = ""
    notes: Notes = ""
    fields: Fields = Field(default_factory=dict)
    despite_duplicates: bool = Field(default=False, description="Keep it although it seems to be there already.")


class AccountChange(Request):
    """Change an account; what is left out stays."""

    version: int = Field(ge=1, description="The version the change is based on.")
    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    parent_id: Id | None = Field(default=None, description="Empty: it is nobody's.")
    domain: Annotated[str, Field(max_length=253)] | None = None
    phone: Annotated[str, Field(max_length=60)] | None = None
    website: Line | None = None
    industry: Line | None = None
    tier: Tier | None = None
    owner_id: Id | None = None
    time_zone: Zone | None = None
    notes: Notes | None = None
    fields: Fields | None = None
    despite_duplicates: bool = Field(default=False, description="As when it is created.")


class AccountCheck(Request):
    """A company that is perhaps known already."""

    name: Line = ""
    domain: str = Field(default="", max_length=253)
    phone: str = Field(default="", max_length=60)


class RelationAnswer(Answer):
    """What a contact is, or was, to an account."""

    id: str
    contact_id: str
    contact_name: str
    account_id: str
    account_name: str
    direct: bool = Field(description="The account that the contact belongs to.")
    role: str
    from_date: str
    to_date: str = Field(description="The last day; empty: it goes on.")
    notes: str

    @classmethod
    def of(cls, one: Relation) -> "RelationAnswer":
        """Build from the noun."""
        return cls(
            id=one.id,
            contact_id=one.contact_id,
            contact_name=one.contact_name,
            account_id=one.account_id,
            account_name=one.account_name,
            direct=one.direct,
            role=one.role,
            from_date=one.from_date,
            to_date=one.to_date,
            notes=one.notes,
        )


class NewRelation(Request):
    """Relate a contact to an account."""

    contact_id: Id
    account_id: Id
    direct: bool = Field(default=False, description="He belongs to it; his direct relation of before ends.")
    role: Line = ""
    from_date: Day = ""
    to_date: Day = ""
    notes: Notes = ""


class RelationChange(Request):
    """Change or end a relation; what is left out stays."""

    role: Line | None = None
    from_date: Day | None = None
    to_date: Day | None = None
    notes: Notes | None = None


class MemberBody(Request):
    """As what somebody is in a team."""

    role: Line = ""
    account_access: AccountAccess = AccountAccess.READ
    case_access: CaseAccess = CaseAccess.READ

    def member(self, user_id: str) -> TeamMember:
        """Build the noun."""
        return TeamMember(
            user_id=user_id, role=self.role, account_access=self.account_access, case_access=self.case_access
        )


class DefaultMember(MemberBody):
    """Somebody in a user's default team."""

    user_id: Id


class DefaultTeam(Request):
    """Whom a user works with."""

    members: list[DefaultMember] = Field(max_length=50)


class WhoseTeam(Request):
    """Whose default team it is."""

    user_id: Id = Field(default="", description="Empty: the caller's own.")


class MemberAnswer(Answer):
    """Somebody in a team."""

    user_id: str
    role: str
    account_access: AccountAccess
    case_access: CaseAccess

    @classmethod
    def of(cls, one: TeamMember) -> "MemberAnswer":
        """Build from the noun."""
        return cls(user_id=one.user_id, role=one.role, account_access=one.account_access, case_access=one.case_access)
