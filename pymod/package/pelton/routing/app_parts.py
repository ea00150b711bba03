"""AppParts: what an application consists of. `App` is its face; servers, mounts and test clients use this."""

from __future__ import annotations

from pelton.errors import RegistrationError
from pelton.messages.service import Service
from pelton.routing.error_handlers import ErrorHandlers
from pelton.routing.mounts import Mounts
from pelton.routing.table import RouteTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pelton import _native
    from pelton._native import Plan, Request
    from pelton.app import App
    from pelton.config.server_config import ServerConfig
    from pelton.dependencies.providers import Providers
    from pelton.messages.json_format import JsonFormat
    from pelton.middleware.native import NativeMiddleware
    from pelton.routing.lifespan import Lifespan
    from pelton.routing.registrar import Layers
    from pelton.routing.routes import RouteInfo


class AppParts:
    """The parts of one application, and the end of its registration.

    Args:
        app: The application that users see; handlers get it.
        kind: The class that an annotation names to get the application, or a subclass of it.
        native: The native half.
        json: How the application writes and reads JSON.
        layers: Its middleware and hooks.
        middleware: What the runtime does itself for each request.
        lifespan: What it does before its first request and after its last.
        server_config: Its settings, None for the defaults.
        plan_of_websocket: Compiles the handler of a WebSocket route.
        websocket_of: Makes what a WebSocket handler is given.
    """

    providers: Providers  # set by the application: providers need these parts

    def __init__(
        self,
        app: App,
        kind: type[App],
        native: _native.Application,
        json: JsonFormat,
        layers: Layers,
        lifespan: Lifespan,
        middleware: NativeMiddleware,
        server_config: ServerConfig | None,
        plan_of_websocket: Callable[[AppParts, RouteInfo], Plan],
        websocket_of: Callable[[Request, RouteInfo], Any],
    ) -> None:
        self.app = app
        self.kind = kind
        self.native = native
        self.service = Service(json)
        self.table = RouteTable(native)
        self.mounts = Mounts(self)
        self.middleware = middleware
        self.error_handlers = ErrorHandlers()
        self.layers = layers
        # Of the applications that this one is mounted in, the outermost first: their middleware is around its own.
        self.outer_layers: tuple[Layers, ...] = ()
        self.lifespan = lifespan
        self.server_config = server_config
        self.pools: dict[str, tuple[str, int, int]] = {}  # named blocking pools: name, threads, queue
        self.blueprint_names: dict[str, str] = {}  # dotted, with the prefix of each
        self._plan_of_websocket = plan_of_websocket
        self._websocket_of = websocket_of

    @property
    def is_frozen(self) -> bool:
        """Whether registration has ended."""
        return self.service.answers is not None

    def refuse_late(self, what: str, place: str) -> None:
        """RegistrationError once the application has begun to serve.

        Args:
            what: What is registered, as the message names it.
            place: Where in the program.
        """
        if self.is_frozen:
            raise RegistrationError(
                f"{what} comes too late: the app has begun to serve",
                where=place,
                fix="register everything before run() or the first request",
            )

    def add_route(self, route: RouteInfo) -> None:
        """Adds a route with its plan; RegistrationError if it cannot be."""
        self.table.refuse_name(route)
        from pelton.signature.compiler import compile_plan

        self.table.add(
            route,
            lambda: compile_plan(self, route),
            lambda regex: self.native.add_route(route.methods, route.path, regex),
        )

    def add_websocket(self, route: RouteInfo, origins: list[str] | None) -> None:
        """Adds a WebSocket route with its plan; RegistrationError if it cannot be."""
        self.table.refuse_name(route)
        self.table.add(
            route,
            lambda: self._plan_of_websocket(self, route),
            lambda regex: self.native.add_websocket(route.path, regex, origins=origins),
        )

    def freeze(self) -> _native.Application:
        """Compiles the plans that waited for names and ends registration; the second call does nothing."""
        if self.is_frozen:
            return self.native
        from pelton.routing.answers import Answers
        from pelton.routing.freezing import check_pools, compile_layers, compile_unresolved, hooks_of

        compile_unresolved(self)
        check_pools(self.table, self.pools)
        self.mounts.freeze()
        answers = Answers(self.app, self.service, self.error_handlers)
        compile_layers(self, answers)
        self.native.freeze(hooks_of(self, answers, self._websocket_of))
        self.service.answers = answers
        return self.native

    async def start(self) -> None:
        """What the application does before its first request; raises what that raises."""
        await self.lifespan.start(self)

    async def stop(self) -> None:
        """What the application does after its last request."""
        await self.lifespan.stop()


def parts_of(app: App) -> AppParts:
    """The parts of an application that a user has given."""
    return app._parts
