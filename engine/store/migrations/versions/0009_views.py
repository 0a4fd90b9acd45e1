"""Saved views, and an index for every order of a list of cases."""

from collections.abc import Sequence

from alembic import op

from engine.store.migrations.spelling import create, drop, index

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_CHANGED, _PRIORITY = "org_id updated_ms number", "org_id priority number"


def upgrade() -> None:
    """Make the table of views anew, which nothing wrote yet; add the indexes."""
    drop("views")
    create(
        "views",
        keys="id",
        texts="org_id noun name owner_id shared filter columns order",
        numbers="version created_ms updated_ms",
    )
    index("ix_views_org", "views", "org_id noun id")
    op.drop_index("ix_cases_open_updated", "cases")
    index("ix_cases_opened", "cases", "org_id opened_ms number")
    index("ix_cases_open", "cases", "org_id number", where="closed_ms = 0")
    index("ix_cases_open_changed", "cases", _CHANGED, where="closed_ms = 0")
    index("ix_cases_over_changed", "cases", _CHANGED, where="closed_ms > 0")
    index("ix_cases_over_priority", "cases", _PRIORITY, where="closed_ms > 0")


def downgrade() -> None:
    """Bring the table and the index back as they were."""
    for name in ("ix_cases_over_priority", "ix_cases_over_changed", "ix_cases_open_changed", "ix_cases_open"):
        op.drop_index(name, "cases")
    op.drop_index("ix_cases_opened", "cases")
    index("ix_cases_open_updated", "cases", "org_id updated_ms", where="closed_ms = 0")
    drop("views")
    create(
        "views",
        keys="id",
        texts="org_id noun name owner_id filter columns sort",
        numbers="shared version created_ms updated_ms",
    )
    index("ix_views_org", "views", "org_id noun id")
