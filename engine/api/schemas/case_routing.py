"""Assignment of cases at the border."""

from pydantic import Field

from engine.api.schemas.cases import CaseAnswer
from engine.api.schemas.model import Answer, Request


class CaseAssign(Request):
    """Assign a case anew."""

    version: int = Field(0, ge=0, description="The version this is based on; 0: whatever there is.")


class AssignedAnswer(Answer):
    """What assigning came to."""

    case: CaseAnswer
    rule: str = Field(description="Name of the rule that decided; empty: none fits.")
    because: list[dict[str, object]] = Field(description="The tests that it took, with the values seen.")
