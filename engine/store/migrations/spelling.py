"""How migrations spell tables and indexes: names in one text, one type after the other."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op


def create(name: str, *, keys: str, texts: str = "", numbers: str = "", number_keys: str = "") -> None:
    """Create a table; names are separated by spaces. Keys come first, in the order text, number."""
    op.create_table(
        name,
        *_columns(keys, sa.Text),
        *_columns(number_keys, sa.BigInteger),
        *_columns(texts, sa.Text),
        *_columns(numbers, sa.BigInteger),
        sa.PrimaryKeyConstraint(*keys.split(), *number_keys.split(), name=f"pk_{name}"),
    )


def extend(name: str, *, texts: str = "", numbers: str = "", ones: str = "") -> None:
    """Add columns, with a default, so that a process of the version before can still write its rows."""
    for names, kind, default in ((texts, sa.Text, ""), (numbers, sa.BigInteger, "0"), (ones, sa.BigInteger, "1")):
        for column in names.split():
            op.add_column(name, sa.Column(column, kind, nullable=False, server_default=default))


def index(name: str, table: str, columns: str, *, where: str = "", unique: bool = False) -> None:
    """Create an index, partial where ``where`` says so."""
    clause = sa.text(where) if where else None
    op.create_index(name, table, columns.split(), unique=unique, sqlite_where=clause, postgresql_where=clause)


def drop(*names: str) -> None:
    """Drop tables with their indexes."""
    for name in names:
        op.drop_table(name)


def _columns(names: str, kind: type[sa.Text] | type[sa.BigInteger]) -> Sequence[sa.Column[Any]]:
    return [sa.Column(name, kind(), nullable=False) for name in names.split()]
