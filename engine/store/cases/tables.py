"""Tables around the case: what hangs on it, what was promised, what is due, what was done about it.

JSON columns hold text.
"""

from sqlalchemy import Column, ForeignKey, Index, Table, Text

from engine.store.columns import METADATA, key, number, number_key, text, where

cases = Table(
    "cases",
    METADATA,
    key("id"),
    text("org_id"),
    number("number"),
    text("subject"),
    text("contact_id"),
    text("status"),
    number("priority"),
    text("queue"),
    text("owner_id"),
    text("origin"),
    text("topic"),
    number("version"),
    number("opened_ms"),
    number("updated_ms"),
    number("closed_ms"),
    number("escalated_ms"),
    text("description"),
    text("type"),
    text("account_id"),
    text("parent_id"),
    text("team"),
    text("fields"),  # JSON
    text("tags"),  # JSON list, as in case_tags
    text("plan"),  # key of the plan whose milestones run
    text("entitlement_id"),
    text("entitled"),  # entitled | expired | used_up | none | "" = not looked at
    number("reopened"),  # how often
    number("rating"),  # 1 to 5; 0 = none
    number("routed"),  # 1 = it waits for an agent as a work item, whenever it needs one
    text("skills"),  # JSON: asked of who gets it, besides the queue's
    text("item_id"),  # the open work item by which it is routed
    text("merged_into"),
    number("approvals_waiting"),  # how many of them
    text("request_key"),  # the opener's own id of a case opened by hand; "" = none
    number("watched"),  # 1 = what happens to it is told to its clerk
    text("search"),  # number and subject, case-folded
    Index("ux_cases_number", "org_id", "number", unique=True),
    where("ux_cases_request", ("org_id", "request_key"), "request_key <> ''", unique=True),
    Index("ix_cases_status", "org_id", "status", "number"),
    Index("ix_cases_owner", "org_id", "owner_id", "number"),
    Index("ix_cases_owner_status", "org_id", "owner_id", "status", "number"),
    Index("ix_cases_queue", "org_id", "queue", "status", "number"),
    Index("ix_cases_opened", "org_id", "opened_ms", "number"),
    where("ix_cases_open", ("org_id", "number"), "closed_ms = 0"),
    # Of each pair a case is in one: a change is written once.
    where("ix_cases_open_changed", ("org_id", "updated_ms", "number"), "closed_ms = 0"),
    where("ix_cases_over_changed", ("org_id", "updated_ms", "number"), "closed_ms > 0"),
    where("ix_cases_open_priority", ("org_id", "priority", "number"), "closed_ms = 0"),
    where("ix_cases_over_priority", ("org_id", "priority", "number"), "closed_ms > 0"),
    where("ix_cases_account", ("org_id", "account_id", "number"), "account_id <> ''"),
    where("ix_cases_parent", ("org_id", "parent_id"), "parent_id <> ''"),
    Index("ix_cases_contact", "org_id", "contact_id", "number"),
)

case_events = Table(
    "case_events",
    METADATA,
    key("id"),
    text("org_id"),
    Column("case_id", Text, ForeignKey("cases.id"), nullable=False),
    number("number"),  # counts within the case: several events share a millisecond
    number("at_ms"),
    text("kind"),
    text("actor_id"),
    text("client_id"),
    text("data"),
    Index("ux_case_events_case", "case_id", "number", unique=True),
    where("ux_case_events_client", ("case_id", "actor_id", "client_id"), "client_id <> ''", unique=True),
)

escalations = Table(
    "escalations",
    METADATA,
    Column("item_id", Text, ForeignKey("work_items.id"), primary_key=True, nullable=False),
    number_key("segment"),
    text("id"),
    text("org_id"),
    text("queue"),
    number("priority"),
    text("case_id"),
    number("at_ms"),
    number("done_ms"),
    Index("ux_escalations_id", "id", unique=True),
    where("ix_escalations_undone", ("org_id", "at_ms"), "done_ms = 0"),
    where("ix_escalations_case", ("org_id", "case_id", "id"), "case_id <> ''"),
)

