"""Who looks after a contact."""

from collections.abc import Sequence

from alembic import op

from engine.store.migrations.spelling import extend, index

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Add the column, and find contacts by it."""
    extend("contacts", texts="owner_id")
    index("ix_contacts_owner", "contacts", "org_id owner_id id", where="owner_id <> ''")


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_contacts_owner", "contacts")
    op.drop_column("contacts", "owner_id")
