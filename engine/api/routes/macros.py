"""Quick texts and macros."""

from typing import Annotated

from fastapi import Query

from engine.api.access import Agent, Parts
from engine.api.operation import Operation
from engine.api.routes.cases import TAG, named_case
from engine.api.schemas.macros import MacroAnswer, MacroDone, MacroRun, QuickTextAnswer
from engine.api.schemas.model import Page
from engine.cases.macro_step import Asked
from engine.cases.quick_texts import Place
from engine.errors import Conflict
from engine.model.case import Case
from engine.model.organisation import nearest_text

Id = Annotated[str, Query(max_length=40)]
Locale = Annotated[str, Query(max_length=35, description="Goes before the customer's language.")]


async def list_quick_texts(
    parts: Parts, who: Agent, *, case_id: Id = "", interaction_id: Id = "", queue: Id = "", locale: Locale = ""
) -> Page[QuickTextAnswer]:
    """List quick texts.

    Ready to be inserted where `case_id` or `interaction_id` say: in the language nearest to the customer's, with what
    is known of him and the case put in. Those for other channels or queues are left out.
    """
    place = Place(case_id=case_id, interaction_id=interaction_id, queue=queue, locale=locale)
    found = await parts.service.quick_texts.ready(who.org_id, place, agent_name=who.name)
    names = parts.organisations.get(who.org_id).in_languages
    return Page(
        items=[
            QuickTextAnswer.of(
                one,
                name=nearest_text(one.quick_text.name, names("quick_texts", one.quick_text.key, "name"), locale),
            )
            for one in found
        ]
    )


async def list_case_macros(case_id: str, parts: Parts, who: Agent, locale: Locale = "") -> Page[MacroAnswer]:
    """List a case's macros.

    Those whose condition holds, and what each would do now. Nothing is done: it is a dry run by the same code.
    """
    asked = Asked(actor_id=who.user_id, agent_name=who.name, once="")
    found = await parts.service.macros.offered(who.org_id, case_id, asked)
    names = parts.organisations.get(who.org_id).in_languages
    return Page(
        items=[
            MacroAnswer.of(
                one,
                name=nearest_text(one.macro.name, names("macros", one.macro.key, "name"), locale),
                processes={
                    each["key"]: nearest_text(each["name"], names("approvals", each["key"], "name"), locale)
                    for each in one.needs
                },
            )
            for one in found
        ]
    )


async def run_macro(case_id: str, key: str, body: MacroRun, parts: Parts, who: Agent) -> MacroDone:
    """Do a macro to a case.

    All of it in one step, with what follows by rules; the history names the macro and who asked. The same `client_id`
    is done once. An action that cannot be done is passed over, and says so with a `fault`.
    """
    asked = Asked(actor_id=who.user_id, agent_name=who.name, once=body.client_id)
    try:
        decided = await parts.service.macros.run(who.org_id, case_id, key, asked, version=body.version)
    except Conflict as refused:
        present = refused.fields.get("case")
        if isinstance(present, Case):
            refused.fields["case"] = (await named_case(parts, present, None)).model_dump()
        raise
    parts.floor.case_changed(decided.case)
    done = next((line.data["actions"] for line in decided.decision.lines if line.kind == "macro"), [])
    return MacroDone(case=await named_case(parts, decided.case, None), actions=done if isinstance(done, list) else [])


OPERATIONS = (
    Operation(
        method="GET",
        path="/quick-texts",
        handler=list_quick_texts,
        tag=TAG,
        errors=("unknown-case", "unknown-interaction"),
    ),
    Operation(
        method="GET", path="/cases/{case_id}/macros", handler=list_case_macros, tag=TAG, errors=("unknown-case",)
    ),
    Operation(
        method="POST",
        path="/cases/{case_id}/macros/{key}",
        handler=run_macro,
        tag=TAG,
        errors=("unknown-case", "unknown-macro", "stale-version", "macro-not-offered"),
    ),
)
