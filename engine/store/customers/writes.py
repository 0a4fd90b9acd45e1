"""The writes on customers that several transactions share."""

from __future__ import annotations

from engine.model.customer import Contact
from engine.store.json_text import dump


def row_of_contact(contact: Contact) -> dict[str, object]:
    """Write a contact as a row."""
    return {
        "id": contact.id,
        "org_id": contact.org_id,
        "name": contact.name,
        "email": contact.email,
        "email_key": contact.email.casefold(),
        "language": contact.language,
        "search": f"{contact.name} {contact.email}".casefold(),
        "created_ms": contact.created_ms,
        "time_zone": contact.time_zone,
        "tier": contact.tier,
        "title": contact.title,
        "notes": contact.notes,
        "fields": dump(contact.fields),
        "merged_into": contact.merged_into,
        "version": contact.version,
        "updated_ms": contact.updated_ms,
    }
