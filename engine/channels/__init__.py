"""Ways in and out, one folder per provider. See README.md."""
