"""How a ladder begins: by its own trigger, or by an action of an automation rule or a macro. Pure.

What an action begins is a ladder like any other: its steps are taken from now on, and it stops for the same reasons.
Where one of the rule set stands already the action does nothing, so that a rule may do it at each message.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.cases.draft import CaseRules, Draft
from engine.cases.triggers import is_over, ladders
from engine.cases.values import case_values
from engine.model.casework import Firing
from engine.model.escalation import BEGUN, STARTABLE, RuleSet, TriggerKind, Until
from engine.skills.conditions import judge, reasons


def begun_by_action(draft: Draft, rules: CaseRules, key: str, *, why: str) -> tuple[Draft, str]:
    """Begin a ladder now; return what came of it: "" where it stands now, else why it was not begun."""
    rule_set = rules.organisation.escalations.get(key)
    if rule_set is None or rule_set.trigger.kind not in STARTABLE:
        return draft, f"there is no rule set {key} that can be begun"
    so_far = ladders(draft, rule_set)
    if so_far.standing:
        return draft, ""
    if len(so_far.begun) >= rule_set.most:
        return draft, f"it has begun {len(so_far.begun)} times already"
    if Until.OWNED in rule_set.until and draft.case.owner_id:
        return draft, "the case has an owner"
    verdict = judge(rule_set.when, case_values(draft, rules))
    if not verdict.held:
        return draft, "its condition does not hold"
    seen = {"trigger": TriggerKind.ACTION.value, "cause": why}
    return begun(draft, rule_set, so_far.next, due_ms=draft.now_ms, seen=seen, because=reasons(verdict)), ""


def begun(
    draft: Draft, rule_set: RuleSet, occurrence: int, *, due_ms: int, seen: Mapping[str, object],
    because: list[dict[str, object]],
) -> Draft:  # fmt: skip
    """Write that a ladder begins: ``seen`` is what its trigger saw, ``because`` why its condition held."""
    why = {**seen, **({"because": because} if because else {}), **({"over": True} if is_over(draft) else {})}
    draft = draft.with_firing(
        Firing(
            case_id=draft.case.id,
            step=rule_set.firing(BEGUN),
            occurrence=occurrence,
            due_ms=due_ms,
            at_ms=draft.now_ms,
            why=why,
        )
    )
    if not rule_set.steps[0].after_ms:
        return draft  # the first step says it all
    return draft.with_line(
        "escalation_begun", rule_set=rule_set.key, name=rule_set.name, occurrence=occurrence, due_ms=due_ms, **why
    )
