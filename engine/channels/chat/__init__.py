"""Web chat over a WebSocket. See README.md."""
