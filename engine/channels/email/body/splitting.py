"""Split a mail's text: what was written now, what it quotes, signature, what was passed on. Pure; nothing is lost.

When in doubt the words are the customer's: an agent who sees a line too many loses seconds, one who does not see a
line answers wrongly. Where somebody answers between the lines of what he quotes, all of it is shown, for without
the questions the answers say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from engine.channels.email.body import phrases
from engine.channels.email.html_text import BREAK
from engine.model.mail import Forwarded, MailBody, Mailbox

MOST_LINES = 5_000
"""Lines that are looked at; what follows stays with the last of them."""
WRAPPED_LINES = 4
"""Lines over which the line before a quotation may be wrapped."""
MOST_SIGNATURE_LINES = 15
LONGEST_ATTRIBUTION = 400

_QUOTED = re.compile(r"^\s{0,3}(?:>|&gt;)")
_NAMES = "|".join(f"(?P<{name.replace('-', '_')}>{words})" for name, words in phrases.HEADER_NAMES.items())
_HEADER = re.compile(
    rf"^\s{{0,4}}[>*_|\s]{{0,6}}\*{{0,2}}(?:{_NAMES})\s{{0,3}}\*{{0,2}}\s{{0,3}}[:：]\s{{0,3}}\*{{0,2}}\s{{0,3}}(?P<value>.*)$",
    re.IGNORECASE,
)
_DASHED = r"^[\s>*]{{0,6}}[-_=—–─\*]{{2,40}}\s{{0,3}}(?:{words})\s{{0,3}}:?\s{{0,3}}[-_=—–─\*]{{2,40}}\s*$"
_ORIGINAL = re.compile(_DASHED.format(words=phrases.ORIGINAL), re.IGNORECASE)
_FORWARDED = re.compile(
    _DASHED.format(words=phrases.PASSED_ON)
    + r"|^\s*+(?:begin(?: der)?|début du|inicio del|inizio|begin van|início da)?\s*+"
    + rf"(?:{phrases.PASSED_ON})\s*[:：]\s*$",
    re.IGNORECASE,
)
_RULE = re.compile(r"^\s*_{20,}\s*$")
_ENDS_WROTE = re.compile(rf"(?:{phrases.WROTE})\s{{0,2}}(?:[:：]|$|\.{{3}})\s*$", re.IGNORECASE)
_WROTE_WITHIN = re.compile(rf"(?:\b|(?<=[\s>)]))(?:{phrases.WROTE})(?:\b|(?=\s))[^\n]{{0,160}}[:：]\s*$", re.IGNORECASE)
_STARTS = re.compile(rf"^\s*(?:{phrases.STARTS})(?=[\s,.:]|\d)", re.IGNORECASE)
_QUOTING = re.compile(rf"^\s*(?:{phrases.QUOTING})\s[^\n]{{1,200}}[:：]\s*$", re.IGNORECASE)
_DIRECTIONS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_ENDS_SENTENCE = (".", "!", "?", "。", "！", "？", "…")
_CLOCK = re.compile(
    r"\b\d{1,2}\s?[:.h時点时]\s?\d{2}\b|\b\d{4}[-/.年]\s?\d{1,2}[-/.月]\s?\d{1,2}|\b\d{1,2}[./]\s?\d{1,2}[./]\s?\d{2,4}\b|\b(?:19|20)\d\d\b"
)
_DIGIT = re.compile(r"\d")
_ADDRESSED = re.compile(r"<?[^\s<>]{1,64}@[^\s<>]{1,255}>?")
_GMAIL_CJK = re.compile(r"^\s*\d{4}\s?[年./-].{5,60}[^\n]{1,120}<[^\s<>]+@[^\s<>]+>\s*[:：]?\s*$")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Cut:
    """Where what is not new begins."""

    at: int  # number of the line
    after: int  # of the first line of what is quoted or passed on
    rule: str
    forwarded: bool = False


def split_text(text: str, *, subject: str = "") -> MailBody:
    """Take a text apart. ``subject`` tells what was passed on from what is answered."""
    lines = text.replace("\r\n", "\n").split("\n", MOST_LINES)
    passing = bool(re.match(r"\s*(fwd?|fw|wg|tr|rv|enc|i|vb|pd|vl|转发|轉寄|転送)\s*[:：]", subject, re.IGNORECASE))
    cut = _first_cut(lines, passing=passing)
    if cut is None:
        return _signed(lines, ())
    before, after = lines[: cut.at], lines[cut.at :]
    if cut.forwarded:
        return replace(_signed(before, (cut.rule,)), forwarded=_passed_on(lines[cut.after :]))
    answers = _answers_below(lines[cut.after :])
    if answers is not None and not _said(before):
        return _below(lines, cut, answers)
    if answers is not None and cut.rule != "program":
        return _signed(lines, (cut.rule, "answers between the lines"))
    body = _signed(before, (cut.rule,))
    return replace(body, quoted=_joined([one for one in after if one != BREAK]))


def _first_cut(lines: Sequence[str], *, passing: bool) -> _Cut | None:
    """Return the first line from which on somebody else speaks."""
    tail = _quoted_tail(lines)
    cuts = (_cut_at(lines, at, tail, passing=passing) for at, line in enumerate(lines) if line.strip())
    return next((cut for cut in cuts if cut), None)


def _cut_at(lines: Sequence[str], at: int, tail: int, *, passing: bool) -> _Cut | None:
    """Return the cut if somebody else speaks from this line on."""
    line = lines[at]
    if line == BREAK:
        return _program_cut(lines, at, passing=passing)
    if _FORWARDED.match(line):
        return _Cut(at=at, after=at + 1, rule="passed on", forwarded=True)
    if _ORIGINAL.match(line):
        return _Cut(at=at, after=at + 1, rule="original message", forwarded=passing)
    if headers := _headers_at(lines, at):
        start = at - 1 if at and _RULE.match(lines[at - 1]) else at
        return _Cut(at=start, after=at if passing else at + headers, rule="headers", forwarded=passing)
    if length := _attribution_at(lines, at):
        return _Cut(at=at, after=at + length, rule="attribution")
    quoted = at >= tail and _QUOTED.match(line)
    return _Cut(at=at, after=at, rule="quoted to the end") if quoted else None


def _program_cut(lines: Sequence[str], at: int, *, passing: bool) -> _Cut:
    """Return the cut where a program began to quote; what follows at once tells whether it passes something on."""
    following = lines[at + 1 : at + 30]
    cut = _first_cut(following, passing=passing)
    forwarded = cut is not None and cut.forwarded and not _said(following[: cut.at])
    after = at + 1 + (cut.after if cut and forwarded else 0)
    return _Cut(at=at, after=after, rule="program", forwarded=forwarded)


def _headers_at(lines: Sequence[str], at: int) -> int:
    """Return how many lines of quoted headers begin here, 0 when none do: at least From, and two others."""
    seen: dict[str, None] = {}
    for offset, line in enumerate(lines[at : at + 12]):
        found = _header_in(line)
        if found is None:
            if not line.strip() and len(seen) < 3:
                if offset == 0:
                    return 0
                continue
            if seen and line.strip() and offset and _continues(line):
                continue
            return offset if _are_headers(seen) else 0
        name = str(found.lastgroup if found.lastgroup != "value" else _named(found))
        if not seen and name not in ("from", "sent", "subject"):
            return 0
        seen[name] = None
    return len(lines[at : at + 12]) if _are_headers(seen) else 0


@lru_cache(maxsize=16)
def _header_in(line: str) -> re.Match[str] | None:
    """Return the header in a line, which is asked for from each of the lines before it."""
    return _HEADER.match(line)


def _named(found: re.Match[str]) -> str:
    return next(name for name in phrases.HEADER_NAMES if found.group(name.replace("-", "_")) is not None)


def _are_headers(seen: dict[str, None]) -> bool:
    return len(seen) >= 3 and "from" in seen


def _continues(line: str) -> bool:
    """Say whether a line goes on with the addresses of the one before."""
    return bool(_ADDRESSED.search(line)) and not line.rstrip().endswith((".", "?", "!"))


def _attribution_at(lines: Sequence[str], at: int) -> int:
    """Return how many lines the words before a quotation take, 0 when there are none."""
    said = ""
    for count, line in enumerate(lines[at : at + WRAPPED_LINES], 1):
        if not line.strip() or line == BREAK or _QUOTED.match(line):
            return 0
        said = f"{said} {line.strip()}".strip()
        if len(said) > LONGEST_ATTRIBUTION:
            return 0
        followed = _followed_by_quotation(lines, at + count)
        if _is_attribution(said, followed=followed):
            rest = " ".join(one.strip() for one in lines[at + 1 : at + count])
            return 0 if _said_above(lines[at]) and _is_attribution(rest, followed=followed) else count
    return 0


def _said_above(line: str) -> bool:
    """Say whether a line is rather the last of what was written than the first of the words before a quotation."""
    if _DIGIT.search(line) or _ADDRESSED.search(line):
        return False
    return not _STARTS.match(line) or line.rstrip().endswith(_ENDS_SENTENCE)


def _is_attribution(said: str, *, followed: bool) -> bool:
    """Say whether words come before a quotation: they end with "wrote", and have a date or an address besides."""
    said = _DIRECTIONS.sub("", said)
    if followed and _QUOTING.match(said):
        return True
    if not followed and not _DIGIT.search(said):  # then it needs a date; nearly every line of a mail ends here
        return False
    dated, addressed = bool(_CLOCK.search(said)), bool(_ADDRESSED.search(said))
    if _GMAIL_CJK.match(said):
        return True
    if not (_ENDS_WROTE.search(said) or _WROTE_WITHIN.search(said)):
        return followed and dated and addressed and said.endswith((":", "："))
    if followed:
        return dated or addressed or bool(_STARTS.match(said))
    return dated and (addressed or bool(_STARTS.match(said)))


def _followed_by_quotation(lines: Sequence[str], at: int) -> bool:
    following = next((line for line in lines[at : at + 3] if line.strip()), "")
    return bool(_QUOTED.match(following))


def _quoted_tail(lines: Sequence[str]) -> int:
    """Return the line from which on everything is quoted, empty, or what a telephone writes."""
    for number in range(len(lines) - 1, -1, -1):
        line = lines[number]
        if line.strip() and not _QUOTED.match(line) and not phrases.SENT_FROM.match(line):
            return number + 1
    return 0


def _answers_below(after: Sequence[str]) -> int | None:
    """Return the first line beneath a quotation where somebody speaks who is not quoted; None when nobody does."""
    quoted = [number for number, line in enumerate(after) if _QUOTED.match(line)]
    if not quoted:
        return None
    for number in range(quoted[0], len(after)):
        line = after[number]
        if not line.strip() or _QUOTED.match(line) or line == BREAK or phrases.SENT_FROM.match(line):
            continue
        if phrases.SIGNATURE.match(line):
            return None
        return number
    return None


def _below(lines: Sequence[str], cut: _Cut, answers: int) -> MailBody:
    """Return a mail that quotes first: what stands beneath the last quotation, or all if it answers in between."""
    after = lines[cut.after :]
    last_quoted = max(number for number, line in enumerate(after) if _QUOTED.match(line))
    if answers < last_quoted:
        return _signed(list(lines), (cut.rule, "answers between the lines"))
    body = _signed(after[answers:], (cut.rule, "answers below"))
    return replace(body, quoted=_joined([*lines[cut.at : cut.after], *after[:answers]]))


def _signed(lines: Sequence[str], rules: tuple[str, ...]) -> MailBody:
    """Tell words from the signature beneath them."""
    kept = [line for line in lines if line != BREAK]
    while kept and (not kept[-1].strip() or _RULE.match(kept[-1])):
        kept.pop()
    at = next((number for number, line in enumerate(kept) if number and phrases.SIGNATURE.match(line)), None)
    if at is not None and len(kept) - at - 1 <= MOST_SIGNATURE_LINES and _said(kept[:at]):
        return MailBody(new=_joined(kept[:at]), signature=_joined(kept[at + 1 :]), rules=(*rules, "signature"))
    if len(kept) > 1 and phrases.SENT_FROM.match(kept[-1]):
        return MailBody(new=_joined(kept[:-1]), signature=kept[-1].strip(), rules=(*rules, "sent from"))
    return MailBody(new=_joined(kept), rules=rules)


def _passed_on(lines: Sequence[str]) -> Forwarded:
    """Read who wrote what was passed on."""
    plain = [re.sub(r"^\s{0,3}>\s?", "", line) for line in lines if line != BREAK]
    start = next((number for number, line in enumerate(plain) if line.strip()), len(plain))
    said: dict[str, str] = {}
    end = start
    for number, line in enumerate(plain[start : start + 12], start):
        found = _HEADER.match(line)
        if found is None and (not line.strip() or not said or not _continues(line)):
            end = number
            break
        if found is not None:
            said.setdefault(_named(found), found.group("value").strip().strip("*").strip())
        end = number + 1
    return Forwarded(
        sender=_sender(said.get("from", "")),
        subject=said.get("subject", ""),
        date=said.get("sent", ""),
        text=_joined(plain[end:]),
    )


def _sender(said: str) -> Mailbox | None:
    """Read ``Ana Müller <ana@shop.example>`` and what programs make of it: ``[mailto:…]``, an address twice."""
    found = _ADDRESSED.search(said.replace("[mailto:", "<").replace("mailto:", "").replace("]", ">"))
    if found is None:
        return Mailbox(email="", name=said[:200]) if said else None
    name = said[: found.start()].strip(" \"'<[(*")
    return Mailbox(email=found.group().strip("<>()[]\"'*,;"), name=name[:200])


def _said(lines: Sequence[str]) -> bool:
    """Say whether anybody says anything in these lines."""
    return any(line.strip() and line != BREAK and not phrases.SENT_FROM.match(line) for line in lines)


def _joined(lines: Sequence[str]) -> str:
    return "\n".join(lines).strip("\n")
