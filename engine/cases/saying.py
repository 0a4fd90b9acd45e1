"""What macros and automation rules do and say, action by action: each becomes part of the draft. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.cases.deeds import LONGEST_TEXT, Cause, Deed, do, merge_values
from engine.cases.draft import CaseRules, Draft
from engine.cases.escalation import said_of
from engine.model.casework import Signal, SignalKind
from engine.model.escalation import Action
from engine.model.macro import MacroAction, QuickText, Say
from engine.model.organisation import nearest_text
from engine.skills.merging import merge_known

Doing = Callable[[Draft, CaseRules, Cause, Action], Deed]


@dataclass(frozen=True, kw_only=True, slots=True)
class Speaker:
    """In whose name quick texts are said."""

    name: str
    answers: bool  # what he says to the customer counts as a reply; what a machine says by itself does not


def all_done(
    draft: Draft, rules: CaseRules, actions: Sequence[MacroAction], cause: Cause, speaker: Speaker, *, do: Doing = do
) -> tuple[Draft, list[Mapping[str, object]]]:
    """Do actions in their order; return what was done, each with its ``fault`` where it was passed over.

    ``do``: by a rule; ``attempt`` for who looks himself at what needs somebody's yes.
    """
    done: list[Mapping[str, object]] = []
    for one in actions:
        if one.say is not None:
            draft = _said(draft, rules, one.say, cause, speaker)
            done.append({"action": "reply" if one.say.public else "note", "text": one.say.quick_text})
        if one.action is not None:
            draft, fault = do(draft, rules, cause, one.action)
            said = said_of(one.action)
            done.append({"action": one.action.kind.value, **said, **({"fault": fault} if fault else {})})
    return draft, done


def _said(draft: Draft, rules: CaseRules, action: Say, cause: Cause, speaker: Speaker) -> Draft:
    """Write a quick text on the case; one for the customer counts as a reply to him, unless a machine says it."""
    text = rules.organisation.quick_texts[action.quick_text]
    contact = draft.facts.contact
    values = {**merge_values(draft, rules, cause), "agent.name": speaker.name}
    body = filled(text, contact.language if contact else "", values)
    draft = draft.with_line("comment", body=body, public=action.public)
    if not action.public or not speaker.answers:
        return draft
    case = draft.case
    reply = Signal(
        id=rules.new_id(), org_id=case.org_id, case_id=case.id, kind=SignalKind.REPLY, at_ms=draft.now_ms,
        data={"text": body},
    )  # fmt: skip
    return replace(draft, facts=replace(draft.facts, signals=(*draft.facts.signals, reply)))


def filled(text: QuickText, locale: str, values: Mapping[str, str]) -> str:
    """Return a quick text in the language nearest to ``locale``, with the values; what has none is left empty."""
    said = nearest_text(text.text, text.texts, locale)
    return merge_known(said, values, most=LONGEST_TEXT)
