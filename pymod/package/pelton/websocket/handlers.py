"""WebSocket routes: registration, and what runs around their handlers."""

from __future__ import annotations

from pelton.errors import ClientDisconnected, HTTPError, WebSocketDisconnect
from pelton.messages.response import Response
from pelton.messages.service import service_of
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

    from pelton._native import Plan, Request, WebSocketEnd
    from pelton.messages.service import Service
    from pelton.routing.app_parts import AppParts
    from pelton.routing.routes import RouteInfo
    from pelton.validation.parameters import Parameter

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
        # A message is taken only by a task that runs: one that is cancelled while it waits leaves all to the next.
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
    service = service_of(request)
    made = WebSocket(
        request,
        Link(request, route.options["max_size"]),
        subprotocols=route.options["subprotocols"],
        dumps=service.json.dumps,
        loads=service.json.loads,
    )
    if route.options["pool"] is None:
        return made
    runtime = service.runtime
    assert runtime is not None
    return SyncWebSocket(made, runtime.loop)


def plan_of(parts: AppParts, route: RouteInfo) -> Plan:
    """The plan of a WebSocket route; HandlerSignatureError, or Unresolved while a name does not exist."""
    pool = route.options["pool"]
    compiler = WebSocketCompiler(parts, route, pool)
    plan = compiler.plan()
    compiler.refuse_without_websocket()
    if compiler.injection is None:
        plan["handler"] = _around(parts.service, route.handler, pool, plan)
    else:
        run = plan["handler"] = _around(parts.service, plan["handler"], None, plan)
        compiler.injection.on_new_websocket = lambda request, arguments: run(websocket_of(request, route), *arguments)
    plan["is_coroutine"] = True
    return plan


def _around(service: Service, handler: Callable[..., Any], pool: str | None, plan: Plan) -> Callable[..., Any]:
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
                if hasattr(given, "__await__"):  # a def may have run the async def that it wraps
                    await given
            else:
                from functools import partial

                runtime = service.runtime
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
                answers = service.answers
                assert answers is not None
                answers.failed(of.request, error)
                link.close(FAILED, b"")
                return None
        if not ws._of.accepted:
            raise HTTPError(403)
        if link.closed is None:
            link.close(NORMAL, b"")
        if tasks_at is not None and (tasks := found[tasks_at]) is not None:
            assert service.answers is not None
            service.answers.start_background(tasks)
        return None

    return run


def _is_from_outside(error: BaseException) -> bool:
    """The handler was stopped: its task was cancelled, not just something that it awaited."""
    from asyncio import CancelledError, current_task

    if isinstance(error, CancelledError):
        task = current_task()
        return task is not None and task.cancelling() > 0
    return isinstance(error, GeneratorExit)


# --- the signature rule for WebSocket routes: the same rows, but no body and no response ---


class WebSocketCompiler(Compiler):
    """Compiles one handler of a `websocket` route, which runs in a pool or on the loop."""

    is_websocket = True

    def __init__(self, parts: AppParts, route: RouteInfo, pool: str | None) -> None:
        super().__init__(parts, route)
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
        """The value that a WebSocket handler returns is not used."""

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
