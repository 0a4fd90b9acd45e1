"""Classify an arrival by the organisation's rules: which queue, which skills, which priority.

Rules are asked in the order in which they are written. A rule matches when all of its conditions hold. The first
matching rule that names a queue decides the queue; skills are joined at the highest level, priorities are added up.
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
    arrival = _Arrival(
        channel=channel_key,
        topic=topic,
        language=primary_language(locale),
        words=fold(f"{topic}\n{_topic_name(channel, topic)}\n{text}"),
    )
    queue, skills, priority, matched = "", dict[str, int](), 0, list[str]()
    for rule in organisation.rules:
        if not _matches(rule, arrival):
            continue
        matched.append(rule.name)
        queue = queue or rule.queue
        skills = merge(skills, rule.skills)
        priority += rule.priority
        if rule.final:
            break
    queue = queue or channel.queue
    required = merge(organisation.queues[queue].skills, skills)
    return Plan(queue=queue, requirement=Requirement(skills=required), priority=priority, rules=tuple(matched))


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
