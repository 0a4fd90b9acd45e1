"""Pieces of ``engine.app``: what joins stages and belongs to none. See README.md."""
