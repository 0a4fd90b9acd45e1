"""Customers: addresses, accounts, teams, assets, orders, contracts, entitlements, leads, merges."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from engine.model.naming import person_key
from engine.store.migrations.spelling import create, drop, extend, index

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Extend contacts; create what a service desk knows of its customers."""
    extend("contacts", texts="time_zone tier title notes merged_into name_key", numbers="updated_ms", ones="version")
    op.execute("ALTER TABLE contacts ADD COLUMN fields TEXT NOT NULL DEFAULT '{}'")
    _persons()
    _teams()
    _things()
    _promises()
    # Every address that is known is an address of its contact; its row has the contact's own id.
    op.execute(
        "INSERT INTO contact_addresses (id, org_id, contact_id, channel, value, key, label, verified_ms, created_ms)"
        " SELECT id, org_id, id, 'email', email, email_key, '', 0, created_ms FROM contacts WHERE email_key <> ''"
    )
    # … and from now on only that says whose it is: a contact may have several.
    op.drop_index("ux_contacts_email", "contacts")
    op.drop_column("contacts", "email_key")
    _name_keys()
    index("ix_contacts_name", "contacts", "org_id name_key", where="name_key <> ''")


def downgrade() -> None:
    """Drop them."""
    drop(
        "contact_addresses",
        "accounts",
        "account_relations",
        "account_team",
        "default_team",
        "assets",
        "orders",
        "contracts",
        "entitlements",
        "leads",
        "merges",
        "merge_rows",
    )
    op.add_column("contacts", sa.Column("email_key", sa.Text, nullable=False, server_default=""))
    op.execute("UPDATE contacts SET email_key = lower(email)")
    index("ux_contacts_email", "contacts", "org_id email_key", where="email_key <> ''", unique=True)
    op.drop_index("ix_contacts_name", "contacts")
    for name in ("name_key", "time_zone", "tier", "title", "notes", "merged_into", "updated_ms", "version", "fields"):
        op.drop_column("contacts", name)


def _name_keys() -> None:
    """Give each contact that is there the key of its name, some thousand at a time."""
    connection, after = op.get_bind(), ""
    found = sa.text("SELECT id, name FROM contacts WHERE id > :after ORDER BY id LIMIT 5000")
    write = sa.text("UPDATE contacts SET name_key = :name_key WHERE id = :id")
    while rows := connection.execute(found, {"after": after}).all():
        after = rows[-1].id
        connection.execute(write, [{"id": row.id, "name_key": person_key(row.name)} for row in rows])


def _persons() -> None:
    create(
        "contact_addresses",
        keys="id",
        texts="org_id contact_id channel value key label",
        numbers="verified_ms created_ms",
    )
    index("ix_contact_addresses_contact", "contact_addresses", "contact_id id")
    index("ux_contact_addresses_key", "contact_addresses", "org_id channel key", unique=True)
    create(
        "accounts",
        keys="id",
        texts="org_id name name_key parent_id domain phone website industry tier owner_id time_zone "
        "notes fields search merged_into",
        numbers="version created_ms updated_ms",
    )
    index("ix_accounts_domain", "accounts", "org_id domain", where="domain <> ''")
    index("ix_accounts_name", "accounts", "org_id name_key")
    index("ix_accounts_org", "accounts", "org_id id")
    index("ix_accounts_parent", "accounts", "org_id parent_id", where="parent_id <> ''")
    create(
        "account_relations",
        keys="id",
        texts="org_id contact_id account_id role from_date to_date notes",
        numbers="direct created_ms",
    )
    index("ix_account_relations_account", "account_relations", "account_id id")
    index("ix_account_relations_contact", "account_relations", "contact_id id")
    index(
        "ux_account_relations_direct",
        "account_relations",
        "contact_id",
        where="direct = 1 AND to_date = ''",
        unique=True,
    )


def _teams() -> None:
    create(
        "account_team",
        keys="account_id user_id",
        texts="org_id role account_access case_access",
        numbers="created_ms",
    )
    index("ix_account_team_user", "account_team", "org_id user_id account_id")
    create(
        "default_team",
        keys="user_id member_id",
        texts="org_id role account_access case_access",
    )
    create(
        "merges",
        keys="id",
        texts="org_id kind kept_id lost_id data merged_by undone_by",
        numbers="merged_ms undone_ms",
    )
    index("ix_merges_kept", "merges", "org_id kept_id")
    index("ix_merges_lost", "merges", "org_id lost_id")
    create("merge_rows", keys="merge_id place row_id", texts="org_id data")


def _things() -> None:
    create(
        "assets",
        keys="id",
        texts="org_id account_id contact_id name product serial status purchased_on warranty_until notes fields",
        numbers="version created_ms updated_ms",
    )
    index("ix_assets_account", "assets", "account_id id", where="account_id <> ''")
    index("ix_assets_contact", "assets", "contact_id id", where="contact_id <> ''")
    index("ix_assets_org", "assets", "org_id id")
    index("ix_assets_serial", "assets", "org_id serial", where="serial <> ''")
    create(
        "orders",
        keys="id",
        texts="org_id number account_id contact_id status ordered_on currency lines fields",
        numbers="total_minor version created_ms updated_ms",
    )
    index("ix_orders_account", "orders", "account_id id", where="account_id <> ''")
    index("ix_orders_contact", "orders", "contact_id id", where="contact_id <> ''")
    index("ix_orders_org", "orders", "org_id id")
    index("ux_orders_number", "orders", "org_id number", unique=True)


def _promises() -> None:
    create(
        "contracts",
        keys="id",
        texts="org_id number account_id name status starts_on ends_on notes",
        numbers="version created_ms updated_ms",
    )
    index("ix_contracts_account", "contracts", "account_id id", where="account_id <> ''")
    index("ix_contracts_org", "contracts", "org_id id")
    index("ux_contracts_number", "contracts", "org_id number", unique=True)
    create(
        "entitlements",
        keys="id",
        texts="org_id name kind plan contract_id account_id contact_id asset_id channels starts_on ends_on",
        numbers="cases_allowed cases_used version created_ms updated_ms",
    )
    index("ix_entitlements_account", "entitlements", "account_id id", where="account_id <> ''")
    index("ix_entitlements_asset", "entitlements", "asset_id id", where="asset_id <> ''")
    index("ix_entitlements_contact", "entitlements", "contact_id id", where="contact_id <> ''")
    index("ix_entitlements_contract", "entitlements", "contract_id id", where="contract_id <> ''")
    index("ix_entitlements_org", "entitlements", "org_id id")
    create(
        "leads",
        keys="id",
        texts="org_id kind subject notes status case_id contact_id account_id owner_id queue item_id "
        "currency created_by client_id",
        numbers="value_minor version created_ms updated_ms",
    )
    index("ix_leads_account", "leads", "account_id id", where="account_id <> ''")
    index("ix_leads_case", "leads", "case_id id", where="case_id <> ''")
    index("ix_leads_contact", "leads", "contact_id id", where="contact_id <> ''")
    index("ix_leads_item", "leads", "item_id", where="item_id <> ''")
    index("ix_leads_org", "leads", "org_id id")
    index("ix_leads_status", "leads", "org_id status id")
    index("ux_leads_client", "leads", "case_id created_by client_id", where="client_id <> ''", unique=True)
