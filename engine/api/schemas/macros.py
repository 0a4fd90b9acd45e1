"""Quick texts and macros at the border."""

from collections.abc import Mapping

from pydantic import Field

from engine.api.schemas.cases import CaseAnswer
from engine.api.schemas.model import Answer, Request
from engine.cases.macro_step import Applicable
from engine.cases.quick_texts import ReadyText


class QuickTextAnswer(Answer):
    """A quick text, ready to be inserted."""

    key: str
    name: str
    folder: str
    body: str

    @classmethod
    def of(cls, one: ReadyText, *, name: str) -> "QuickTextAnswer":
        """Build from the noun."""
        return cls(key=one.quick_text.key, name=name, folder=one.quick_text.folder, body=one.body)


class NeededProcess(Answer):
    """A process whose yes is needed."""

    key: str
    name: str


class MacroAnswer(Answer):
    """A macro, and what it would do to the case now."""

    key: str
    name: str
    actions: list[dict[str, object]] = Field(description="Each with a `fault` where it would be passed over.")
    changes: list[dict[str, object]] = Field(description="`field`, `from`, `to`; what rules do besides is not in it.")
    refusal: str = Field(description="Why the macro would be refused; empty: it would not.")
    needs: list[NeededProcess] = Field(description="Processes whose yes it needs: ask one of them for the macro.")
    asked: bool = Field(description="Whether that yes is waited for already.")

    @classmethod
    def of(cls, one: Applicable, *, name: str, processes: Mapping[str, str]) -> "MacroAnswer":
        """Build from the noun; ``processes``: the names of those that it needs, by key."""
        actions, changes = [dict(done) for done in one.done], [dict(change) for change in one.changes]
        return cls(
            key=one.macro.key,
            name=name,
            actions=actions,
            changes=changes,
            refusal=one.refusal,
            needs=[NeededProcess(key=key, name=words) for key, words in processes.items()],
            asked=one.asked,
        )


class MacroRun(Request):
    """Do a macro to a case."""

    client_id: str = Field(min_length=1, max_length=100, description="The caller's own id: a repeat is done once.")
    version: int = Field(default=0, ge=0, description="The version this is based on; 0: whatever there is.")


class MacroDone(Answer):
    """What a macro came to."""

    case: CaseAnswer
    actions: list[dict[str, object]] = Field(description="As in the history; empty for a repeat.")
