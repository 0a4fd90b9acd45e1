"""Classify an arrival by the organisation's rules: which queue, which skills, which priority.

Rules are asked in the order in which they are written. A rule matches when all of its conditions hold. The first
matching rule that names a queue decides the queue; skills, and preferred skills, are joined at the highest level,
priorities are added up.
A rule marked ``final`` (the default) ends the search when it matches.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import NotFound
from engine.model.organisation import Channel, Organisation, Rule
from engine.model.work import Plan, Requirement
from engine.skills.qualify import merge
from engine.skills.words import contains, fold


def infer(organisation: Organisation, channel_key: str, topic: str, locale: str, text: str) -> Plan:
    """Classify an arrival: ``topic`` is a topic's key, ``locale`` as the browser names it, ``text`` the first message.

    Pure and bounded: linear in the number of keywords, and only the first 8,192 characters of ``text`` count.

    Raises:
        NotFound: the organisation has no channel ``channel_key``.
    """
    channel = organisation.channels.get(channel_key)
    if channel is None:
        raise NotFound(f"there is no channel {channel_key!r}", slug="unknown-channel")
    plan = _plan(organisation, _asked(channel, topic, locale, text), fallback=channel.queue)
    assert plan is not None  # the channel has a queue
    return plan


def infer_work(
    organisation: Organisation, *, queue: str = "", channel: str = "", topic: str = "", locale: str = "", text: str = ""
) -> Plan | None:
    """Classify work of another system; None when neither it, nor a rule, nor its channel names a queue.

    A ``queue`` that is given stands: the rules then are not asked. Pure, and bounded as ``infer``.
    KeyError: no such queue or channel.
    """
    if queue:
        return Plan(queue=queue, requirement=Requirement(skills=dict(organisation.queues[queue].skills)))
    by = organisation.channels[channel] if channel else None
    return _plan(organisation, _asked(by, topic, locale, text), fallback=by.queue if by else "")


def _asked(channel: Channel | None, topic: str, locale: str, text: str) -> _Arrival:
    return _Arrival(
        channel=channel.key if channel else "",
        topic=topic,
        language=primary_language(locale),
        words=fold(f"{topic}\n{_topic_name(channel, topic) if channel else ''}\n{text}"),
    )


def _plan(organisation: Organisation, arrival: _Arrival, *, fallback: str) -> Plan | None:
    queue, priority, matched = "", 0, list[str]()
    skills, preferred = dict[str, int](), dict[str, int]()
    for rule in organisation.rules:
        if not _matches(rule, arrival):
            continue
        matched.append(rule.name)
        queue = queue or rule.queue
        skills, preferred = merge(skills, rule.skills), merge(preferred, rule.preferred)
        priority += rule.priority
        if rule.final:
            break
    queue = queue or fallback
    if not queue:
        return None
    required = merge(organisation.queues[queue].skills, skills)
    return Plan(
        queue=queue,
        requirement=Requirement(skills=required),
        preferred={skill: level for skill, level in preferred.items() if level > required.get(skill, 0)},
        priority=priority,
        rules=tuple(matched),
    )


def primary_language(locale: str) -> str:
    """Return the primary language subtag of a locale: "zh" of "zh-Hans-CN" or "zh_CN" (RFC 5646, section 2.2.1)."""
    return locale.replace("_", "-").partition("-")[0].strip().lower()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Arrival:
    channel: str
    topic: str
    language: str
    words: str  # folded


def _topic_name(channel: Channel, topic: str) -> str:
    return next((name for key, name in channel.topics if key == topic), "")


def _matches(rule: Rule, arrival: _Arrival) -> bool:
    return (
        (not rule.channels or arrival.channel in rule.channels)
        and (not rule.topics or arrival.topic in rule.topics)
        and (not rule.languages or arrival.language in rule.languages)
        and (not rule.keywords or any(contains(arrival.words, keyword) for keyword in rule.keywords))
    )
