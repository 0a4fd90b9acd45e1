"""The schema. Every row carries ``org_id``; times are integer milliseconds UTC, 0 = not yet.

Text that may be missing is ``''``, never NULL, so that comparisons and unique indexes mean the same on both
databases. Partial indexes keep what is hot (open, pending, undone) small however long the history grows.
"""

from sqlalchemy import Boolean, Column, ForeignKey, Index, LargeBinary, Table, Text

from engine.store.columns import METADATA
from engine.store.columns import key as _key
from engine.store.columns import number as _number
from engine.store.columns import number_key as _number_key
from engine.store.columns import text as _text
from engine.store.columns import where as _where

__all__ = ["METADATA"]

organisations = Table(
    "organisations",
    METADATA,
    _key("org_id"),
    _text("name"),
    _number("case_count"),  # the last case number given
    _number("created_ms"),
)

users = Table(
    "users",
    METADATA,
    _key("id"),
    _text("org_id"),
    _text("login"),
    _text("name"),
    _text("role"),
    Column("active", Boolean, nullable=False),
    _text("locale"),
    _text("password_hash"),
    _number("password_ms"),  # when it was set
    _number("failed_count"),
    _number("locked_until_ms"),
    _number("created_ms"),
    Index("ux_users_login", "org_id", "login", unique=True),
)

sessions = Table(
    "sessions",
    METADATA,
    _key("token_hash"),
    _text("org_id"),
    Column("user_id", Text, ForeignKey("users.id"), nullable=False),
    _text("csrf"),
    _number("created_ms"),
    _number("seen_ms"),
    _number("expires_ms"),
    _text("address"),
    _text("user_agent"),
    Index("ix_sessions_user", "user_id"),
    Index("ix_sessions_expiry", "expires_ms"),
)

api_tokens = Table(
    "api_tokens",
    METADATA,
    _key("id"),
    _text("org_id"),
    _text("name"),
    _text("token_hash"),
    _text("role"),
    _text("user_id"),
    _number("created_ms"),
    _number("expires_ms"),
    _number("revoked_ms"),
    _text("scopes"),  # with spaces between them; '' = as the role allows
    Index("ux_api_tokens_hash", "token_hash", unique=True),
    Index("ix_api_tokens_org", "org_id", "id"),
)

interactions = Table(
    "interactions",
    METADATA,
    _key("id"),
    _text("org_id"),
    _text("channel"),
    _text("kind"),
    _text("conversation_key"),
    _text("token_hash"),
    _text("contact_id"),
    _text("state"),
    _text("case_id"),
    _text("locale"),
    _text("topic"),
    _text("address"),
    _number("last_seq"),
    _number("delivered_seq"),
    _number("read_seq"),
    _number("agent_read_seq"),
    _number("opened_ms"),
    _number("closed_ms"),
    _text("close_reason"),
    _number("last_visitor_ms"),
    _number("warned_ms"),
    _number("watched"),  # 1 = what is said is told to the case's clocks and rules
    _where("ux_interactions_open_key", ("org_id", "channel", "conversation_key"), "state = 'open'", unique=True),
    # A chat's session token is one interaction for ever, open or closed.
    _where("ux_interactions_token", ("org_id", "channel", "token_hash"), "token_hash <> ''", unique=True),
    Index("ix_interactions_key", "org_id", "channel", "conversation_key", "id"),
    Index("ix_interactions_contact", "org_id", "contact_id", "id"),
    Index("ix_interactions_case", "org_id", "case_id", "id"),
    _where("ix_interactions_open", ("org_id", "channel", "last_visitor_ms"), "state = 'open'"),
    _where("ix_interactions_unfiled", ("org_id", "closed_ms"), "state = 'closed' AND case_id = ''"),
)

entries = Table(
    "entries",
    METADATA,
    Column("interaction_id", Text, ForeignKey("interactions.id"), primary_key=True, nullable=False),
    _number_key("seq"),
    _text("org_id"),
    _text("id"),
    _text("kind"),
    _text("author"),
    _text("author_id"),
    _text("author_name"),
    _text("client_id"),
    _text("body"),
    _text("data"),
    _number("at_ms"),
    _where("ux_entries_client", ("interaction_id", "author", "client_id"), "client_id <> ''", unique=True),
)

