"""What is looked for, where, by whom, and what is found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class SearchKind(StrEnum):
    """What can be found."""

    CASE = "case"
    MESSAGE = "message"  # also an internal note
    CONTACT = "contact"
    ACCOUNT = "account"


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """One way in which a term may be met: all of the words, and one that begins with ``prefix`` if it is not ""."""

    words: tuple[str, ...] = ()
    prefix: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """One thing asked for; any of its choices will do."""

    choices: tuple[Choice, ...]
    units: tuple[str, ...] = ()  # what stands in the text, in this order, side by side; () = the number of ``digits``
    open: bool = False  # the last unit is a beginning
    exact: bool = False  # the index tells a superset: the text must be looked at
    digits: str = ""  # a long number, however it is written


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """A question: every term must be met, none of ``without``."""

    terms: tuple[Term, ...] = ()
    without: tuple[Term, ...] = ()
    number: int = 0  # the case that is meant if the question is a number
    addresses: tuple[str, ...] = ()  # folded e-mail addresses in it
    phones: tuple[str, ...] = ()  # digits of long numbers in it


@dataclass(frozen=True, kw_only=True, slots=True)
class Narrow:
    """Where to look; "" and 0 = anywhere. Status, queue and owner are those of the case, also of its messages."""

    kinds: frozenset[SearchKind] = frozenset()
    status: str = ""
    queue: str = ""
    owner_id: str = ""
    contact_id: str = ""
    account_id: str = ""
    from_ms: int = 0
    to_ms: int = 0  # exclusive


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A text of the index: what it is, and what is written there."""

    kind: SearchKind
    ref_id: str  # case, contact, account; of a message: its interaction
    seq: int  # number of the message in its interaction; else 0
    at_ms: int
    title: str
    body: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A document as it stands in the record now, with what it belongs to."""

    doc: int
    document: Document
    case_id: str = ""
    case_number: int = 0
    contact_id: str = ""
    contact_name: str = ""
    account_id: str = ""
    about: str = ""  # subject of the case, or topic of the conversation
    author: str = ""  # who wrote a message: visitor | agent | system …
    author_name: str = ""
    internal: bool = False  # the customer does not see it


@dataclass(frozen=True, kw_only=True, slots=True)
class Matches:
    """What the index says to a question."""

    docs: tuple[int, ...]  # newest first, at most as many as asked for
    exact: tuple[int, ...]  # those whose number or address it is
    total: int
    kinds: Mapping[SearchKind, int]
    counts: Mapping[str, int]  # how many documents hold a word, for its weight
    documents: int  # in all
    ready: bool = True  # False: older texts are still being taken in


@dataclass(frozen=True, kw_only=True, slots=True)
class Marked:
    """A piece of text, and which parts of it were found: (begin, end) in characters of ``text``."""

    text: str
    marks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """One result."""

    found: Found
    title: Marked
    snippet: Marked
    exact: bool  # its number or address is what was asked for
    score: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Results:
    """A page of results."""

    hits: tuple[Hit, ...]
    total: int
    total_exact: bool  # False: texts must be looked at to know; there are at most so many
    kinds: Mapping[SearchKind, int]
    next: str  # hand it back for the next page; "" = this is the last one
    ready: bool  # False: older texts are still being taken in
