"""WebSockets are let in here, in front of the framework: the routes as declared, without the way there.

Middleware, dependency solving and exit stacks are made for requests; for a socket they do nothing, but each frame
passed through them, and opening one cost more there than in the chat stage.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI
from fastapi.routing import APIWebSocketRoute
from starlette.routing import Match
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from engine.api.access import Public


class Api(FastAPI):
    """The web application; ``admit_sockets`` is called once its routes are there."""

    _sockets: Sequence[APIWebSocketRoute] = ()

    def admit_sockets(self) -> None:
        """Serve the WebSocket routes without the framework; their endpoints check who is there themselves."""
        routes = [route for route in self.routes if isinstance(route, APIWebSocketRoute)]
        skipped = [one.call for route in routes for one in route.dependant.dependencies]
        assert all(isinstance(one, Public) for one in skipped), "what does something must not be left out"
        self._sockets = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "websocket":
            for route in self._sockets:
                match, found = route.matches(scope)
                if match is Match.FULL:
                    scope.update(found)
                    scope["app"] = self
                    await route.endpoint(WebSocket(scope, receive, send), **scope["path_params"])
                    return
        await super().__call__(scope, receive, send)
