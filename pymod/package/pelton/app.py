"""App: routes are collected here, compiled once, then served by the native half."""

from __future__ import annotations

from pelton import _native
from pelton.dependencies.providers import Providers, Scope
from pelton.errors import RegistrationError, StartupError, place_of
from pelton.messages import request as _request  # gives the native Request its methods
from pelton.messages import response as _responses  # the native half must know Response
from pelton.messages.json_format import JsonFormat
from pelton.messages.state import State
from pelton.middleware.native import NativeMiddleware
from pelton.routing.app_parts import AppParts
from pelton.routing.mounts import is_mountable
from pelton.routing.places import Within
from pelton.routing.registrar import Registrar, with_parentheses
from pelton.routing.routes import RouteInfo, build_url

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Coroutine, Mapping, MutableMapping, Sequence
    from contextlib import AbstractContextManager
    from os import PathLike
    from typing import Any, Literal, TypeVar, Unpack

    from pelton._native import Plan, Request
    from pelton.config.run_keywords import RunKeywords
    from pelton.config.server_config import ServerConfig, TlsConfig
    from pelton.hosting.asgi_lifespan import Application
    from pelton.hosting.wsgi_call import Application as WsgiApplication
    from pelton.middleware.security_headers import SecurityHeadersConfig
    from pelton.openapi.description import Description
    from pelton.routing.entries import Entry
    from pelton.routing.mounts import Mountable
    from pelton.routing.static_files import StaticFilesConfig
    from pelton.serving.runtime import Stopping
    from pelton.serving.worker import WorkerInfo
    from pelton.signature.compiler import Compiler

    F = TypeVar("F", bound=Callable[..., Any])

__all__ = ["App"]


