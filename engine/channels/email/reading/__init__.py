"""Read mail, whatever is wrong with it, in bounded time and memory."""
