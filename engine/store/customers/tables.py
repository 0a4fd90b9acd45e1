"""Tables of customers: persons and companies, what they own, what they bought, who looks after them.

Dates are text, ``2026-11-22``, '' = open; money is whole minor units. JSON columns hold text.
"""

from sqlalchemy import Index, Table

from engine.store.columns import METADATA, key, number, text, where

contacts = Table(
    "contacts",
    METADATA,
    key("id"),
    text("org_id"),
    text("name"),
    text("name_key"),  # for finding duplicates: engine/model/naming.py
    text("email"),  # the main address as written; who has an address is for contact_addresses to say
    text("language"),
    text("time_zone"),
    text("tier"),
    text("title"),  # what he is there
    text("notes"),
    text("fields"),  # JSON
    text("merged_into"),
    number("version"),
    number("updated_ms"),
    text("search"),  # name and address, case-folded
    number("created_ms"),
    text("owner_id"),  # who looks after him
    Index("ix_contacts_org", "org_id", "id"),
    where("ix_contacts_name", ("org_id", "name_key"), "name_key <> ''"),
    where("ix_contacts_owner", ("org_id", "owner_id", "id"), "owner_id <> ''"),
)

contact_addresses = Table(
    "contact_addresses",
    METADATA,
    key("id"),
    text("org_id"),
    text("contact_id"),
    text("channel"),  # email | phone | a network's name
    text("value"),  # as written
    text("key"),  # normalised: case-folded address, E.164 number, network's id
    text("label"),
    number("verified_ms"),
    number("created_ms"),
    Index("ux_contact_addresses_key", "org_id", "channel", "key", unique=True),
    Index("ix_contact_addresses_contact", "contact_id", "id"),
)

accounts = Table(
    "accounts",
    METADATA,
    key("id"),
    text("org_id"),
    text("name"),
    text("name_key"),  # as a contact's
    text("parent_id"),
    text("domain"),  # e-mail domain of its people, case-folded
    text("phone"),  # E.164
    text("website"),
    text("industry"),
    text("tier"),
    text("owner_id"),
    text("time_zone"),
    text("notes"),
    text("fields"),  # JSON
    text("search"),
    text("merged_into"),
    number("version"),
    number("created_ms"),
    number("updated_ms"),
    Index("ix_accounts_org", "org_id", "id"),
    Index("ix_accounts_name", "org_id", "name_key"),
    where("ix_accounts_parent", ("org_id", "parent_id"), "parent_id <> ''"),
    where("ix_accounts_domain", ("org_id", "domain"), "domain <> ''"),
    where("ix_accounts_phone", ("org_id", "phone"), "phone <> ''"),
)

account_relations = Table(
    "account_relations",
    METADATA,
    key("id"),
    text("org_id"),
    text("contact_id"),
    text("account_id"),
    number("direct"),  # 1 = the account that the contact belongs to; else a relation beside it
    text("role"),
    text("from_date"),
    text("to_date"),
    text("notes"),
    number("created_ms"),
    where("ux_account_relations_direct", ("contact_id",), "direct = 1 AND to_date = ''", unique=True),
    Index("ix_account_relations_contact", "contact_id", "id"),
    Index("ix_account_relations_account", "account_id", "id"),
)

account_team = Table(
    "account_team",
    METADATA,
    key("account_id"),
    key("user_id"),
    text("org_id"),
    text("role"),
    text("account_access"),  # read | edit
    text("case_access"),  # none | read | edit
    number("created_ms"),
    Index("ix_account_team_user", "org_id", "user_id", "account_id"),
)

default_team = Table(
    "default_team",
    METADATA,
    key("user_id"),  # whose team
    key("member_id"),
    text("org_id"),
    text("role"),
    text("account_access"),
    text("case_access"),
)

assets = Table(
    "assets",
    METADATA,
    key("id"),
    text("org_id"),
    text("account_id"),
    text("contact_id"),
    text("name"),
    text("product"),
    text("serial"),
    text("status"),
    text("purchased_on"),
    text("warranty_until"),
    text("notes"),
    text("fields"),  # JSON
    number("version"),
    number("created_ms"),
    number("updated_ms"),
    Index("ix_assets_org", "org_id", "id"),
    where("ix_assets_account", ("account_id", "id"), "account_id <> ''"),
    where("ix_assets_contact", ("contact_id", "id"), "contact_id <> ''"),
    where("ix_assets_serial", ("org_id", "serial"), "serial <> ''"),
)

