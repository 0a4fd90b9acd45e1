"""E-mail: mail in and out, nothing lost, nothing twice, the right thread, no loops."""
