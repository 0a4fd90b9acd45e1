"""Tables of web forms: what was held aside, its files, and the secrets that forms are signed with."""

from sqlalchemy import Index, Table

from engine.store.columns import METADATA, key, number, number_key, text

submissions = Table(
    "submissions",
    METADATA,
    key("id"),
    text("org_id"),
    text("channel"),
    text("token_hash"),  # of the form's token, good for one submission
    text("digest"),  # of what was sent
    text("reasons"),  # JSON list of rules
    text("arrival"),  # JSON: what it becomes when it is released; "" once it was deleted
    text("state"),
    text("case_id"),
    text("decided_by"),
    number("held_ms"),
    number("decided_ms"),
    Index("ux_submissions_token", "org_id", "channel", "token_hash", unique=True),
    Index("ix_submissions_state", "org_id", "state", "id"),
)

submission_files = Table(
    "submission_files",
    METADATA,
    key("submission_id"),
    number_key("position"),
    text("org_id"),
    text("sha256"),  # under which the blob store has it
    Index("ix_submission_files_sha256", "sha256"),
)

form_secrets = Table(
    "form_secrets",
    METADATA,
    key("org_id"),
    text("secret"),  # hexadecimal
)
