"""The index in which cases, messages, contacts and accounts are found by their words."""
