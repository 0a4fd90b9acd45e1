"""Why a work item went where it went."""

from collections.abc import Mapping, Sequence

from pydantic import Field

from engine.api.schemas.model import Answer
from engine.clock import rfc3339
from engine.model.work import EventKind, RoutingEvent
from engine.router.explanation import Step, past_of, reason_words


class Decision(Answer):
    """One thing that was decided about a work item."""

    at: str
    kind: EventKind
    agent_id: str
    queue: str
    words: str = Field(description="In a sentence.")
    data: dict[str, object] = Field(description="What is behind it: score, candidates, reason and so on.")


class Explanation(Answer):
    """Why a work item went where it went."""

    item_id: str
    explanation: dict[str, object] = Field(description="From the live board; its fields grow with the router.")
    reasons: dict[str, str] = Field(description="The reasons that are given there, in words.")
    waited_ms: int = Field(description="Waits that are over, queued or offered.")
    offers: int
    declines: int
    misses: int
    relaxations: int
    transfers: int
    decisions: list[Decision] = Field(description="Oldest first.")


def explanation_of(item_id: str, living: Mapping[str, object], events: Sequence[RoutingEvent]) -> Explanation:
    """Join what the board and what the record say of an item."""
    past, agents = past_of(events, lambda agent_id: agent_id), living.get("agents")
    reasons = {str(one) for one in agents.values()} if isinstance(agents, dict) else set()
    return Explanation(
        item_id=item_id,
        explanation=dict(living),
        reasons={one: reason_words(one) for one in sorted(reasons)},
        waited_ms=past.waited_ms,
        offers=past.offers,
        declines=past.declines,
        misses=past.misses,
        relaxations=past.relaxations,
        transfers=past.transfers,
        decisions=[_decision(step) for step in past.steps],
    )


def _decision(step: Step) -> Decision:
    return Decision(
        at=rfc3339(step.at_ms),
        kind=step.kind,
        agent_id=step.agent_id,
        queue=step.queue,
        words=step.words,
        data=dict(step.data),
    )
