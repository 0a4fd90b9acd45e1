"""Tables of mail: received and outgoing ones with their files, addresses, polled mailboxes, secrets of tokens."""

from sqlalchemy import Index, Table

from engine.store.columns import METADATA, key, number, number_key, text, where

mails = Table(
    "mails",
    METADATA,
    key("id"),
    text("org_id"),
    text("channel"),
    text("fingerprint"),  # the same mail has the same one, by whatever way it came
    text("raw_sha256"),  # of its source; "" once that was deleted
    text("source"),
    text("mailbox"),
    text("envelope_from"),
    text("envelope_to"),  # JSON list
    text("peer"),
    text("state"),
    text("reason"),
    text("nature"),
    text("message_id"),
    text("sender"),  # address, lower case
    text("subject"),
    text("summary"),  # JSON of a MailSummary; "" until it was read
    text("clue"),
    text("case_id"),
    text("interaction_id"),
    text("contact_id"),
    text("item_id"),  # of the open work that it joined
    text("decided_by"),
    number("size"),
    number("received_ms"),
    number("tries"),
    number("next_ms"),  # of a received one: not to be read before
    number("confidence"),
    number("entry_seq"),
    number("filed_ms"),
    number("decided_ms"),
    Index("ux_mails_fingerprint", "org_id", "fingerprint", unique=True),
    where("ix_mails_message_id", ("org_id", "message_id"), "message_id <> ''"),
    where("ix_mails_unread", ("next_ms", "id"), "state = 'received'"),
    where("ix_mails_joined", ("org_id", "item_id"), "state = 'joined'"),
    where("ix_mails_waiting", ("org_id", "state", "id"), "state IN ('held', 'quarantined')"),
    where("ix_mails_case", ("org_id", "case_id", "id"), "case_id <> ''"),
    Index("ix_mails_contact", "org_id", "contact_id", "id"),
    Index("ix_mails_interaction", "org_id", "interaction_id", "id"),
    Index("ix_mails_raw", "raw_sha256"),
)

mail_files = Table(
    "mail_files",
    METADATA,
    key("mail_id"),
    number_key("position"),  # 0 = its HTML, then as the parts are numbered
    text("org_id"),
    text("sha256"),
    text("name"),
    text("media_type"),
    text("content_id"),
    text("attachment_id"),  # of the case; "" = not named there
    number("size"),
    number("inline"),
    Index("ix_mail_files_sha256", "sha256"),
)

outgoing = Table(
    "outgoing",
    METADATA,
    key("id"),
    text("org_id"),
    text("channel"),
    text("kind"),
    text("case_id"),
    text("interaction_id"),
    text("answers"),  # id of a received mail
    text("author_id"),
    text("client_id"),
    text("message_id"),
    text("letter"),  # JSON: the mail as it is written
    text("raw_sha256"),  # of its source as it is sent, made at the first try; "" before
    text("state"),
    text("fault"),
    number("entry_seq"),
    number("created_ms"),
    number("not_before_ms"),
    number("next_ms"),  # of a waiting one: the next try
    number("tries"),
    number("settled_ms"),
    number("blocked"),  # 1 = set aside: its channel cannot send
    where("ux_outgoing_client", ("org_id", "author_id", "client_id"), "client_id <> ''", unique=True),
    where("ix_outgoing_due", ("next_ms", "id"), "state = 'waiting'"),
    where("ix_outgoing_acknowledged", ("org_id", "channel", "created_ms"), "kind = 'acknowledgement'"),
    where("ix_outgoing_sent_source", ("org_id", "channel", "settled_ms"), "raw_sha256 <> '' AND settled_ms > 0"),
    where("ix_outgoing_blocked", ("org_id", "channel", "id"), "blocked = 1"),
    where("ix_outgoing_failed", ("org_id", "id"), "state = 'failed'"),
    Index("ix_outgoing_message_id", "org_id", "message_id"),
    Index("ix_outgoing_case", "org_id", "case_id", "id"),
    Index("ix_outgoing_interaction", "org_id", "interaction_id", "id"),
    Index("ix_outgoing_raw", "raw_sha256"),
)

outgoing_recipients = Table(
    "outgoing_recipients",
    METADATA,
    key("outgoing_id"),
    number_key("position"),
    text("org_id"),
    text("email"),  # lower case
    text("state"),
    text("said"),
    number("code"),
    number("tries"),
    number("next_ms"),
    number("settled_ms"),
    Index("ix_outgoing_recipients_email", "org_id", "email"),
)

outgoing_files = Table(
    "outgoing_files",
    METADATA,
    key("outgoing_id"),
    number_key("position"),
    text("org_id"),
    text("sha256"),
    text("name"),
    text("media_type"),
    text("content_id"),
    number("size"),
    Index("ix_outgoing_files_sha256", "sha256"),
)

mail_addresses = Table(
    "mail_addresses",
    METADATA,
    key("org_id"),
    key("email"),  # lower case
    text("status"),  # of the last bounce, RFC 3463: "5.1.1"
    text("diagnostic"),
    text("bounced_by"),  # id of the mail that told
    number("bounces"),  # in a row
    number("permanent"),
    number("bounced_ms"),
    number("complained_ms"),
    number("acknowledged_ms"),  # the last time a machine of ours answered it
    number("acknowledgements"),
)

mailboxes = Table(
    "mailboxes",
    METADATA,
    key("org_id"),
    key("channel"),
    key("mailbox"),
    key("folder"),  # "" = the mailbox as a whole
    text("fault"),  # what is wrong with it now, a slug; "" = nothing
    text("detail"),  # … as the server puts it
    number("uid_validity"),
    number("last_uid"),
    number("first_uid"),  # mails below it lay there when it was polled first
    number("first_ms"),  # when it was polled first
    number("polled_ms"),
    number("fault_ms"),  # since when
    number("told"),  # 1 = supervisors have an alert of the fault
)

mail_secrets = Table(
    "mail_secrets",
    METADATA,
    key("org_id"),
    text("secret"),  # hexadecimal; tokens of cases are signed with it
)
