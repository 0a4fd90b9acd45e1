"""Automation: the configured rules do what they are for when they hear of it. A step of the planner; pure.

The rules are gone through in their order, in rounds, until none has anything new to hear. What one does is an occasion
for the others, and for the milestones. Each rule fires at most once in a decision; so rules that undo each other's work
end, and the history says which they were. Over many decisions a rule is held once it has fired too often on the case.

Every firing is a firing of the case, with its number: so it happens once, whoever decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import cast

from engine.cases.deeds import Cause
from engine.cases.draft import CaseRules, Draft
from engine.cases.escalation import escalation_again
from engine.cases.milestones import milestones_again
from engine.cases.occasions import Occasion, hears, occasions
from engine.cases.saying import Speaker, all_done
from engine.cases.standing import standing
from engine.cases.values import before_values, case_values
from engine.model.automation import (
    MOST_FIRINGS,
    MOST_ROUNDS,
    RULE_WHY,
    AutomationRule,
    Enabled,
    Once,
)
from engine.model.casework import Firing
from engine.model.escalation import BEGUN
from engine.skills.conditions import judge, reasons

HOUR_MS = 3_600_000


class Outcome(StrEnum):
    """What became of a rule that was asked."""

    FIRED = "fired"
    WOULD_FIRE = "would_fire"  # it is in dry run
    NOT_HEARD = "not_heard"  # nothing happened that it listens to
    CONDITION = "condition"  # does not hold
    ONCE = "once"  # it fires once for a case, and has
    HELD = "held"  # it fired too often
    AGAIN = "again"  # it fired in this decision, and would undo what came after it
    STOPPED = "stopped"  # a rule before it let none be asked any more
    DISABLED = "disabled"


class Hold(StrEnum):
    """Why a rule is held back."""

    HOUR = "hour"  # so often within an hour
    FIRINGS = "firings"  # so often on this case
    AGAIN = "again"  # once in a decision
    ROUNDS = "rounds"  # the rules were gone through so often


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """What became of a rule at its turn, and why."""

    rule: AutomationRule
    outcome: Outcome
    round: int
    occasion: Occasion | None = None  # that it heard of; None: of nothing
    because: Sequence[Mapping[str, object]] = ()  # the tests that decided, with what was seen
    done: Sequence[Mapping[str, object]] = ()  # its actions, each with a ``fault`` where it was passed over
    changes: Sequence[Mapping[str, object]] = ()  # field, from, to
    hold: Hold | None = None
    stopped_by: str = ""  # key of the rule


@dataclass(frozen=True, kw_only=True, slots=True)
class Automated:
    """The draft after all rules, and what became of each."""

    draft: Draft
    turns: Sequence[Turn] = ()
    rounds: int = 0


def automation(draft: Draft, rules: CaseRules) -> Draft:
    """Let the rules do what they are for."""
    if not rules.organisation.automation or draft.case.merged_into:
        return draft
    return automated(draft, rules).draft


def automated(draft: Draft, rules: CaseRules) -> Automated:
    """Let the rules do what they are for; return what became of each of them, too."""
    return _Run(draft, rules).whole()


@dataclass(kw_only=True, slots=True)
class _Known:
    """What the run knows of one rule."""

    judged: set[str] = field(default_factory=set)  # ids of occasions that it was asked about
    fired: bool = False
    told: bool = False  # that it is not done again


class _Run:
    """Go through the rules for one decision; lives for one call."""

    def __init__(self, draft: Draft, rules: CaseRules) -> None:
        self._draft = draft
        self._rules = rules
        self._active = [one for one in rules.organisation.automation if one.enabled is not Enabled.FALSE]
        self._known = {one.key: _Known() for one in self._active}
        self._turns: list[Turn] = []
        self._round = 0
        self._stopped_by = ""
        self._heard_in: Draft | None = None
        self._heard: tuple[Occasion, ...] = ()
        self._seen_in: Draft | None = None
        self._seen: Mapping[str, object] = {}

    def whole(self) -> Automated:
        """Go through the rules until nothing new is heard."""
        self._turns += [Turn(rule=one, outcome=Outcome.DISABLED, round=0) for one in self._disabled()]
        fired = True
        while fired and not self._stopped_by and self._round < MOST_ROUNDS:
            self._round += 1
            self._draft = _followed(self._draft, self._rules)
            fired = self._once_through()
        if fired:
            self._draft = escalation_again(self._draft, self._rules)
        if fired and not self._stopped_by:
            self._tell_of_rounds()
        return Automated(draft=self._draft, turns=self._turns, rounds=self._round)

    def _disabled(self) -> Sequence[AutomationRule]:
        return [one for one in self._rules.organisation.automation if one.enabled is Enabled.FALSE]

    def _once_through(self) -> bool:
        """Ask each rule once, in order; say whether one changed anything."""
        before = self._draft
        for rule in self._active:
            if self._stopped_by:
                if not self._known[rule.key].judged:
                    self._note(rule, Outcome.STOPPED, stopped_by=self._stopped_by)
                continue
            self._ask(rule)
        began = _beginnings(self._draft) != _beginnings(before)
        return self._draft.case is not before.case or self._draft.facts is not before.facts or began

    def _ask(self, rule: AutomationRule) -> None:
        known = self._known[rule.key]
        heard = self._newly_heard(rule)
        known.judged.update(one.id for one in self._occasions())
        if not heard:
            if self._round == 1:
                self._note(rule, Outcome.NOT_HEARD)
        elif known.fired:
            self._ask_again(rule, heard)
        elif rule.once is Once.CASE and self._last(rule.firing):
            self._note(rule, Outcome.ONCE, occasion=heard)
        else:
            self._judge(rule, heard)

    def _newly_heard(self, rule: AutomationRule) -> Occasion | None:
        """Return the first occasion that the rule listens to and was not asked about."""
        judged = self._known[rule.key].judged
        new = (one for one in self._occasions() if one.id not in judged)
        return next((one for one in new if any(hears(on, one) for on in rule.on)), None)

    def _judge(self, rule: AutomationRule, heard: Occasion) -> None:
        verdict = judge(rule.when, self._values())
        because = reasons(verdict)
        if not verdict.held:
            self._note(rule, Outcome.CONDITION, occasion=heard, because=because)
            return
        hold = self._hold(rule)
        if hold:
            self._note(rule, Outcome.HELD, occasion=heard, because=because, hold=hold)
            self._tell_of_hold(rule, hold, heard)
            return
        self._fire(rule, heard, because)

    # -- firing ---------------------------------------------------------------------------------------------------

    def _fire(self, rule: AutomationRule, heard: Occasion, because: list[dict[str, object]]) -> None:
        known, before, dry = self._known[rule.key], self._draft, rule.enabled is Enabled.DRY_RUN
        after, done = self._do(rule)
        changes = changed_fields(before, after)
        outcome = Outcome.WOULD_FIRE if dry else Outcome.FIRED
        self._note(rule, outcome, occasion=heard, because=because, done=done, changes=changes)
        said: dict[str, object] = {"rule": rule.key, "name": rule.name, "occasion": heard.told(), "because": because}
        said |= {"actions": done, **({"dry_run": True, "changes": changes} if dry else {})}
        faults = [str(one["fault"]) for one in done if "fault" in one]
        self._draft = self._with_firing(before if dry else after, rule.firing, heard, faults=faults).with_line(
            "automation", **said
        )
        known.fired = True
        known.judged.update(one.id for one in self._occasions())  # what it does itself is no news to it
        if rule.stop and not dry:
            self._stopped_by = rule.key

    def _do(self, rule: AutomationRule) -> tuple[Draft, list[Mapping[str, object]]]:
        cause = Cause(rule_set=rule.key, name=rule.name, why=f"{RULE_WHY}{rule.name}", due_ms=self._draft.now_ms)
        speaker = Speaker(name=self._rules.organisation.name, answers=False)
        return all_done(self._draft, self._rules, rule.actions, cause, speaker)

    def _with_firing(self, draft: Draft, step: str, heard: Occasion, **more: object) -> Draft:
        why: dict[str, object] = {"occasion": heard.kind.value, **{name: one for name, one in more.items() if one}}
        occurrence, now_ms = self._last(step) + 1, draft.now_ms
        return draft.with_firing(
            Firing(case_id=draft.case.id, step=step, occurrence=occurrence, due_ms=now_ms, at_ms=now_ms, why=why)
        )

    # -- the guards -----------------------------------------------------------------------------------------------

    def _ask_again(self, rule: AutomationRule, heard: Occasion) -> None:
        """It fires once in a decision; where it would change the case anew, rules are at odds: say so, once."""
        known = self._known[rule.key]
        if known.told or rule.enabled is Enabled.DRY_RUN or not self._would_change(rule):
            return
        known.told = True
        self._note(rule, Outcome.AGAIN, occasion=heard, hold=Hold.AGAIN)
        self._tell_of_hold(rule, Hold.AGAIN, heard)

    def _would_change(self, rule: AutomationRule) -> bool:
        if not judge(rule.when, self._values()).held or (rule.once is Once.CASE and self._last(rule.firing)):
            return False
        return self._do(rule)[0].case != self._draft.case

    def _hold(self, rule: AutomationRule) -> Hold | None:
        if self._last(rule.firing) >= MOST_FIRINGS:
            return Hold.FIRINGS
        since_ms = self._draft.now_ms - HOUR_MS
        lately = sum(1 for one in self._firings(rule.firing) if one.at_ms > since_ms)
        return Hold.HOUR if lately >= rule.most_per_hour else None

    def _tell_of_hold(self, rule: AutomationRule, hold: Hold, heard: Occasion) -> None:
        """Say that a rule is held back; for as long as it does not fire between, once."""
        last_ms = max((one.at_ms for one in self._firings(rule.firing)), default=0)
        told = (one.at_ms for one in self._firings(rule.holding) if one.why.get("reason") == hold.value)
        if hold is not Hold.AGAIN and max(told, default=-1) >= last_ms:
            return
        said = {"rule": rule.key, "name": rule.name, "reason": hold.value, "occasion": heard.told()}
        dry = {"dry_run": True} if rule.enabled is Enabled.DRY_RUN else {}
        held = self._with_firing(self._draft, rule.holding, heard, reason=hold.value)
        self._draft = held.with_line("automation_held", **said, **dry, most_per_hour=rule.most_per_hour)

    def _tell_of_rounds(self) -> None:
        """Say which rules had still to be asked when the rounds were over."""
        for rule in self._active:
            heard = self._newly_heard(rule)
            if heard and not self._known[rule.key].fired and judge(rule.when, self._values()).held:
                self._note(rule, Outcome.HELD, occasion=heard, hold=Hold.ROUNDS)
                self._tell_of_hold(rule, Hold.ROUNDS, heard)

    # -- what is known ---------------------------------------------------------------------------------------------

    def _occasions(self) -> tuple[Occasion, ...]:
        if self._heard_in is not self._draft:
            self._heard_in, self._heard = self._draft, occasions(self._draft)
        return self._heard

    def _values(self) -> Mapping[str, object]:
        if self._seen_in is not self._draft:
            self._seen_in = self._draft
            self._seen = {**case_values(self._draft, self._rules), **before_values(self._draft, self._rules)}
        return self._seen

    def _firings(self, step: str) -> Sequence[Firing]:
        taken = (*self._draft.facts.firings, *self._draft.decision.firings)
        return [one for one in taken if one.step == step]

    def _last(self, step: str) -> int:
        """Return the number of the last firing of this name, 0 without one."""
        return max((one.occurrence for one in self._firings(step)), default=0)

    def _note(self, rule: AutomationRule, outcome: Outcome, **more: object) -> None:
        self._turns.append(Turn(rule=rule, outcome=outcome, round=self._round, **more))  # type: ignore[arg-type]  # of Turn


def _followed(draft: Draft, rules: CaseRules) -> Draft:
    """Return what follows of itself from what rules did: status, milestones, steps of ladders that were begun."""
    return milestones_again(standing(escalation_again(draft, rules), rules), rules)


def _beginnings(draft: Draft) -> int:
    """Return how many ladders the decision has begun so far."""
    return sum(1 for one in draft.decision.firings if one.step.endswith(f"/{BEGUN}"))


def changed_fields(before: Draft, after: Draft) -> list[dict[str, object]]:
    """Return what differs between two drafts of a decision: field, from, to; each custom field by itself."""
    found: list[dict[str, object]] = []
    made = after.decision.changes[len(before.decision.changes) :]
    for name in dict.fromkeys(one.field for one in made):
        was, now = getattr(before.case, name), getattr(after.case, name)
        if name == "fields":
            old, new = cast("Mapping[str, object]", was), cast("Mapping[str, object]", now)
            keys = sorted(old.keys() | new.keys())
            pairs = [(f"fields.{key}", old.get(key), new.get(key)) for key in keys]
        else:
            pairs = [(name, was, now)]
        found += [{"field": field, "from": old, "to": new} for field, old, new in pairs if old != new]
    return found
