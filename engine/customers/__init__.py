"""Customers: who they are, what they have, what they were promised."""
