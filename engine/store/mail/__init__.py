"""Mail on the record: what was received, what is to be sent, addresses that bounce."""
