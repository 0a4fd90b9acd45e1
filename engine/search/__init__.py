"""Full-text search: take in what is written, find it."""
