"""Mail: how many are accepted, and how many are routed, in a second."""
