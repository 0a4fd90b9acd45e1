"""Telephony: what telephone systems report of calls."""
