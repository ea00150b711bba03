"""Registrar: what an app and a blueprint have in common. Routes, WebSockets, middleware, hooks, blueprints."""

from __future__ import annotations

from pelton.errors import RegistrationError, place_of
from pelton.routing.lifespan import Lifespan
from pelton.routing.route_options import FIXES, taken_dependencies, taken_guards, taken_options, taken_sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Literal, TypeVar, Unpack, overload

    from pelton.keywords import RouteOptions
    from pelton.routing.blueprints import Blueprint
    from pelton.routing.entries import Entry
    from pelton.routing.places import Registration, Within

    F = TypeVar("F", bound=Callable[..., Any])


class Layers:
    """Middleware and hooks of one application or blueprint, each list in the order of registration."""

    __slots__ = ("after", "before", "middleware")

    def __init__(self) -> None:
        self.middleware: list[Callable[..., Any]] = []
        self.before: list[Callable[..., Any]] = []
        self.after: list[Callable[..., Any]] = []

    def __bool__(self) -> bool:
        return bool(self.middleware or self.before or self.after)


class Registrar:
    """What registers: the base of App and Blueprint."""

    def __init__(
        self,
        lifespan: Callable[[Any], Any] | None,
        tags: Sequence[str],
        guards: Sequence[Callable[[Any], Any]],
        dependencies: Sequence[Any],
    ) -> None:
        self._layers = Layers()
        self._lifespan = Lifespan(lifespan)
        self._tags: tuple[str, ...] = taken_sequence("tags", tags)
        self._guards: tuple[Any, ...] = taken_guards(guards)
        self._dependencies: tuple[Any, ...] = taken_dependencies(dependencies)
        self._registrations: list[Registration] = []
        self._places: list[Within] = []  # in apps; one of each way there

    def _registering(self, what: str, place: str) -> None:
        """RegistrationError once an app serves this."""
        raise NotImplementedError

    def _arrives(self, entry: Entry) -> None:
        raise NotImplementedError

    # --- routes ---

    def get(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Registers the decorated callable for GET requests to a path, and returns it unchanged. HEAD is answered too.

        Example::

            @app.get("/users/{id}", tags=["users"])
            async def user(id: int, verbose: bool = False) -> dict[str, Any]:
                return {"id": id}

        Args:
            path: The template: a literal, or `/users/{id}` or `/users/{id:int}` with parameters of the handler; it begins
                with a slash.
            options: `name`, `status`, `media_type`, `response_model`, `blocking`, `timeout`, `max_body`, `guards`,
                `dependencies`, `tags` and others: see `RouteOptions` for all of them, with their units.

        Raises:
            RegistrationError: The template or an option is refused, or the app has begun to serve.
            RouteConflict: Another GET route has the same shape.
            HandlerSignatureError: A parameter of the handler has no source.
        """
        with_parentheses(self, "get", path)
        return self.route(path, ("GET",), **options)

    def post(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Registers the decorated callable for POST requests to a path. Arguments and errors are those of `get()`."""
        with_parentheses(self, "post", path)
        return self.route(path, ("POST",), **options)

    def put(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Registers the decorated callable for PUT requests to a path. Arguments and errors are those of `get()`."""
        with_parentheses(self, "put", path)
        return self.route(path, ("PUT",), **options)

    def patch(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Registers the decorated callable for PATCH requests to a path. Arguments and errors are those of `get()`."""
        with_parentheses(self, "patch", path)
        return self.route(path, ("PATCH",), **options)

    def delete(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Registers the decorated callable for DELETE requests to a path. Arguments and errors are those of `get()`."""
        with_parentheses(self, "delete", path)
        return self.route(path, ("DELETE",), **options)

    def head(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Registers the decorated callable for HEAD requests alone; a GET route answers HEAD by itself. Otherwise as `get()`."""
        with_parentheses(self, "head", path)
        return self.route(path, ("HEAD",), **options)

    def options(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Registers the decorated callable for OPTIONS requests, instead of the automatic answer. Otherwise as `get()`."""
        with_parentheses(self, "options", path)
        return self.route(path, ("OPTIONS",), **options)

    def route(
        self, path: str, methods: Sequence[str] = ("GET",), **options: Unpack[RouteOptions]
    ) -> Callable[[F], F]:
        """Registers the decorated callable and returns it unchanged.

        Args:
            path: The template, such as `/users/{id:int}`; it begins with a slash.
            methods: The HTTP methods, of any case.
            options: See `RouteOptions`.

        Raises:
            RegistrationError: The template or the handler is refused, or the app has begun to serve.
            RouteConflict: Another route has the same methods and shape.
            HandlerSignatureError: A parameter of the handler has no source.
        """
        with_parentheses(self, "route", path)

        def register(handler: F) -> F:
            self.add_route(path, handler, methods, **options)
            return handler

        return register

    def add_route(
        self,
        path: str,
        handler: Callable[..., Any],
        methods: Sequence[str] = ("GET",),
        **options: Unpack[RouteOptions],
    ) -> None:
        """Registers a handler by a plain call; `route()` is the same as a decorator.

        Args:
            path: The template, such as `/users/{id:int}`.
            handler: Any callable: a `def`, an `async def`, a method, an object with `__call__`.
            methods: The HTTP methods, of any case.
            options: See `RouteOptions`.

        Raises:
            RegistrationError: As for `route()`.
        """
        place = place_of(handler)
        if not isinstance(path, str):
            raise TypeError(f"the path of a route is a str, not {path!r}")
        self._registering(f"route {path}", place)
        taken = taken_options(dict(options))
        if isinstance(methods, str):
            raise TypeError(f"methods is a sequence: methods=({methods!r},)")
        if not callable(handler):
            raise TypeError(f"the handler of {path} is not callable: {handler!r}")
        upper = tuple(dict.fromkeys(method.upper() for method in methods))
        checked_template(path, place)
        from pelton.routing.entries import RouteEntry

        self._arrives(RouteEntry(path, upper, handler, taken, place))

    def websocket(
        self,
        path: str,
        *,
        name: str | None = None,
        origins: Sequence[str] | None = None,
        subprotocols: Sequence[str] = (),
        max_size: int | str | None = None,
        blocking: bool | str = False,
        guards: Sequence[Callable[[Any], Any]] = (),
        dependencies: Sequence[Any] = (),
    ) -> Callable[[F], F]:
        """Registers the decorated handler of WebSockets and returns it unchanged. A GET route may share the path.

        Args:
            path: The template, as for `route()`.
            name: For `url_for()`; the function's name unless given.
            origins: Origins whose pages may connect beside the site's own, `*` for any; None: the setting `ws_origins`.
            subprotocols: Those that the handler speaks; the first that the client offers too is agreed upon.
            max_size: Largest message that is received, in bytes or as a text such as "64KiB"; None: the setting `ws_max_size`.
            blocking: True, or the name of a pool, to run a `def` with a `SyncWebSocket` on a thread.
            guards: Judged before the handshake is answered; a refusal is an ordinary answer.
            dependencies: Of `Depends()`, called for what they do.

        Raises:
            RegistrationError: The template or the handler is refused.
        """
        with_parentheses(self, "websocket", path)

        def register(handler: F) -> F:
            from pelton.routing.entries import WebSocketEntry

            place = place_of(handler)
            self._registering(f"websocket {path}", place)
            checked_template(path, place)
            self._arrives(
                WebSocketEntry(
                    path,
                    handler,
                    name=name,
                    origins=origins,
                    subprotocols=subprotocols,
                    max_size=max_size,
                    blocking=blocking,
                    guards=guards,
                    dependencies=dependencies,
                )
            )
            return handler

        return register

    # --- middleware and hooks around handlers ---

    if TYPE_CHECKING:

        @overload
        def middleware(self, fn: F) -> F: ...
        @overload
        def middleware(self, fn: str) -> Callable[[F], F]: ...

    def middleware(self, fn: Any) -> Any:
        """Registers `async def (request, call_next)` around every request; also as `middleware("http")`.

        `await call_next(request)` gives the Response of what is inside. The first registered is the outermost. It runs for
        404, 405 and automatic OPTIONS too.

        Args:
            fn: The middleware.

        Raises:
            RegistrationError: It is no `async def`, or does not take both arguments.
        """
        if not isinstance(fn, str):
            return self.use(fn)
        if fn != "http":
            raise RegistrationError(
                f"there is no middleware of the kind {fn!r}", where="", fix='@app.middleware or @app.middleware("http")'
            )
        return self.use

    def use(self, fn: F) -> F:
        """Registers middleware by a plain call.

        Args:
            fn: An `async def (request, call_next)`, as for `middleware()`.

        Raises:
            RegistrationError: It is no `async def`, or does not take both arguments.
        """
        place = place_of(fn)
        self._registering("middleware", place)
        from pelton.routing.layer_checks import check_middleware

        check_middleware(fn, place)
        self._layers.middleware.append(fn)
        return fn

    def before(self, fn: F) -> F:
        """Registers a hook that is called before the handlers.

        Args:
            fn: A `def` or `async def (request)`. None lets the request go on; anything else that it returns is the answer.

        Raises:
            RegistrationError: It cannot be called with one argument.
        """
        self._layers.before.append(self._hook(fn, "before", ("request",)))
        return fn

    def after(self, fn: F) -> F:
        """Registers a hook that is called with the response of a handler.

        Args:
            fn: A `def` or `async def (request, response)`. It may change the response, or return another.

        Raises:
            RegistrationError: It cannot be called with two arguments.
        """
        self._layers.after.append(self._hook(fn, "after", ("request", "response")))
        return fn

    def _hook(self, fn: F, kind: str, names: tuple[str, ...]) -> F:
        place = place_of(fn)
        self._registering(f"{kind} hook", place)
        from pelton.routing.layer_checks import check_call

        check_call(fn, f"{kind} hook", names, place)
        return fn

    # --- hooks of start and stop ---

    def on_event(self, event: Literal["startup", "shutdown"]) -> Callable[[F], F]:
        """Registers a `def` or `async def` without parameters that runs in each worker as it starts or stops.

        Args:
            event: `startup`, before the first request, or `shutdown`, after the last.
        """
        with_parentheses(self, "on_event", event, '"startup"')

        def register(hook: F) -> F:
            place = place_of(hook)
            self._registering(f"{event} hook", place)
            self._lifespan.hooks(event, place).append(hook)
            return hook

        return register

    def on_startup(self, hook: F) -> F:
        """Registers a `def` or `async def` that runs before the first request, as `on_event("startup")` does."""
        return self.on_event("startup")(hook)

    def on_shutdown(self, hook: F) -> F:
        """Registers a `def` or `async def` that runs after the last request, as `on_event("shutdown")` does."""
        return self.on_event("shutdown")(hook)

    # --- blueprints ---

    def register_blueprint(
        self,
        blueprint: Blueprint,
        prefix: str = "",
        *,
        name: str | None = None,
        tags: Sequence[str] = (),
        guards: Sequence[Any] = (),
        dependencies: Sequence[Any] = (),
    ) -> None:
        """Takes in a blueprint with everything in it, also what is added to it later. `include_router` is an alias.

        Args:
            blueprint: A `Blueprint`. The same one again needs another prefix, and another name if it has one.
            prefix: Put before its own prefix.
            name: Instead of its own name, in the names of its routes.
            tags: Added to those of its routes in the OpenAPI document.
            guards: Judged before its own.
            dependencies: Of `Depends()`, called before its own.

        Raises:
            RegistrationError: The prefix or the name is taken, or a blueprint would contain itself.
        """
        if not hasattr(blueprint, "_register_in"):
            raise TypeError(f"register_blueprint() takes a Blueprint, not {blueprint!r}; an App is mounted: app.mount()")
        blueprint._register_in(self, prefix, name, tags, guards, dependencies)

    include_router = register_blueprint


def with_parentheses(registrar: Any, decorator: str, given: Any, wanted: str = '"/path"') -> None:
    """RegistrationError if a decorator was given the function itself, which registers nothing."""
    if callable(given) and not isinstance(given, type):
        from pelton.routing.entries import function_name

        name = f"@{type(registrar).__name__.lower()}.{decorator}"
        raise RegistrationError(
            f"{name} is used without parentheses, so {function_name(given)}() is not registered",
            where=place_of(given),
            fix=f"{name}({wanted})",
        )


def checked_template(path: str, place: str) -> None:
    """What a prefix before it would hide: a template that does not begin with a slash."""
    if path and not path.startswith("/"):
        raise RegistrationError(
            f"template {path!r}: no leading slash at 0 in {path}", where=place, fix=FIXES["no_leading_slash"]
        )
