"""Web forms over HTTP: pages that work without a script, and the same as data for the script in pages of others.

Browsers ask for a page; the script says that it wants JSON. Nothing here needs a cookie.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from engine.api.access import Public
from engine.api.limiter import AddressLimiter
from engine.api.multipart import Bounds, posted_form
from engine.api.parts import ApiParts, handed_parts
from engine.api.routes.signing import address_of
from engine.channels.form.page import View
from engine.channels.form.post import Answer, Caller
from engine.channels.form.settings import FormSettings
from engine.errors import TooFast, Unavailable
from engine.model.network import network_of

Senders = Annotated[None, Depends(Public("who sends a form has no account; limits and spam guard are asked"))]
Parts = Annotated[ApiParts, Depends(handed_parts)]
Language = Annotated[str, Query(max_length=35)]

PATH = "/forms/{org_id}/{channel}"
JSON = "application/json"
SEE_OTHER = 303


class Uploads:
    """Count what is being read, since each holds memory and a file; one network has a part of them only."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._most_of_one = max(1, most // 5)
        self._now: Counter[str] = Counter()

    @contextmanager
    def reading(self, address: str) -> Iterator[None]:
        """Count one in, and out again; raise Unavailable when there are too many, TooFast when they are of one."""
        network = network_of(address)
        if self._now.total() >= self._most:
            raise Unavailable("too many forms are being sent", slug="unavailable")
        if self._now[network] >= self._most_of_one:
            raise TooFast("Too many forms at once from this address.", retry_after_ms=1_000)
        self._now[network] += 1
        try:
            yield
        finally:
            self._now[network] -= 1
            self._now += Counter()  # forget networks that send nothing


async def show_form(
    org_id: str, channel: str, request: Request, parts: Parts, *, lang: Language = "", _: Senders = None
) -> Response:
    """Answer with the form as a page; to a script with the form alone."""
    _limit(request)
    view = parts.forms.view(org_id, channel, language=_language(request, lang))
    if not _wants_json(request):
        return _page(await parts.forms.show(view))
    headers = _shared(request, parts, view)
    return JSONResponse(dict(await parts.forms.part(view)), headers=headers)


async def send_form(
    org_id: str, channel: str, request: Request, parts: Parts, *, lang: Language = "", _: Senders = None
) -> Response:
    """Take what was sent; a page is shown again where something is wrong, else another one thanks."""
    _limit(request)
    view = parts.forms.view(org_id, channel, language=_language(request, lang))
    headers = _shared(request, parts, view)
    settings = parts.settings.forms
    bounds = Bounds(fields_bytes=settings.fields_bytes, most_values=settings.most_values)
    uploads: Uploads = request.app.state.uploads
    try:
        with uploads.reading(address_of(request)):
            async with posted_form(request, bounds) as posted:
                answer = await parts.forms.submit(view, posted, Caller(address=address_of(request)))
    except HTTPException as error:
        if _wants_json(request):
            raise
        answer = await parts.forms.unread(view, status=error.status_code)
    if _wants_json(request):
        return JSONResponse(_data(answer), status_code=answer.status, headers={**headers, **_retry(answer)})
    if answer.location:
        return RedirectResponse(answer.location, status_code=SEE_OTHER, headers={"Cache-Control": "no-store"})
    return _page(answer)


async def thank(
    org_id: str,
    channel: str,
    request: Request,
    parts: Parts,
    *,
    receipt: Annotated[str, Query(max_length=200)] = "",
    lang: Language = "",
    _: Senders = None,
) -> Response:
    """Answer with the page that thanks; its address may be asked for again without sending anything again."""
    _limit(request)
    view = parts.forms.view(org_id, channel, language=_language(request, lang))
    return _page(await parts.forms.thanks(view, receipt))


async def allow_form(org_id: str, channel: str, request: Request, parts: Parts, _: Senders = None) -> Response:
    """Say to a browser whether pages of its origin may send the form (CORS protocol, Fetch Standard, 3.2)."""
    _limit(request)
    view = parts.forms.view(org_id, channel, language="")
    headers = _shared(request, parts, view)
    allowed = {"Access-Control-Allow-Methods": "GET, POST", "Access-Control-Allow-Headers": "Accept"}
    return Response(status_code=204, headers={**headers, **allowed, "Access-Control-Max-Age": "600"})


def install_forms(app: FastAPI, settings: FormSettings) -> None:
    """Add the routes of forms; they are pages, and no part of the API's description."""
    app.state.uploads = Uploads(most=settings.uploads)
    routes = (
        (PATH, show_form, "GET"),
        (PATH, send_form, "POST"),
        (PATH, allow_form, "OPTIONS"),
        (f"{PATH}/thanks", thank, "GET"),
    )
    for path, handler, method in routes:
        app.router.add_api_route(path, handler, methods=[method], include_in_schema=False)


def _limit(request: Request) -> None:
    limiter: AddressLimiter = request.app.state.public_limiter
    limiter.take(address_of(request))


def _language(request: Request, lang: str) -> str:
    return lang or request.headers.get("accept-language", "")


def _wants_json(request: Request) -> bool:
    return request.headers.get("accept", "").startswith(JSON)


def _shared(request: Request, parts: ApiParts, view: View) -> Mapping[str, str]:
    """Return what lets a page of an allowed origin read the answer; raise Forbidden for another origin."""
    origin = request.headers.get("origin", "")
    parts.forms.check_origin(view.channel, origin=origin, host=request.headers.get("host", ""))
    if not origin or origin == "null":
        return {"Vary": "Origin"}
    return {"Vary": "Origin", "Access-Control-Allow-Origin": origin, "Cross-Origin-Resource-Policy": "cross-origin"}


def _page(answer: Answer) -> Response:
    headers = {"Content-Security-Policy": answer.policy, "Cache-Control": "no-store", **_retry(answer)}
    return HTMLResponse(answer.html, status_code=answer.status, headers=headers)


def _retry(answer: Answer) -> dict[str, str]:
    return {"Retry-After": str(-(-answer.wait_ms // 1_000))} if answer.wait_ms else {}


def _data(answer: Answer) -> dict[str, object]:
    """Return what the script is told: thanks, or what is wrong and the token to send it with again."""
    if answer.location:
        return {"html": answer.html, "number": answer.number}
    return {"notice": answer.notice, "faults": dict(answer.faults), "token": answer.token}
