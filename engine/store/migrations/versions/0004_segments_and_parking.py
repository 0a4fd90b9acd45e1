"""When the present segment of a work item began; what was known of the transcript when it was parked."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Add the columns and the index of parked work; for what is parked now, all that was said so far is known."""
    # With a default, so that a process of the version before can still write its rows.
    for name in ("segment_ms", "parked_seq"):
        op.add_column("work_items", sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
    op.execute(
        "UPDATE work_items SET parked_seq = COALESCE((SELECT last_seq FROM interactions"
        " WHERE interactions.id = work_items.interaction_id), 0) WHERE state = 'parked'"
    )
    parked = sa.text("state = 'parked'")
    op.create_index("ix_work_items_parked", "work_items", ["id"], sqlite_where=parked, postgresql_where=parked)


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_work_items_parked", "work_items")
    for name in ("parked_seq", "segment_ms"):
        op.drop_column("work_items", name)
