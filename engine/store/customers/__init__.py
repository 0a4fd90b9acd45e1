"""Customers in SQL: contacts, accounts, what they own and what they bought."""
