"""Merges at the border."""

from pydantic import Field

from engine.api.schemas.customers import Id
from engine.api.schemas.model import Answer, Request
from engine.clock import moment
from engine.model.customer import Merge


class MergeAnswer(Answer):
    """Two that were found to be one."""

    id: str
    kind: str
    kept_id: str
    lost_id: str
    merged_by: str
    merged_at: str | None
    moved: int = Field(description="Rows that point to the kept one since.")
    undone_by: str
    undone_at: str | None
    moving: bool = Field(description="Rows are still on their way, there or, after an undo, back: some seconds.")
    left: int = Field(description="After an undo: rows that were gone or elsewhere by then, and stayed so.")

    @classmethod
    def of(cls, one: Merge) -> "MergeAnswer":
        """Build from the noun."""
        return cls(
            id=one.id,
            kind=one.kind,
            kept_id=one.kept_id,
            lost_id=one.lost_id,
            merged_by=one.merged_by,
            merged_at=moment(one.merged_ms),
            moved=one.moved,
            undone_by=one.undone_by,
            undone_at=moment(one.undone_ms),
            moving=one.moving,
            left=one.left,
        )


class MergeRequest(Request):
    """Merge another one into this one."""

    lost_id: Id


class CaseMergeRequest(MergeRequest):
    """Merge another case into this one."""

    why: str = Field(default="", max_length=500, description="Said in the history of both.")
