"""The built web pages and the widget, as files from one directory.

Names under ``/assets`` hold a hash of their content and are kept for a year; pages are asked for
again each time. The directory is listed once, at start: a request can only name what is in the list.
"""

import mimetypes
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from engine.api.access import Public
from engine.api.parts import ApiParts, handed_parts
from engine.errors import NotFound

Anybody = Annotated[None, Depends(Public("a page holds no data: it signs in and reads over the API"))]
Shops = Annotated[None, Depends(Public("the widget runs in the pages of others and holds no data"))]
Parts = Annotated[ApiParts, Depends(handed_parts)]

PAGE_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src {own}; worker-src 'self' blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HOST = re.compile(r"([a-z0-9.\-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
YEAR = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
WIDGET_KEPT = "public, max-age=300, stale-while-revalidate=86400"
NOT_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Cordboard: pages not built</title>
<body style="font: 16px/1.5 system-ui; max-width: 40rem; margin: 4rem auto; padding: 0 1rem">
<h1>The pages are not built yet</h1>
<p>The engine is running, but its web pages are not there. Build them with <code>scripts/run</code>, or with
<code>npm ci &amp;&amp; npm run build</code> in <code>web/</code>, and start the engine again.</p>
</body></html>"""


def page_policy(host: str) -> str:
    """Return the policy under which a page talks to its own host only.

    ``'self'`` covers sockets of the same host (CSP 3, section 6.7.2.8; Chromium, Firefox), but not in Safari before
    15.4: so they are named as well, unless ``host``, which the browser sent, is not a host's name.
    """
    named = HOST.fullmatch(host.lower())
    own = f"'self' ws://{named[0]} wss://{named[0]}" if named else "'self'"
    return PAGE_POLICY.format(own=own)


class Files:
    """Know the files of one directory."""

    def __init__(self, directory: Path | None) -> None:
        self._files: Mapping[str, Path] = {}
        if directory is not None and directory.is_dir():
            found = (path for path in sorted(directory.rglob("*")) if path.is_file())
            self._files = {path.relative_to(directory).as_posix(): path for path in found}

    def page(self, name: str, *, host: str) -> Response:
        """Return a page, or the page that says that it is not built; ``host`` is where the browser found it."""
        path = self._files.get(f"{name}.html")
        headers = {"Content-Security-Policy": page_policy(host), "Cache-Control": ASK_AGAIN, "X-Frame-Options": "DENY"}
        if path is None:
            return HTMLResponse(NOT_BUILT, status_code=503, headers=headers)
        return FileResponse(path, media_type="text/html; charset=utf-8", headers=headers)

    def file(self, name: str, *, kept: str, shared: bool = False) -> Response:
        """Return a file; raise NotFound."""
        path = self._files.get(name)
        if path is None:
            raise NotFound("There is no such file.", mend="Are the pages built?")
        headers = {"Cache-Control": kept}
        if shared:
            headers |= {"Cross-Origin-Resource-Policy": "cross-origin", "Access-Control-Allow-Origin": "*"}
        return FileResponse(path, media_type=_type_of(path), headers=headers)


def _type_of(path: Path) -> str:
    if path.suffix == ".js":
        return "text/javascript; charset=utf-8"
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def install_pages(app: FastAPI, files: Files) -> None:
    """Add the routes of pages and files; they are no part of the API's description."""

    def page(name: str) -> None:
        async def serve_page(request: Request, _: Anybody = None) -> Response:
            return files.page(name, host=request.headers.get("host", ""))

        app.router.add_api_route(f"/{name}", serve_page, methods=["GET"], name=name, include_in_schema=False)

    async def serve_root(_: Anybody = None) -> Response:
        return RedirectResponse("/console", status_code=307)

    async def serve_asset(name: str, _: Anybody = None) -> Response:
        return files.file(f"assets/{name}", kept=YEAR)

    async def serve_widget(_: Shops = None) -> Response:
        return files.file("widget.js", kept=WIDGET_KEPT, shared=True)

    async def serve_form_script(_: Shops = None) -> Response:
        return files.file("form.js", kept=WIDGET_KEPT, shared=True)

    for name in ("console", "wallboard", "demo"):
        page(name)
    served = (
        ("/", serve_root),
        ("/assets/{name:path}", serve_asset),
        ("/widget.js", serve_widget),
        ("/form.js", serve_form_script),
    )
    for path, handler in served:
        app.router.add_api_route(path, handler, methods=["GET"], include_in_schema=False)
