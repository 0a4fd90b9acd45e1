"""The conditions of the partial indexes, as queries must spell them.

Neither planner can prove a condition that arrives as a bound parameter, so constants are literals here.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, literal_column

from engine.store.cases.tables import activities, attachments, cases, escalations
from engine.store.tables import assignments, entries, interactions, routing_events, segments, work_items

_NOTHING: ColumnElement[str] = literal_column("''")
_ZERO: ColumnElement[int] = literal_column("0")

INTERACTION_OPEN: ColumnElement[bool] = interactions.c.state == literal_column("'open'")
INTERACTION_UNFILED = and_(interactions.c.state == literal_column("'closed'"), interactions.c.case_id == _NOTHING)
HAS_TOKEN: ColumnElement[bool] = interactions.c.token_hash != _NOTHING
HAS_CLIENT_ID: ColumnElement[bool] = entries.c.client_id != _NOTHING
ITEM_PENDING: ColumnElement[bool] = work_items.c.state == literal_column("'pending'")
ITEM_PARKED: ColumnElement[bool] = work_items.c.state == literal_column("'parked'")
HAS_REFERENCE: ColumnElement[bool] = work_items.c.reference != _NOTHING
HAS_REQUEST_KEY: ColumnElement[bool] = work_items.c.request_key != _NOTHING
ITEM_OPEN: ColumnElement[bool] = work_items.c.state != literal_column("'closed'")
ASSIGNMENT_OPEN: ColumnElement[bool] = assignments.c.ended_ms == _ZERO
SEGMENT_OPEN: ColumnElement[bool] = segments.c.ended_ms == _ZERO
SEGMENT_UNANSWERED = and_(SEGMENT_OPEN, segments.c.answered_ms == _ZERO)
EVENT_OF_ITEM: ColumnElement[bool] = routing_events.c.item_id != _NOTHING
HAS_CASE: ColumnElement[bool] = attachments.c.case_id != _NOTHING
CASE_OPEN: ColumnElement[bool] = cases.c.closed_ms == _ZERO
CASE_OVER: ColumnElement[bool] = cases.c.closed_ms > _ZERO
HAS_CASE_REQUEST: ColumnElement[bool] = cases.c.request_key != _NOTHING
ESCALATION_UNDONE: ColumnElement[bool] = escalations.c.done_ms == _ZERO
ACTIVITY_OPEN: ColumnElement[bool] = activities.c.status == literal_column("'open'")
REMINDER_DUE = and_(activities.c.remind_ms > _ZERO, activities.c.reminded_ms == _ZERO)
