"""Approvals: the tables as they are used; those before had never been."""

from collections.abc import Sequence

from alembic import op

from engine.store.migrations.spelling import create, drop, extend, index

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Put the tables in the place of those that nothing has written."""
    drop("approval_steps", "approvals")
    extend("cases", numbers="approvals_waiting")
    create(
        "approvals",
        keys="id",
        texts="org_id case_id process state changes macro reason asked_by fault",
        numbers="step asked_ms due_ms remind_ms decided_ms version",
    )
    index("ix_approvals_org", "approvals", "org_id id")
    index("ix_approvals_case", "approvals", "case_id id")
    index("ix_approvals_asked", "approvals", "org_id asked_by id")
    index("ux_approvals_waiting", "approvals", "case_id process", where="state = 'waiting'", unique=True)
    create(
        "approval_turns",
        keys="approval_id",
        number_keys="number",
        texts="org_id user_id role state decided_by note",
        numbers="step asked_ms decided_ms delegated_from",
    )
    index("ix_approval_turns_user", "approval_turns", "org_id user_id", where="state = 'waiting'")
    index("ix_approval_turns_role", "approval_turns", "org_id role", where="state = 'waiting'")
    index("ix_approval_turns_decided", "approval_turns", "org_id decided_by approval_id", where="decided_by <> ''")


def downgrade() -> None:
    """Put the former tables back."""
    drop("approval_turns", "approvals")
    op.drop_column("cases", "approvals_waiting")
    create(
        "approvals",
        keys="id",
        texts="org_id case_id process state changes reason asked_by",
        numbers="step asked_ms due_ms decided_ms version",
    )
    index("ix_approvals_case", "approvals", "case_id id")
    index("ix_approvals_waiting", "approvals", "org_id due_ms", where="state = 'waiting'")
    create(
        "approval_steps",
        keys="approval_id",
        number_keys="number",
        texts="org_id approver_kind approver delegated_to state decided_by note",
        numbers="decided_ms",
    )
