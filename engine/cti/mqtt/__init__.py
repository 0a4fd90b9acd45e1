"""Reports of calls that come over MQTT."""
