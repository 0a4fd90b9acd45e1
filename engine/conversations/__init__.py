"""Own the transcript of an interaction, for customer and agent alike. See README.md."""
