"""Cases: what remains of a conversation, and what happens when it is late. See README.md."""
