"""Who stands in for whom."""

from collections.abc import Sequence

from engine.store.migrations.spelling import create, drop, index

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Create the table."""
    create("deputies", keys="id", texts="org_id user_id deputy_id note made_by", numbers="from_ms to_ms made_ms")
    index("ix_deputies_org", "deputies", "org_id to_ms")


def downgrade() -> None:
    """Drop it."""
    drop("deputies")
