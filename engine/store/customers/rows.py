"""Rows of customers to nouns, and back."""

from __future__ import annotations

from engine.model.customer import Account, AccountAccess, Address, CaseAccess, Merge, Relation, TeamMember
from engine.model.naming import company_key
from engine.store.json_text import dump, load
from engine.store.rows import AnyRow


def address_of(row: AnyRow) -> Address:
    """Read an address."""
    return Address(
        id=row.id,
        org_id=row.org_id,
        contact_id=row.contact_id,
        channel=row.channel,
        value=row.value,
        key=row.key,
        label=row.label,
        verified_ms=row.verified_ms,
        created_ms=row.created_ms,
    )


def account_of(row: AnyRow) -> Account:
    """Read an account."""
    return Account(
        id=row.id,
        org_id=row.org_id,
        name=row.name,
        parent_id=row.parent_id,
        domain=row.domain,
        phone=row.phone,
        website=row.website,
        industry=row.industry,
        tier=row.tier,
        owner_id=row.owner_id,
        time_zone=row.time_zone,
        notes=row.notes,
        fields=load(row.fields),
        merged_into=row.merged_into,
        version=row.version,
        created_ms=row.created_ms,
        updated_ms=row.updated_ms,
    )


def row_of_account(account: Account) -> dict[str, object]:
    """Write an account as a row."""
    return {
        "id": account.id,
        "org_id": account.org_id,
        "name": account.name,
        "name_key": company_key(account.name),
        "parent_id": account.parent_id,
        "domain": account.domain,
        "phone": account.phone,
        "website": account.website,
        "industry": account.industry,
        "tier": account.tier,
        "owner_id": account.owner_id,
        "time_zone": account.time_zone,
        "notes": account.notes,
        "fields": dump(account.fields),
        "search": f"{account.name} {account.domain}".casefold(),
        "merged_into": account.merged_into,
        "version": account.version,
        "created_ms": account.created_ms,
        "updated_ms": account.updated_ms,
    }


def relation_of(row: AnyRow) -> Relation:
    """Read a relation."""
    return Relation(
        id=row.id,
        org_id=row.org_id,
        contact_id=row.contact_id,
        account_id=row.account_id,
        direct=bool(row.direct),
        role=row.role,
        from_date=row.from_date,
        to_date=row.to_date,
        notes=row.notes,
        created_ms=row.created_ms,
    )


def row_of_relation(relation: Relation) -> dict[str, object]:
    """Write a relation as a row."""
    return {
        "id": relation.id,
        "org_id": relation.org_id,
        "contact_id": relation.contact_id,
        "account_id": relation.account_id,
        "direct": int(relation.direct),
        "role": relation.role,
        "from_date": relation.from_date,
        "to_date": relation.to_date,
        "notes": relation.notes,
        "created_ms": relation.created_ms,
    }


def member_of(row: AnyRow) -> TeamMember:
    """Read a member of a team."""
    return TeamMember(
        user_id=row.user_id,
        role=row.role,
        account_access=AccountAccess(row.account_access),
        case_access=CaseAccess(row.case_access),
    )


def merge_of(row: AnyRow) -> Merge:
    """Read a merge."""
    data = load(row.data)
    moved, left = data.get("moved", 0), data.get("left", 0)
    return Merge(
        id=row.id,
        org_id=row.org_id,
        kind=row.kind,
        kept_id=row.kept_id,
        lost_id=row.lost_id,
        merged_by=row.merged_by,
        merged_ms=row.merged_ms,
        moved=moved if isinstance(moved, int) else 0,
        undone_by=row.undone_by,
        undone_ms=row.undone_ms,
        left=left if isinstance(left, int) else 0,
        moving=bool(row.moving),
    )
