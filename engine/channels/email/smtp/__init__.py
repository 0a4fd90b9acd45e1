"""Mail over SMTP and LMTP: a server that takes mail for our own addresses and never passes any on."""
