"""What other systems call contacts, accounts and cases."""

from collections.abc import Sequence

from engine.store.migrations.spelling import create, drop, index

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Create the table."""
    create("external_ids", keys="org_id noun source external_id", texts="target_id", numbers="created_ms")
    index("ix_external_ids_target", "external_ids", "org_id noun target_id")


def downgrade() -> None:
    """Drop it."""
    drop("external_ids")
