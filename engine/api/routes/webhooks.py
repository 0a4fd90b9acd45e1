"""Webhooks, for admins."""

from engine.api.access import Admin, Parts
from engine.api.operation import Operation
from engine.api.routes.users import write_audit
from engine.api.schemas.model import Page
from engine.api.schemas.webhooks import Enable, Redeliver, WebhookAnswer, WebhookBody

TAG = "Webhooks"
WRONG = ("unknown-queue", "unknown-secret")


async def list_webhooks(parts: Parts, who: Admin) -> Page[WebhookAnswer]:
    """List webhooks.

    Oldest first, with how each goes.
    """
    return Page(items=[WebhookAnswer.of(one) for one in await parts.endpoints.list(who.org_id)])


async def create_webhook(body: WebhookBody, parts: Parts, who: Admin) -> WebhookAnswer:
    """Create a webhook.

    It is told of what happens from now on. Its secret is a file on the server, which signs every request.
    """
    hook = await parts.endpoints.create(who.org_id, body.endpoint())
    await write_audit(parts, who, "webhook.created", hook.id, {"name": hook.name, "url": hook.url})
    return WebhookAnswer.of(hook)


async def read_webhook(webhook_id: str, parts: Parts, who: Admin) -> WebhookAnswer:
    """Read a webhook, and how it goes."""
    return WebhookAnswer.of(await parts.endpoints.get(who.org_id, webhook_id))


async def change_webhook(webhook_id: str, body: WebhookBody, parts: Parts, who: Admin) -> WebhookAnswer:
    """Replace what a webhook is.

    What it was told of stays.
    """
    hook = await parts.endpoints.change(who.org_id, webhook_id, body.endpoint())
    await write_audit(parts, who, "webhook.changed", hook.id, {"name": hook.name, "url": hook.url})
    return WebhookAnswer.of(hook)


async def delete_webhook(webhook_id: str, parts: Parts, who: Admin) -> None:
    """Delete a webhook."""
    await parts.endpoints.delete(who.org_id, webhook_id)
    await write_audit(parts, who, "webhook.deleted", webhook_id, {})


async def enable_webhook(webhook_id: str, body: Enable, parts: Parts, who: Admin) -> WebhookAnswer:
    """Enable a webhook.

    One that was disabled goes on, and one that waits for its next try is tried at once.
    """
    hook = await parts.endpoints.enable(who.org_id, webhook_id, body.go_on)
    await write_audit(parts, who, "webhook.enabled", webhook_id, {"go_on": body.go_on.value})
    return WebhookAnswer.of(hook)


async def redeliver_webhook(webhook_id: str, body: Redeliver, parts: Parts, who: Admin) -> WebhookAnswer:
    """Redeliver events.

    Everything after a place is told again, with the same message ids as before.
    """
    place = (body.after.epoch, body.after.seq)
    hook = await parts.endpoints.redeliver(who.org_id, webhook_id, place)
    await write_audit(parts, who, "webhook.redelivered", webhook_id, {"epoch": place[0], "seq": place[1]})
    return WebhookAnswer.of(hook)


_ONE = "/webhooks/{webhook_id}"

OPERATIONS = (
    Operation(method="GET", path="/webhooks", handler=list_webhooks, tag=TAG),
    Operation(method="POST", path="/webhooks", handler=create_webhook, tag=TAG, status=201, errors=WRONG),
    Operation(method="GET", path=_ONE, handler=read_webhook, tag=TAG, errors=("unknown-webhook",)),
    Operation(method="PUT", path=_ONE, handler=change_webhook, tag=TAG, errors=("unknown-webhook", *WRONG)),
    Operation(method="DELETE", path=_ONE, handler=delete_webhook, tag=TAG, status=204, errors=("unknown-webhook",)),
    Operation(method="POST", path=f"{_ONE}/enable", handler=enable_webhook, tag=TAG, errors=("unknown-webhook",)),
    Operation(
        method="POST",
        path=f"{_ONE}/redeliver",
        handler=redeliver_webhook,
        tag=TAG,
        errors=("unknown-webhook", "unknown-place"),
    ),
)
