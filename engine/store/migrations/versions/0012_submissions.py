"""Web forms: what was held aside, its files, and the secrets that forms are signed with."""

from collections.abc import Sequence

from engine.store.migrations.spelling import create, drop, index

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Create the tables."""
    create(
        "submissions",
        keys="id",
        texts="org_id channel token_hash digest reasons arrival state case_id decided_by",
        numbers="held_ms decided_ms",
    )
    index("ux_submissions_token", "submissions", "org_id channel token_hash", unique=True)
    index("ix_submissions_state", "submissions", "org_id state id")
    create("submission_files", keys="submission_id", number_keys="position", texts="org_id sha256")
    index("ix_submission_files_sha256", "submission_files", "sha256")
    create("form_secrets", keys="org_id", texts="secret")


def downgrade() -> None:
    """Drop them."""
    drop("submissions", "submission_files", "form_secrets")
