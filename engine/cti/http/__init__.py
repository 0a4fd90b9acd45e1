"""Call events over HTTP."""
