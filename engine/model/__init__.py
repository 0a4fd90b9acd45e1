"""The engine's nouns: frozen, keyword-only, pure. See README.md."""
