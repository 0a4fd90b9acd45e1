"""The web application: parts in, ASGI out. Nothing is started here; ``engine/app.py`` owns what runs."""

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from engine import __version__
from engine.api.door import Api
from engine.api.forms import install_forms
from engine.api.gate import Gate
from engine.api.headers import CountRequests, SecurityHeaders
from engine.api.health import install_health
from engine.api.idempotency import Running
from engine.api.limiter import AddressLimiter
from engine.api.limits import BodyLimit, TimeLimit
from engine.api.login import Reception
from engine.api.names import Names
from engine.api.operation import PREFIX, install
from engine.api.pace import UserLimiter
from engine.api.pages import Files, install_pages
from engine.api.parts import ApiParts
from engine.api.problem import on_error, on_http, on_invalid, on_unexpected
from engine.api.published import describe, install_schemas
from engine.api.routes.table import OPERATIONS
from engine.api.sockets import install_sockets
from engine.cases.attachments import MOST_BYTES
from engine.errors import CordboardError
from engine.transfer.imports import PIECE_BYTES


def create_api(parts: ApiParts) -> FastAPI:
    """Build the application that serves HTTP and WebSockets over ``parts``. Reads the list of built pages."""
    app = Api(
        title="Cordboard", version=__version__, docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False
    )
    _place(app, parts)
    install(app, OPERATIONS)
    install_sockets(app)
    app.admit_sockets()
    install_health(app)
    install_schemas(app, parts.schemas)
    install_pages(app, Files(parts.settings.pages))
    install_forms(app, parts.settings.forms)
    _describe_once(app)
    _handle_errors(app)
    _wrap(app, parts)
    return app


def _place(app: FastAPI, parts: ApiParts) -> None:
    """Put what requests share where the dependencies find it."""
    settings, clock = parts.settings, parts.clock
    app.state.parts = parts
    app.state.gate = Gate(
        sessions=parts.sessions,
        tokens=parts.tokens,
        clock=clock,
        cache_ms=settings.cache_ms,
        session_ttl_ms=settings.session_ttl_ms,
        origins=settings.public_origins,
    )
    app.state.reception = Reception(
        users=parts.users,
        passwords=parts.passwords,
        sessions=parts.sessions,
        organisations=parts.organisations,
        metrics=parts.metrics,
        clock=clock,
        settings=settings,
    )
    app.state.running = Running()
    app.state.names = Names(users=parts.users, clock=clock)
    app.state.user_limiter = UserLimiter(paces=settings.paces, clock=clock)
    app.state.public_limiter = AddressLimiter(rate=settings.public_rate, burst=settings.public_burst, clock=clock)


def _describe_once(app: FastAPI) -> None:
    def openapi() -> dict[str, object]:
        if app.openapi_schema is None:
            app.openapi_schema = describe(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign] # the documented way to extend it


def _handle_errors(app: FastAPI) -> None:
    app.add_exception_handler(CordboardError, on_error)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(Exception, on_unexpected)


def _wrap(app: FastAPI, parts: ApiParts) -> None:
    """Add the middleware; the last added is the outermost."""
    forms = parts.settings.forms
    longer = {
        f"{PREFIX}/work-items/bulk": parts.settings.bulk_bytes,
        f"{PREFIX}/attachments": MOST_BYTES,
        f"{PREFIX}/imports": PIECE_BYTES,
        f"{PREFIX}/imports/": PIECE_BYTES,
        "/forms/": forms.most_bytes,
    }
    app.add_middleware(BodyLimit, most_bytes=parts.settings.body_bytes, longer=longer)
    patient = {"/forms/": forms.timeout_ms, f"{PREFIX}/work-items/bulk": parts.settings.bulk_timeout_ms}
    app.add_middleware(TimeLimit, timeout_ms=parts.settings.request_timeout_ms, longer=patient)
    app.add_middleware(SecurityHeaders, https=parts.settings.secure_cookies)
    app.add_middleware(CountRequests, metrics=parts.metrics)
