"""The ids that clients draw for their messages, and those that the engine keeps to itself. Pure.

Agents' messages and the engine's own lines about agents share one space of ids in a transcript, in which a repeat is
the same entry. ``joined`` and ``left`` have the number of their event, epoch and seq (``3:1207``), the note of a
transfer has ``transfer:…``: a message under such an id would take that line's place.
"""

from __future__ import annotations

import re

from engine.errors import InvalidInput

LONGEST = 100
_RESERVED = re.compile(r"\d+:\d+|transfer:.*", re.DOTALL)


def transfer_note_id(item_id: str, assignment: int) -> str:
    """Return the id of the note that an agent leaves with a transfer: the same however often it is sent."""
    return f"transfer:{item_id}:{assignment}"


def check_client_id(client_id: str) -> None:
    """Raise InvalidInput on an id that is empty, too long or the engine's own (``reserved-client-id``)."""
    if not client_id or len(client_id) > LONGEST:
        raise InvalidInput(f"client_id has 1 to {LONGEST} characters", field="client_id")
    if _RESERVED.fullmatch(client_id):
        raise InvalidInput(
            "The engine numbers its own lines like this.",
            slug="reserved-client-id",
            field="client_id",
            mend="Draw a random one, such as a UUID.",
        )
