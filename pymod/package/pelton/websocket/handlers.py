"""WebSocket routes: registration, and what runs around their handlers."""

from __future__ import annotations

from pelton.config.concurrency import read_websocket_pool
from pelton.errors import ClientDisconnected, HTTPError, WebSocketDisconnect, place_of
from pelton.routing.registrar import function_name
from pelton.routing.route_options import taken_dependencies
from pelton.routing.routes import RouteInfo
from pelton.websocket.connection import WebSocket
from pelton.websocket.sync_websocket import SyncWebSocket
from pelton.websocket.websocket_signature import WebSocketCompiler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from pelton._native import Plan, Request, WebSocketEnd
    from pelton.app import App
    from pelton.routing.blueprints import Within

POLICY, FAILED, NORMAL, LEAVING = 1008, 1011, 1000, 1001
LOST = (1006, "")


class Link:
    """The native end of one WebSocket, from its handshake on."""

    __slots__ = ("_end", "_max_size", "_refused", "_request")

    def __init__(self, request: Request, max_size: int | None) -> None:
        self._request = request
        self._max_size = max_size
        self._end: WebSocketEnd | None = None
        self._refused: tuple[int, str] | None = None  # closed, or lost, before it was accepted

    def accept(self, subprotocol: str | None, fields: list[tuple[bytes, bytes]]) -> None:
        driver = self._request._driver
        if driver is None:
            raise RuntimeError("a WebSocket is accepted by its handler, while that runs")
        try:
            self._end = driver.accept_websocket(
                subprotocol, fields, -1 if self._max_size is None else self._max_size
            )
        except ClientDisconnected:
            self._refused = LOST
            raise WebSocketDisconnect(*LOST) from None

    @property
    def accepted(self) -> WebSocketEnd:
        if self._end is None:
            raise WebSocketDisconnect(*(self._refused or LOST))
        return self._end

    def send(self, data: bytes, is_text: bool) -> bool:
        return self.accepted.send(data, is_text)

    def writable(self) -> Any:
        return self.accepted.writable()

    async def receive(self) -> tuple[str, str | bytes]:
        end = self.accepted
        # Taken by who runs: one that is cancelled while it waits leaves all to the next.
        while (message := end.take()) is None:
            await end.arrival()
        return message

    def ping(self, data: bytes) -> None:
        self.accepted.ping(data)

    def subscribe(self, topic: str) -> None:
        self.accepted.subscribe(topic)

    def unsubscribe(self, topic: str) -> None:
        if self._end is not None:
            self._end.unsubscribe(topic)

    def close(self, code: int, reason: bytes) -> None:
        if self._end is None:
            self._refused = (code, reason.decode())
        else:
            self._end.close(code, reason)

    @property
    def buffered(self) -> int:
        return 0 if self._end is None else self._end.buffered

    @property
    def closing(self) -> bool:
        return self.closed is not None if self._end is None else self._end.closing

    @property
    def closed(self) -> tuple[int, str] | None:
        return self._refused if self._end is None else self._end.closed


def websocket_of(request: Request, route: RouteInfo) -> WebSocket | SyncWebSocket:
    """What a handler is given."""
    made = WebSocket(
        request,
        Link(request, route.options["max_size"]),
        subprotocols=route.options["subprotocols"],
        dumps=request.app._dumps,
        loads=request.app._json_reading.loads,
    )
    if route.options["pool"] is None:
        return made
    runtime = request.app._runtime
    assert runtime is not None
    return SyncWebSocket(made, runtime.loop)


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
            from pelton.routing.guards import taken_guards

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
        app, route = within.app, self.info(within)
        app._refuse_name(route)
        app._add_compiled(
            route,
            lambda: _plan(app, route),
            lambda fullmatch: app._native.add_websocket(route.path, fullmatch, origins=self.origins),
        )


def _plan(app: App, route: RouteInfo) -> Plan:
    pool = route.options["pool"]
    compiler = WebSocketCompiler(app, route, pool)
    plan = compiler.plan()
    compiler.refuse_without_websocket()
    if compiler.injection is None:
        plan["handler"] = _around(app, route.handler, pool, plan)
    else:
        plan["handler"] = compiler.injection.around_websocket = _around(app, plan["handler"], None, plan)
    plan["is_coroutine"] = True
    return plan


def _around(app: App, handler: Callable[..., Any], pool: str | None, plan: Plan) -> Callable[..., Any]:
    """Runs the handler and ends the WebSocket as it ended."""
    sources = [argument["source"] for argument in plan["arguments"]]
    at = sources.index("websocket") if "websocket" in sources else None
    tasks_at = sources.index("background") if "background" in sources else None

    async def run(*args: Any, **options: Any) -> Any:
        found = [*args, *options.values()]
        ws = next((one for one in found if isinstance(one, WebSocket | SyncWebSocket)), None)
        assert ws is not None and at is not None
        link = ws._of.link
        try:
            if pool is None:
                given = handler(*args, **options)
                if hasattr(given, "__await__"):  # not so of a def that has run the async def behind it
                    await given
            else:
                from functools import partial

                runtime = app._runtime
                assert runtime is not None
                await runtime.run_blocking(pool, partial(handler, **options), args)
        except BaseException as error:
            of = ws._of
            is_over = of.ended is not None or link.closing
            if not (isinstance(error, WebSocketDisconnect) and is_over):  # else its own end
                if not of.accepted:
                    raise  # answered as by any other handler
                if _is_from_outside(error):
                    link.close(LEAVING, b"")
                    raise
                answers = app._answers
                assert answers is not None
                answers.failed(of.request, error)
                link.close(FAILED, b"")
                return None
        if not ws._of.accepted:
            raise HTTPError(403)
        if link.closed is None:
            link.close(NORMAL, b"")
        if tasks_at is not None and (tasks := found[tasks_at]) is not None:
            assert app._answers is not None
            app._answers.start_background(tasks)
        return None

    return run


def _is_from_outside(error: BaseException) -> bool:
    """The handler was stopped: its task was cancelled, not just something that it awaited."""
    from asyncio import CancelledError, current_task

    if isinstance(error, CancelledError):
        task = current_task()
        return task is not None and task.cancelling() > 0
    return isinstance(error, GeneratorExit)
