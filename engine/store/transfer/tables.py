"""The table of what other systems call what we have."""

from sqlalchemy import Index, Table

from engine.store.columns import METADATA, key, number, text

external_ids = Table(
    "external_ids",
    METADATA,
    key("org_id"),
    key("noun"),  # contact | account | case
    key("source"),  # the system whose key it is
    key("external_id"),
    text("target_id"),  # who was merged stays the target: reading follows the merge, and its undoing undoes that too
    number("created_ms"),
    Index("ix_external_ids_target", "org_id", "noun", "target_id"),
)
