"""The embedded Valkey server: the live board's home where no Valkey of your own is configured."""

from engine.valkey.server import ValkeyRestart, ValkeyServer

__all__ = ["ValkeyRestart", "ValkeyServer"]
