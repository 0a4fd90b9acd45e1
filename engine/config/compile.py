"""Checked sections to the organisation's nouns: every reference resolves, or it is refused with file and line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from engine.config.compile_approvals import compile_approvals
from engine.config.compile_assignment import compile_assignment
from engine.config.compile_automation import compile_automation
from engine.config.compile_cases import check_cases, compile_fields, compile_statuses, compile_types
from engine.config.compile_email import check_emails, compile_email
from engine.config.compile_escalation import check_teams, compile_escalations, compile_teams
from engine.config.compile_form import check_forms, compile_form
from engine.config.compile_macros import compile_macros, compile_quick_texts
from engine.config.compile_plans import check_plans, compile_milestones, compile_plans
from engine.config.compile_visibility import check_visibility, compile_visibility
from engine.config.compile_voice import check_voice, compile_voice, phone_of
from engine.config.crosscheck import Checker, check
from engine.config.files import Document, read_calendars, read_directory
from engine.config.opening import Calendars, compile_hours
from engine.config.problems import refusal
from engine.config.schema import (
    AgentSection,
    CapacitySection,
    ChannelSection,
    Configuration,
    KindSection,
    OverflowSection,
    OverflowTextsSection,
    ProfileSection,
    QueueSection,
    RelaxationSection,
    RuleSection,
    StatusSection,
)
from engine.config.texts import translations
from engine.config.validate import Sections, validate
from engine.model.chat_limits import ChatLimits
from engine.model.hours import Hours
from engine.model.organisation import (
    BUILT_IN_KINDS,
    RANK,
    Accept,
    AgentOrder,
    AgentSetup,
    CapacityProfile,
    CasePolicy,
    Channel,
    ChannelCapacity,
    KindRule,
    OnAgentLost,
    Organisation,
    OverflowTo,
    PresenceStatus,
    Pressure,
    Queue,
    Ranking,
    RelaxationStep,
    Role,
    Rule,
    ServiceLevel,
    Skill,
    StatusKind,
    WrapupMode,
)


def load(directory: Path) -> Organisation:
    """Read, check and compile the files of ``directory``; the version is 0 until a snapshot gets its number. Blocks.

    Raises:
        ConfigurationError: names file and line of every mistake.
    """
    return compile_documents(read_directory(directory), read_calendars(directory))


def compile_documents(documents: list[Document], calendars: Calendars | None = None) -> Organisation:
    """Check and compile parsed files; ``calendars`` are the iCalendar files beside them.

    Raises:
        ConfigurationError: names file and line of every mistake.
    """
    return compile_sections(documents, calendars)[1]


def compile_sections(documents: list[Document], calendars: Calendars | None = None) -> tuple[Sections, Organisation]:
    """Check and compile parsed files; return where everything stands, too.

    Raises:
        ConfigurationError: names file and line of every mistake.
    """
    sections = validate(documents)
    configuration = sections.configuration
    checker = Checker(sections)
    hours = compile_hours(configuration, calendars or {}, checker)
    check(configuration, checker)
    check_cases(configuration, checker)
    check_forms(configuration, checker)
    check_emails(configuration, checker)
    check_voice(configuration, checker)
    check_plans(configuration, checker)
    check_teams(configuration, checker)
    check_visibility(configuration, checker)
    assignment = compile_assignment(configuration, checker)
    escalations = compile_escalations(configuration, checker)
    quick_texts, macros = compile_quick_texts(configuration, checker), compile_macros(configuration, checker)
    automation = compile_automation(configuration, checker)
    approvals = compile_approvals(configuration, checker)
    if checker.problems:
        raise refusal(checker.problems)
    return sections, replace(
        _organisation(configuration, hours),
        assignment=assignment,
        escalations=escalations,
        quick_texts=quick_texts,
        macros=macros,
        automation=automation,
        approvals=approvals,
    )


def _organisation(configuration: Configuration, hours: Mapping[str, Hours]) -> Organisation:
    own = configuration.organisation
    return Organisation(
        id=own.id,
        name=own.name,
        version=0,
        locale=own.locale,
        time_zone=own.time_zone,
        region=own.region,
        skills={key: Skill(key=key, name=section.name) for key, section in configuration.skills.items()},
        queues={key: _queue(key, section, hours) for key, section in configuration.queues.items()},
        statuses={key: _status(key, section) for key, section in configuration.statuses.items()},
        profiles={key: _profile(key, section) for key, section in configuration.profiles.items()},
        channels={key: _channel(key, section) for key, section in configuration.channels.items()},
        rules=tuple(_rule(section) for section in configuration.rules),
        agents={login: _agent(login, section) for login, section in configuration.agents.items()},
        dispositions=tuple(configuration.dispositions.items()),
        sign_out_status=next(_offline(configuration.statuses)),
        missed_offers=own.missed_offers,
        missed_status=own.missed_status,
        lost_agent_grace_ms=own.lost_agent_grace,
        lease_ms=own.lease,
        fill_pace_ms=own.fill_pace,
        signature_limit=own.signature_limit,
        translations=translations(configuration),
        decline_reasons=tuple(configuration.decline_reasons.items()),
        kinds={**BUILT_IN_KINDS, **{key: _kind(section) for key, section in configuration.kinds.items()}},
        hours=hours,
        case_statuses=compile_statuses(configuration),
        case_types=compile_types(configuration),
        fields=compile_fields(configuration),
        milestones=compile_milestones(configuration),
        plans=compile_plans(configuration),
        teams=compile_teams(configuration),
        visibility=compile_visibility(configuration),
        sales_queue=configuration.leads.queue,
        verifies_entitlements=configuration.entitlements.verify,
    )


def _offline(statuses: Mapping[str, StatusSection]) -> Iterator[str]:
    return (key for key, section in statuses.items() if section.kind == "offline")


def _kind(section: KindSection) -> KindRule:
    return KindRule(on_agent_lost=OnAgentLost(section.on_agent_lost), refusable=section.refusable)


def _queue(key: str, section: QueueSection, hours: Mapping[str, Hours]) -> Queue:
    return Queue(
        key=key,
        name=section.name,
        priority=section.priority,
        priority_step_ms=section.priority_step,
        target_ms=section.target,
        offer_timeout_ms=section.offer_timeout,
        wrapup_ms=section.wrapup,
        decline_memory_ms=section.decline_memory,
        escalate_after_ms=section.escalate_after,
        escalate_priority=section.escalate_priority,
        skills=dict(section.skills),
        hours=hours[section.hours] if section.hours else None,
        order=AgentOrder(section.order),
        ranking=Ranking(section.ranking),
        accept=Accept(section.accept),
        offer_to=section.offer_to,
        relaxation=tuple(_step(step) for step in section.relaxation),
        preferred_skills_wait_ms=section.preferred_skills_wait,
        preferred_wait_ms=section.preferred_wait,
        required_wait_ms=section.required_wait,
        limit_items=section.limit_items,
        limit_wait_ms=section.limit_wait,
        overflow=_overflow(section.overflow),
        overflow_texts=_overflow_texts(section.overflow_texts),
        hold_room_after_ms=section.hold_room_after,
        wrapup_mode=WrapupMode(section.wrapup_mode),
        wrapup_extend_ms=section.wrapup_extend,
        wrapup_extensions=section.wrapup_extensions,
        service_level=_service_level(section),
        plan=section.plan,
    )


def _step(section: RelaxationSection) -> RelaxationStep:
    return RelaxationStep(
        after_ms=section.after,
        lower=dict(section.lower),
        drop=frozenset(section.drop),
        widen=tuple(section.widen),
    )


def _overflow(section: OverflowSection) -> dict[Pressure, OverflowTo]:
    said = {pressure: getattr(section, pressure.value) for pressure in Pressure}
    return {pressure: target for pressure, target in said.items() if target is not None}


def _overflow_texts(section: OverflowTextsSection) -> dict[Pressure, str]:
    said = {pressure: str(getattr(section, pressure.value)) for pressure in Pressure}
    return {pressure: text for pressure, text in said.items() if text}


def _service_level(section: QueueSection) -> ServiceLevel | None:
    goal = section.service_level
    if goal is None:
        return None
    return ServiceLevel(percent=goal.percent, within_ms=goal.within or section.target, amber=goal.amber)


def _status(key: str, section: StatusSection) -> PresenceStatus:
    return PresenceStatus(
        key=key, name=section.name, kind=StatusKind(section.kind), channels=frozenset(section.channels)
    )


def _profile(key: str, section: ProfileSection) -> CapacityProfile:
    channels = {kind: _capacity(capacity) for kind, capacity in section.channels.items()}
    return CapacityProfile(key=key, units=section.units, channels=channels)


def _capacity(section: CapacitySection) -> ChannelCapacity:
    return ChannelCapacity(
        weight=section.weight,
        maximum=section.maximum,
        exclusive=section.exclusive,
        interruptible_by=frozenset(section.interruptible_by),
        needs_empty=section.needs_empty,
        parked_weight=section.parked_weight,
        parked_maximum=section.parked_maximum,
    )


def _channel(key: str, section: ChannelSection) -> Channel:
    return Channel(
        key=key,
        kind=section.kind,
        name=section.name,
        queue=section.queue,
        allowed_origins=tuple(section.allowed_origins),
        topics=tuple(section.topics.items()),
        case_policy=CasePolicy(section.case_policy),
        greeting=section.greeting,
        visitor_grace_ms=section.visitor_grace,
        idle_warning_ms=section.idle_warning,
        idle_close_ms=section.idle_close,
        limits=ChatLimits(**section.limits.model_dump()),
        form=compile_form(section),
        email=compile_email(section),
        voice=compile_voice(section),
    )


def _rule(section: RuleSection) -> Rule:
    return Rule(
        name=section.name,
        channels=frozenset(section.when.channels),
        topics=frozenset(section.when.topics),
        languages=frozenset(section.when.languages),
        keywords=tuple(section.when.keywords),
        queue=section.then.queue,
        skills=dict(section.then.skills),
        preferred=dict(section.then.preferred_skills),
        priority=section.then.priority,
        final=section.final,
    )


def _agent(login: str, section: AgentSection) -> AgentSetup:
    return AgentSetup(
        login=login,
        name=section.name,
        role=Role(section.role),
        profile=section.profile,
        skills=dict(section.skills),
        queues=tuple(entry.queue for entry in section.queues),
        ranks={entry.queue: entry.rank for entry in section.queues if entry.rank != RANK},
        email=section.email,
        phone=phone_of(section),
    )
