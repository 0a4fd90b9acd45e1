"""Quick texts and macros from checked sections; every name in them is looked up."""

from __future__ import annotations

from collections.abc import Iterator

from engine.config.compile_escalation import read_actions
from engine.config.condition_fields import condition_fields
from engine.config.condition_schema import read_condition
from engine.config.crosscheck import Checker
from engine.config.files import Place
from engine.config.macro_schema import MacroActionSection, MacroSection
from engine.config.quick_text_schema import QuickTextSection
from engine.config.schema import Configuration
from engine.model.macro import Macro, MacroAction, QuickText, Say
from engine.skills.merging import QUICK_FIELDS, unknown


def compile_quick_texts(configuration: Configuration, checker: Checker) -> dict[str, QuickText]:
    """Check the quick texts and return them by key."""
    return {
        key: _quick_text(key, section, configuration, checker) for key, section in configuration.quick_texts.items()
    }


def _quick_text(key: str, section: QuickTextSection, configuration: Configuration, checker: Checker) -> QuickText:
    place: Place = ("quick_texts", key)
    checker.all_known((*place, "channels"), section.channels, configuration.channels, what="channel")
    checker.all_known((*place, "queues"), section.queues, configuration.queues, what="queue")
    written = section.text
    texts = dict(written) if isinstance(written, dict) else {}
    _check_merges((*place, "text"), "" if texts else str(written), configuration, checker)
    for language, text in texts.items():
        _check_merges((*place, "text", language), text, configuration, checker)
    return QuickText(
        key=key,
        name=str(section.name),
        text=next(iter(texts.values())) if texts else str(written),
        texts=texts,
        folder=section.folder,
        channels=frozenset(section.channels),
        queues=frozenset(section.queues),
    )


def _check_merges(place: Place, text: str, configuration: Configuration, checker: Checker) -> None:
    own = {f"case.fields.{key}" for key in configuration.fields.case}
    known = {name for name in QUICK_FIELDS if not name.endswith("*")} | own
    for name in unknown(text, known):
        checker.refuse(place, f"there is no merge field {{{name}}}", mend=f"Known: {', '.join(sorted(known))}.")


def compile_macros(configuration: Configuration, checker: Checker) -> dict[str, Macro]:
    """Check the macros and return them by key."""
    return {key: _macro(key, section, configuration, checker) for key, section in configuration.macros.items()}


def _macro(key: str, section: MacroSection, configuration: Configuration, checker: Checker) -> Macro:
    place: Place = ("macros", key)
    actions = (
        action
        for index, written in enumerate(section.actions)
        for action in read_macro_actions((*place, "actions", index), written, configuration, checker)
    )
    condition = read_condition(section.when, (*place, "when"), condition_fields(configuration), checker.refuse)
    return Macro(key=key, name=str(section.name), actions=tuple(actions), when=condition)


def read_macro_actions(
    place: Place, written: MacroActionSection, configuration: Configuration, checker: Checker
) -> Iterator[MacroAction]:
    """Yield what an action written at ``place`` comes to; what does not fit goes to ``checker``."""
    for name, said in (("reply", written.reply), ("note", written.note)):
        if said is not None:
            checker.known((*place, name), said, configuration.quick_texts, what="quick text")
            yield MacroAction(say=Say(quick_text=said, public=name == "reply"))
            return
    for action in read_actions(written, configuration, checker, place):
        yield MacroAction(action=action)
