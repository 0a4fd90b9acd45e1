"""What the widget may know of a chat channel before it opens a socket."""

from typing import Annotated

from fastapi import Depends, Query, Request, Response

from engine.api.access import Parts, Public
from engine.api.limiter import AddressLimiter
from engine.api.operation import Operation
from engine.api.routes.signing import address_of
from engine.api.schemas.organisation import ChannelInfo

VISITORS = Annotated[None, Depends(Public("visitors have no account; the origins of the channel are checked"))]


async def read_chat_channel(
    org_id: str,
    channel: str,
    request: Request,
    response: Response,
    parts: Parts,
    *,
    topic: Annotated[str, Query(max_length=100)] = "",
    locale: Annotated[str, Query(max_length=35)] = "en",
    _: VISITORS = None,
) -> ChannelInfo:
    """Read a chat channel.

    Name, greeting, topics and whether somebody is there: `open`, `closed` (outside hours) or `unstaffed`. Pages of the
    channel's allowed origins may read it across origins.
    """
    limiter: AddressLimiter = request.app.state.public_limiter
    limiter.take(address_of(request))
    origin = request.headers.get("origin", "")
    response.headers["Vary"] = "Origin"
    if origin:
        parts.chat.check_origin(org_id, channel, origin=origin, host=request.headers.get("host", ""))
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    info = await parts.chat.info(org_id, channel, topic=topic, locale=locale)
    return ChannelInfo.model_validate(info)


OPERATIONS = (
    Operation(
        method="GET",
        path="/chat/{org_id}/{channel}",
        handler=read_chat_channel,
        tag="Chat",
        errors=("unknown-organisation", "unknown-channel", "origin-refused", "too-fast"),
        prefix="",
    ),
)
