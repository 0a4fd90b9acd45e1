"""Files of contacts, accounts and cases: what is written of them, and what is told of them."""
