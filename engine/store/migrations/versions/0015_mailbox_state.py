"""Polled mailboxes: what a server says is wrong, which mails lay there at first, whether people were told."""

from collections.abc import Sequence

from alembic import op

from engine.store.migrations.spelling import extend

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Add the columns."""
    extend("mailboxes", texts="detail", numbers="first_uid told")


def downgrade() -> None:
    """Drop them."""
    for column in ("told", "first_uid", "detail"):
        op.drop_column("mailboxes", column)
