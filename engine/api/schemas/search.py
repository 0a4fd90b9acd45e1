"""Search at the border."""

from pydantic import Field

from engine.api.schemas.model import Answer
from engine.clock import moment
from engine.model.search import Hit, Marked, Results, SearchKind


class MarkedText(Answer):
    """A piece of text with what was found in it."""

    text: str
    marks: list[tuple[int, int]] = Field(description="Begin and end in code points of `text`.")

    @classmethod
    def of(cls, marked: Marked) -> "MarkedText":
        """Build from the noun."""
        return cls(text=marked.text, marks=list(marked.marks))


class HitAnswer(Answer):
    """Something found."""

    kind: SearchKind
    id: str = Field(description="Of the case, contact or account; of a message, that of its conversation.")
    seq: int = Field(description="The message's number in its conversation; else 0.")
    at: str | None = Field(description="When it was written, opened or created.")
    title: MarkedText = Field(description="Number and subject of a case, a name; empty for messages.")
    snippet: MarkedText
    about: str = Field(description="Subject of the case, topic of the conversation, name.")
    exact: bool = Field(description="Its number or address is what was asked for.")
    score: float
    case_id: str
    case_number: int
    contact_id: str
    contact_name: str
    account_id: str
    author: str = Field(description="`visitor` or `agent` for messages; else empty.")
    author_name: str
    internal: bool = Field(description="A note that the customer does not see.")

    @classmethod
    def of(cls, hit: Hit) -> "HitAnswer":
        """Build from the noun."""
        found = hit.found
        return cls(
            kind=found.document.kind,
            id=found.document.ref_id,
            seq=found.document.seq,
            at=moment(found.document.at_ms),
            title=MarkedText.of(hit.title),
            snippet=MarkedText.of(hit.snippet),
            about=found.about,
            exact=hit.exact,
            score=round(hit.score, 4),
            case_id=found.case_id,
            case_number=found.case_number,
            contact_id=found.contact_id,
            contact_name=found.contact_name,
            account_id=found.account_id,
            author=found.author,
            author_name=found.author_name,
            internal=found.internal,
        )


class ResultsAnswer(Answer):
    """A page of what was found, best first within the newest, then on into the past."""

    items: list[HitAnswer]
    total: int
    total_exact: bool = Field(description="False: at most so many; texts must be looked at to know.")
    kinds: dict[SearchKind, int] = Field(description="How many there are of each kind, whatever `kind` was asked for.")
    next: str = Field(description="Hand it back as `after` for the next page; empty: there is none.")
    ready: bool = Field(description="False: older texts are still being taken in.")

    @classmethod
    def of(cls, results: Results) -> "ResultsAnswer":
        """Build from the noun."""
        return cls(
            items=[HitAnswer.of(hit) for hit in results.hits],
            total=results.total,
            total_exact=results.total_exact,
            kinds=dict(results.kinds),
            next=results.next,
            ready=results.ready,
        )
