"""Files of contacts, accounts and cases, in and out. See README.md."""
