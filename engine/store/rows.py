"""Rows to nouns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import Row

from engine.model.case import Case, CaseEvent
from engine.model.conversation import Author, Entry, EntryKind, Interaction, InteractionState
from engine.model.customer import Contact
from engine.model.organisation import Role
from engine.model.record import Alert, ApiToken, AuditEvent, Escalation, Snapshot
from engine.model.user import Scope, User
from engine.model.work import EventKind, Requirement, RoutingEvent, WorkItem, WorkState
from engine.store.json_text import load, load_names

AnyRow = Row[Any]


def contact_of(row: AnyRow) -> Contact:
    """Read a contact."""
    return Contact(
        id=row.id,
        org_id=row.org_id,
        name=row.name,
        email=row.email,
        language=row.language,
        created_ms=row.created_ms,
        time_zone=row.time_zone,
        tier=row.tier,
        title=row.title,
        notes=row.notes,
        owner_id=row.owner_id,
        fields=load(row.fields),
        merged_into=row.merged_into,
        version=row.version,
        updated_ms=row.updated_ms,
    )


def interaction_of(row: AnyRow) -> Interaction:
    """Read an interaction."""
    return Interaction(
        id=row.id,
        org_id=row.org_id,
        channel=row.channel,
        kind=row.kind,
        conversation_key=row.conversation_key,
        contact_id=row.contact_id,
        state=InteractionState(row.state),
        case_id=row.case_id,
        locale=row.locale,
        topic=row.topic,
        last_seq=row.last_seq,
        delivered_seq=row.delivered_seq,
        read_seq=row.read_seq,
        agent_read_seq=row.agent_read_seq,
        opened_ms=row.opened_ms,
        closed_ms=row.closed_ms,
        close_reason=row.close_reason,
        last_visitor_ms=row.last_visitor_ms,
        warned_ms=row.warned_ms,
    )


def entry_of(row: AnyRow) -> Entry:
    """Read a line of a transcript."""
    return Entry(
        id=row.id,
        interaction_id=row.interaction_id,
        seq=row.seq,
        kind=EntryKind(row.kind),
        author=Author(row.author),
        author_id=row.author_id,
        author_name=row.author_name,
        client_id=row.client_id,
        body=row.body,
        at_ms=row.at_ms,
        data=load(row.data),
    )


def requirement_of(text: str) -> Requirement:
    """Read a requirement."""
    return Requirement(skills=cast("Mapping[str, int]", load(text)))


def age_of(row: AnyRow, now_ms: int) -> int:
    """Return how long a work item has waited in all: pending, queued and offered time."""
    if row.state == WorkState.PENDING:
        return max(0, now_ms - max(cast("int", row.created_ms), cast("int", row.not_before_ms)))
    running = max(0, now_ms - row.waiting_since_ms) if row.waiting_since_ms else 0
    return cast("int", row.waited_ms) + running


def item_of(row: AnyRow, now_ms: int) -> WorkItem:
    """Read a work item; its age is told as of ``now_ms``."""
    return WorkItem(
        id=row.id,
        org_id=row.org_id,
        kind=row.kind,
        queue=row.queue,
        requirement=requirement_of(row.requirement),
        weight=row.weight,
        preferred=cast("Mapping[str, int]", load(row.preferred)),
        preferred_agent=row.preferred_agent,
        preferred_required=bool(row.preferred_required),
        due_ms=row.due_ms,
        not_before_ms=row.not_before_ms,
        parent_id=row.parent_id,
        attributes=load(row.attributes),
        reference=row.reference,
        contact_id=row.contact_id,
        priority=row.priority,
        age_ms=age_of(row, now_ms),
        segment_ms=row.segment_ms,
        interaction_id=row.interaction_id,
        case_id=row.case_id,
        created_ms=row.created_ms,
        state=WorkState(row.state),
        agent_id=row.agent_id,
        assignment=row.assignment,
    )


def case_of(row: AnyRow) -> Case:
    """Read a case."""
    return Case(
        id=row.id,
        org_id=row.org_id,
        number=row.number,
        subject=row.subject,
        contact_id=row.contact_id,
        status=row.status,
        priority=row.priority,
        queue=row.queue,
        owner_id=row.owner_id,
        origin=row.origin,
        topic=row.topic,
        version=row.version,
        opened_ms=row.opened_ms,
        updated_ms=row.updated_ms,
        closed_ms=row.closed_ms,
        escalated_ms=row.escalated_ms,
        description=row.description,
        type=row.type,
        account_id=row.account_id,
        parent_id=row.parent_id,
        team=row.team,
        fields=load(row.fields),
        tags=load_names(row.tags),
        plan=row.plan,
        entitlement_id=row.entitlement_id,
        entitled=row.entitled,
        reopened=row.reopened,
        rating=row.rating,
        routed=bool(row.routed),
        skills=cast("Mapping[str, int]", load(row.skills)),
        item_id=row.item_id,
        merged_into=row.merged_into,
        approvals_waiting=row.approvals_waiting,
    )


def case_event_of(row: AnyRow) -> CaseEvent:
    """Read a line of a case's history."""
    return CaseEvent(
        id=row.id,
        case_id=row.case_id,
        at_ms=row.at_ms,
        kind=row.kind,
        actor_id=row.actor_id,
        data=load(row.data),
        number=row.number,
    )


