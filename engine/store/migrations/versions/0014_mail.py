"""Mail: received and outgoing, with files, addresses, polled mailboxes and the secrets of tokens."""

from collections.abc import Sequence

from engine.store.migrations.spelling import create, drop, index

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Create the tables."""
    _received()
    _outgoing()
    create(
        "mail_addresses",
        keys="org_id email",
        texts="status diagnostic bounced_by",
        numbers="bounces permanent bounced_ms complained_ms acknowledged_ms acknowledgements",
    )
    create(
        "mailboxes",
        keys="org_id channel mailbox folder",
        texts="fault",
        numbers="uid_validity last_uid first_ms polled_ms fault_ms",
    )
    create("mail_secrets", keys="org_id", texts="secret")


def _received() -> None:
    create(
        "mails",
        keys="id",
        texts="org_id channel fingerprint raw_sha256 source mailbox envelope_from envelope_to peer state reason nature"
        " message_id sender subject summary clue case_id interaction_id contact_id item_id decided_by",
        numbers="size received_ms tries next_ms confidence entry_seq filed_ms decided_ms",
    )
    index("ux_mails_fingerprint", "mails", "org_id fingerprint", unique=True)
    index("ix_mails_message_id", "mails", "org_id message_id", where="message_id <> ''")
    index("ix_mails_unread", "mails", "next_ms id", where="state = 'received'")
    index("ix_mails_joined", "mails", "org_id item_id", where="state = 'joined'")
    index("ix_mails_waiting", "mails", "org_id state id", where="state IN ('held', 'quarantined')")
    index("ix_mails_case", "mails", "org_id case_id id", where="case_id <> ''")
    index("ix_mails_contact", "mails", "org_id contact_id id")
    index("ix_mails_interaction", "mails", "org_id interaction_id id")
    index("ix_mails_raw", "mails", "raw_sha256")
    create(
        "mail_files",
        keys="mail_id",
        number_keys="position",
        texts="org_id sha256 name media_type content_id attachment_id",
        numbers="size inline",
    )
    index("ix_mail_files_sha256", "mail_files", "sha256")


def _outgoing() -> None:
    create(
        "outgoing",
        keys="id",
        texts="org_id channel kind case_id interaction_id answers author_id client_id message_id letter raw_sha256"
        " state fault",
        numbers="entry_seq created_ms not_before_ms next_ms tries settled_ms",
    )
    index("ux_outgoing_client", "outgoing", "org_id author_id client_id", where="client_id <> ''", unique=True)
    index("ix_outgoing_due", "outgoing", "next_ms id", where="state = 'waiting'")
    index("ix_outgoing_failed", "outgoing", "org_id id", where="state = 'failed'")
    index("ix_outgoing_message_id", "outgoing", "org_id message_id")
    index("ix_outgoing_case", "outgoing", "org_id case_id id")
    index("ix_outgoing_interaction", "outgoing", "org_id interaction_id id")
    index("ix_outgoing_raw", "outgoing", "raw_sha256")
    create(
        "outgoing_recipients",
        keys="outgoing_id",
        number_keys="position",
        texts="org_id email state said",
        numbers="code tries next_ms settled_ms",
    )
    index("ix_outgoing_recipients_email", "outgoing_recipients", "org_id email")
    create(
        "outgoing_files",
        keys="outgoing_id",
        number_keys="position",
        texts="org_id sha256 name media_type content_id",
        numbers="size",
    )
    index("ix_outgoing_files_sha256", "outgoing_files", "sha256")


def downgrade() -> None:
    """Drop them."""
    drop("mails", "mail_files", "outgoing", "outgoing_recipients", "outgoing_files")
    drop("mail_addresses", "mailboxes", "mail_secrets")
