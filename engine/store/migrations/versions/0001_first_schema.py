"""The first schema."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


TABLES = (
    "organisations",
    "users",
    "sessions",
    "api_tokens",
    "contacts",
    "interactions",
    "entries",
    "work_items",
    "assignments",
    "segments",
    "escalations",
    "alerts",
    "cases",
    "case_events",
    "routing_events",
    "routing_marks",
    "agent_statuses",
    "queue_targets",
    "snapshots",
    "idempotency_keys",
    "audit_events",
)


def _texts(names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names.split()]


def _numbers(names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names.split()]


def _index(name: str, columns: str, *, unique: bool = False, where: str = "") -> None:
    """Create an index; its name says the table: ``ix_<table>_…``."""
    table = next(known for known in sorted(TABLES, key=len, reverse=True) if name[3:].startswith(f"{known}_"))
    clause = sa.text(where) if where else None
    op.create_index(name, table, columns.split(), unique=unique, sqlite_where=clause, postgresql_where=clause)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def _reference(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=f"fk_{table}_{column}")


def _create_people() -> None:
    op.create_table(
        "organisations",
        *_texts("org_id name"),
        *_numbers("case_count created_ms"),
        _key("organisations", "org_id"),
    )
    op.create_table(
        "users",
        *_texts("id org_id login name role"),
        sa.Column("active", sa.Boolean, nullable=False),
        *_texts("locale password_hash"),
        *_numbers("password_ms failed_count locked_until_ms created_ms"),
        _key("users", "id"),
    )
    _index("ux_users_login", "org_id login", unique=True)
    op.create_table(
        "sessions",
        *_texts("token_hash org_id user_id csrf"),
        *_numbers("created_ms seen_ms expires_ms"),
        *_texts("address user_agent"),
        _key("sessions", "token_hash"),
        _reference("sessions", "user_id", "users.id"),
    )
    _index("ix_sessions_expiry", "expires_ms")
    _index("ix_sessions_user", "user_id")
    op.create_table(
        "api_tokens",
        *_texts("id org_id name token_hash role user_id"),
        *_numbers("created_ms expires_ms revoked_ms"),
        _key("api_tokens", "id"),
    )
    _index("ix_api_tokens_org", "org_id id")
    _index("ux_api_tokens_hash", "token_hash", unique=True)
    op.create_table(
        "contacts",
        *_texts("id org_id name email email_key language search"),
        *_numbers("created_ms"),
        _key("contacts", "id"),
    )
    _index("ix_contacts_org", "org_id id")
    _index("ux_contacts_email", "org_id email_key", unique=True, where="email_key <> ''")


def _create_conversations() -> None:
    op.create_table(
        "interactions",
        *_texts("id org_id channel kind conversation_key token_hash contact_id state case_id locale topic address"),
        *_numbers("last_seq delivered_seq read_seq agent_read_seq opened_ms closed_ms"),
        *_texts("close_reason"),
        *_numbers("last_visitor_ms warned_ms"),
        _key("interactions", "id"),
    )
    _index("ix_interactions_case", "org_id case_id id")
    _index("ix_interactions_contact", "org_id contact_id id")
    _index("ix_interactions_key", "org_id channel conversation_key id")
    _index("ix_interactions_open", "org_id channel last_visitor_ms", where="state = 'open'")
    _index("ix_interactions_unfiled", "org_id closed_ms", where="state = 'closed' AND case_id = ''")
    _index("ux_interactions_open_key", "org_id channel conversation_key", unique=True, where="state = 'open'")
    _index("ux_interactions_token", "org_id channel token_hash", unique=True, where="token_hash <> ''")
    op.create_table(
        "entries",
        *_texts("interaction_id"),
        *_numbers("seq"),
        *_texts("org_id id kind author author_id author_name client_id body data"),
        *_numbers("at_ms"),
        _key("entries", "interaction_id", "seq"),
        _reference("entries", "interaction_id", "interactions.id"),
    )
    _index("ux_entries_client", "interaction_id author client_id", unique=True, where="client_id <> ''")


def _create_work() -> None:
    op.create_table(
        "work_items",
        *_texts("id org_id kind queue requirement rules"),
        *_numbers("priority"),
        *_texts("interaction_id case_id"),
        *_numbers("created_ms"),
        *_texts("state agent_id"),
        *_numbers("assignment epoch event_seq waited_ms waiting_since_ms closed_ms"),
        *_texts("outcome disposition note"),
        _key("work_items", "id"),
    )
    _index("ix_work_items_interaction", "interaction_id id")
    _index("ix_work_items_open", "org_id id", where="state <> 'closed'")
    _index("ix_work_items_org", "org_id id")
    _index("ix_work_items_pending", "created_ms", where="state = 'pending'")
    _index("ix_work_items_queue", "org_id queue id")
    _index("ix_work_items_state", "org_id state id")
    op.create_table(
        "assignments",
        *_texts("item_id"),
        *_numbers("epoch number"),
        *_texts("org_id agent_id queue"),
        *_numbers("accepted_ms ended_ms"),
        *_texts("end_reason"),
        *_numbers("wrapup_ended_ms"),
        _key("assignments", "item_id", "epoch", "number"),
        _reference("assignments", "item_id", "work_items.id"),
    )
    _index("ix_assignments_agent", "org_id agent_id accepted_ms")
    _index("ux_assignments_open", "item_id", unique=True, where="ended_ms = 0")
    op.create_table(
        "segments",
        *_texts("item_id"),
        *_numbers("number"),
        *_texts("org_id interaction_id queue"),
        *_numbers("target_ms offered_ms answered_ms abandoned_ms ended_ms"),
        _key("segments", "item_id", "number"),
        _reference("segments", "item_id", "work_items.id"),
    )
    _index("ix_segments_offered", "org_id offered_ms")
    _index("ix_segments_talking", "interaction_id", where="ended_ms = 0")
    _index("ix_segments_unanswered", "org_id queue offered_ms", where="ended_ms = 0 AND answered_ms = 0")
    _index("ux_segments_open", "item_id", unique=True, where="ended_ms = 0")


def _create_escalations() -> None:
    op.create_table(
        "escalations",
        *_texts("item_id"),
        *_numbers("segment"),
        *_texts("id org_id queue"),
        *_numbers("priority"),
        *_texts("case_id"),
        *_numbers("at_ms done_ms"),
        _key("escalations", "item_id", "segment"),
        _reference("escalations", "item_id", "work_items.id"),
    )
    _index("ix_escalations_undone", "org_id at_ms", where="done_ms = 0")
    _index("ux_escalations_id", "id", unique=True)
    op.create_table(
        "alerts",
        *_texts("id org_id kind"),
        *_numbers("at_ms"),
        *_texts("data"),
        *_numbers("acknowledged_ms"),
        *_texts("acknowledged_by"),
        _key("alerts", "id"),
    )
    _index("ix_alerts_org", "org_id id")


def _create_cases() -> None:
    op.create_table(
        "cases",
        *_texts("id org_id"),
        *_numbers("number"),
        *_texts("subject contact_id status"),
        *_numbers("priority"),
        *_texts("queue owner_id origin topic"),
        *_numbers("version opened_ms updated_ms closed_ms escalated_ms"),
        *_texts("search"),
        _key("cases", "id"),
    )
    _index("ix_cases_contact", "org_id contact_id number")
    _index("ix_cases_owner", "org_id owner_id number")
    _index("ix_cases_status", "org_id status number")
    _index("ux_cases_number", "org_id number", unique=True)
    op.create_table(
        "case_events",
        *_texts("id org_id case_id"),
        *_numbers("number at_ms"),
        *_texts("kind actor_id client_id data"),
        _key("case_events", "id"),
        _reference("case_events", "case_id", "cases.id"),
    )
    _index("ux_case_events_case", "case_id number", unique=True)
    _index("ux_case_events_client", "case_id actor_id client_id", unique=True, where="client_id <> ''")


def _create_routing() -> None:
    op.create_table(
        "routing_events",
        *_texts("org_id"),
        *_numbers("epoch seq"),
        *_texts("stream_id"),
        *_numbers("at_ms"),
        *_texts("kind item_id agent_id queue"),
        *_numbers("assignment"),
        *_texts("data"),
        _key("routing_events", "org_id", "epoch", "seq"),
    )
    _index("ix_routing_events_item", "org_id item_id epoch seq", where="item_id <> ''")
    op.create_table(
        "routing_marks",
        *_texts("org_id"),
        *_numbers("epoch seq"),
        *_texts("stream_id"),
        _key("routing_marks", "org_id"),
    )
    op.create_table(
        "agent_statuses",
        *_texts("org_id agent_id"),
        *_numbers("epoch seq"),
        *_texts("status data"),
        *_numbers("at_ms"),
        _key("agent_statuses", "org_id", "agent_id", "epoch", "seq"),
    )
    _index("ix_agent_statuses_at", "org_id agent_id at_ms")
    op.create_table(
        "queue_targets",
        *_texts("org_id queue"),
        *_numbers("target_ms"),
        _key("queue_targets", "org_id", "queue"),
    )


def _create_housekeeping() -> None:
    op.create_table(
        "snapshots",
        *_texts("org_id"),
        *_numbers("version"),
        *_texts("digest name"),
        sa.Column("compiled", sa.LargeBinary, nullable=False),
        *_texts("author"),
        *_numbers("applied_ms"),
        _key("snapshots", "org_id", "version"),
    )
    op.create_table(
        "idempotency_keys",
        *_texts("org_id actor key digest"),
        *_numbers("status"),
        *_texts("body"),
        *_numbers("begun_ms expires_ms"),
        _key("idempotency_keys", "org_id", "actor", "key"),
    )
    _index("ix_idempotency_keys_expiry", "expires_ms")
    op.create_table(
        "audit_events",
        *_texts("id org_id"),
        *_numbers("at_ms"),
        *_texts("actor_id action target data"),
        _key("audit_events", "id"),
    )
    _index("ix_audit_events_org", "org_id id")


def upgrade() -> None:
    """Create every table."""
    _create_people()
    _create_conversations()
    _create_work()
    _create_escalations()
    _create_cases()
    _create_routing()
    _create_housekeeping()


def downgrade() -> None:
    """Drop every table."""
    for table in reversed(TABLES):
        op.drop_table(table)