work_items = Table(
    "work_items",
    METADATA,
    _key("id"),
    _text("org_id"),
    _text("kind"),
    _text("queue"),
    _text("requirement"),
    _text("rules"),
    _number("priority"),
    _text("interaction_id"),
    _text("case_id"),
    _number("created_ms"),
    _text("state"),
    _text("agent_id"),
    _number("assignment"),
    _number("epoch"),  # (epoch, event_seq) of the last event that moved the state
    _number("event_seq"),
    _number("waited_ms"),  # time queued or offered, finished waits only …
    _number("waiting_since_ms"),  # … and since when the present one runs; 0 = not waiting
    _number("segment_ms"),  # how long it had waited in all when its present segment began
    _number("parked_seq"),  # last line of the transcript that was known when it was parked
    _number("closed_ms"),
    _text("outcome"),
    _text("disposition"),
    _text("note"),
    _number("weight"),
    _text("preferred"),  # skills wished for, JSON
    _text("preferred_agent"),
    _number("preferred_required"),  # 1 = nobody else may have it
    _number("due_ms"),
    _number("not_before_ms"),
    _text("parent_id"),
    _text("attributes"),  # JSON, kept for whoever made it
    _text("reference"),  # the other system's own name for it
    _text("contact_id"),
    _text("request_key"),  # which request made it, for a day; '' = none known
    Index("ix_work_items_interaction", "interaction_id", "id"),
    Index("ix_work_items_org", "org_id", "id"),
    Index("ix_work_items_state", "org_id", "state", "id"),
    Index("ix_work_items_queue", "org_id", "queue", "id"),
    _where("ix_work_items_pending", ("created_ms",), "state = 'pending'"),
    _where("ix_work_items_open", ("org_id", "id"), "state <> 'closed'"),
    _where("ix_work_items_parked", ("id",), "state = 'parked'"),
    _where("ux_work_items_reference", ("org_id", "reference"), "reference <> ''", unique=True),
    _where("ux_work_items_request", ("org_id", "request_key"), "request_key <> ''", unique=True),
    _where("ix_work_items_requested", ("created_ms",), "request_key <> ''"),
    _where("ix_work_items_parent", ("org_id", "parent_id"), "parent_id <> ''"),
    _where("ix_work_items_case", ("org_id", "case_id", "id"), "case_id <> ''"),
    _where("ix_work_items_contact", ("org_id", "contact_id", "id"), "contact_id <> ''"),
)

assignments = Table(
    "assignments",
    METADATA,
    Column("item_id", Text, ForeignKey("work_items.id"), primary_key=True, nullable=False),
    _number_key("epoch"),
    _number_key("number"),
    _text("org_id"),
    _text("agent_id"),
    _text("queue"),
    _number("accepted_ms"),  # 0 = its end became known first
    _number("ended_ms"),
    _text("end_reason"),
    _number("wrapup_ended_ms"),
    _where("ux_assignments_open", ("item_id",), "ended_ms = 0", unique=True),
    Index("ix_assignments_agent", "org_id", "agent_id", "accepted_ms"),
)

segments = Table(
    "segments",
    METADATA,
    Column("item_id", Text, ForeignKey("work_items.id"), primary_key=True, nullable=False),
    _number_key("number"),
    _text("org_id"),
    _text("interaction_id"),
    _text("queue"),
    _number("target_ms"),
    _number("offered_ms"),
    _number("answered_ms"),
    _number("abandoned_ms"),
    _number("ended_ms"),
    _where("ux_segments_open", ("item_id",), "ended_ms = 0", unique=True),
    _where("ix_segments_talking", ("interaction_id",), "ended_ms = 0"),
    _where("ix_segments_unanswered", ("org_id", "queue", "offered_ms"), "ended_ms = 0 AND answered_ms = 0"),
    Index("ix_segments_offered", "org_id", "offered_ms"),
)

routing_events = Table(
    "routing_events",
    METADATA,
    _key("org_id"),
    _number_key("epoch"),
    _number_key("seq"),
    _text("stream_id"),
    _number("at_ms"),
    _text("kind"),
    _text("item_id"),
    _text("agent_id"),
    _text("queue"),
    _number("assignment"),
    _text("data"),
    _where("ix_routing_events_item", ("org_id", "item_id", "epoch", "seq"), "item_id <> ''"),
)

routing_marks = Table(
    "routing_marks",
    METADATA,
    _key("org_id"),
    _number("epoch"),
    _number("seq"),
    _text("stream_id"),
)

agent_statuses = Table(
    "agent_statuses",
    METADATA,
    _key("org_id"),
    _key("agent_id"),
    _number_key("epoch"),
    _number_key("seq"),
    _text("status"),
    _text("data"),
    _number("at_ms"),
    Index("ix_agent_statuses_at", "org_id", "agent_id", "at_ms"),
)

queue_states = Table(
    "queue_states",
    METADATA,
    _key("org_id"),
    _key("queue"),
    _text("mode"),
    _number("closed"),  # 1 = closed by hand
    _number("epoch"),  # (epoch, seq) of the event that said so
    _number("seq"),
    _number("at_ms"),
)

queue_targets = Table(
    "queue_targets",
    METADATA,
    _key("org_id"),
    _key("queue"),
    _number("target_ms"),
)

alerts = Table(
    "alerts",
    METADATA,
    _key("id"),
    _text("org_id"),
    _text("user_id"),  # who is to see it; '' = all supervisors
    _text("kind"),
    _number("at_ms"),
    _text("data"),
    _number("acknowledged_ms"),
    _text("acknowledged_by"),
    Index("ix_alerts_org", "org_id", "id"),
    Index("ix_alerts_user", "org_id", "user_id", "id"),
)

snapshots = Table(
    "snapshots",
    METADATA,
    _key("org_id"),
    _number_key("version"),
    _text("digest"),
    _text("name"),
    Column("compiled", LargeBinary, nullable=False),
    _text("author"),
    _number("applied_ms"),
)

idempotency_keys = Table(
    "idempotency_keys",
    METADATA,
    _key("org_id"),
    _key("actor"),
    _key("key"),
    _text("digest"),
    _number("status"),  # 0 = still being worked on
    _text("body"),
    _number("begun_ms"),
    _number("expires_ms"),
    Index("ix_idempotency_keys_expiry", "expires_ms"),
)

audit_events = Table(
    "audit_events",
    METADATA,
    _key("id"),
    _text("org_id"),
    _number("at_ms"),
    _text("actor_id"),
    _text("action"),
    _text("target"),
    _text("data"),
    Index("ix_audit_events_org", "org_id", "id"),
)
