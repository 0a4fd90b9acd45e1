"""What must fit between the sections: references, and settings that only make sense together."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from zoneinfo import ZoneInfoNotFoundError

from engine.config.files import Place
from engine.config.problems import Problem, did_you_mean
from engine.config.schema import AgentSection, ChannelSection, Configuration, QueueSection, RuleSection
from engine.config.texts import LANGUAGES, texts
from engine.config.validate import Sections
from engine.model.organisation import BUILT_IN_KINDS
from engine.skills.business_time import time_zone

FRAME_OVERHEAD = 1_024
"""A frame holds a message and its envelope."""


class Checker:
    """Collect what does not fit."""

    def __init__(self, sections: Sections) -> None:
        self.problems: list[Problem] = []
        self._sections = sections

    def refuse(self, place: Place, detail: str, *, mend: str = "") -> None:
        """Note that the value at ``place`` is wrong."""
        self.problems.append(self._sections.problem(place, detail, mend=mend))

    def known(self, place: Place, name: str, names: Collection[str], *, what: str) -> None:
        """Note a problem unless ``name`` is one of ``names``."""
        if name not in names:
            self.refuse(place, f"there is no {what} '{_short(name)}'", mend=did_you_mean(name, names))

    def all_known(self, place: Place, chosen: Sequence[str], names: Collection[str], *, what: str) -> None:
        """Check every entry of a list, and that none stands twice."""
        for index, name in enumerate(chosen):
            self.known((*place, index), name, names, what=what)
            if name in chosen[:index]:
                self.refuse((*place, index), f"'{_short(name)}' stands here twice", mend="Remove one.")

    def skills_known(self, place: Place, skills: Iterable[str], configuration: Configuration) -> None:
        """Check the names of skills."""
        for skill in skills:
            self.known((*place, skill), skill, configuration.skills, what="skill")

    def zone_known(self, place: Place, name: str) -> None:
        """Check the name of a time zone."""
        try:
            time_zone(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            mend = "Use an IANA name such as Europe/Berlin; the system's package is called tzdata."
            self.refuse(place, f"there is no time zone '{_short(name)}'", mend=mend)

    def kinds_known(self, place: Place, chosen: Sequence[str], configuration: Configuration) -> None:
        """Check the names of kinds of work."""
        kinds = {*BUILT_IN_KINDS, *configuration.kinds}
        self.all_known(place, chosen, kinds, what="kind of work")


def check(configuration: Configuration, checker: Checker) -> None:
    """Check everything that more than one section has a say in."""
    _check_languages(configuration, checker)
    _check_organisation(configuration, checker)
    _check_statuses(configuration, checker)
    _check_queues(configuration, checker)
    _check_profiles(configuration, checker)
    for key, channel in configuration.channels.items():
        _check_channel(("channels", key), channel, configuration, checker)
    _check_rules(configuration, checker)
    _check_leads(configuration, checker)
    for login, agent in configuration.agents.items():
        _check_agent(("agents", login), agent, configuration, checker)


def _check_languages(configuration: Configuration, checker: Checker) -> None:
    for place, text in texts(configuration):
        for language in text.languages:
            checker.known((*place, language), language, LANGUAGES, what="language")


def _check_organisation(configuration: Configuration, checker: Checker) -> None:
    own = configuration.organisation
    checker.zone_known(("organisation", "time_zone"), own.time_zone)
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", own.locale):
        mend = "Use a language tag such as en or zh-CN."
        checker.refuse(("organisation", "locale"), f"'{_short(own.locale)}' is no locale", mend=mend)
    if own.missed_status:
        place = ("organisation", "missed_status")
        checker.known(place, own.missed_status, configuration.statuses, what="status")
        status = configuration.statuses.get(own.missed_status)
        if status and status.channels:
            checker.refuse(place, "a status that takes channels would go on getting the offers that are missed")


def _check_statuses(configuration: Configuration, checker: Checker) -> None:
    offline = [key for key, section in configuration.statuses.items() if section.kind == "offline"]
    if not offline:
        checker.refuse(("statuses",), "no status is of kind offline", mend="Exactly one must be: who signs out has it.")
    for key in offline[1:]:
        mend = f"'{offline[0]}' is one; who signs out must have exactly one to go to."
        checker.refuse(("statuses", key, "kind"), "a second status of kind offline", mend=mend)
    for key, status in configuration.statuses.items():
        checker.kinds_known(("statuses", key, "channels"), status.channels, configuration)
    for key in offline:
        if configuration.statuses[key].channels:
            checker.refuse(("statuses", key, "channels"), "a status of kind offline takes no channels")


def _check_queues(configuration: Configuration, checker: Checker) -> None:
    for key, queue in configuration.queues.items():
        place = ("queues", key)
        checker.skills_known((*place, "skills"), queue.skills, configuration)
        if queue.hours:
            checker.known((*place, "hours"), queue.hours, configuration.hours, what="opening hours")
        if queue.accept == "automatic" and queue.offer_to > 1:
            mend = "Set offer_to: 1, or accept: manual."
            checker.refuse((*place, "offer_to"), "what is accepted at once cannot be offered to several", mend=mend)
        if queue.service_level and not (queue.service_level.within or queue.target):
            mend = "Add within, or a target to the queue."
            checker.refuse((*place, "service_level"), "the service level has no time to answer within", mend=mend)
        _check_wrapup(place, queue, configuration, checker)
        _check_relaxation(key, queue, configuration, checker)
        _check_overflow(key, queue, configuration, checker)


def _check_wrapup(place: Place, queue: QueueSection, configuration: Configuration, checker: Checker) -> None:
    timed = queue.wrapup_mode == "timed" and queue.wrapup > 0
    if (timed or queue.wrapup_mode == "manual") and not configuration.dispositions:
        mend = "Add a section dispositions, or set wrapup_mode: none."
        checker.refuse(place, "the queue has a wrap-up, but there is no disposition to end it with", mend=mend)


def _check_relaxation(key: str, queue: QueueSection, configuration: Configuration, checker: Checker) -> None:
    last = 0
    for index, step in enumerate(queue.relaxation):
        place = ("queues", key, "relaxation", index)
        checker.skills_known((*place, "lower"), step.lower, configuration)
        checker.all_known((*place, "drop"), step.drop, configuration.skills, what="skill")
        checker.all_known((*place, "widen"), step.widen, configuration.queues, what="queue")
        if key in step.widen:
            checker.refuse((*place, "widen"), f"'{key}' is the queue itself", mend="Remove it.")
        if not (step.lower or step.drop or step.widen):
            checker.refuse(place, "the step relaxes nothing", mend="Add lower, drop or widen, or remove it.")
        if step.after <= last:
            checker.refuse((*place, "after"), "the step comes no later than the one before", mend="Order them by time.")
        last = step.after


def _check_overflow(key: str, queue: QueueSection, configuration: Configuration, checker: Checker) -> None:
    for why in type(queue.overflow).model_fields:
        target = getattr(queue.overflow, why)
        place = ("queues", key, "overflow", why)
        if target is None or target.do:
            continue
        checker.known(place, target.to, configuration.queues, what="queue")
        if target.to == key:
            checker.refuse(place, f"'{key}' overflows to itself", mend="Name another queue.")


def _check_profiles(configuration: Configuration, checker: Checker) -> None:
    for key, profile in configuration.profiles.items():
        place = ("profiles", key, "channels")
        for kind, capacity in profile.channels.items():
            checker.kinds_known((*place, kind, "interruptible_by"), capacity.interruptible_by, configuration)
            checker.known((*place, kind), kind, {*BUILT_IN_KINDS, *configuration.kinds}, what="kind of work")
            for name, weight in (("weight", capacity.weight), ("parked_weight", capacity.parked_weight)):
                if weight > profile.units:
                    what = f"one {'parked ' if name != 'weight' else ''}{kind}"
                    detail = f"{what} weighs {weight}, more than all {profile.units} units"
                    checker.refuse((*place, kind, name), detail)


def _check_channel(place: Place, channel: ChannelSection, configuration: Configuration, checker: Checker) -> None:
    checker.known((*place, "queue"), channel.queue, configuration.queues, what="queue")
    least = channel.limits.message_bytes + FRAME_OVERHEAD
    if channel.limits.frame_bytes < least:
        mend = f"At least {least} for messages of {channel.limits.message_bytes}."
        checker.refuse((*place, "limits", "frame_bytes"), "a frame could not hold the longest message", mend=mend)


def _check_rules(configuration: Configuration, checker: Checker) -> None:
    names: set[str] = set()
    last = len(configuration.rules) - 1
    for index, rule in enumerate(configuration.rules):
        place = ("rules", index)
        if rule.name in names:
            checker.refuse((*place, "name"), f"a second rule is called '{rule.name}'")
        names.add(rule.name)
        _check_rule(place, rule, configuration, checker)
        if rule.final and not rule.when.model_dump(exclude_defaults=True) and index < last:
            mend = "Move it to the end, give it a condition, or set final: false."
            checker.refuse(place, f"rule '{rule.name}' always matches, so no later rule is ever asked", mend=mend)


def _check_rule(place: Place, rule: RuleSection, configuration: Configuration, checker: Checker) -> None:
    when, then = rule.when, rule.then
    checker.all_known((*place, "when", "channels"), when.channels, configuration.channels, what="channel")
    topics = {topic for channel in configuration.channels.values() for topic in channel.topics}
    checker.all_known((*place, "when", "topics"), when.topics, topics, what="topic")
    if then.queue:
        checker.known((*place, "then", "queue"), then.queue, configuration.queues, what="queue")
    checker.skills_known((*place, "then", "skills"), then.skills, configuration)
    checker.skills_known((*place, "then", "preferred_skills"), then.preferred_skills, configuration)
    if not (then.queue or then.skills or then.preferred_skills or then.priority):
        checker.refuse(
            (*place, "then"), f"rule '{rule.name}' decides nothing", mend="Name a queue, skills or a priority."
        )


def _check_leads(configuration: Configuration, checker: Checker) -> None:
    queue = configuration.leads.queue
    if not queue:
        return
    checker.known(("leads", "queue"), queue, configuration.queues, what="queue")
    if not any("lead" in profile.channels for profile in configuration.profiles.values()):
        mend = "Add lead to the channels of a profile, and of the statuses in which it is taken."
        checker.refuse(("leads", "queue"), "no capacity profile takes work of the kind lead", mend=mend)


def _check_agent(place: Place, agent: AgentSection, configuration: Configuration, checker: Checker) -> None:
    checker.all_known((*place, "queues"), [entry.queue for entry in agent.queues], configuration.queues, what="queue")
    checker.skills_known((*place, "skills"), agent.skills, configuration)
    if agent.profile:
        checker.known((*place, "profile"), agent.profile, configuration.profiles, what="profile")
    elif agent.queues:
        checker.refuse(place, "who takes work from queues needs a capacity profile", mend="Add profile: …")


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"
