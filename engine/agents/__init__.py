"""Agents: presence, offers and commands, and what reaches an agent's sockets. See README.md."""
