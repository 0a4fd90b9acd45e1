"""Sections of telephony to nouns, and what must fit in them."""

from __future__ import annotations

import re

from engine.config.crosscheck import Checker
from engine.config.files import Place
from engine.config.schema import AgentSection, ChannelSection, Configuration
from engine.config.voice_schema import CallSourceSection, MqttServerSection, PopChoiceSection, PopSection, VoiceSection
from engine.model.voice import (
    GIVEN,
    PLACEHOLDERS,
    URL_PLACEHOLDER,
    CallSource,
    MqttServer,
    Phone,
    PopAction,
    PopChoice,
    PopRules,
    Voice,
)

KIND = "voice"
URL = re.compile(r"^https?://[^\s{}/?#]+(?:[/?#]\S*)?$")
"""A page whose host is fixed: what a caller keys in chooses none."""


def check_voice(configuration: Configuration, checker: Checker) -> None:
    """Check the voice channels, and that a telephone is one agent's only."""
    taken: dict[str, str] = {}
    for key, channel in configuration.channels.items():
        place = ("channels", key, "voice")
        if channel.voice is not None and channel.kind != KIND:
            checker.refuse(place, f"a channel of kind {channel.kind} has no telephone", mend="Use kind: voice.")
        elif channel.kind == KIND and channel.voice is None:
            mend = "Add the section, with at least one of its sources."
            checker.refuse(("channels", key), "a channel of kind voice needs a section voice", mend=mend)
        elif channel.voice is not None:
            _check_sources(place, key, channel.voice, checker, taken)
            _check_places(place, channel.voice, configuration, checker)
            _check_pop((*place, "pop"), channel.voice.pop, checker)
    _check_phones(configuration, checker)


def _check_sources(place: Place, key: str, voice: VoiceSection, checker: Checker, taken: dict[str, str]) -> None:
    for name, source in voice.sources.items():
        _check_kind((*place, "sources", name), source, checker)
        other = taken.setdefault(name, key)
        if other != key:
            detail = f"channel {other} has a source '{name}' already"
            checker.refuse((*place, "sources", name), detail, mend="Give each its own name.")


def _check_kind(place: Place, source: CallSourceSection, checker: Checker) -> None:
    if source.kind == "http" and source.server is not None:
        checker.refuse((*place, "server"), "a source of kind http has no server", mend="Use kind: mqtt.")
    elif source.kind == "http" and source.secret is None:
        checker.refuse(place, "a source of kind http needs a secret", mend="Name the file that holds it.")
    elif source.kind == "mqtt" and source.server is None:
        checker.refuse(place, "a source of kind mqtt needs a server", mend="Add server, with at least its host.")


def _check_places(place: Place, voice: VoiceSection, configuration: Configuration, checker: Checker) -> None:
    for name, queue in voice.queues.items():
        checker.known((*place, "queues", name), queue, configuration.queues, what="queue")
    if not any(KIND in profile.channels for profile in configuration.profiles.values()):
        mend = "Add voice to the channels of a profile (profiles.yaml)."
        checker.refuse(place, "no capacity profile takes work of the kind voice", mend=mend)


def _check_pop(place: Place, section: PopSection, checker: Checker) -> None:
    if section.customer_number and not section.customer_source:
        mend = "Add customer_source: the name that imports of the customers were given."
        checker.refuse((*place, "customer_number"), "it is not said whose numbers these are", mend=mend)
    asked = {name for one in (section.inbound, section.outbound) for name in (one.none, one.one, one.many)}
    if "url" in asked and not section.url:
        checker.refuse(place, "there is no url to open", mend="Add url.")
    if section.url and not URL.match(section.url):
        checker.refuse((*place, "url"), "this is no address of a page", mend="Begin with https:// and the host.")
    for name in URL_PLACEHOLDER.findall(section.url):
        if name not in PLACEHOLDERS and not name.startswith(GIVEN):
            mend = f"Known: {', '.join(PLACEHOLDERS)}, {GIVEN}NAME."
            checker.refuse((*place, "url"), f"there is no placeholder {{{name}}}", mend=mend)


def _check_phones(configuration: Configuration, checker: Checker) -> None:
    taken: dict[str, str] = {}
    for login, agent in configuration.agents.items():
        for name in dict.fromkeys(phone_of(agent).names):
            other = taken.setdefault(name, login)
            if other != login:
                detail = f"'{name}' is the telephone of {other} already"
                checker.refuse(("agents", login, "phone"), detail, mend="Give each agent his own.")


def compile_voice(channel: ChannelSection) -> Voice | None:
    """Return the telephone side of a channel; None where it is of another kind."""
    section = channel.voice
    if section is None or channel.kind != KIND:
        return None
    return Voice(
        sources={
            key: CallSource(
                key=key,
                kind=one.kind,
                secret=one.secret or "",
                server=_server(one.server),
                per_second=one.per_second,
                burst=one.burst,
            )
            for key, one in section.sources.items()
        },
        queues=dict(section.queues),
        pop=_pop(section.pop),
        stale_ringing_ms=section.stale_ringing,
        stale_talking_ms=section.stale_talking,
    )


def _pop(section: PopSection) -> PopRules:
    return PopRules(
        case_number=tuple(section.case_number),
        customer_number=tuple(section.customer_number),
        customer_source=section.customer_source,
        inbound=_choice(section.inbound),
        outbound=_choice(section.outbound),
        url=section.url,
    )


def _choice(section: PopChoiceSection) -> PopChoice:
    return PopChoice(none=PopAction(section.none), one=PopAction(section.one), many=PopAction(section.many))


def _server(section: MqttServerSection | None) -> MqttServer | None:
    if section is None:
        return None
    return MqttServer(
        host=section.host,
        port=section.port or (8883 if section.tls else 1883),
        tls=section.tls,
        ca=section.ca or "",
        user=section.user,
        topic=section.topic,
        keep_ms=section.keep,
    )


def phone_of(agent: AgentSection) -> Phone:
    """Return by what the telephone system knows an agent."""
    section = agent.phone
    if section is None:
        return Phone()
    devices = tuple(one for one in section.devices if one)
    return Phone(extension=section.extension, devices=devices, user=section.user)
