"""The one list of HTTP operations."""

from engine.api.operation import Operation
from engine.api.routes import (
    cases,
    chat,
    consults,
    contacts,
    interactions,
    offers,
    organisation,
    presence,
    queues,
    signing,
    supervision,
    tokens,
    users,
    webhooks,
    work,
    work_items,
)

OPERATIONS: tuple[Operation, ...] = (
    *signing.OPERATIONS,
    *presence.OPERATIONS,
    *offers.OPERATIONS,
    *work_items.OPERATIONS,
    *work.OPERATIONS,
    *queues.OPERATIONS,
    *consults.OPERATIONS,
    *interactions.OPERATIONS,
    *cases.OPERATIONS,
    *contacts.OPERATIONS,
    *supervision.OPERATIONS,
    *organisation.OPERATIONS,
    *users.OPERATIONS,
    *tokens.OPERATIONS,
    *webhooks.OPERATIONS,
    *chat.OPERATIONS,
)
