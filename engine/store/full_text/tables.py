"""Tables of the search index. A document has a number, in each organisation counted from 0 in order of indexing.

Sets of documents are kept per block of 16,384 numbers; see ``bits.py``. ``search_words`` is written once per part and
merged; ``search_facets`` changes in place.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from engine.store.columns import METADATA, key, number, number_key, text

# Ordered by code point on both databases, so that words that begin alike lie side by side.
_WORD = Text().with_variant(Text(collation="C"), "postgresql")

search_pending = Table(
    "search_pending",
    METADATA,
    Column("id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, nullable=False),
    text("org_id"),
    text("kind"),  # interaction | rewritten | case | contact | account
    text("ref_id"),
    Index("ix_search_pending_org", "org_id", "id"),
)

search_marks = Table(
    "search_marks",
    METADATA,
    key("org_id"),
    number("version"),  # counts every change of the index: who has read an older one may not write
    number("next_doc"),
    number("next_part"),
    text("filled"),  # rows whose id is not above are in the index, or in search_pending; '~' = all
    number("anew"),  # 1 = what is met along the ids is taken in again though it is there
)

search_parts = Table(
    "search_parts",
    METADATA,
    key("org_id"),
    number_key("part"),
    number("block"),
    number("documents"),
    text("state"),  # building | live | dead
    Index("ix_search_parts_state", "org_id", "state", "part"),
)

search_words = Table(
    "search_words",
    METADATA,
    key("org_id"),
    number_key("part"),
    Column("word", _WORD, primary_key=True, nullable=False),
    Column("docs", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

search_facets = Table(
    "search_facets",
    METADATA,
    key("org_id"),
    key("facet"),  # kind:, day:, month:, status:, queue:, owner:, team: and a value
    number_key("block"),
    Column("docs", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

search_documents = Table(
    "search_documents",
    METADATA,
    key("org_id"),
    number_key("doc"),
    text("kind"),
    text("ref_id"),
    number("seq"),
    sqlite_with_rowid=False,
)

search_sources = Table(
    "search_sources",
    METADATA,
    key("org_id"),
    key("kind"),  # interaction | case | contact | account
    key("ref_id"),
    text("case_id"),
    text("contact_id"),
    text("account_id"),
    text("facets"),  # those of all its documents that may change, JSON list
    text("docs"),  # JSON list of numbers
    number("seq"),  # entries up to here are in the index
    Index("ix_search_sources_contact", "org_id", "contact_id"),
    Index("ix_search_sources_account", "org_id", "account_id"),
    Index("ix_search_sources_case", "org_id", "case_id"),
    sqlite_with_rowid=False,
)
