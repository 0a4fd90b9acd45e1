"""One module per resource; each returns its table of operations."""
