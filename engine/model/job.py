"""Jobs: something done to many cases, in pieces, so that it goes on after a crash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

MOST_CASES = 10_000
"""Cases of one job at most."""


class JobKind(StrEnum):
    """What is done to each case."""

    MACRO = "macro"
    BULK_EDIT = "bulk_edit"


class JobState(StrEnum):
    """How far a job has come."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"  # whether or not cases failed
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True, slots=True)
class ChosenCase:
    """A case of a job, and its version when the job was asked for."""

    id: str
    version: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One thing done to many cases."""

    id: str
    org_id: str
    kind: JobKind
    asked_by: str
    asked_ms: int
    cases: Sequence[ChosenCase] = ()  # read only where the job is to be done
    macro: str = ""
    changes: Mapping[str, object] = field(default_factory=dict)
    why: str = ""
    agent_name: str = ""  # of who asked
    state: JobState = JobState.WAITING
    mark: int = 0  # so many cases are through
    total: int = 0
    done: int = 0
    failed: int = 0
    begun_ms: int = 0
    ended_ms: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class JobFailure:
    """A case that a job could not be done to."""

    number: int  # its place among the job's cases, from 1
    case_id: str
    reason: str  # slug
    detail: str
    case_number: int = 0  # as it is read; 0 = there is no such case