orders = Table(
    "orders",
    METADATA,
    key("id"),
    text("org_id"),
    text("number"),  # the shop's own
    text("account_id"),
    text("contact_id"),
    text("status"),
    text("ordered_on"),
    number("total_minor"),
    text("currency"),
    text("lines"),  # JSON list
    text("fields"),  # JSON
    number("version"),
    number("created_ms"),
    number("updated_ms"),
    Index("ux_orders_number", "org_id", "number", unique=True),
    Index("ix_orders_org", "org_id", "id"),
    where("ix_orders_account", ("account_id", "id"), "account_id <> ''"),
    where("ix_orders_contact", ("contact_id", "id"), "contact_id <> ''"),
)

contracts = Table(
    "contracts",
    METADATA,
    key("id"),
    text("org_id"),
    text("number"),
    text("account_id"),
    text("name"),
    text("status"),
    text("starts_on"),
    text("ends_on"),
    text("notes"),
    number("version"),
    number("created_ms"),
    number("updated_ms"),
    Index("ux_contracts_number", "org_id", "number", unique=True),
    Index("ix_contracts_org", "org_id", "id"),
    where("ix_contracts_account", ("account_id", "id"), "account_id <> ''"),
)

entitlements = Table(
    "entitlements",
    METADATA,
    key("id"),
    text("org_id"),
    text("name"),
    text("kind"),  # warranty | maintenance | support
    text("plan"),  # key of a configured plan: hours and milestones
    text("contract_id"),
    text("account_id"),
    text("contact_id"),
    text("asset_id"),
    text("channels"),  # JSON list; empty = all
    text("starts_on"),
    text("ends_on"),
    number("cases_allowed"),  # 0 = without bound
    number("cases_used"),
    number("version"),
    number("created_ms"),
    number("updated_ms"),
    Index("ix_entitlements_org", "org_id", "id"),
    where("ix_entitlements_account", ("account_id", "id"), "account_id <> ''"),
    where("ix_entitlements_contact", ("contact_id", "id"), "contact_id <> ''"),
    where("ix_entitlements_asset", ("asset_id", "id"), "asset_id <> ''"),
    where("ix_entitlements_contract", ("contract_id", "id"), "contract_id <> ''"),
)

leads = Table(
    "leads",
    METADATA,
    key("id"),
    text("org_id"),
    text("kind"),  # lead | cross_sell
    text("subject"),
    text("notes"),
    text("status"),
    text("case_id"),
    text("contact_id"),
    text("account_id"),
    text("owner_id"),
    text("queue"),
    text("item_id"),  # the work item that brings it to somebody
    number("value_minor"),
    text("currency"),
    text("created_by"),
    text("client_id"),  # the writer's own: a repeat is the same lead
    number("version"),
    number("created_ms"),
    number("updated_ms"),
    Index("ix_leads_org", "org_id", "id"),
    Index("ix_leads_status", "org_id", "status", "id"),
    where("ux_leads_client", ("case_id", "created_by", "client_id"), "client_id <> ''", unique=True),
    where("ix_leads_item", ("item_id",), "item_id <> ''"),
    where("ix_leads_case", ("case_id", "id"), "case_id <> ''"),
    where("ix_leads_account", ("account_id", "id"), "account_id <> ''"),
    where("ix_leads_contact", ("contact_id", "id"), "contact_id <> ''"),
)

merges = Table(
    "merges",
    METADATA,
    key("id"),
    text("org_id"),
    text("kind"),  # contact | account | case
    text("kept_id"),
    text("lost_id"),
    text("data"),  # JSON: what both were before, and what became of the kept one
    text("merged_by"),
    number("merged_ms"),
    text("undone_by"),
    number("undone_ms"),
    number("moving"),  # 1 = rows are still on their way, there or back
    number("look_ms"),  # when it is gone on with, or looked for rows that came late; 0 = no more
    where("ix_merges_moving", ("org_id", "kept_id"), "moving = 1"),
    where("ix_merges_look", ("org_id", "look_ms"), "look_ms > 0"),
    Index("ix_merges_kept", "org_id", "kept_id"),
    Index("ix_merges_lost", "org_id", "lost_id"),
)

merge_rows = Table(
    "merge_rows",
    METADATA,
    key("merge_id"),
    key("place"),  # "table.column" that pointed to the lost one
    key("row_id"),  # of a row that points to the kept one since; of several columns: joined by a space
    text("org_id"),
    text("data"),  # '' = only moved; JSON: what the row was before it was changed or dropped
)
