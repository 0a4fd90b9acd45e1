"""Mail from mailboxes that are polled over IMAP."""
