"""Skills, classification and opening hours: pure. See README.md."""
