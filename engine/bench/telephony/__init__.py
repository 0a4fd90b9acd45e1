"""How soon the agent whose telephone rings sees the call."""
