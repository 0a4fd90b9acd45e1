"""The engine over HTTP and WebSocket: thin routes over the stages. See README.md."""
