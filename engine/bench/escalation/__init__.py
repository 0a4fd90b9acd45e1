"""How late the steps of escalations are."""