class App(Registrar):
    """A web application: routes and what goes with them. Registration ends when it first serves.

    Args:
        debug: Error pages with a traceback, warnings about handlers that hold the loop, and hints. Not for production.
        server: Settings; the environment and the keywords of `run()` override them.
        errors: The shape of error bodies: FastAPI's `{"detail": ...}`, or RFC 9457's `application/problem+json`.
        trailing_slash: `strict` tells `/a` from `/a/`; `redirect` sends clients to the form that has a route, with 308.
        strict_content_type: Whether a typed JSON body must say that it is JSON; else a body without a type is read too.
        validator: What checks dataclasses, attrs classes and TypedDicts: `auto` takes msgspec if it is installed, else
            pydantic, else the built-in checker.
        json_default: Called with a value that JSON cannot encode; what it returns is encoded instead.
        json_nan: What NaN and infinities become in JSON: `null`, or an error.
        json_duplicate_keys: Which value of a key that a JSON body repeats counts: the last, or none (400).
        title: In the OpenAPI document.
        version: In the OpenAPI document.
        description: In the OpenAPI document.
        lifespan: An async context manager of the app, entered before the first request and left after the last.
        guards: Judged before every route.
        dependencies: Of `Depends()`, called before every route.

    Raises:
        ConfigError: One of the choices has another value.
    """

    title: str
    version: str
    description: str

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
        title: str = "pelton",
        version: str = "0.1.0",
        description: str = "",
        lifespan: Callable[[App], Any] | None = None,
        guards: Sequence[Callable[[Any], Any]] = (),
        dependencies: Sequence[Any] = (),
    ) -> None:
        _one_of("errors", errors, ("fastapi", "problem"))
        _one_of("trailing_slash", trailing_slash, ("strict", "redirect"))
        _one_of("validator", validator, ("auto", "msgspec", "pydantic", "builtin"))
        _one_of("json_nan", json_nan, ("null", "error"))
        _one_of("json_duplicate_keys", json_duplicate_keys, ("last", "reject"))
        self._describe(title, version, description)
        super().__init__(lifespan, (), guards, dependencies)
        self.debug = debug
        self.errors = errors
        self.validator = validator
        self.json_nan: Literal["null", "error"] = json_nan
        self.state = State()
        native = _native.Application(
            errors=errors,
            trailing_slash=trailing_slash,
            strict_content_type=strict_content_type,
            json_default=json_default,
            json_nan=json_nan,
            json_duplicate_keys=json_duplicate_keys,
        )
        json = JsonFormat(json_default, json_nan, json_duplicate_keys)
        self._parts = AppParts(
            self, App, native, json, self._layers, self._lifespan, NativeMiddleware(native), server, _plan_of_websocket, _websocket_of
        )
        self._parts.providers = Providers(self._parts.service, self._compiler_of_no_route)
        # Made when they are first asked for.
        self._description: Description | None = None
        self._asgi: Application | None = None
        self._places = [Within(self._parts, (self,), "", "", (), self._guards, self._dependencies)]

    # --- routes ---

    def _arrives(self, entry: Entry) -> None:
        entry.add(self._places[0])

    def exception_handler(self, key: type[BaseException] | int) -> Callable[[F], F]:
        """Registers the decorated `def` or `async def (request, exc)`; what it returns is the answer.

        Args:
            key: An exception class, where the nearest class in the order of inheritance wins; or a status, for HTTPErrors
                of that status and the built-in 404 and 405. A class beats a status.

        Raises:
            RegistrationError: The key is neither, or the handler does not take both arguments.
        """
        with_parentheses(self, "exception_handler", key, "ValueError")

        def register(handler: F) -> F:
            place = place_of(handler)
            self._registering(f"exception handler for {key!r}", place)
            self._parts.error_handlers.register(key, handler, place)
            return handler

        return register

    def url_for(self, name: str, /, **params: Any) -> str:
        """The path of a named route, percent-encoded.

        Args:
            name: The route's `name=`, else its function's name; of a blueprint's route `blueprint.function`.
            params: Values for the parameters of the path; `_query` is a mapping for a query.

        Raises:
            URLBuildError: The name is unknown or names several routes, a value is missing or too many, or does not fit.
        """
        query: Mapping[str, Any] | None = params.pop("_query", None)
        return build_url(self._parts, name, params, query)

    @property
    def routes(self) -> Sequence[RouteInfo]:
        """Every registered route, as `RouteInfo`, in the order of registration."""
        return tuple(self._parts.table.routes)

    def enable_static_files(self, config: StaticFilesConfig) -> None:
        """Serves the files of a directory below a prefix, without the interpreter. May be called for several directories.

        Args:
            config: Which directory, where, and how.

        Raises:
            RegistrationError: The prefix is none, or there is no such directory.
        """
        from pelton.routing.static_files import add_static

        add_static(self._parts, config, "enable_static_files()")

    def _compiler_of_no_route(self, place: str) -> Compiler:
        """For providers outside of routes, which `place` is to name in errors."""
        from pelton.signature.compiler import Compiler

        return Compiler(self._parts, RouteInfo("/", ("SCOPE",), "scope", _nothing, {}, place, False))

    # --- mounts ---

    def mount(self, path: str, target: App | Mountable | Application | WsgiApplication, *, name: str | None = None) -> None:
        """Gives another application a path and everything below it that no route of this one matches.

        The longest path wins. With a name, `url_for("name.route")` reaches its routes, and
        `url_for("name", path="a.css")` a file of StaticFiles.

        Args:
            path: Where it begins, such as `/admin`.
            target: An `App`, `StaticFiles`, an ASGI 3 or a WSGI application, which gets every method and every target there.
            name: For `url_for()`.

        Raises:
            RegistrationError: The path is taken, or the target cannot be mounted.
            TypeError: The target is nothing of that kind.
        """
        if not isinstance(target, App) and not is_mountable(target):
            from pelton.hosting.interfaces import mountable

            target = mountable(target, App)
        self._parts.mounts.add(path, target, name)

    @property
    def asgi(self) -> Application:
        """The application as an ASGI 3 application, for servers that take one: `uvicorn shop:app.asgi`.

        Routes, dependencies, errors, WebSockets, streams, files and the lifespan are those of `run()`. Client, scheme and
        `root_path` are what the server says; its workers do not share topics unless `ws_broker` is set.
        """
        if self._asgi is None:
            from pelton.hosting.asgi_callable import AsgiCallable

            self._asgi = AsgiCallable(self._parts)
        return self._asgi

    # --- templates ---

    def enable_templates(
        self,
        template_dir: str | PathLike[str] = "templates",
        auto_escape: bool = True,
        globals: Mapping[str, Any] | None = None,  # noqa: A002
    ) -> None:
        """Finds templates in a directory and renders them by Jinja2, the extra `pelton[templates]`.

        Args:
            template_dir: The directory, from the current one.
            auto_escape: Whether values are escaped for HTML.
            globals: Names that every template knows, beside `url_for`.

        Raises:
            RegistrationError: Jinja2 is not installed, there is no such directory, or templates are enabled already.
        """
        from sys import _getframe

        from pelton.messages.templates import Templates

        caller = _getframe(1)
        where = f"{caller.f_code.co_filename}:{caller.f_lineno}"
        self._registering("enable_templates()", where)
        if self._parts.service.templates is not None:
            raise RegistrationError(
                "enable_templates() is called twice",
                where=where,
                fix="keep one call; subdirectories are part of the name: render('mail/welcome.html')",
            )
        self._parts.service.templates = Templates(
            template_dir,
            auto_escape,
            {"url_for": self.url_for, **(globals or {})},
            where,
            is_reloading=lambda: self.debug,
        )

    def render(self, name: str, context: Mapping[str, Any] | None = None) -> str:
        """The text of a rendered template.

        Args:
            name: The template's path in its directory.
            context: Names that the template knows.

        Raises:
            RegistrationError: Templates are not enabled.
            jinja2.TemplateNotFound: There is no such template.
        """
        from pelton.messages.templates import enabled

        return enabled(self._parts.service).environment(False).get_template(name).render(context or {})

    def render_string(self, source: str, context: Mapping[str, Any] | None = None) -> str:
        """The text of a template that is given as a string, rendered as `render()` does.

        Args:
            source: The template.
            context: Names that the template knows.

        Raises:
            RegistrationError: Templates are not enabled.
            jinja2.TemplateSyntaxError: The template has an error.
        """
        from pelton.messages.templates import enabled

        return enabled(self._parts.service).environment(False).from_string(source).render(context or {})

    # --- dependencies ---

    def register_singleton(self, name: str, value: Any) -> None:
        """Registers a value for `Depends("name")`.

        Args:
            name: The name.
            value: The very object that handlers get.

        Raises:
            RegistrationError: The name is taken.
        """
        self._parts.providers.register(name, value)

    def register_provider(
        self,
        name: str,
        fn: Callable[..., Any],
        scope: Literal["app", "request", "handler", "function", "transient"] = "request",
    ) -> None:
        """Registers a provider for `Depends("name")`.

        Args:
            name: The name.
            fn: A function, class, generator or async generator; its parameters follow the rule of handlers.
            scope: How long a value lives: as long as the app, the request, the handler, or this one use (`transient`).

        Raises:
            RegistrationError: The name is taken.
        """
        self._parts.providers.register_provider(name, fn, scope)

    @property
    def dependency_overrides(self) -> MutableMapping[Any, Any]:
        """What stands in for a provider or a name, by that provider or name; for tests."""
        return self._parts.providers.overrides

    @dependency_overrides.setter
    def dependency_overrides(self, overrides: MutableMapping[Any, Any]) -> None:
        self._parts.providers.replace_overrides(overrides)

    def override(self, key: Callable[..., Any] | str, replacement: Any) -> AbstractContextManager[None]:
        """Within the `with` block another provider or value stands in; for tests.

        Args:
            key: The provider itself, or the registered name.
            replacement: A provider, or for a name also a value.

        Raises:
            RegistrationError: No dependency has the name.
        """
        return self._parts.providers.override(key, replacement)

    def scope(self) -> Scope:
        """Dependencies outside of requests: `async with app.scope() as s: await s.resolve(make)`."""
        return Scope(self._parts.providers)

    # --- its description ---

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI 3.1 document; the same dict each time once the app has begun to serve."""
        return self._described().document()

    def enable_openapi(
        self,
        title: str | None = None,
        version: str | None = None,
        *,
        path: str = "/openapi.json",
        docs: str | None = "/docs",
        redoc: str | None = "/redoc",
        scalar: str | None = "/scalar",
    ) -> None:
        """Serves the OpenAPI document, and pages that show it from files of the package. None leaves one out.

        Args:
            title: Instead of the app's title.
            version: Instead of the app's version.
            path: Where the document is.
            docs: Where Swagger UI is.
            redoc: Where ReDoc is.
            scalar: Where Scalar is.

        Raises:
            RegistrationError: One of the paths is taken, or it is enabled already.
        """
        self._described().serve(path, {"swagger": docs, "redoc": redoc, "scalar": scalar})
        self._describe(self.title if title is None else title, self.version if version is None else version, self.description)

    # --- how it is served ---

    def enable_tls(self, config: TlsConfig) -> None:
        """Serves the app by TLS, as `ServerConfig(tls=)` does.

        Args:
            config: Certificates, and what is asked of clients.

        Raises:
            RegistrationError: The app has TLS already, or has begun to serve.
        """
        from pelton.config.server_config import ServerConfig

        self._registering("enable_tls()", "")
        before = self._parts.server_config or ServerConfig()
        if before.tls is not None:
            raise RegistrationError("the app has TLS already", where="", fix="leave enable_tls() or ServerConfig(tls=) out")
        self._parts.server_config = before.replace(tls=config)

    # --- middleware that the runtime runs itself ---

    def enable_cors(
        self,
        origins: Sequence[str] | None = None,
        *,
        allow_methods: Sequence[str] = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"),
        allow_headers: Sequence[str] = ("*",),
        expose_headers: Sequence[str] = (),
        allow_credentials: bool = False,
        max_age: int = 600,
    ) -> None:
        """Lets pages of other origins read responses (Fetch standard, CORS), those of files, mounts and errors too.

        Preflights are answered without the interpreter, before routing.

        Args:
            origins: Such as `https://app.example`, exactly as browsers send them; None: all.
            allow_methods: What pages may send.
            allow_headers: Fields that pages may set; `*`: all.
            expose_headers: Fields of responses that pages may read beside the ordinary ones.
            allow_credentials: Whether cookies and the like may be sent; the origins have to be listed then.
            max_age: Seconds for which a browser may keep the answer to a preflight.

        Raises:
            ConfigError: It was called before, or an argument cannot be.
            RegistrationError: The app has begun to serve.
        """
        from pelton.middleware.cors import cors_settings

        self._registering("enable_cors()", "")
        self._parts.middleware.enable(
            "cors", cors_settings(origins, allow_methods, allow_headers, expose_headers, allow_credentials, max_age)
        )

    def enable_request_id(self, header: str = "X-Request-ID", *, trust_incoming: bool = False) -> None:
        """Gives each request an id: in a field of its answer, in `request.request_id()`, and as `{request_id}` in access logs.

        Args:
            header: The field.
            trust_incoming: Whether an id that comes with the request is taken over, up to 128 visible characters of ASCII.

        Raises:
            ConfigError: It was called before, or the header cannot be.
            RegistrationError: The app has begun to serve.
        """
        from pelton.middleware.request_id import request_id_settings

        self._registering("enable_request_id()", "")
        self._parts.middleware.enable("request_id", request_id_settings(header, trust_incoming))

    def enable_security_headers(self, config: SecurityHeadersConfig | None = None) -> None:
        """Adds fields by which browsers protect a page and its visitors, to every response.

        Args:
            config: Which; None: those of `SecurityHeadersConfig()`.

        Raises:
            ConfigError: It was called before, or the configuration cannot be.
            RegistrationError: The app has begun to serve.
        """
        from pelton.middleware.security_headers import SecurityHeadersConfig, security_settings

        self._registering("enable_security_headers()", "")
        self._parts.middleware.enable("security_headers", security_settings(config or SecurityHeadersConfig()))

    def _describe(self, title: str, version: str, description: str) -> None:
        for name, given in (("title", title), ("version", version), ("description", description)):
            if not isinstance(given, str):
                raise TypeError(f"App({name}=) is a str, not {given!r}")
        self.title = title
        self.version = version
        self.description = description

    def _described(self) -> Description:
        if self._description is None:
            from pelton.openapi.description import Description

            self._description = Description(self._parts)
        return self._description

    # --- concurrency ---

    def blocking_pool(self, name: str, *, threads: int, queue: int) -> None:
        """Makes a pool of threads of its own for routes with `blocking="name"`.

        Args:
            name: What routes call it.
            threads: How many threads, at least 1, for each worker; they are made on demand.
            queue: How many requests may wait for one; more get 503 with `Retry-After`.

        Raises:
            RegistrationError: There is a pool of this name already.
            ValueError: There would be no thread, or a negative queue.
        """
        from pelton.config.concurrency import DEFAULT_POOL

        self._registering(f"blocking pool {name!r}", "")
        pools = self._parts.pools
        if name == DEFAULT_POOL or name in pools:
            raise RegistrationError(f"there is a blocking pool {name!r} already", where="", fix="give it another name")
        if threads < 1 or queue < 0:
            raise ValueError(f"blocking pool {name!r}: threads from 1 and a queue from 0, not {threads} and {queue}")
        pools[name] = (name, threads, queue)

    def spawn(self, coro: Coroutine[Any, Any, Any], *, name: str | None = None) -> asyncio.Task[Any]:
        """Starts a task that belongs to the worker and to no request: its failure is logged, the stop cancels it.

        Args:
            coro: The coroutine.
            name: The task's name in logs.

        Raises:
            RuntimeError: The app is not being served.
        """
        runtime = self._parts.service.runtime
        if runtime is None:
            coro.close()
            raise RuntimeError("spawn() needs an app that is being served")
        return runtime.spawn(coro, name)

    def publish(self, topic: str, message: str | bytes) -> None:
        """Sends a message to all WebSockets that have subscribed to a topic, in every worker. It returns at once.

        Args:
            topic: The name that `ws.subscribe()` was called with.
            message: A `str` is sent as text, bytes as a binary message. From one thread messages arrive in order.

        Raises:
            TypeError: The topic is no `str`, or the message neither `str` nor bytes.
            RuntimeError: The app is not being served.
        """
        from pelton.websocket.topics import publish

        publish(self._parts.service.topics, topic, message)

    @property
    def stopping(self) -> Stopping:
        """Whether a stop has begun: `app.stopping.is_set()`, or `await app.stopping.wait()`."""
        from pelton.serving.runtime import Stopping

        return Stopping(self._parts.service)

    @property
    def worker(self) -> WorkerInfo:
        """Which of the server's processes this one is; alone, under `TestClient` or another server, it is worker 0 of 1."""
        from pelton.serving.worker import this_worker

        return this_worker()

    # --- life ---

    def _registering(self, what: str, place: str) -> None:
        self._parts.refuse_late(what, place)

    @property
    def engine(self) -> Literal["uring", "epoll"] | None:
        """`uring` or `epoll` while the app is being served, else None."""
        server = self._parts.service.server
        return None if server is None else server.engine

    def run(
        self, host: str | None = None, port: int | None = None, *, logs: bool | None = None, cli: bool = True, **settings: Unpack[RunKeywords]
    ) -> None:
        """Serves until stopped, then returns: in this process, or with several `workers` or `reload` like `pelton run`.

        In the script that is executed it takes the flags of `pelton run` from the command line, and `--no-logs`.

        Where it cannot start it prints one line on stderr and ends the process with exit code 3. On the main thread TERM and
        INT begin a graceful stop; a second one ends the process at once.

        Args:
            host: The address to listen on, 127.0.0.1 unless set.
            port: The port, 8000 unless set; 0 takes any free one.
            logs: The same as `access_log`.
            cli: Whether the arguments of the script are flags of pelton.
            settings: Further settings and the options of `pelton run` by their keyword; they override the configuration file, the
                environment overrides them, and flags override all.

        Raises:
            SystemExit: It could not start (3), the command line is wrong (2), or a signal has ended it (128 and the signal's number).
            TypeError: There is no setting of this name.
        """
        import os
        import sys
        from importlib import import_module

        from pelton.config.command_keys import COMMAND_KEYS
        from pelton.config.settings import effective_settings, file_near
        from pelton.errors import ConfigError
        from pelton.serving.server import serve
        from pelton.serving.terminal import complain, hold_standard_descriptors, show_trace

        if (loading := sys.modules.get("pelton.cli.loading")) is not None:
            loading.refuse_run(sys._getframe(1))
        hold_standard_descriptors()
        if os.environ.get("PELTON_WORKERS", "1") != "1":
            complain("PELTON_WORKERS is for pelton run: app.run() serves in this process alone")
        caller, main = sys._getframe(1), sys.modules.get("__main__")
        program = caller.f_code.co_filename
        is_script = main is not None and caller.f_globals is vars(main) and getattr(main, "__file__", None) == program
        arguments = (sys.argv[1:] if cli else []) if is_script else None
        if logs is not None and "access_log" in settings:
            raise TypeError("run() has 'access_log' twice, as 'logs' too; give one of them")
        named = {"host": host, "port": port, "access_log": logs}
        given: dict[str, Any] = {**settings, **{name: value for name, value in named.items() if value is not None}}
        try:
            path, file = file_near(os.path.abspath(os.path.dirname(program))), None
            if path is not None:
                from pelton.config.setting_files import read_file

                file = read_file(path)
            if file is not None and file.command.get("workers", "1") != "1":
                complain(f"{file.place_of('workers')}: workers is for pelton run: app.run() serves in this process alone")
            of_file = {} if file is None else file.command
            is_told = any(f"PELTON_{one.upper()}" in os.environ or one in of_file for one in ("env_file", "process_name"))
            if arguments or is_told or not COMMAND_KEYS.keys().isdisjoint(given):
                # The command stands above the application, so it is loaded by its name.
                code = import_module("pelton.cli.script").run_app(self, given, caller, arguments)
            else:
                code = serve(self._parts, effective_settings(self._parts.server_config, given, file))
        except (ConfigError, StartupError, RegistrationError) as error:
            show_trace(error)
            complain(f"cannot start: {error}")
            raise SystemExit(3) from None
        if code != 0:
            raise SystemExit(code)

    def stop(self) -> None:
        """Begins a graceful stop. From any thread; without effect if nothing is served."""
        if (server := self._parts.service.server) is not None:
            server.stop()


def _one_of(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        from pelton.errors import ConfigError

        raise ConfigError(f"App({name}=) is {' or '.join(map(repr, allowed))}, not {value!r}")


# Few applications have a WebSocket, and the room of WebSockets takes time to load.


def _plan_of_websocket(parts: AppParts, route: RouteInfo) -> Plan:
    """The plan of a WebSocket route."""
    from pelton.websocket.handlers import plan_of

    return plan_of(parts, route)


def _websocket_of(request: Request, route: RouteInfo) -> Any:
    """What a WebSocket handler is given."""
    from pelton.websocket.handlers import websocket_of

    return websocket_of(request, route)


def _nothing() -> None:
    """The handler of no route."""
