"""Escalations are found by their case, as a merge of cases does."""

from collections.abc import Sequence

from alembic import op

from engine.store.migrations.spelling import index

revision: str = "0023"
down_revision: str | None = "0022"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Add what finds them."""
    index("ix_escalations_case", "escalations", "org_id case_id id", where="case_id <> ''")


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_escalations_case", "escalations")
