"""The JSON Schema of the visitor's frames, made from the structs themselves."""

from typing import Any

import msgspec

from engine.channels.chat.frames import VERSION, ClientFrame, ServerFrame

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def chat_schema() -> dict[str, Any]:
    """Return the schema: ``#/$defs/client`` for frames to the engine, ``#/$defs/server`` for frames from it."""
    (client, server), definitions = msgspec.json.schema_components(
        [ClientFrame, ServerFrame], ref_template="#/$defs/{name}"
    )
    return {
        "$schema": _DIALECT,
        "title": "Cordboard chat protocol",
        "description": f"Frames of the visitor's socket, version {VERSION}.",
        "anyOf": [{"$ref": "#/$defs/client"}, {"$ref": "#/$defs/server"}],
        "$defs": {**definitions, "client": client, "server": server},
    }
