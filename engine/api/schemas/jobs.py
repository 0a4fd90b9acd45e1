"""Jobs at the border."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from engine.api.schemas.case_filters import CaseFilter
from engine.api.schemas.cases import Fields, Tags
from engine.api.schemas.model import Answer, Request
from engine.clock import moment, rfc3339
from engine.model.job import MOST_CASES, Job, JobFailure, JobKind, JobState

Id = Annotated[str, Field(min_length=1, max_length=40)]


class Which(Request):
    """The cases of a job: by id, by filter or by view, as they are when it is asked for."""

    case_ids: list[Id] | None = Field(default=None, min_length=1, max_length=MOST_CASES)
    filter: CaseFilter | None = None
    view: str = Field(default="", max_length=40, description="The cases of a view; `filter` then goes before it.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.case_ids is None) == (self.filter is None and not self.view):
            raise ValueError("say which cases: either case_ids, or filter or view")
        if self.filter is not None and not self.view and not self.filter.model_dump(exclude_defaults=True):
            raise ValueError("an empty filter would be every case")
        return self


class MacroJob(Which):
    """Do a macro to many cases."""


class BulkChanges(Request):
    """What becomes of each case; what is left out stays."""

    status: str | None = Field(default=None, max_length=40, description="Key of a configured status.")
    priority: int | None = Field(default=None, ge=-1_000, le=1_000)
    type: str | None = Field(default=None, max_length=40)
    topic: str | None = Field(default=None, max_length=80)
    queue: str | None = Field(default=None, max_length=40)
    owner_id: str | None = Field(default=None, max_length=80, description="Empty: nobody.")
    team: str | None = Field(default=None, max_length=40)
    routed: bool | None = None
    fields: Fields | None = None
    tags: Tags | None = None


class BulkEdit(Which):
    """Change many cases."""

    changes: BulkChanges
    why: str = Field(default="", max_length=500, description="Said in the history beside each changed field.")


class JobAnswer(Answer):
    """A job, and how far it is."""

    id: str
    kind: JobKind
    state: JobState
    total: int
    done: int
    failed: int
    asked_by: str
    asked_at: str
    begun_at: str | None
    ended_at: str | None

    @classmethod
    def of(cls, job: Job) -> "JobAnswer":
        """Build from the noun."""
        return cls(
            id=job.id,
            kind=job.kind,
            state=job.state,
            total=job.total,
            done=job.done,
            failed=job.failed,
            asked_by=job.asked_by,
            asked_at=rfc3339(job.asked_ms),
            begun_at=moment(job.begun_ms),
            ended_at=moment(job.ended_ms),
        )


class JobFailureAnswer(Answer):
    """A case that the job could not be done to."""

    number: int = Field(description="Its place among the job's cases, from 1.")
    case_id: str
    case_number: int = Field(description="0: there is no such case.")
    reason: str = Field(description="Slug, as of a single change.")
    detail: str

    @classmethod
    def of(cls, one: JobFailure) -> "JobFailureAnswer":
        """Build from the noun."""
        return cls(
            number=one.number,
            case_id=one.case_id,
            case_number=one.case_number,
            reason=one.reason,
            detail=one.detail,
        )
