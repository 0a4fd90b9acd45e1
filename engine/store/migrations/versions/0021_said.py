"""What a line of a transcript changes beside it, in SQLite: one statement appends it.

On PostgreSQL the statement that appends does the same itself (``engine/store/appends.py``).
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0021"
down_revision: str | None = "0020"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# Who inserts an interaction with its lines has counted them himself. Each sets only what changes, for indexes' sake.
COUNTED = """
CREATE TRIGGER entry_counted AFTER INSERT ON entries WHEN NEW.author <> 'visitor' BEGIN
  UPDATE interactions SET last_seq = NEW.seq WHERE id = NEW.interaction_id AND last_seq < NEW.seq;
END
"""
HEARD = """
CREATE TRIGGER entry_heard AFTER INSERT ON entries WHEN NEW.author = 'visitor' BEGIN
  UPDATE interactions SET last_seq = NEW.seq, last_visitor_ms = NEW.at_ms, warned_ms = 0
  WHERE id = NEW.interaction_id AND last_seq < NEW.seq;
END
"""
# The first answer is the only one that counts.
ANSWERED = """
CREATE TRIGGER entry_answered AFTER INSERT ON entries WHEN NEW.author = 'agent' AND NEW.kind = 'message' BEGIN
  UPDATE segments SET answered_ms = NEW.at_ms
  WHERE interaction_id = NEW.interaction_id AND ended_ms = 0 AND answered_ms = 0;
END
"""


def upgrade() -> None:
    """Create the triggers."""
    if _on_sqlite():
        for trigger in (COUNTED, HEARD, ANSWERED):
            op.execute(trigger)


def downgrade() -> None:
    """Drop them."""
    if _on_sqlite():
        for name in ("counted", "heard", "answered"):
            op.execute(f"DROP TRIGGER entry_{name}")


def _on_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
