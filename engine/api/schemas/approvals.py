"""Approvals at the border."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from engine.api.schemas.jobs import BulkChanges
from engine.api.schemas.model import Answer, Request
from engine.cases import approvals as deeds
from engine.cases.approvals import may_answer, may_hand_on
from engine.clock import moment, rfc3339
from engine.model.approval import ApprovalProcess, ApprovalState, FiledApproval, Turn, TurnState
from engine.model.organisation import Organisation, Role, nearest_text
from engine.model.user import Principal

Deed = Literal["approve", "refuse", "delegate", "withdraw"]


class AskedChanges(BulkChanges):
    """What becomes of the case once approved; what is left out stays."""

    rating: int | None = Field(default=None, ge=0, le=5, description="1 to 5; 0: none.")
    subject: str | None = Field(default=None, min_length=1, max_length=200)
    description: str | None = Field(default=None, max_length=20_000)
    topic: str | None = Field(default=None, max_length=80)


class NewApproval(Request):
    """Ask for somebody's yes."""

    process: str = Field(min_length=1, max_length=40, description="Key of a configured process.")
    changes: AskedChanges | None = Field(default=None, description="Made once approved; left out: none.")
    macro: str = Field(default="", max_length=40, description="Done once approved; key of a macro, without changes.")
    reason: str = Field(default="", max_length=2_000, description="What the approvers read.")
    version: int = Field(default=0, ge=0, description="The case's version this is based on; 0: whatever there is.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.macro and self.changes is not None:
            raise ValueError("ask for changes or for a macro, not both")
        return self

    def question(self) -> deeds.Question:
        """Return the noun."""
        changes: dict[str, Any] = self.changes.model_dump(exclude_none=True) if self.changes else {}
        return deeds.Question(
            process=self.process, changes=changes, macro=self.macro, reason=self.reason, version=self.version
        )


class Deciding(Request):
    """Do something about an approval."""

    version: int = Field(ge=1, description="The approval's version this is based on.")
    note: str = Field(default="", max_length=2_000, description="Said in the history.")


class Refusing(Request):
    """Refuse, and say why."""

    version: int = Field(ge=1, description="The approval's version this is based on.")
    note: str = Field(min_length=1, max_length=2_000, description="Why; said in the history, and to who asked.")


class Delegating(Deciding):
    """Hand a turn on."""

    user_id: str = Field(min_length=1, max_length=80, description="Who answers instead; he sees the case for it.")
    turn: int = Field(default=0, ge=0, description="Number of somebody else's turn, for supervisors; 0: one's own.")


class TurnAnswer(Answer):
    """That somebody is or was asked."""

    number: int
    step: int
    user_id: str = Field(description="Empty: anybody of the role.")
    user_name: str
    role: str
    state: TurnState
    asked_at: str
    decided_at: str | None
    decided_by: str
    decided_by_name: str
    note: str
    delegated_from: int = Field(description="Number of the turn that this one takes the place of; 0: none.")

    @classmethod
    def of(cls, turn: Turn, names: Mapping[str, str]) -> "TurnAnswer":
        """Build from the noun and names by user id."""
        return cls(
            number=turn.number,
            step=turn.step,
            user_id=turn.user_id,
            user_name=names.get(turn.user_id, ""),
            role=turn.role,
            state=turn.state,
            asked_at=rfc3339(turn.asked_ms),
            decided_at=moment(turn.decided_ms),
            decided_by=turn.decided_by,
            decided_by_name=names.get(turn.decided_by, ""),
            note=turn.note,
            delegated_from=turn.delegated_from,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """For whom approvals are shown."""

    organisation: Organisation
    who: Principal
    names: Mapping[str, str]
    locale: str = ""

    def name_of(self, process: str) -> str:
        """Return a process's name in the reader's language; of one that is configured no more its key."""
        known = self.organisation.approvals.get(process)
        return nearest_text(known.name, self._texts(process), self.locale) if known else process

    def _texts(self, process: str) -> Mapping[str, str]:
        return self.organisation.in_languages("approvals", process, "name")


class ApprovalAnswer(Answer):
    """An approval."""

    id: str
    case_id: str
    case_number: int
    case_subject: str
    process: str
    process_name: str
    state: ApprovalState
    step: int = Field(description="The one that is or was asked last, from 1.")
    steps: int = Field(description="So many the process has.")
    changes: dict[str, object]
    macro: str
    reason: str
    asked_by: str = Field(description="Empty: a rule.")
    asked_by_name: str
    asked_at: str
    due_at: str | None = Field(description="When the step's time is over.")
    decided_at: str | None
    fault: str = Field(description="Why the changes were not possible, or why it was withdrawn.")
    version: int
    turns: list[TurnAnswer]
    may: list[Deed] = Field(description="What the caller may do about it now.")

    @classmethod
    def of(cls, filed: FiledApproval, reader: Reader) -> "ApprovalAnswer":
        """Build from the noun, for one reader."""
        one, names = filed.approval, reader.names
        process = reader.organisation.approvals.get(one.process)
        return cls(
            id=one.id,
            case_id=one.case_id,
            case_number=filed.number,
            case_subject=filed.subject,
            process=one.process,
            process_name=reader.name_of(one.process),
            state=one.state,
            step=one.step,
            steps=len(process.steps) if process else one.step,
            changes=dict(one.changes),
            macro=one.macro,
            reason=one.reason,
            asked_by=one.asked_by,
            asked_by_name=names.get(one.asked_by, ""),
            asked_at=rfc3339(one.asked_ms),
            due_at=moment(one.due_ms),
            decided_at=moment(one.decided_ms),
            fault=one.fault,
            version=one.version,
            turns=[TurnAnswer.of(turn, names) for turn in one.turns],
            may=_may(filed, process, reader.who),
        )


def _may(filed: FiledApproval, process: ApprovalProcess | None, who: Principal) -> list[Deed]:
    one, supervisor = filed.approval, who.at_least(Role.SUPERVISOR)
    if one.state is not ApprovalState.WAITING:
        return []
    may: list[Deed] = ["approve", "refuse", "delegate"] if may_answer(process, one, who) else []
    if "delegate" not in may and may_hand_on(process, one, who):
        may.append("delegate")
    if supervisor or (who.user_id and who.user_id == one.asked_by):
        may.append("withdraw")
    return may


class ProcessAnswer(Answer):
    """A process that may be asked for."""

    key: str
    name: str
    macros: list[str] = Field(description="Macros that need it.")


class CaseApprovals(Answer):
    """The approvals of a case, newest first, and what may be asked for."""

    items: list[ApprovalAnswer]
    offered: list[ProcessAnswer] = Field(description="Processes that are for the case as it is now, and do not wait.")


class ApprovalList(Answer):
    """Approvals, newest first, and how many concern the caller."""

    items: list[ApprovalAnswer]
    waiting: int = Field(description="So many wait for the caller; at most 1,000 are counted.")
    asked: int = Field(description="So many of those that he asked for wait; likewise.")
