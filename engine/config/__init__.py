"""Configuration files to a checked organisation. See README.md."""
