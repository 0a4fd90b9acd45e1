"""How far the cases have been told that hours or plans changed."""

from collections.abc import Sequence

from engine.store.migrations.spelling import create, drop

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Create the table."""
    create("clock_marks", keys="org_id", texts="digest case_id", numbers="done")


def downgrade() -> None:
    """Drop it."""
    drop("clock_marks")
