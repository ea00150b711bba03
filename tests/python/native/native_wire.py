"""An Application made by hand and octets to and from it: the native half without the package."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Any

from pelton import _native
from pelton.errors import HTTPError
from pelton.loop import Loop
from pelton.messages.response import JSON_ENCODER, Response

REQUEST = {"source": "request"}
# Of all servers here: handlers that finish in their call never turn it.
LOOP = Loop("epoll")
GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"


class Recorder:
    """Hooks that keep what they were given."""

    def __init__(self, app: Any = None, unmatched: Any = None, has_middleware: bool = False) -> None:
        self.app = app
        self.unmatched = unmatched
        self.has_middleware = has_middleware
        self.errors: list[BaseException] = []
        self.started: list[Any] = []

    def on_exception(self, request: Any, error: BaseException) -> Response:
        logging.getLogger("pelton.error").debug("%r", error)
        self.errors.append(error.with_traceback(None))
        status = error.status if isinstance(error, HTTPError) else 500
        return Response(f"{type(error).__name__}: {error}", status)

    def convert_result(self, value: Any, info: Any) -> Any:
        raise TypeError(f"unsendable {type(value).__name__}")

    def merge(self, value: Any, side: Any, info: Any) -> Any:
        return ["merged", value, side.status]

    def bad_json(self, request: Any, error: Any) -> BaseException:
        return HTTPError(400, error.reason)

    async def go_on(self, driver: Any, value: Any, info: Any) -> Any:
        return await value

    def as_dict(self) -> dict[str, Any]:
        return {
            "app": self.app,
            "on_exception": self.on_exception,
            "convert_result": self.convert_result,
            "side_channel": lambda: Response(None, 201),
            "merge": self.merge,
            "on_unmatched": self.unmatched,
            "has_middleware": self.has_middleware,
            "call_apart": lambda request: "apart",
            "bad_json": self.bad_json,
            "refusal": HTTPError,
            "log_lost": lambda request, error: self.errors.append(error),
            "disconnect_error": lambda status: ConnectionError(status),
            "json_variable": JSON_ENCODER,
            "json_encoder": _native.json_dumps,
            "go_on": self.go_on,
            "start_background": lambda behind, in_task: self.started.append(behind),
            "websocket": lambda request, info: None,
            "background": lambda side: self.started,
        }


def no_regex(pattern: str) -> Callable[[str], Any]:
    raise AssertionError(f"nobody needs {pattern}")


def explain(request: Any, cause: BaseException | None) -> Any:
    raise HTTPError(422, repr(cause))


class Wire:
    """One route (or several, by add()) on a MemoryServer; each get() is one request."""

    def __init__(
        self, recorder: Recorder | None = None, config: dict[str, int] | None = None, **options: Any
    ) -> None:
        self.recorder = recorder or Recorder()
        self.application = _native.Application(**options)
        self.config = config or {}
        self.server: Any = None
        self.connection = -1

    def add(
        self,
        handler: Callable[..., Any],
        arguments: Sequence[dict[str, Any]] = (REQUEST,),
        path: str = "/",
        methods: Sequence[str] = ("GET", "POST"),
        regex: Any = no_regex,
        **plan: Any,
    ) -> Wire:
        index = self.application.add_route(methods, path, regex)
        named = [{"parameter": f"p{at}"} | one for at, one in enumerate(arguments)]
        self.application.set_plan(
            index, {"handler": handler, "arguments": named, "explain": explain, "info": path} | plan
        )
        return self

    def open(self) -> Wire:
        if self.server is None:
            self.application.freeze(self.recorder.as_dict())
            self.server = _native.MemoryServer(self.application, config=self.config, loop=LOOP)
        return self

    def exchange(self, octets: bytes, chunks: Sequence[int] | None = None) -> bytes:
        self.open()
        if self.connection < 0 or self.server.closed(self.connection):
            self.connection = self.server.connect(("10.0.0.1", 4000), ("10.0.0.2", 80))
        self.server.send(self.connection, octets, chunks)
        return bytes(self.server.receive(self.connection))

    def ask(
        self,
        target: str = "/",
        method: str = "GET",
        fields: Sequence[tuple[str, str]] = (),
        body: bytes | None = None,
        chunks: Sequence[int] | None = None,
    ) -> Answer:
        head = [f"{method} {target} HTTP/1.1", "Host: example.org"]
        head += [f"{name}: {value}" for name, value in fields]
        if body is not None:
            head.append(f"Content-Length: {len(body)}")
        octets = "\r\n".join([*head, "", ""]).encode("latin-1") + (body or b"")
        return Answer(self.exchange(octets, chunks))


class Answer:
    """The first answer in some octets; `rest` is what follows it."""

    def __init__(self, octets: bytes) -> None:
        head, _, body = octets.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        self.status = int(first.split()[1])
        self.fields = [tuple(line.split(": ", 1)) for line in lines]
        length = int(self.field("content-length") or 0)
        self.body = body[:length]
        self.rest = body[length:]

    def field(self, name: str) -> str | None:
        return next((value for key, value in self.fields if key.lower() == name.lower()), None)

    @property
    def json(self) -> Any:
        return _native.json_loads(self.body)


def value_of(read: Callable[[Any], Any], **request: Any) -> Any:
    """What `read(request)` gives inside a handler, the Python object itself."""
    found: list[Any] = []
    wire = Wire().add(lambda request: found.append(read(request)))
    answer = wire.ask(**request)
    assert answer.status == 200, (answer.body, wire.recorder.errors)
    return found[0]


class Serving:
    """A Server in a thread of its own."""

    def __init__(self, wire: Wire, engine: str, **config: int) -> None:
        wire.application.freeze(wire.recorder.as_dict())
        self.descriptor, self.port = _native.bind_listener("127.0.0.1", 0, backlog=16)
        self.server = _native.Server(
            wire.application, listeners=[self.descriptor], config=config, engine=engine  # type: ignore[arg-type]
        )
        self.loop = Loop()
        self.code: int | None = None
        self.opened = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        assert self.opened.wait(10)

    def run(self) -> None:
        self.server.open(signals=False, loop=self.loop)
        self.opened.set()
        self.code = self.server.run()
        self.server.close()  # on the thread that served

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def end(self) -> int | None:
        self.server.stop()
        self.thread.join(10)
        assert not self.thread.is_alive()
        os.close(self.descriptor)
        self.loop.close()
        return self.code


def read_answer(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)
    return body
