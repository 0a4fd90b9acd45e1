"""The record: nouns to SQL and back, on SQLite or PostgreSQL. See README.md."""
