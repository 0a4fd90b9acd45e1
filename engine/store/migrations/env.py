"""Alembic's entry: run in the transaction that ``engine.store.migrate`` has begun."""

from alembic import context

from engine.store.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
