"""Outgoing mail that is set aside while its channel cannot send."""

from collections.abc import Sequence

from alembic import op

from engine.store.migrations.spelling import extend, index

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Add the column with its index."""
    extend("outgoing", numbers="blocked")
    index("ix_outgoing_blocked", "outgoing", "org_id channel id", where="blocked = 1")


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_outgoing_blocked", "outgoing")
    op.drop_column("outgoing", "blocked")
