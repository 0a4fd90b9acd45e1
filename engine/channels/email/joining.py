"""Which conversation a mail belongs to, and whether its sender may join it. Pure.

The clues, strongest first, each with how surely it tells:

1. the signed token in an address the mail was sent to (100), and in a Message-ID of ours that it answers (98);
2. a Message-ID that we know in In-Reply-To (95) or References (90, the newest first);
3. the signed marker in its quoted text (85);
4. a case's number in its subject, as we write it: ``[#123]`` (60).

The first clue that names a case decides. Knowing a clue is not yet a right: only who takes part in the case joins it.
Somebody else's mail is held apart, to be let in or made a case of its own by an agent; by number alone it is simply
not the same conversation. So a token that was guessed, forwarded or quoted opens nothing.

Anybody can write any sender, and guess a number; whoever has a token or a Message-ID has seen a mail of the case. So
who takes part joins by number alone only where his address is proven, or the channel asks for less (``by_number``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.channels.email import tokens
from engine.channels.email.authenticity import proven
from engine.model.mail import Authenticity, ParsedMail, ThreadClue, ThreadMatch
from engine.model.mail_channel import ByNumber

CONFIDENCE: Mapping[str, int] = {
    "address": 100,
    "message-id": 98,
    "in-reply-to": 95,
    "references": 90,
    "marker": 85,
    "subject": 60,
}
MOST_REFERENCES = 50
_NUMBER = re.compile(r"\[\s*(?:#|case\s*#?|ticket\s*#?)\s*(\d{1,12})\s*\]", re.IGNORECASE)
_WITHIN = re.compile(r"\((?:#)(\d{1,12})\)|(?:^|\s)#(\d{3,12})(?=\s|$|[:.,\]])")
_PREFIX = re.compile(
    r"^\s*((re|fwd?|fw|aw|wg|antw(ort)?|sv|vs|vb|vl|rv|tr|rif|res|enc|ynt|odp|pd|回复|回覆|答复|转发|轉寄|返信|転送)"
    r"(\s*\[\d+\]|\s*\(\d+\)|\*\d+)?\s*[:：]\s*)+",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Clue:
    """One thing in a mail that may name a case; exactly one of its last three is set."""

    clue: ThreadClue
    where: str  # key of CONFIDENCE
    case_id: str = ""  # by a token that we made
    message_id: str = ""  # to be looked up
    number: int = 0  # of a case


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A case that clues named, as the record has it."""

    case_id: str
    participants: frozenset[str]  # addresses that take part, lower case: its contact's, and all that mail of it named
    domains: frozenset[str] = frozenset()  # of its account: everybody there takes part


def clues(mail: ParsedMail, addresses: Sequence[str], read: Callable[[str], str]) -> Iterator[Clue]:
    """Yield what may name a case, strongest first.

    ``addresses``: all that the mail was sent to, of envelope and headers. ``read`` returns the case of a token, ""
    for one that we did not make.
    """
    sources = (
        (ThreadClue.TOKEN, "address", tokens.in_addresses(addresses)),
        (ThreadClue.TOKEN, "message-id", tokens.in_message_ids((*mail.references, *mail.in_reply_to))),
    )
    for clue, where, found in sources:
        yield from (Clue(clue=clue, where=where, case_id=case_id) for case_id in filter(None, map(read, found)))
    for where, ids in (("in-reply-to", mail.in_reply_to), ("references", mail.references[::-1])):
        yield from (Clue(clue=ThreadClue.REPLY, where=where, message_id=one) for one in ids[:MOST_REFERENCES])
    marked = filter(None, map(read, tokens.in_text(mail.text)))
    yield from (Clue(clue=ThreadClue.MARKER, where="marker", case_id=case_id) for case_id in marked)
    yield from (Clue(clue=ThreadClue.NUMBER, where="subject", number=one) for one in numbers(mail.subject))


def join(
    found: Sequence[tuple[Clue, Candidate]],
    mail: ParsedMail,
    authenticity: Authenticity,
    *,
    by_number: ByNumber = ByNumber.PROVEN,
) -> ThreadMatch | None:
    """Return the conversation to join, or to be held apart from; None: a new one.

    ``found``: the clues that name a case which is there, in the order of ``clues``.
    """
    for clue, candidate in found:
        stranger = _stranger(mail, candidate, authenticity)
        if clue.clue is ThreadClue.NUMBER:
            if stranger or by_number is ByNumber.NEVER:
                continue
            stranger = _unproven(mail, authenticity, by_number)
        others = {one.case_id for _clue, one in found} - {candidate.case_id}
        return ThreadMatch(
            clue=clue.clue,
            case_id=candidate.case_id,
            confidence=CONFIDENCE[clue.where],
            held=stranger,
            why=clue.where + (f"; other clues name {len(others)} other cases" if others else ""),
        )
    return None


def numbers(subject: str) -> tuple[int, ...]:
    """Return the numbers of cases in a subject: as we write them first, then as people do."""
    ours = [int(one.group(1)) for one in _NUMBER.finditer(subject)]
    theirs = [int(one.group(1) or one.group(2)) for one in _WITHIN.finditer(subject)]
    return tuple(dict.fromkeys((*ours, *theirs)))[:3]


def bare_subject(subject: str) -> str:
    """Return a subject without the words and numbers that answering and threading put into it."""
    return " ".join(_NUMBER.sub(" ", _PREFIX.sub("", _NUMBER.sub(" ", subject))).split())


def _unproven(mail: ParsedMail, authenticity: Authenticity, by_number: ByNumber) -> str:
    """Return why who takes part in a case may not join by its number alone, "" when he may."""
    sender = mail.sender.email if mail.sender else ""
    return "" if by_number is ByNumber.ALWAYS or proven(authenticity, sender) else "unproven"


def _stranger(mail: ParsedMail, candidate: Candidate, authenticity: Authenticity) -> str:
    """Return why the sender may not join by himself, "" when he takes part in the case."""
    sender = mail.sender.email.lower() if mail.sender else ""
    if sender not in candidate.participants and sender.rpartition("@")[2] not in candidate.domains - {""}:
        return "stranger"
    if authenticity.dmarc == "fail":
        return "forged"
    return ""
