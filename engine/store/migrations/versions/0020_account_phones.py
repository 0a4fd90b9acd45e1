"""Accounts by telephone number: who calls is looked for among them."""

from collections.abc import Sequence

from alembic import op

from engine.store.migrations.spelling import index

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Add the index."""
    index("ix_accounts_phone", "accounts", "org_id phone", where="phone <> ''")


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_accounts_phone")
