"""Take the text of a mail apart: what was written now, what it quotes, the signature, what was passed on."""
