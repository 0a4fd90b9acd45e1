"""What was sent with a web form and is kept aside until somebody has looked at it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.model.conversation import Arrival


class SubmissionState(StrEnum):
    """Where a submission stands that was held."""

    HELD = "held"
    RELEASED = "released"  # it is a case
    DELETED = "deleted"  # its content is gone


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """A submission that the spam guard held."""

    id: str
    org_id: str
    channel: str
    arrival: Arrival  # what it becomes when it is released
    reasons: tuple[str, ...]  # names of the rules that held it
    state: SubmissionState = SubmissionState.HELD
    held_ms: int = 0
    decided_by: str = ""  # user id
    decided_ms: int = 0
    case_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownSubmission:
    """What became of a form's token, which is good for one submission."""

    digest: str  # of what was sent
    number: int = 0  # of the case; 0 = held
