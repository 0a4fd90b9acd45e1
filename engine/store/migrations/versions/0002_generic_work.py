"""Work items of any kind, made by other systems; the state of queues."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TEXTS = ("preferred", "preferred_agent", "parent_id", "attributes", "reference", "contact_id", "request_key")
NUMBERS = ("weight", "preferred_required", "due_ms", "not_before_ms")


def upgrade() -> None:
    """Add columns and indexes of work items; add the state of queues."""
    # With a default, so that a process of the version before can still write its rows.
    for name in NUMBERS:
        op.add_column("work_items", sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
    for name in TEXTS:
        op.add_column("work_items", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.add_column("api_tokens", sa.Column("scopes", sa.Text, nullable=False, server_default=""))
    _index("ux_work_items_reference", "org_id reference", "reference <> ''", unique=True)
    _index("ux_work_items_request", "org_id request_key", "request_key <> ''", unique=True)
    _index("ix_work_items_requested", "created_ms", "request_key <> ''")
    _index("ix_work_items_parent", "org_id parent_id", "parent_id <> ''")
    _index("ix_work_items_case", "org_id case_id id", "case_id <> ''")
    _index("ix_work_items_contact", "org_id contact_id id", "contact_id <> ''")
    op.create_table(
        "queue_states",
        sa.Column("org_id", sa.Text, nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("closed", sa.BigInteger, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("org_id", "queue", name="pk_queue_states"),
    )


def downgrade() -> None:
    """Drop what ``upgrade`` added."""
    op.drop_table("queue_states")
    for name in ("ux_work_items_reference", "ux_work_items_request", "ix_work_items_parent"):
        op.drop_index(name, "work_items")
    for name in ("ix_work_items_case", "ix_work_items_contact", "ix_work_items_requested"):
        op.drop_index(name, "work_items")
    op.drop_column("api_tokens", "scopes")
    for name in (*NUMBERS, *TEXTS):
        op.drop_column("work_items", name)


def _index(name: str, columns: str, where: str, *, unique: bool = False) -> None:
    clause = sa.text(where)
    op.create_index(name, "work_items", columns.split(), unique=unique, sqlite_where=clause, postgresql_where=clause)
