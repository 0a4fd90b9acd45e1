"""Cases: what hangs on them, what was promised, what is due, what was done about it."""

from collections.abc import Sequence

from alembic import op

from engine.store.migrations.spelling import create, drop, extend, index

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Extend cases and conversations; create what hangs on a case."""
    extend(
        "cases",
        texts="description type account_id parent_id team plan entitlement_id entitled item_id merged_into request_key",
        numbers="reopened rating watched routed",
    )
    op.execute("ALTER TABLE cases ADD COLUMN fields TEXT NOT NULL DEFAULT '{}'")
    op.execute("ALTER TABLE cases ADD COLUMN skills TEXT NOT NULL DEFAULT '{}'")
    op.execute("ALTER TABLE cases ADD COLUMN tags TEXT NOT NULL DEFAULT '[]'")
    extend("interactions", numbers="watched")
    index("ux_cases_request", "cases", "org_id request_key", where="request_key <> ''", unique=True)
    extend("alerts", texts="user_id")
    index("ix_alerts_user", "alerts", "org_id user_id id")
    index("ix_cases_account", "cases", "org_id account_id number", where="account_id <> ''")
    index("ix_cases_parent", "cases", "org_id parent_id", where="parent_id <> ''")
    index("ix_cases_owner_status", "cases", "org_id owner_id status number")
    index("ix_cases_queue", "cases", "org_id queue status number")
    index("ix_cases_open_updated", "cases", "org_id updated_ms", where="closed_ms = 0")
    index("ix_cases_open_priority", "cases", "org_id priority number", where="closed_ms = 0")
    _parts_of_a_case()
    _clocks()
    _people()
    _lists()


def downgrade() -> None:
    """Drop them."""
    drop(
        "case_tags",
        "case_links",
        "case_followers",
        "attachments",
        "case_signals",
        "milestones",
        "case_timers",
        "firings",
        "case_effects",
        "activities",
        "approvals",
        "approval_steps",
        "views",
        "jobs",
        "job_failures",
    )
    opened = ("ix_cases_owner_status", "ix_cases_open_updated", "ix_cases_open_priority")
    for name in ("ix_cases_queue", "ix_cases_account", "ix_cases_parent", "ux_cases_request", *opened):
        op.drop_index(name, "cases")
    for name in ("description", "type", "account_id", "parent_id", "team", "plan", "entitlement_id", "entitled"):
        op.drop_column("cases", name)
    for name in ("item_id", "merged_into", "request_key", "reopened", "rating", "watched", "routed", "skills"):
        op.drop_column("cases", name)
    for name in ("fields", "tags"):
        op.drop_column("cases", name)
    op.drop_column("interactions", "watched")
    op.drop_index("ix_alerts_user", "alerts")
    op.drop_column("alerts", "user_id")


def _parts_of_a_case() -> None:
    create(
        "case_tags",
        keys="case_id tag",
        texts="org_id",
    )
    index("ix_case_tags_tag", "case_tags", "org_id tag case_id")
    create(
        "case_links",
        keys="case_id kind target_id",
        texts="org_id linked_by",
        numbers="linked_ms",
    )
    index("ix_case_links_target", "case_links", "org_id kind target_id")
    create(
        "case_followers",
        keys="case_id user_id",
        texts="org_id",
        numbers="since_ms",
    )
    index("ix_case_followers_user", "case_followers", "org_id user_id case_id")
    create(
        "attachments",
        keys="id",
        texts="org_id case_id interaction_id name media_type sha256 added_by",
        numbers="bytes public added_ms",
    )
    index("ix_attachments_case", "attachments", "case_id id", where="case_id <> ''")
    index("ix_attachments_interaction", "attachments", "interaction_id id", where="interaction_id <> ''")
    index("ix_attachments_sha256", "attachments", "sha256")


def _clocks() -> None:
    create(
        "case_signals",
        keys="id",
        texts="org_id case_id kind data",
        numbers="at_ms",
    )
    index("ix_case_signals_case", "case_signals", "case_id id")
    index("ix_case_signals_org", "case_signals", "org_id id")
    create(
        "milestones",
        keys="id",
        texts="org_id case_id milestone plan hours state",
        numbers="occurrence target_ms started_ms used_ms running_since_ms due_ms met_ms missed_ms",
    )
    index("ix_milestones_due", "milestones", "org_id due_ms", where="due_ms > 0")
    index("ix_milestones_missed", "milestones", "org_id missed_ms", where="missed_ms > 0")
    index("ux_milestones_case", "milestones", "case_id milestone occurrence", unique=True)
    create(
        "case_timers",
        keys="case_id timer",
        texts="org_id",
        numbers="at_ms",
    )
    index("ix_case_timers_at", "case_timers", "org_id at_ms")
    create(
        "firings",
        keys="case_id step",
        number_keys="occurrence",
        texts="org_id why",
        numbers="due_ms at_ms",
    )
    index("ix_firings_at", "firings", "org_id at_ms")
    create(
        "case_effects",
        keys="id",
        texts="org_id case_id kind data fault",
        numbers="number created_ms attempts next_try_ms done_ms",
    )
    index("ix_case_effects_case", "case_effects", "case_id number")
    index("ix_case_effects_undone", "case_effects", "kind next_try_ms id", where="done_ms = 0")


def _people() -> None:
    create(
        "activities",
        keys="id",
        texts="org_id kind subject notes status owner_id case_id contact_id account_id created_by",
        numbers="priority starts_ms ends_ms due_ms remind_ms reminded_ms done_ms version created_ms updated_ms",
    )
    index("ix_activities_account", "activities", "account_id id", where="account_id <> ''")
    index("ix_activities_case", "activities", "case_id id", where="case_id <> ''")
    index("ix_activities_contact", "activities", "contact_id id", where="contact_id <> ''")
    index("ix_activities_due", "activities", "org_id owner_id due_ms", where="status = 'open'")
    index("ix_activities_org", "activities", "org_id id")
    index("ix_activities_reminders", "activities", "org_id remind_ms", where="remind_ms > 0 AND reminded_ms = 0")
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


def _lists() -> None:
    create(
        "views",
        keys="id",
        texts="org_id noun name owner_id filter columns sort",
        numbers="shared version created_ms updated_ms",
    )
    index("ix_views_org", "views", "org_id noun id")
    create(
        "jobs",
        keys="id",
        texts="org_id kind state data mark fault asked_by",
        numbers="total done failed asked_ms begun_ms ended_ms",
    )
    index("ix_jobs_open", "jobs", "org_id id", where="ended_ms = 0")
    index("ix_jobs_org", "jobs", "org_id id")
    create(
        "job_failures",
        keys="job_id",
        number_keys="number",
        texts="org_id ref reason data",
    )
