"""The table that says which configuration of clocks each organisation's cases have been told of."""

from sqlalchemy import Table

from engine.store.columns import METADATA, key, number, text

clock_marks = Table(
    "clock_marks",
    METADATA,
    key("org_id"),
    text("digest"),  # of hours, milestones and plans
    text("case_id"),  # told up to here
    number("done"),  # 1 = all are told
)
