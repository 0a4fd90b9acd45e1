"""Tables of telephone calls: the call, its legs, and every report by which both can be made again."""

from sqlalchemy import Index, Table

from engine.store.columns import METADATA, key, number, text, where

calls = Table(
    "calls",
    METADATA,
    key("id"),
    text("org_id"),
    text("channel"),
    text("source"),
    text("reference"),  # the source's own name of it
    text("state"),
    text("direction"),
    text("from_number"),
    text("to_number"),
    text("queue"),  # the source's name of it
    text("interaction_id"),  # whose contact and case are the call's
    text("cause"),
    text("recording"),
    text("given"),  # JSON
    number("known"),
    number("started_ms"),
    number("answered_ms"),
    number("ended_ms"),
    number("since_ms"),
    number("ring_ms"),
    number("talk_ms"),
    number("hold_ms"),
    number("events"),
    number("dropped"),
    number("heard_ms"),
    number("version"),
    number("owed"),  # 1 = the board has to be told
    Index("ux_calls_reference", "org_id", "source", "reference", unique=True),
    Index("ix_calls_org", "org_id", "id"),
    where("ix_calls_interaction", ("org_id", "interaction_id"), "interaction_id <> ''"),
    where("ix_calls_open", ("org_id", "heard_ms"), "state <> 'ended'"),
    where("ix_calls_owed", ("heard_ms", "id"), "owed = 1"),
)

call_legs = Table(
    "call_legs",
    METADATA,
    key("call_id"),
    key("leg_id"),
    text("org_id"),
    text("party"),
    text("agent_id"),
    text("state"),
    text("cause"),
    text("item_id"),  # of the work that it is to its agent
    number("rang_ms"),
    number("answered_ms"),
    number("left_ms"),
    number("ring_ms"),
    number("talk_ms"),
    number("hold_ms"),
    number("since_ms"),
    where("ix_call_legs_agent", ("org_id", "agent_id", "call_id"), "agent_id <> ''"),
    where("ix_call_legs_now", ("org_id", "agent_id"), "agent_id <> '' AND state <> 'left'"),
)

call_events = Table(
    "call_events",
    METADATA,
    key("org_id"),
    key("source"),
    key("event_id"),
    text("call_id"),
    text("data"),  # JSON of the report
    number("at_ms"),
    number("received_ms"),
    Index("ix_call_events_call", "call_id"),
)