def event_of(row: AnyRow) -> RoutingEvent:
    """Read a routing event."""
    return RoutingEvent(
        org_id=row.org_id,
        epoch=row.epoch,
        seq=row.seq,
        stream_id=row.stream_id,
        at_ms=row.at_ms,
        kind=EventKind(row.kind),
        item_id=row.item_id,
        agent_id=row.agent_id,
        queue=row.queue,
        assignment=row.assignment,
        data=load(row.data),
    )


def user_of(row: AnyRow) -> User:
    """Read a user."""
    return User(
        id=row.id,
        org_id=row.org_id,
        login=row.login,
        name=row.name,
        role=Role(row.role),
        active=bool(row.active),
        locale=row.locale,
    )


def token_of(row: AnyRow) -> ApiToken:
    """Read an API token."""
    return ApiToken(
        id=row.id,
        org_id=row.org_id,
        name=row.name,
        role=Role(row.role),
        user_id=row.user_id,
        created_ms=row.created_ms,
        expires_ms=row.expires_ms,
        revoked_ms=row.revoked_ms,
        scopes=tuple(Scope(one) for one in row.scopes.split()),
    )


def escalation_of(row: AnyRow) -> Escalation:
    """Read an escalation."""
    return Escalation(
        id=row.id,
        org_id=row.org_id,
        item_id=row.item_id,
        queue=row.queue,
        priority=row.priority,
        case_id=row.case_id,
        at_ms=row.at_ms,
        done=row.done_ms > 0,
    )


def alert_of(row: AnyRow) -> Alert:
    """Read an alert."""
    return Alert(
        id=row.id,
        org_id=row.org_id,
        kind=row.kind,
        at_ms=row.at_ms,
        data=load(row.data),
        acknowledged_ms=row.acknowledged_ms,
        acknowledged_by=row.acknowledged_by,
        user_id=row.user_id,
    )


def snapshot_of(row: AnyRow) -> Snapshot:
    """Read a configuration snapshot."""
    return Snapshot(
        org_id=row.org_id,
        version=row.version,
        digest=row.digest,
        compiled=bytes(row.compiled),
        applied_ms=row.applied_ms,
        name=row.name,
        author=row.author,
    )


def audit_event_of(row: AnyRow) -> AuditEvent:
    """Read a line of the audit log."""
    return AuditEvent(
        id=row.id,
        org_id=row.org_id,
        at_ms=row.at_ms,
        actor_id=row.actor_id,
        action=row.action,
        target=row.target,
        data=load(row.data),
    )
