"""The table of webhooks."""

from sqlalchemy import Index, Table

from engine.store.columns import METADATA, key, number, text, where

webhooks = Table(
    "webhooks",
    METADATA,
    key("id"),
    text("org_id"),
    text("name"),
    text("url"),
    text("secret"),  # name of the file that holds it
    text("kinds"),  # JSON list; empty = all
    text("queues"),
    number("epoch"),  # told of everything up to (epoch, seq)
    number("seq"),
    number("active"),
    number("failures"),
    number("failing_since_ms"),
    number("next_try_ms"),
    number("told_ms"),
    text("fault"),
    number("created_ms"),
    Index("ix_webhooks_org", "org_id", "id"),
    where("ix_webhooks_due", ("next_try_ms",), "active = 1"),
)
