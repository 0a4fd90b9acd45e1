"""Hand routing events to other systems: a stream over WebSockets, and webhooks. See README.md."""
