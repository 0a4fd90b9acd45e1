"""A macro as a step of a decision, once, and its dry run. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from engine.cases.changes import Wish, complete, wanted
from engine.cases.deeds import Cause, attempt
from engine.cases.draft import CaseRules, Draft, Step
from engine.cases.guarding import guard
from engine.cases.saying import Speaker, all_done
from engine.cases.values import case_values
from engine.errors import Conflict, CordboardError, NotFound
from engine.model.casework import Firing
from engine.model.macro import Macro
from engine.model.organisation import Organisation
from engine.skills.conditions import matches

ONCE = 1
"""The occurrence of what a request leaves behind."""


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
    needs: Sequence[Mapping[str, str]] = ()  # processes (key, name) whose yes it needs, and why it would be refused
    asked: bool = False  # that yes is waited for already


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


def applied(macro: Macro, asked: Asked, *, version: int = 0, approved: bool = False) -> Step:
    """Return the step that does a macro, and tells of it in the history under the name of who asked.

    ``approved``: whoever has to has said yes.
    """

    def step(draft: Draft, rules: CaseRules) -> Draft:
        before = draft = wanted(Wish(version=version))(draft, rules)
        if not matches(macro.when, case_values(draft, rules)):
            raise Conflict(f"the macro {macro.key} is not for this case as it is now", slug="macro-not-offered")
        why = f"macro: {macro.name}"
        cause = Cause(rule_set=macro.key, name=macro.name, why=why, due_ms=draft.now_ms, actor_id=asked.actor_id)
        speaker = Speaker(name=asked.agent_name, answers=True)
        draft, done = all_done(draft, rules, macro.actions, cause, speaker, do=attempt)
        if not approved:
            guard(before, draft, rules, macro=macro.key)
        draft = draft.with_line("macro", key=macro.key, name=macro.name, actions=done)
        return complete(_as_asked(draft), rules)

    return step


def tried(draft: Draft, rules: CaseRules, macro: Macro, asked: Asked) -> Applicable:
    """Return what a macro would do to a case, from the same code that does it."""
    try:
        after = applied(macro, asked)(draft, rules)
    except CordboardError as refused:
        if refused.slug != "needs-approval":
            return Applicable(macro=macro, refusal=str(refused))
        needs, waiting = refused.fields["processes"], refused.fields["approval_ids"]
        return Applicable(macro=macro, refusal=str(refused), needs=cast("Any", needs), asked=bool(waiting))
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
