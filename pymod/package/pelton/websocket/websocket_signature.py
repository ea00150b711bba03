"""The signature rule for WebSocket routes: the same rows, but no body and no response."""

from __future__ import annotations

from pelton.messages.response import Response
from pelton.signature.compiler import Compiler
from pelton.validation.annotations import is_model
from pelton.validation.marker_reading import marker_of
from pelton.validation.parameters import EMPTY
from pelton.websocket.connection import WebSocket
from pelton.websocket.sync_websocket import SyncWebSocket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pelton._native import Plan
    from pelton.app import App
    from pelton.routing.routes import RouteInfo
    from pelton.validation.parameters import Parameter


class WebSocketCompiler(Compiler):
    """Compiles one handler of a `websocket` route, which runs in a pool or on the loop."""

    is_websocket = True

    def __init__(self, app: App, route: RouteInfo, pool: str | None) -> None:
        super().__init__(app, route)
        self.pool = pool
        self.takers: list[str] = []  # parameters that are the WebSocket, of providers too

    def refuse_without_websocket(self) -> None:
        """HandlerSignatureError if neither the handler nor a provider of it takes the WebSocket; after plan()."""
        # A provider under a name that is registered later may take it.
        is_settled = self.injection is None or self.injection.graph is not None
        if is_settled and not self.takers:
            wanted = "WebSocket" if self.pool is None else "SyncWebSocket"
            raise self.refused(
                f"{self.name}() handles a WebSocket, but none of its parameters takes it",
                f"take it as the first parameter, or annotate one: ws: {wanted}",
            )

    def result(self, plan: Plan, returned: Any) -> None:
        """What the handler returns is nobody's answer."""

    def is_awaited(self, pool: str | None) -> bool:
        """Always: a handler that is none of the loop's runs in its pool."""
        return True

    def called(self, handler: Callable[..., Any], pool: str | None) -> Callable[..., Any]:
        return super().called(handler, self.pool)

    def row(
        self, at: int, parameter: Parameter, template: dict[str, str], request_at: int | None
    ) -> tuple[Any, bool]:
        marker, tp = marker_of(self, parameter)
        if marker is not None:
            if marker.source == "body":
                raise self.refused(f"{self.says(parameter)} is marked {marker!r}, but a WebSocket has no body", _FROM_URL)
        elif isinstance(tp, type) and issubclass(tp, WebSocket | SyncWebSocket):
            right = WebSocket if self.pool is None else SyncWebSocket
            if tp is not right:
                place = "on the loop" if self.pool is None else "in the pool"
                raise self.refused(
                    f"{self.says(parameter)} is a {tp.__name__}, but the handler runs {place}",
                    f"annotate it {parameter.name}: {right.__name__}",
                )
            return self.websocket(parameter)
        elif tp is Response:
            raise self.refused(
                f"{self.says(parameter)} is a Response, but a WebSocket is answered by its handshake",
                "give its fields to accept(headers=...), or refuse with HTTPError(status)",
            )
        elif parameter.name in template:
            pass
        elif tp is EMPTY and parameter.default is EMPTY and parameter.positional and at == 0:
            return self.websocket(parameter)
        elif tp is not EMPTY and is_model(tp):
            raise self.refused(f"{self.says(parameter)} is a model, but a WebSocket has no body", _FROM_URL)
        # No request came before: nothing here is its side channel.
        return super().row(at, parameter, template, None)

    def websocket(self, parameter: Parameter) -> tuple[Any, bool]:
        self.takers.append(parameter.name)
        return {"source": "websocket"}, True


_FROM_URL = "take it from the path or query, or from the first message: await ws.receive_json()"
