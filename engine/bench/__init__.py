"""The load tool: an outside client of a running engine. See README.md."""
