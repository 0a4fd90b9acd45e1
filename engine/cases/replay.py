"""How often would rules have fired? Past cases are gone through again, by their history and conversations. Pure.

Each happening is judged on the case as it was by then, without what the tried rules would have made of it before; but
their firings count, so that ``once`` and the bounds hold. What rules that were in force changed is taken as it was, and
is no occasion. Of milestones only is known that they were met or missed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from engine.cases.automation import Turn, automated
from engine.cases.draft import CaseRules, Draft, begin
from engine.cases.occasions import MERGED
from engine.cases.trying import met, missed
from engine.model.automation import RULE_WHY, WATCHED
from engine.model.case import Case, CaseEvent
from engine.model.case_setup import OVER, kind_of
from engine.model.casework import CaseFacts, Firing, HistoryLine, Signal, SignalKind
from engine.model.conversation import Author, Entry, EntryKind

TOGETHER_MS = 5_000
"""What was told of a case belongs to the decision that follows within this time."""

_FIELDS: Mapping[str, str] = {"owner": "owner_id", **{name: name for name in WATCHED.values()}}
"""Kinds of lines of the history that tell of a changed field → the field."""
_MILESTONES = {"milestone_met": met, "milestone_missed": missed}


@dataclass(frozen=True, kw_only=True, slots=True)
class Past:
    """A case and what happened to it."""

    facts: CaseFacts  # as they are now
    events: Sequence[CaseEvent]  # its history, oldest first
    entries: Sequence[Entry] = ()  # its conversations


@dataclass(frozen=True, kw_only=True, slots=True)
class Replayed:
    """A moment of a case's past, and what rules would have done then."""

    at_ms: int
    turns: Sequence[Turn]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Moment:
    at_ms: int
    events: tuple[CaseEvent, ...] = ()
    signals: tuple[Signal, ...] = ()


def replay(past: Past, rules: CaseRules) -> Iterator[Replayed]:
    """Yield what rules would have done at each moment of a case's past, in order."""
    case, firings = _at_first(past), tuple[Firing, ...]()
    for moment in _moments(past):
        facts = CaseFacts(
            case=case,
            now_ms=moment.at_ms,
            contact=past.facts.contact,
            account_tier=past.facts.account_tier,
            account_owner_id=past.facts.account_owner_id,
            entitlement_kind=past.facts.entitlement_kind,
            recent_contacts=past.facts.recent_contacts,
            signals=moment.signals,
            firings=firings,
        )
        after = automated(_happened(begin(facts, rules.organisation.case_statuses), moment), rules)
        yield Replayed(at_ms=moment.at_ms, turns=after.turns)
        firings += tuple(one for one in after.draft.decision.firings if ":" in one.step)
        case = _then(case, moment.events, rules)


def _at_first(past: Past) -> Case:
    """Return the case as it was opened: everything that was changed since taken back."""
    case = past.facts.case
    for event in reversed(past.events):
        case = _with(case, event, "from")
    return replace(case, reopened=0, closed_ms=0, escalated_ms=0, merged_into="")


def _then(case: Case, events: Sequence[CaseEvent], rules: CaseRules) -> Case:
    """Return the case after ``events``."""
    statuses = rules.organisation.case_statuses
    for event in events:
        was_over = kind_of(statuses, case.status) in OVER
        case = _with(case, event, "to")
        if was_over and kind_of(statuses, case.status) not in OVER:
            case = replace(case, reopened=case.reopened + 1)
        if event.kind == "escalated":
            case = replace(case, escalated_ms=event.at_ms)
    return case


def _with(case: Case, event: CaseEvent, side: str) -> Case:
    """Return the case with a changed field as the event has it on one side: ``from`` or ``to``."""
    name = _FIELDS.get(event.kind)
    if event.kind == "fields" and isinstance(event.data.get("field"), str):
        key, value = str(event.data["field"]), event.data.get(side)
        rest = {other: one for other, one in case.fields.items() if other != key}
        return replace(case, fields=rest if value is None else {**rest, key: value})
    if name is None or side not in event.data:
        return case
    return replace(case, **cast("Any", {name: _of_case(event.data[side])}))


def _of_case(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _happened(draft: Draft, moment: _Moment) -> Draft:
    """Let a draft say what the history says of a moment."""
    for event in moment.events:
        name = "fields" if event.kind == "fields" else _FIELDS.get(event.kind)
        if name is not None and not str(event.data.get("why", "")).startswith(RULE_WHY):
            to = getattr(_with(draft.case, event, "to"), name)
            draft = draft.with_change(name, to, why=str(event.data.get("why", "")), asked=bool(event.actor_id))
        elif event.kind in _MILESTONES:
            draft = _MILESTONES[event.kind](draft, str(event.data.get("milestone", "")))
        elif event.kind == MERGED and "case_id" in event.data:
            draft = draft.with_told(HistoryLine(kind=MERGED, data=event.data))
        elif event.kind == "escalated":
            step = f"{event.data.get('rule_set', '')}/{event.data.get('step', '')}"
            draft = draft.with_firing(Firing(case_id=draft.case.id, step=step, occurrence=0, due_ms=event.at_ms))
    return draft


# -- the moments --------------------------------------------------------------------------------------------------


def _moments(past: Past) -> Sequence[_Moment]:
    """Return the moments of a case's past: lines of one decision together, with what was told shortly before."""
    at: dict[int, _Moment] = {}
    for event in past.events:
        known = at.get(event.at_ms, _Moment(at_ms=event.at_ms))
        at[event.at_ms] = replace(known, events=(*known.events, event))
    decided = sorted(at_ms for at_ms, one in at.items() if any(not event.actor_id for event in one.events))
    for signal in _signals(past):
        at_ms = next((one for one in decided if signal.at_ms <= one <= signal.at_ms + TOGETHER_MS), signal.at_ms)
        known = at.get(at_ms, _Moment(at_ms=at_ms))
        at[at_ms] = replace(known, signals=(*known.signals, signal))
    return [at[at_ms] for at_ms in sorted(at)]


def _signals(past: Past) -> Iterator[Signal]:
    opened_ms = past.facts.case.opened_ms
    said = [one for one in past.entries if one.kind is EntryKind.MESSAGE and one.author is Author.VISITOR]
    first = [one.body for one in said if one.at_ms <= opened_ms]
    found = [_signal(past, "opened", SignalKind.OPENED, opened_ms, text=first[-1] if first else "")]
    for entry in past.entries:
        kind = _kind(entry)
        if kind is not None and entry.at_ms > opened_ms:
            found.append(_signal(past, entry.id, kind, entry.at_ms, text=entry.body))
    for event in past.events:
        if event.kind == "event":
            name = str(event.data.get("name", ""))
            found.append(_signal(past, event.id, SignalKind.EVENT, event.at_ms, name=name))
    yield from sorted(found, key=lambda one: one.at_ms)


def _kind(entry: Entry) -> SignalKind | None:
    if entry.kind is EntryKind.MESSAGE:
        return {Author.VISITOR: SignalKind.MESSAGE, Author.AGENT: SignalKind.REPLY}.get(entry.author)
    return {EntryKind.JOINED: SignalKind.ACCEPTED, EntryKind.ENDED: SignalKind.ENDED}.get(entry.kind)


def _signal(past: Past, signal_id: str, kind: SignalKind, at_ms: int, **data: object) -> Signal:
    case = past.facts.case
    return Signal(id=signal_id, org_id=case.org_id, case_id=case.id, kind=kind, at_ms=at_ms, data=data)
