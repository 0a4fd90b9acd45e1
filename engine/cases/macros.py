"""Macros: what an agent does again and again, done to a case at one stroke.

A macro is one decision: all of its actions and what follows from them by rules, or nothing. It leaves a firing named
after whoever asked and his id of the request, unique per case, so that it is done once however often it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from engine.cases.changes import Wish, complete, wanted
from engine.cases.deeds import Cause
from engine.cases.draft import CaseRules, Draft, Step, begin
from engine.cases.planner import planner
from engine.cases.saying import Speaker, all_done
from engine.cases.values import case_values
from engine.clock import Clock
from engine.errors import Conflict, CordboardError, NotFound
from engine.ids import NewId
from engine.model.casework import CaseFacts, Decide, Decided, Firing
from engine.model.macro import Macro
from engine.model.organisation import Organisation
from engine.skills.conditions import matches

ONCE = 1
"""The occurrence of what a request leaves behind."""


class MacroRecord(Protocol):
    """Decide on cases in SQL."""

    async def decide(self, org_id: str, case_id: str, decide: Decide, *, actor_id: str = "", now_ms: int) -> Decided:
        """Write what the pure function decides about the case."""
        ...

    async def facts(self, org_id: str, case_id: str, *, now_ms: int) -> CaseFacts:
        """Return what a decision would see now; raise NotFound."""
        ...


class Organisations(Protocol):
    """Know the configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return the organisation; raise NotFound."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """Who asks for something to be done once, and by what id of his."""

    actor_id: str
    agent_name: str
    once: str  # his own id of the request, or the job's; a repeat is nothing

    @property
    def firing(self) -> str:
        """Return the name of what it leaves behind on a case; no rule set's has a colon."""
        return f"asked:{self.actor_id}/{self.once}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Applicable:
    """A macro that a case may have, and what it would do now."""

    macro: Macro
    done: Sequence[Mapping[str, object]] = ()  # its actions, each with a ``fault`` where it would be passed over
    changes: Sequence[Mapping[str, object]] = ()  # field, from, to
    refusal: str = ""  # why all of it would be refused


class Macros:
    """Say which macros a case may have, and do them."""

    def __init__(self, *, record: MacroRecord, organisations: Organisations, clock: Clock, new_id: NewId) -> None:
        self._record = record
        self._organisations = organisations
        self._clock = clock
        self._new_id = new_id

    async def offered(self, org_id: str, case_id: str, asked: Asked) -> Sequence[Applicable]:
        """Return the macros whose condition holds, with what they would do; nothing is written. Raises NotFound."""
        facts = await self._record.facts(org_id, case_id, now_ms=self._clock.now_ms())
        rules = self._rules(org_id)
        draft = begin(facts, rules.organisation.case_statuses)
        values = case_values(draft, rules)
        fitting = (one for one in rules.organisation.macros.values() if matches(one.when, values))
        return [tried(draft, rules, one, asked) for one in fitting]

    async def run(self, org_id: str, case_id: str, key: str, asked: Asked, *, version: int = 0) -> Decided:
        """Do a macro, once by what ``asked`` names.

        Raises NotFound (``unknown-macro``, ``unknown-case``); Conflict (``stale-version``, ``macro-not-offered``);
        InvalidInput where the case would lack what it needs.
        """
        rules = self._rules(org_id)
        first = once(asked, applied(macro_of(rules.organisation, key), asked, version=version))
        decide = planner(rules, first=first)
        return await self._record.decide(org_id, case_id, decide, actor_id=asked.actor_id, now_ms=self._clock.now_ms())

    def _rules(self, org_id: str) -> CaseRules:
        return CaseRules(organisation=self._organisations.get(org_id), new_id=self._new_id)


def macro_of(organisation: Organisation, key: str) -> Macro:
    """Return a macro; raise NotFound."""
    macro = organisation.macros.get(key)
    if macro is None:
        raise NotFound(f"there is no macro {key}", slug="unknown-macro")
    return macro


def once(asked: Asked, first: Step) -> Step:
    """Return the step that does ``first`` unless what ``asked`` names was done to the case before."""

    def step(draft: Draft, rules: CaseRules) -> Draft:
        if draft.fired(asked.firing, ONCE):
            return draft
        now_ms = draft.now_ms
        firing = Firing(case_id=draft.case.id, step=asked.firing, occurrence=ONCE, due_ms=now_ms, at_ms=now_ms)
        return first(draft, rules).with_firing(firing)

    return step


def applied(macro: Macro, asked: Asked, *, version: int = 0) -> Step:
    """Return the step that does a macro, and tells of it in the history under the name of who asked."""

    def step(draft: Draft, rules: CaseRules) -> Draft:
        draft = wanted(Wish(version=version))(draft, rules)
        if not matches(macro.when, case_values(draft, rules)):
            raise Conflict(f"the macro {macro.key} is not for this case as it is now", slug="macro-not-offered")
        cause = Cause(rule_set=macro.key, name=macro.name, why=f"macro: {macro.name}", due_ms=draft.now_ms)
        speaker = Speaker(name=asked.agent_name, answers=True)
        draft, done = all_done(draft, rules, macro.actions, cause, speaker)
        draft = draft.with_line("macro", key=macro.key, name=macro.name, actions=done)
        return complete(_as_asked(draft), rules)

    return step


def tried(draft: Draft, rules: CaseRules, macro: Macro, asked: Asked) -> Applicable:
    """Return what a macro would do to a case, from the same code that does it."""
    try:
        after = applied(macro, asked)(draft, rules)
    except CordboardError as refused:
        return Applicable(macro=macro, refusal=str(refused))
    done = after.decision.lines[-1].data["actions"]
    assert isinstance(done, list)
    changed = dict.fromkeys(one.field for one in after.decision.changes)
    changes = [{"field": name, "from": getattr(draft.case, name), "to": getattr(after.case, name)} for name in changed]
    return Applicable(macro=macro, done=done, changes=changes)


def _as_asked(draft: Draft) -> Draft:
    """Let everything decided so far be the doing of who asked: nothing else was decided before."""
    decision = draft.decision
    changes = tuple(replace(one, asked=True) for one in decision.changes)
    lines = tuple(replace(one, asked=True) for one in decision.lines)
    return replace(draft, decision=replace(decision, changes=changes, lines=lines))