case_tags = Table(
    "case_tags",
    METADATA,
    key("case_id"),
    key("tag"),
    text("org_id"),
    Index("ix_case_tags_tag", "org_id", "tag", "case_id"),
)

case_links = Table(
    "case_links",
    METADATA,
    key("case_id"),
    key("kind"),  # case | asset | order
    key("target_id"),
    text("org_id"),
    text("linked_by"),
    number("linked_ms"),
    Index("ix_case_links_target", "org_id", "kind", "target_id"),
)

case_followers = Table(
    "case_followers",
    METADATA,
    key("case_id"),
    key("user_id"),
    text("org_id"),
    number("since_ms"),
    Index("ix_case_followers_user", "org_id", "user_id", "case_id"),
)

attachments = Table(
    "attachments",
    METADATA,
    key("id"),
    text("org_id"),
    text("case_id"),
    text("interaction_id"),
    text("name"),
    text("media_type"),
    number("bytes"),
    text("sha256"),  # under which the blob store has it
    number("public"),  # 1 = the customer may see it
    text("added_by"),
    number("added_ms"),
    where("ix_attachments_case", ("case_id", "id"), "case_id <> ''"),
    where("ix_attachments_interaction", ("interaction_id", "id"), "interaction_id <> ''"),
    Index("ix_attachments_sha256", "sha256"),
)

case_signals = Table(
    "case_signals",
    METADATA,
    key("id"),
    text("org_id"),
    text("case_id"),
    text("kind"),
    number("at_ms"),
    text("data"),  # JSON
    Index("ix_case_signals_org", "org_id", "id"),
    Index("ix_case_signals_case", "case_id", "id"),
)

milestones = Table(
    "milestones",
    METADATA,
    key("id"),
    text("org_id"),
    text("case_id"),
    text("milestone"),  # key of the configured milestone
    number("occurrence"),  # counts from 1: next_response comes again and again
    text("plan"),  # key of the plan that promises it
    text("hours"),  # name of the business hours it runs in; '' = always
    number("target_ms"),  # business time
    text("state"),  # running | paused | met | cancelled
    number("started_ms"),
    number("used_ms"),  # business time until it was last stopped
    number("running_since_ms"),  # 0 = not running
    number("due_ms"),  # by the clock on the wall; 0 = not running
    number("met_ms"),
    number("missed_ms"),
    Index("ux_milestones_case", "case_id", "milestone", "occurrence", unique=True),
    where("ix_milestones_missed", ("org_id", "missed_ms"), "missed_ms > 0"),
    where("ix_milestones_due", ("org_id", "due_ms"), "due_ms > 0"),
)

case_timers = Table(
    "case_timers",
    METADATA,
    key("case_id"),
    key("timer"),  # what is due, by name
    text("org_id"),
    number("at_ms"),
    Index("ix_case_timers_at", "org_id", "at_ms"),
)

firings = Table(
    "firings",
    METADATA,
    key("case_id"),
    key("step"),  # rule set and step
    number_key("occurrence"),
    text("org_id"),
    number("due_ms"),  # when it should have happened
    number("at_ms"),  # when it did
    text("why"),  # JSON: the trigger and what it saw
    Index("ix_firings_at", "org_id", "at_ms"),
)

case_effects = Table(
    "case_effects",
    METADATA,
    key("id"),  # told to the outside, so that a repetition is known as one
    text("org_id"),
    text("case_id"),
    number("number"),  # counts within the case: in this order they were decided
    text("kind"),  # email | webhook | console | board | work
    text("data"),  # JSON
    number("created_ms"),
    number("attempts"),
    number("next_try_ms"),
    number("done_ms"),
    text("fault"),
    where("ix_case_effects_undone", ("kind", "next_try_ms", "id"), "done_ms = 0"),
    Index("ix_case_effects_case", "case_id", "number"),
)

