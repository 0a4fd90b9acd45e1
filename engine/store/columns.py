"""How every table's columns and indexes are spelled."""

from sqlalchemy import BigInteger, Column, Index, MetaData, Text
from sqlalchemy import text as clause_of

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)


def key(name: str) -> Column[str]:
    """Return a text column of the primary key."""
    return Column(name, Text, primary_key=True, nullable=False)


def number_key(name: str) -> Column[int]:
    """Return a number column of the primary key."""
    return Column(name, BigInteger, primary_key=True, nullable=False, autoincrement=False)


def text(name: str) -> Column[str]:
    """Return a text column; nothing is ``''``."""
    return Column(name, Text, nullable=False)


def number(name: str) -> Column[int]:
    """Return a number column; nothing is 0."""
    return Column(name, BigInteger, nullable=False)


def where(name: str, table_columns: tuple[str, ...], condition: str, *, unique: bool = False) -> Index:
    """Return a partial index, spelled once for both databases."""
    clause = clause_of(condition)
    return Index(name, *table_columns, unique=unique, sqlite_where=clause, postgresql_where=clause)
