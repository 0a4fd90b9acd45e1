"""What hangs on a case: files, links to other things, those who follow it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LinkKind(StrEnum):
    """What a case is linked to."""

    CASE = "case"  # a related one; both are linked
    ASSET = "asset"
    ORDER = "order"


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseLink:
    """That a case has to do with something."""

    case_id: str
    kind: LinkKind
    target_id: str
    name: str = ""  # of the target, for showing
    linked_by: str = ""
    linked_ms: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Follower:
    """Who wants to hear of a case."""

    user_id: str
    since_ms: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """A file that belongs to a case."""

    id: str
    org_id: str
    case_id: str
    name: str
    media_type: str
    size: int  # bytes
    sha256: str
    public: bool = False  # for the customer's eyes too
    added_by: str = ""
    added_ms: int = 0
