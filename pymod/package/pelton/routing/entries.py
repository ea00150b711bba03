"""Routes as they are registered, before it is known where in an application they stand."""

from __future__ import annotations

from pelton.errors import place_of
from pelton.routing.route_options import taken_dependencies, taken_guards
from pelton.routing.routes import RouteInfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Protocol

    from pelton.routing.places import Within

    class Entry(Protocol):
        """A registered route, of HTTP or of WebSockets."""

        def info(self, within: Within) -> RouteInfo: ...

        def add(self, within: Within) -> None: ...


class RouteEntry:
    """A registered route of HTTP."""

    __slots__ = ("handler", "methods", "options", "path", "place")

    def __init__(
        self, path: str, methods: tuple[str, ...], handler: Callable[..., Any], options: dict[str, Any], place: str
    ) -> None:
        self.path = path
        self.methods = methods
        self.handler = handler
        self.options = options
        self.place = place

    def info(self, within: Within) -> RouteInfo:
        given: str | None = self.options.get("name")
        return RouteInfo(
            within.prefix + self.path,
            self.methods,
            within.named(given or function_name(self.handler)),
            self.handler,
            within.added_to(self.options),
            self.place,
            bool(given),
            within.owners,
        )

    def add(self, within: Within) -> None:
        within.parts.add_route(self.info(within))


class WebSocketEntry:
    """One route of WebSockets; RegistrationError, TypeError or ValueError for what it cannot be."""

    __slots__ = ("handler", "name", "options", "origins", "path", "place")

    def __init__(
        self,
        path: str,
        handler: Callable[..., Any],
        *,
        name: str | None,
        origins: Sequence[str] | None,
        subprotocols: Sequence[str],
        max_size: int | str | None,
        blocking: bool | str,
        guards: Sequence[Callable[[Any], Any]] = (),
        dependencies: Sequence[Any] = (),
    ) -> None:
        from pelton.config.concurrency import read_websocket_pool
        from pelton.config.settings import size

        for what, value in (("origins", origins), ("subprotocols", subprotocols)):
            if isinstance(value, str):
                raise TypeError(f"{what} is a sequence: {what}=({value!r},)")
        if max_size is not None:
            max_size = size(max_size)
            if max_size < 1:
                raise ValueError(f"max_size is at least one octet, not {max_size}; leave it out for limits.ws_max_size")
        self.path = path
        self.handler = handler
        self.name = name
        self.place = place_of(handler)
        self.origins = None if origins is None else list(origins)
        self.options = {
            "pool": read_websocket_pool(blocking, handler, f"{self.place}, WebSocket {path}"),
            "max_size": max_size,
            "subprotocols": tuple(subprotocols),
            "dependencies": taken_dependencies(dependencies),
        }
        if guards:
            self.options["guards"] = taken_guards(guards)

    def info(self, within: Within) -> RouteInfo:
        return RouteInfo(
            within.prefix + self.path,
            ("WEBSOCKET",),
            within.named(self.name or function_name(self.handler)),
            self.handler,
            within.added_to(self.options),
            self.place,
            self.name is not None,
            within.owners,
        )

    def add(self, within: Within) -> None:
        within.parts.add_websocket(self.info(within), self.origins)


def function_name(handler: Any) -> str:
    while not hasattr(handler, "__name__") and hasattr(handler, "func"):
        handler = handler.func
    name: str = getattr(handler, "__name__", None) or type(handler).__name__
    return name
