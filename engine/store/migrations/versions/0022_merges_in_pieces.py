"""Merges in pieces: whether rows are on their way, and when it is looked for more."""

from collections.abc import Sequence

from alembic import op

from engine.store.migrations.spelling import extend, index

revision: str = "0022"
down_revision: str | None = "0021"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Add the columns and what finds their rows."""
    extend("merges", numbers="moving look_ms")
    index("ix_merges_moving", "merges", "org_id kept_id", where="moving = 1")
    index("ix_merges_look", "merges", "org_id look_ms", where="look_ms > 0")


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_merges_look", "merges")
    op.drop_index("ix_merges_moving", "merges")
    op.drop_column("merges", "look_ms")
    op.drop_column("merges", "moving")
