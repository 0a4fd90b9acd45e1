"""What a caller may see of cases, contacts, accounts and conversations: one place that says it to every search."""

from engine.model.search import Sight
from engine.model.user import Principal


def sight_of(_who: Principal) -> Sight:
    """Return what the caller may see: all of his organisation (docs/decisions/0006)."""
    return Sight(everything=True)