activities = Table(
    "activities",
    METADATA,
    key("id"),
    text("org_id"),
    text("kind"),  # task | event
    text("subject"),
    text("notes"),
    text("status"),  # open | done | cancelled
    number("priority"),
    text("owner_id"),
    text("case_id"),
    text("contact_id"),
    text("account_id"),
    number("starts_ms"),
    number("ends_ms"),
    number("due_ms"),
    number("remind_ms"),
    number("reminded_ms"),
    number("done_ms"),
    text("created_by"),
    number("version"),
    number("created_ms"),
    number("updated_ms"),
    Index("ix_activities_org", "org_id", "id"),
    where("ix_activities_due", ("org_id", "owner_id", "due_ms"), "status = 'open'"),
    where("ix_activities_reminders", ("org_id", "remind_ms"), "remind_ms > 0 AND reminded_ms = 0"),
    where("ix_activities_case", ("case_id", "id"), "case_id <> ''"),
    where("ix_activities_contact", ("contact_id", "id"), "contact_id <> ''"),
    where("ix_activities_account", ("account_id", "id"), "account_id <> ''"),
)

approvals = Table(
    "approvals",
    METADATA,
    key("id"),
    text("org_id"),
    text("case_id"),
    text("process"),  # key of the configured process
    text("state"),  # waiting | approved | refused | timed_out | withdrawn | failed
    number("step"),  # the one that is asked now
    text("changes"),  # JSON: what is done to the case once approved
    text("macro"),  # likewise
    text("reason"),
    text("asked_by"),  # '' = a rule
    number("asked_ms"),
    number("due_ms"),  # 0 = never
    number("remind_ms"),  # 0 = never
    number("decided_ms"),
    text("fault"),
    number("version"),
    Index("ix_approvals_org", "org_id", "id"),
    Index("ix_approvals_case", "case_id", "id"),
    Index("ix_approvals_asked", "org_id", "asked_by", "id"),
    where("ux_approvals_waiting", ("case_id", "process"), "state = 'waiting'", unique=True),
)

approval_turns = Table(
    "approval_turns",
    METADATA,
    key("approval_id"),
    number_key("number"),
    text("org_id"),
    number("step"),
    text("user_id"),  # '' = anybody of the role
    text("role"),
    text("state"),  # waiting | approved | refused | delegated | timed_out | over
    number("asked_ms"),
    text("decided_by"),  # '' = the engine
    number("decided_ms"),
    text("note"),
    number("delegated_from"),  # number of the turn before; 0 = none
    where("ix_approval_turns_user", ("org_id", "user_id"), "state = 'waiting'"),
    where("ix_approval_turns_role", ("org_id", "role"), "state = 'waiting'"),
    where("ix_approval_turns_decided", ("org_id", "decided_by", "approval_id"), "decided_by <> ''"),
)

deputies = Table(
    "deputies",
    METADATA,
    key("id"),
    text("org_id"),
    text("user_id"),  # who is away
    text("deputy_id"),  # the user who stands in
    number("from_ms"),
    number("to_ms"),
    text("note"),
    text("made_by"),
    number("made_ms"),
    Index("ix_deputies_org", "org_id", "to_ms"),
)

views = Table(
    "views",
    METADATA,
    key("id"),
    text("org_id"),
    text("noun"),  # case | contact | account
    text("name"),
    text("owner_id"),
    text("shared"),  # nobody | team | everybody
    text("filter"),  # JSON
    text("columns"),  # JSON list
    text("order"),
    number("version"),
    number("created_ms"),
    number("updated_ms"),
    Index("ix_views_org", "org_id", "noun", "id"),
)

jobs = Table(
    "jobs",
    METADATA,
    key("id"),
    text("org_id"),
    text("kind"),  # bulk_edit | macro | import | export
    text("state"),  # waiting | running | done | failed | cancelled
    text("data"),  # JSON: what is to be done
    text("mark"),  # where it goes on after a crash
    number("total"),
    number("done"),
    number("failed"),
    text("fault"),
    text("asked_by"),
    number("asked_ms"),
    number("begun_ms"),
    number("ended_ms"),
    Index("ix_jobs_org", "org_id", "id"),
    where("ix_jobs_open", ("org_id", "id"), "ended_ms = 0"),
)

job_failures = Table(
    "job_failures",
    METADATA,
    key("job_id"),
    number_key("number"),
    text("org_id"),
    text("ref"),  # the row or case
    text("reason"),
    text("data"),  # JSON: the row as it was given
)
