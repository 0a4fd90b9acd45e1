"""Webhooks."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TEXTS = ("org_id", "name", "url", "secret", "kinds", "queues", "fault")
NUMBERS = ("epoch", "seq", "active", "failures", "failing_since_ms", "next_try_ms", "told_ms", "created_ms")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Text, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in TEXTS),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in NUMBERS),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks"),
    )
    op.create_index("ix_webhooks_org", "webhooks", ["org_id", "id"])
    active = sa.text("active = 1")
    op.create_index("ix_webhooks_due", "webhooks", ["next_try_ms"], sqlite_where=active, postgresql_where=active)


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("webhooks")
