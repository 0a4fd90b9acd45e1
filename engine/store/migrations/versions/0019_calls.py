"""Telephone calls: what was reported, legs, and what it came to."""

from collections.abc import Sequence

from engine.store.migrations.spelling import create, drop, index

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Create the tables."""
    create(
        "calls",
        keys="id",
        texts="org_id channel source reference state direction from_number to_number queue interaction_id cause"
        " recording given",
        numbers="known started_ms answered_ms ended_ms since_ms ring_ms talk_ms hold_ms events dropped heard_ms version"
        " owed",
    )
    index("ux_calls_reference", "calls", "org_id source reference", unique=True)
    index("ix_calls_org", "calls", "org_id id")
    index("ix_calls_interaction", "calls", "org_id interaction_id", where="interaction_id <> ''")
    index("ix_calls_open", "calls", "org_id heard_ms", where="state <> 'ended'")
    index("ix_calls_owed", "calls", "heard_ms id", where="owed = 1")
    create(
        "call_legs",
        keys="call_id leg_id",
        texts="org_id party agent_id state cause item_id",
        numbers="rang_ms answered_ms left_ms ring_ms talk_ms hold_ms since_ms",
    )
    index("ix_call_legs_agent", "call_legs", "org_id agent_id call_id", where="agent_id <> ''")
    index("ix_call_legs_now", "call_legs", "org_id agent_id", where="agent_id <> '' AND state <> 'left'")
    create("call_events", keys="org_id source event_id", texts="call_id data", numbers="at_ms received_ms")
    index("ix_call_events_call", "call_events", "call_id")


def downgrade() -> None:
    """Drop them."""
    drop("call_events", "call_legs", "calls")
