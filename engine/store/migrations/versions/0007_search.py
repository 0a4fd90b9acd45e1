"""The search index, and the triggers that say what it has to take in."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from engine.store.migrations.spelling import create, drop, index

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

# trigger: (table, when, condition, kind, column of the id, which row has it)
TRIGGERS: dict[str, tuple[str, str, str, str, str, str]] = {
    "search_entry": ("entries", "INSERT", "NEW.kind IN ('message', 'note')", "interaction", "interaction_id", "NEW"),
    "search_entry_changed": ("entries", "UPDATE OF body", "", "rewritten", "interaction_id", "NEW"),
    "search_entry_gone": ("entries", "DELETE", "", "rewritten", "interaction_id", "OLD"),
    "search_filed": (
        "interactions",
        "UPDATE OF case_id, contact_id",
        "NEW.case_id <> OLD.case_id OR NEW.contact_id <> OLD.contact_id",
        "interaction",
        "id",
        "NEW",
    ),
    "search_interaction_gone": ("interactions", "DELETE", "", "interaction", "id", "OLD"),
    "search_case": ("cases", "INSERT", "", "case", "id", "NEW"),
    "search_case_changed": ("cases", "UPDATE", "", "case", "id", "NEW"),
    "search_case_gone": ("cases", "DELETE", "", "case", "id", "OLD"),
    "search_comment": ("case_events", "INSERT", "NEW.kind LIKE 'comment%'", "case", "case_id", "NEW"),
    "search_contact": ("contacts", "INSERT", "", "contact", "id", "NEW"),
    "search_contact_changed": ("contacts", "UPDATE", "", "contact", "id", "NEW"),
    "search_contact_gone": ("contacts", "DELETE", "", "contact", "id", "OLD"),
    "search_address": ("contact_addresses", "INSERT", "", "contact", "contact_id", "NEW"),
    "search_address_changed": ("contact_addresses", "UPDATE", "", "contact", "contact_id", "NEW"),
    "search_address_gone": ("contact_addresses", "DELETE", "", "contact", "contact_id", "OLD"),
    "search_relation": ("account_relations", "INSERT", "NEW.direct = 1", "contact", "contact_id", "NEW"),
    "search_relation_changed": ("account_relations", "UPDATE", "NEW.direct = 1", "contact", "contact_id", "NEW"),
    "search_account": ("accounts", "INSERT", "", "account", "id", "NEW"),
    "search_account_changed": ("accounts", "UPDATE", "", "account", "id", "NEW"),
    "search_account_gone": ("accounts", "DELETE", "", "account", "id", "OLD"),
}


def upgrade() -> None:
    """Create the tables and the triggers; what is there already is taken in by the indexer."""
    _pending()
    create("search_marks", keys="org_id", texts="filled", numbers="version next_doc next_part anew")
    create("search_parts", keys="org_id", number_keys="part", texts="state", numbers="block documents")
    index("ix_search_parts_state", "search_parts", "org_id state part")
    _sets()
    op.create_table(
        "search_documents",
        sa.Column("org_id", sa.Text, nullable=False),
        sa.Column("doc", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("ref_id", sa.Text, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("org_id", "doc", name="pk_search_documents"),
        sqlite_with_rowid=False,
    )
    texts = ("org_id", "kind", "ref_id", "case_id", "contact_id", "account_id", "facets", "docs")
    op.create_table(
        "search_sources",
        *(sa.Column(name, sa.Text, nullable=False) for name in texts),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("org_id", "kind", "ref_id", name="pk_search_sources"),
        sqlite_with_rowid=False,
    )
    for of in ("contact", "account", "case"):
        index(f"ix_search_sources_{of}", "search_sources", f"org_id {of}_id")
    for name in TRIGGERS:
        _create_trigger(name)
    # Organisations whose rows were there before the triggers.
    of = " UNION ".join(f"SELECT org_id FROM {table}" for table in ("contacts", "accounts", "cases", "interactions"))  # noqa: S608
    op.execute(
        "INSERT INTO search_marks (org_id, version, next_doc, next_part, filled, anew)"  # noqa: S608
        f" SELECT org_id, 1, 0, 0, '', 0 FROM ({of}) AS known"
    )


def downgrade() -> None:
    """Drop them."""
    for name, (table, *_) in TRIGGERS.items():
        on = f" ON {table}" if _on_postgresql() else ""
        op.execute(f"DROP TRIGGER {name}{on}")
        if _on_postgresql():
            op.execute(f"DROP FUNCTION {name}()")
    drop("search_sources", "search_documents", "search_facets", "search_words", "search_parts", "search_marks")
    drop("search_pending")


def _pending() -> None:
    op.create_table(
        "search_pending",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, autoincrement=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("org_id", "kind", "ref_id")),
        sa.PrimaryKeyConstraint("id", name="pk_search_pending"),
    )
    index("ix_search_pending_org", "search_pending", "org_id id")


def _sets() -> None:
    for name, word, number in (("search_words", "word", "part"), ("search_facets", "facet", "block")):
        keys = ["org_id", number, word] if word == "word" else ["org_id", word, number]
        op.create_table(
            name,
            sa.Column("org_id", sa.Text, nullable=False),
            sa.Column(number, sa.BigInteger, nullable=False, autoincrement=False),
            sa.Column(word, WORD if word == "word" else sa.Text(), nullable=False),
            sa.Column("docs", sa.LargeBinary, nullable=False),
            sa.PrimaryKeyConstraint(*keys, name=f"pk_{name}"),
            sqlite_with_rowid=False,
        )
    if _on_postgresql():
        # A full set has 2,049 bytes: keep it in the row, where it is read without a second look.
        op.execute("ALTER TABLE search_words SET (toast_tuple_target = 4080)")
        op.execute("ALTER TABLE search_facets SET (toast_tuple_target = 4080, fillfactor = 70)")


def _create_trigger(name: str) -> None:
    table, when, condition, kind, column, row = TRIGGERS[name]
    note = f"INSERT INTO search_pending (org_id, kind, ref_id) VALUES ({row}.org_id, '{kind}', {row}.{column});"  # noqa: S608 -- constants from above
    only = f" WHEN ({condition})" if condition else ""
    if not _on_postgresql():
        op.execute(f"CREATE TRIGGER {name} AFTER {when} ON {table}{only} BEGIN {note} END")
        return
    op.execute(
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {note} RETURN NULL; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} AFTER {when} ON {table} FOR EACH ROW{only} EXECUTE FUNCTION {name}()")


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
