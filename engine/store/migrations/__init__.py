"""Alembic migrations; `engine.store.migrate` runs them. Expand first, contract a release later."""
