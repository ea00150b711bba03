"""App: routes are collected here, compiled once, then served by the native half."""

from __future__ import annotations

from noria import _native
from noria.errors import RegistrationError, RouteConflict, StartupError, place_of
from noria.lifespan import Lifespan
from noria.openapi import Describing
from noria.providers import Injecting
from noria.requests import State
from noria.route_options import FIXES, taken_options
from noria.routing import RouteInfo, build_url

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Coroutine, Mapping, Sequence
    from typing import Any, Literal, TypeVar, Unpack
    from weakref import ReferenceType

    from noria._native import Plan
    from noria.answers import Answers
    from noria.config import ServerConfig
    from noria.options import RouteOptions, Settings
    from noria.runtime import Runtime, Stopping
    from noria.topics import Topics

    F = TypeVar("F", bound=Callable[..., Any])

__all__ = ["App"]


class App(Injecting, Describing):
    """A web application. Registration ends when it first serves."""

    def __init__(
        self,
        *,
        debug: bool = False,
        server: ServerConfig | None = None,
        errors: Literal["fastapi", "problem"] = "fastapi",
        trailing_slash: Literal["strict", "redirect"] = "strict",
        strict_content_type: bool = True,
        validator: Literal["auto", "msgspec", "pydantic", "builtin"] = "auto",
        json_default: Callable[[Any], Any] | None = None,
        json_nan: Literal["null", "error"] = "null",
        json_duplicate_keys: Literal["last", "reject"] = "last",
        title: str = "noria",
        version: str = "0.1.0",
        description: str = "",
        lifespan: Callable[[App], Any] | None = None,
    ) -> None:
        _one_of("errors", errors, ("fastapi", "problem"))
        _one_of("trailing_slash", trailing_slash, ("strict", "redirect"))
        _one_of("validator", validator, ("auto", "msgspec", "pydantic", "builtin"))
        _one_of("json_nan", json_nan, ("null", "error"))
        _one_of("json_duplicate_keys", json_duplicate_keys, ("last", "reject"))
        super().__init__()
        self._describe(title, version, description)
        self.debug = debug
        self.errors = errors
        self.validator = validator
        self.json_nan = json_nan
        self.json_duplicate_keys = json_duplicate_keys
        self.state = State()
        self._server_config = server
        self._lifespan = Lifespan(lifespan)
        self._pools: dict[str, tuple[str, int, int]] = {}  # named blocking pools: threads, queue
        self._runtime: Runtime | None = None
        self._settings: dict[str, Any] | None = None  # of the server, once there is one
        self._topics: tuple[ReferenceType[Topics], ...] = ()  # of each server, in memory too
        self._json_default = json_default
        self._native = _native.Application(
            errors=errors,
            trailing_slash=trailing_slash,
            strict_content_type=strict_content_type,
            json_default=self._json_default,
            json_nan=json_nan,
            json_duplicate_keys=json_duplicate_keys,
        )
        self._routes: list[RouteInfo] = []
        self._unresolved: list[tuple[int, RouteInfo, Callable[[], Plan]]] = []
        self._handlers_by_class: dict[type[BaseException], Callable[..., Any]] = {}
        self._handlers_by_status: dict[int, Callable[..., Any]] = {}
        self._answers: Answers | None = None  # made by the freeze
        self._serving: _native.Server | None = None

    # --- routes ---

    def get(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        return self.route(path, ("GET",), **options)

    def post(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        return self.route(path, ("POST",), **options)

    def put(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        return self.route(path, ("PUT",), **options)

    def patch(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        return self.route(path, ("PATCH",), **options)

    def delete(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        return self.route(path, ("DELETE",), **options)

    def head(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        return self.route(path, ("HEAD",), **options)

    def options(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        return self.route(path, ("OPTIONS",), **options)

    def route(
        self, path: str, methods: Sequence[str] = ("GET",), **options: Unpack[RouteOptions]
    ) -> Callable[[F], F]:
        """Registers the decorated callable and returns it unchanged."""

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
        place = place_of(handler)
        self._registering(f"route {path}", place)
        taken = taken_options(dict(options))
        if isinstance(methods, str):
            raise TypeError(f"methods is a sequence: methods=({methods!r},)")
        if not callable(handler):
            raise TypeError(f"the handler of {path} is not callable: {handler!r}")
        upper = tuple(dict.fromkeys(method.upper() for method in methods))
        explicit = "name" in taken
        name: str = taken.get("name") or _function_name(handler)
        route = RouteInfo(path, upper, name, handler, taken, place, explicit)
        if explicit:
            other = next((r for r in self._routes if r.explicit_name and r.name == name), None)
            if other is not None:
                raise RegistrationError(
                    f"two routes are named {name!r}",
                    where=f"{route.where}; {other.where}",
                    fix="give each its own name=",
                )
        from noria.signature import compile_plan

        self._add_compiled(
            route, lambda: compile_plan(self, route), lambda regex: self._native.add_route(upper, path, regex)
        )

    def websocket(
        self,
        path: str,
        *,
        name: str | None = None,
        origins: Sequence[str] | None = None,
        subprotocols: Sequence[str] = (),
        max_size: int | str | None = None,
        blocking: bool | str = False,
        dependencies: Sequence[Any] = (),
    ) -> Callable[[F], F]:
        """Registers a handler of WebSockets; a GET route may share the path."""

        def register(handler: F) -> F:
            from noria.websocket_routes import add_websocket

            self._registering(f"websocket {path}", place_of(handler))
            add_websocket(
                self,
                path,
                handler,
                name=name,
                origins=origins,
                subprotocols=subprotocols,
                max_size=max_size,
                blocking=blocking,
                dependencies=dependencies,
            )
            return handler

        return register

    def _add_compiled(
        self, route: RouteInfo, compile: Callable[[], Plan], add: Callable[[Callable[[str], Any]], int]
    ) -> None:
        """Adds a route with its plan; one whose annotations name nothing yet gets its plan at the freeze."""
        from noria.signature import Unresolved

        plan = None
        try:
            plan = compile()
        except Unresolved:
            pass
        try:
            index = add(_fullmatch)
        except _native.RouteError as error:
            raise self._refused(error, route) from None
        self._routes.append(route)
        if plan is None:
            self._unresolved.append((index, route, compile))
        else:
            self._native.set_plan(index, plan)

    def _refused(self, error: _native.RouteError, route: RouteInfo) -> RegistrationError:
        where = route.where
        if error.problem == "conflict" and error.other is not None:
            other = self._routes[error.other]
            return RouteConflict(
                f"{' '.join(route.methods)} {route.path} has the shape of {other.path}",
                where=f"{route.place} and {other.place}",
                fix="change one of the paths or methods",
            )
        return RegistrationError(f"template {route.path!r}: {error}", where=where, fix=FIXES[error.problem])

    def exception_handler(self, key: type[BaseException] | int) -> Callable[[F], F]:
        """Registers `(request, exc)` for an exception class or for a status of HTTPError."""

        def register(handler: F) -> F:
            place = place_of(handler)
            self._registering(f"exception handler for {key!r}", place)
            if isinstance(key, type) and issubclass(key, BaseException):
                self._handlers_by_class[key] = handler
            elif isinstance(key, int) and not isinstance(key, bool) and 200 <= key <= 599:
                self._handlers_by_status[key] = handler
            else:
                raise RegistrationError(
                    f"{key!r} is neither an exception class nor a status",
                    where=place,
                    fix="@app.exception_handler(LookupError) or @app.exception_handler(404)",
                )
            return handler

        return register

    def url_for(self, name: str, /, **params: Any) -> str:
        """The path of a named route; `_query` adds a query."""
        query: Mapping[str, Any] | None = params.pop("_query", None)
        return build_url(self._routes, name, params, query)

    @property
    def routes(self) -> Sequence[RouteInfo]:
        return tuple(self._routes)

    # --- concurrency ---

    def blocking_pool(self, name: str, *, threads: int, queue: int) -> None:
        """A pool of its own for routes with `blocking="name"`: so many threads, so many requests that wait."""
        from noria.concurrency import DEFAULT_POOL

        self._registering(f"blocking pool {name!r}", "")
        if name == DEFAULT_POOL or name in self._pools:
            raise RegistrationError(f"there is a blocking pool {name!r} already", where="", fix="give it another name")
        if threads < 1 or queue < 0:
            raise ValueError(f"blocking pool {name!r}: threads from 1 and a queue from 0, not {threads} and {queue}")
        self._pools[name] = (name, threads, queue)

    def spawn(self, coro: Coroutine[Any, Any, Any], *, name: str | None = None) -> asyncio.Task[Any]:
        """Starts a task that belongs to the worker: its failure is logged, the stop cancels it."""
        if self._runtime is None:
            coro.close()
            raise RuntimeError("spawn() needs an app that is being served")
        return self._runtime.spawn(coro, name)

    def publish(self, topic: str, message: str | bytes) -> None:
        """To all WebSockets that have subscribed, of every worker; from any thread, in its order, waiting for nobody."""
        from noria.topics import publish

        publish(self._topics, topic, message)

    @property
    def stopping(self) -> Stopping:
        """Set when a stop begins: `is_set()`, `await wait()`."""
        from noria.runtime import Stopping

        return Stopping(self)

    def on_event(self, event: Literal["startup", "shutdown"]) -> Callable[[F], F]:
        """Registers a `def` or `async def` without parameters."""

        def register(hook: F) -> F:
            place = place_of(hook)
            self._registering(f"{event} hook", place)
            self._lifespan.hooks(event, place).append(hook)
            return hook

        return register

    def on_startup(self, hook: F) -> F:
        return self.on_event("startup")(hook)

    def on_shutdown(self, hook: F) -> F:
        return self.on_event("shutdown")(hook)

    # --- life ---

    def _registering(self, what: str, place: str) -> None:
        if self._answers is not None:
            raise RegistrationError(
                f"{what} comes too late: the app has begun to serve",
                where=place,
                fix="register everything before run() or the first request",
            )

    def _freeze(self) -> _native.Application:
        """Compiles what waited for names and closes registration; the second call does nothing."""
        if self._answers is not None:
            return self._native
        from noria.answers import Answers
        from noria.freezing import compile_unresolved, hooks_of

        compile_unresolved(self)
        self._check_pools()
        answers = Answers(self)
        self._native.freeze(hooks_of(self, answers))
        self._answers = answers
        return self._native

    def _dumps(self, value: Any) -> bytes:
        return _native.json_dumps(value, default=self._json_default, nan=self.json_nan)

    def _check_pools(self) -> None:
        from noria.concurrency import DEFAULT_POOL, check_pool, read_pool

        for route in self._routes:
            check_pool(route.options.get("pool") or read_pool(route.options.get("blocking", False)), (DEFAULT_POOL, *self._pools), route.where)

    @property
    def engine(self) -> Literal["uring", "epoll"] | None:
        return None if self._serving is None else self._serving.engine

    def run(self, host: str | None = None, port: int | None = None, **settings: Unpack[Settings]) -> None:
        """Serves until stopped. If it cannot start: one line on stderr and SystemExit(3)."""
        from noria.errors import ConfigError
        from noria.serving import complain, effective_settings, serve

        named = {"host": host, "port": port}
        given: dict[str, Any] = {**settings, **{name: value for name, value in named.items() if value is not None}}
        try:
            code = serve(self, effective_settings(self._server_config, given))
        except (ConfigError, StartupError, RegistrationError) as error:
            complain(f"cannot start: {error}")
            raise SystemExit(3) from None
        if code != 0:
            raise SystemExit(code)

    def stop(self) -> None:
        """Begins a graceful stop; from any thread, without effect if nothing is served."""
        if (serving := self._serving) is not None:
            serving.stop()


def _one_of(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        from noria.errors import ConfigError

        raise ConfigError(f"App({name}=) is {' or '.join(map(repr, allowed))}, not {value!r}")


def _function_name(handler: Any) -> str:
    while not hasattr(handler, "__name__") and hasattr(handler, "func"):
        handler = handler.func
    name: str = getattr(handler, "__name__", None) or type(handler).__name__
    return name


def _fullmatch(pattern: str) -> Callable[[str], Any]:
    import re

    return re.compile(pattern).fullmatch
