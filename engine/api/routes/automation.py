"""Automation rules: what they did, and what they would do."""

from dataclasses import replace
from operator import attrgetter
from typing import Annotated

from fastapi import Query

from engine.api.access import Parts, Supervisor
from engine.api.operation import Operation
from engine.api.routes.cases import TAG
from engine.api.schemas.automation import RuleAnswer, RuleTrial, TrialAnswer
from engine.api.schemas.model import Page
from engine.api.sight import seen
from engine.model.organisation import nearest_text
from engine.model.visibility import Guarded

Locale = Annotated[str, Query(max_length=35, description="Language of the names.")]


async def list_rules(parts: Parts, who: Supervisor, locale: Locale = "") -> Page[RuleAnswer]:
    """List automation rules.

    In their order, with how often each fired, would have fired, or was held back, and the last firing of which an
    action was passed over, where its case is the caller's to see.
    """
    organisation = parts.organisations.get(who.org_id)
    found = await parts.service.rulebook.states(who.org_id)
    faults = [one.fault for one in found if one.fault is not None]
    shown = await seen(parts, who, Guarded.CASE, faults, attrgetter("case_id"))
    items = []
    for index, one in enumerate(found):
        texts = organisation.in_languages("automation", str(index), "name")
        state = one if one.fault in shown else replace(one, fault=None)
        items.append(RuleAnswer.of(state, name=nearest_text(one.rule.name, texts, locale)))
    return Page(items=items)


async def try_rules(body: RuleTrial, parts: Parts, who: Supervisor) -> TrialAnswer:
    """Try automation rules.

    What would the rules do if this happened to a case now? It may be a case that there is or one made up, and rules in
    force or others. Which would fire, in which order, and what they would change; of the others why not, with the
    values that their conditions saw. It is decided by the same code; nothing is written and nobody is told.
    """
    found = await parts.service.rulebook.try_out(who.org_id, body.imagined(), body.of_case(), written=body.written())
    return TrialAnswer.of(found)


OPERATIONS = (
    Operation(method="GET", path="/automation", handler=list_rules, tag=TAG),
    Operation(
        method="POST",
        path="/automation/try",
        handler=try_rules,
        tag=TAG,
        errors=("unknown-case", "illegal-status"),
    ),
)
