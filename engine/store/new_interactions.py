"""New interactions as rows."""

from __future__ import annotations

from engine.model.conversation import Interaction


def row_of_interaction(
    interaction: Interaction, *, watched: bool, token_hash: str = "", address: str = ""
) -> dict[str, object]:
    """Write a new interaction as a row; ``watched``: what is said in it is told to its case's clerk."""
    return {
        "id": interaction.id,
        "org_id": interaction.org_id,
        "channel": interaction.channel,
        "kind": interaction.kind,
        "conversation_key": interaction.conversation_key,
        "token_hash": token_hash,
        "contact_id": interaction.contact_id,
        "state": interaction.state.value,
        "case_id": interaction.case_id,
        "locale": interaction.locale,
        "topic": interaction.topic,
        "address": address,
        "last_seq": interaction.last_seq,
        "delivered_seq": 0,
        "read_seq": 0,
        "agent_read_seq": 0,
        "opened_ms": interaction.opened_ms,
        "closed_ms": interaction.closed_ms,
        "close_reason": interaction.close_reason,
        "last_visitor_ms": interaction.last_visitor_ms,
        "warned_ms": 0,
        "watched": int(watched),
    }
