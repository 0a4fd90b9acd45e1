"""The demo: log-ins for its users, and simulated customers and agents."""
