"""Outgoing mail: acknowledgements of a channel are counted, sources of what went are found by age."""

from collections.abc import Sequence

from alembic import op

from engine.store.migrations.spelling import index

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Create the indexes."""
    index("ix_outgoing_acknowledged", "outgoing", "org_id channel created_ms", where="kind = 'acknowledgement'")
    where = "raw_sha256 <> '' AND settled_ms > 0"
    index("ix_outgoing_sent_source", "outgoing", "org_id channel settled_ms", where=where)


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_outgoing_sent_source", "outgoing")
    op.drop_index("ix_outgoing_acknowledged", "outgoing")
