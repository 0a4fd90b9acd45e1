"""Telephone calls on the record."""
