"""The native half of pelton: JSON, the request path, the server. Private; use `pelton` instead.

Who owns what:
  hotpath/   Request, Headers, MultiDict, JSON reader and writer, reading of results and Responses
  loop/      the event loop's core, its handles
  bindings/  Application, serve(), MemoryServer, stats(), doctor(), configuration checks
  bridge/    the handler that ties an exchange to an interpreter
"""

from asyncio import BaseProtocol, Future, Task, Transport
from collections.abc import (
    AsyncIterator, Awaitable, Callable, Coroutine, Generator, ItemsView, Iterable, Iterator, KeysView, Mapping, Sequence,
    ValuesView,
)
from contextvars import Context, ContextVar
from socket import socket
from typing import Any, Literal, NoReturn, Required, Self, TypedDict, TypeVar, final, overload, type_check_only

from typing_extensions import Buffer, disjoint_base

from pelton.app import App
from pelton.forms.form_data import FormData
from pelton.forms.parts import Part
from pelton.forms.uploads import UploadedFile
from pelton.messages.state import State
from pelton.messages.tls_info import TlsInfo
from pelton.messages.url import URL, Address
from pelton.routing.routes import RouteInfo

_T = TypeVar("_T")

# --- JSON (hotpath) ---------------------------------------------------------------------------

def json_dumps(
    obj: Any, *, default: Callable[[Any], Any] | None = None, nan: Literal["null", "error"] = "null"
) -> bytes: ...
# The name of a Set-Cookie field to which Secure is added where the request came by https: this very object.
COOKIE_BY_SCHEME: bytes

def json_loads(
    data: bytes | bytearray | memoryview | str, *, duplicate_keys: Literal["last", "reject"] = "last",
    depth_max: int = 1024, number_bytes_max: int = 4300,
) -> Any: ...

def json_check(
    data: bytes, *, duplicate_keys: Literal["last", "reject"] = "last",
    depth_max: int = 1024, number_bytes_max: int = 4300,
) -> None:
    """JSONDecodeError unless json_loads() would take the bytes; makes no value of them."""

class JSONDecodeError(ValueError):
    pos: int  # octet offset
    line: int
    column: int
    reason: str  # json_syntax, json_depth, json_number, json_string, json_duplicate_key

class JSONEncodeError(TypeError): ...

# --- What a route is compiled to --------------------------------------------------------------

@type_check_only
class Argument(TypedDict, total=False):
    """Where one parameter of a handler gets its value from. The order is the signature's."""

    parameter: str
    keyword: bool  # passed by keyword (keyword-only parameters); default False
    source: Required[Literal[
        "request",  # the Request
        "constant",  # `default`, the very object (App, ...)
        "response",  # a fresh side channel, made by Hooks["side_channel"]
        "background", "websocket",  # the BackgroundTasks; the WebSocket or SyncWebSocket
        "path",  # path value `index`
        "query", "cookie",
        "header",  # `key` in lower case
        # `decode(bytes)`, once the limits of JSON hold of them, or `judge(value)` of what the native
        # JSON reader makes of them; with neither that value itself.
        "body",
        # `resolve(request)`: the general, slower road. Whatever it raises is handed to `explain`.
        "resolver",
    ]]
    index: int  # position of the value in the template (path)
    key: str
    # How the text becomes a value. A name is native; a callable gets the str and raises ValueError.
    # "as_matched" (path only): the converter's own type.
    convert: Literal["as_matched", "str", "bytes", "int", "float", "bool"] | Callable[[str], Any]
    decode: Callable[[bytes], Any]
    judge: Callable[[Any], Any]
    resolve: Callable[[Any], Any]
    default: Any  # absent: required
    copy_default: bool  # list, dict and set defaults: a shallow copy for each call

@type_check_only
class Plan(TypedDict, total=False):
    handler: Required[Callable[..., Any]]
    arguments: Required[Sequence[Argument]]
    status: int
    media_type: str | None
    body_bytes_max: int | None  # None: the server's limit; 2**64 - 1: no limit
    # UPL-001: 415 before the body is awaited unless the type is JSON. Only a request with a body is
    # judged (a length above 0, or chunked); one with a Content-Encoding is refused too.
    wants_json: bool
    # UPL-002: the same of a route that wants a form.
    wants_form: bool
    # LIM-050: without body_bytes_max the server's limit is that of multipart bodies.
    takes_files: bool
    is_coroutine: bool  # the handler is an async def
    stream_body: bool
    cancel_on_disconnect: bool
    timeout_ms: int  # absent: the server's
    # Encodes a value by the declared type; absent or None: by the value's own type. The result is
    # finished JSON if it is `bytes`, else a value that is encoded as any other. Applied to what the
    # handler returned, or to the first item of a plain tuple (but not to the None of `(None, n)`),
    # never to a Response, and not to None on a route whose status is 204 or 304.
    encode: Callable[[Any], Any] | None
    # A value of exactly this type needs no `encode`.
    encode_unless: type | None
    # Nor does one of exactly these types all the way down: (kinds, shape of a list's items or None,
    # shape of a dict's values or None), as pelton.validation.models.shape_of makes them.
    encode_unless_shape: tuple[int, Any, Any] | None
    # Called as (request, cause) when any argument is missing or unfit: looks at all of them again in
    # Python and raises RequestValidationError (or BadBody ...) with every error in order. The cause
    # is what a resolver, `convert` or `decode` raised, or None. What it returns is sent instead.
    explain: Callable[[Any, BaseException | None], Any]
    info: Required[Any]  # the RouteInfo that request.route returns

@type_check_only
class Hooks(TypedDict):
    """Python called by the native half. All are compiled by the package, none is user code."""

    app: Any
    # An exception left a handler or an argument, or its result cannot be sent (JSONEncodeError,
    # a bad status or header, what convert_result or encode raised): the value that answers it (6.1
    # of the surface), normally a Response. If this raises too, the answer is the native 500.
    on_exception: Callable[[Any, BaseException], Any]
    # A value that the native half cannot send itself, neither as a table of 6.1 says nor as JSON
    # (models at the top level, ProblemDetails, named tuples, pathlib.Path, tuples that are no
    # result): a Response or a value of the native kinds; raises ResponseTypeError.
    convert_result: Callable[[Any, Any], Any]  # (value, RouteInfo)
    side_channel: Callable[[], Any]
    # (what the handler returned, side channel, RouteInfo) -> a Response of both, `encode` applied.
    merge: Callable[[Any, Any, Any], Any]
    # Of 404 and 405, with middleware also 204 and 308: (request, status, allow, location).
    on_unmatched: Callable[[Any, int, str | None, str | None], Any] | None
    has_middleware: bool
    # Where Response.json() finds its encoder, and the one that it finds in this application's handlers.
    json_variable: ContextVar[Callable[[Any], bytes]]
    json_encoder: Callable[[Any], bytes]
    call_apart: Callable[[Any], Any]  # Request._call() where the exchange is over
    bad_json: Callable[[Any, JSONDecodeError], BaseException]  # what Request.json() raises for it
    # The exception that touching `query` or `cookies` raises over their limits: (status, detail).
    refusal: Callable[[int, str], BaseException]
    log_lost: Callable[[Any, BaseException], None]
    disconnect_error: Callable[[int], BaseException]
    # (driver, an awaitable or a streaming Response, RouteInfo): runs to the result, or the end.
    go_on: Callable[[Any, Any, Any], Coroutine[Any, Any, Any]]
    # (what follows the answer, whether a task has sent it) -> what that is to go on with.
    start_background: Callable[[Any, bool], Coroutine[Any, Any, None] | None]
    websocket: Callable[[Any, Any], Any]  # (request, RouteInfo): what a WebSocket handler is given
    background: Callable[[Any], Any]  # the tasks that a side channel carries

class RouteError(ValueError):
    """A template that is refused or already taken."""

    # conflict, two_parameters, unknown_converter, duplicate_parameter, no_leading_slash,
    # query_or_fragment, colon_parameter, path_not_last, bad_regex, bad_parameter, method or
    # too_many_parameters
    problem: str
    other: int | None  # the index of the route in the way (conflict)

@type_check_only
class _BoundType(type):
    """The metaclass of what pybind11 binds."""

class Application(metaclass=_BoundType):
    def __init__(
        self,
        *,
        errors: Literal["fastapi", "problem"] = "fastapi",
        trailing_slash: Literal["strict", "redirect"] = "strict",
        strict_content_type: bool = True,
        json_default: Callable[[Any], Any] | None = None,
        json_nan: Literal["null", "error"] = "null",
        json_duplicate_keys: Literal["last", "reject"] = "last",
    ) -> None: ...
    def add_route(self, methods: Sequence[str], path: str, regex: Callable[[str], Callable[[str], Any]]) -> int:
        """Adds a template; its index, or RouteError. `regex` compiles a pattern to its fullmatch."""
    def add_websocket(self, path: str, regex: Callable[[str], Callable[[str], Any]], *,
                      origins: Sequence[str] | None) -> int: ...
    def mount(self, prefix: str, application: Application) -> None: ...
    def add_static(self, prefix: str, options: dict[str, Any]) -> None: ...
    def parameters(self, index: int) -> list[tuple[str, str]]: ...  # (name, converter) in order: str int float uuid regex path
    def set_plan(self, index: int, plan: Plan) -> None: ...
    def set_layers(self, index: int, layers: Callable[[Any], Any], is_coroutine: bool) -> None: ...
    def host(self, application: Callable[..., Any], options: AsgiOptions) -> None: ...  # it gets what nothing else answers
    def host_wsgi(self, serve: Callable[[dict[str, Any]], Any], options: dict[str, Any]) -> None: ...  # same, make_input
    def enable_request_id(self, *, header: str, trusts_incoming: bool) -> None: ...
    def enable_cors(self, *, origins: Sequence[str], methods: Sequence[str], headers: Sequence[str], exposed: Sequence[str],
                    credentials: bool, max_age_s: int) -> None: ...
    def enable_security_headers(self, *, fields: Sequence[tuple[str, str]], transport_security: str) -> None: ...
    def freeze(self, hooks: Hooks) -> None: ...

@type_check_only
class AsgiOptions(TypedDict):
    state: dict[str, Any]  # the lifespan's, of which each scope has a copy
    log: Callable[[dict[str, Any], BaseException], None]  # of a scope

# --- Request path (hotpath) -------------------------------------------------------------------

@final
class MultiDict(Mapping[str, str]):
    """Immutable multi-dict of str; `d[k]` and get() give the last value."""

    def __getitem__(self, key: str, /) -> str: ...
    def __contains__(self, key: object, /) -> bool: ...
    def __iter__(self) -> Iterator[str]: ...
    def __len__(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...
    @overload
    def get(self, key: str, default: None = None) -> str | None: ...
    @overload
    def get(self, key: str, default: str) -> str: ...
    @overload
    def get(self, key: str, default: _T) -> str | _T: ...
    def keys(self) -> KeysView[str]: ...
    def values(self) -> ValuesView[str]: ...
    def items(self) -> ItemsView[str, str]: ...
    def getlist(self, key: str, /) -> list[str]: ...
    def get_all(self, key: str, /) -> list[str]: ...
    def multi_items(self) -> list[tuple[str, str]]: ...

@final
class Headers(Mapping[str, str]):
    """Case-insensitive multi-dict of latin-1 text; `h[k]` and get() give the first value."""

    # Also the type of `headers` of a test response: pairs in wire order.
    def __new__(cls, fields: Mapping[str, str] | Iterable[tuple[str, str]] = (), /) -> Headers: ...
    def __getitem__(self, key: str, /) -> str: ...
    def __contains__(self, key: object, /) -> bool: ...
    def __iter__(self) -> Iterator[str]: ...
    def __len__(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...
    @overload
    def get(self, key: str, default: None = None) -> str | None: ...
    @overload
    def get(self, key: str, default: str) -> str: ...
    @overload
    def get(self, key: str, default: _T) -> str | _T: ...
    def keys(self) -> KeysView[str]: ...
    def values(self) -> ValuesView[str]: ...
    def items(self) -> ItemsView[str, str]: ...
    def getlist(self, key: str, /) -> list[str]: ...
    def get_all(self, key: str, /) -> list[str]: ...
    def multi_items(self) -> list[tuple[str, str]]: ...

@final
class Request:
    """Lazy; owns its octets once it outlives the handler. pelton.messages.request attaches the cold half."""

    # Native.
    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...  # decoded
    @property
    def raw_path(self) -> bytes: ...
    @property
    def query_string(self) -> str: ...
    @property
    def scheme(self) -> str: ...
    @property
    def http_version(self) -> str: ...
    @property
    def query(self) -> MultiDict: ...
    @property
    def query_params(self) -> MultiDict: ...
    @property
    def headers(self) -> Headers: ...
    @property
    def cookies(self) -> dict[str, str]: ...
    @property
    def params(self) -> dict[str, Any]: ...
    @property
    def path_params(self) -> dict[str, Any]: ...
    @property
    def context(self) -> dict[str, Any]: ...
    @property
    def app(self) -> App: ...
    @property
    def route(self) -> RouteInfo: ...
    @property
    def _body_file(self) -> BodyFile | None: ...  # None if the body is in memory
    @property
    def _forwarded(self) -> tuple[str, str] | None: ...  # host and path that a trusted proxy names
    @property
    def _client(self) -> tuple[str, int] | None: ...
    @property
    def _server(self) -> tuple[str, int] | None: ...
    @property
    def _tls(self) -> tuple[str, str, str | None, str | None, tuple[str, ...]] | None: ...  # as TlsInfo has it
    @property
    def _trailers(self) -> list[tuple[str, str]]: ...
    @property
    def _driver(self) -> HandlerCoroutine | None: ...
    def _call(self) -> Any: ...  # what the handler gives, with its side channel if it has one
    def body(self) -> bytes: ...
    def json(self) -> Any: ...
    def request_id(self) -> str | None: ...

    # Attached by pelton.messages.request.
    @property
    def last_event_id(self) -> str | None: ...
    def is_disconnected(self) -> bool: ...
    async def disconnected(self) -> None: ...
    def stream(self) -> AsyncIterator[bytes]: ...
    async def body_async(self) -> bytes: ...
    async def text_async(self) -> str: ...
    async def json_async(self) -> Any: ...
    def form(self) -> FormData: ...
    async def form_async(self) -> FormData: ...
    @property
    def files(self) -> dict[str, list[UploadedFile]]: ...
    def parts(self) -> AsyncIterator[Part]: ...
    @property
    def client(self) -> Address | None: ...
    @property
    def server(self) -> Address | None: ...
    @property
    def tls(self) -> TlsInfo | None: ...
    @property
    def trailers(self) -> Headers: ...
    @property
    def remote_addr(self) -> str | None: ...
    @property
    def url(self) -> URL: ...
    @property
    def root_path(self) -> str: ...
    @property
    def state(self) -> State: ...
    def client_ip(self) -> str | None: ...
    def url_for(self, name: str, /, **params: Any) -> str: ...
    def text(self) -> str: ...
    def get_context(self, key: str, default: Any = None) -> Any: ...
    def set_context(self, key: str, value: Any) -> None: ...
    def get_param(self, key: str, default: Any = None) -> Any: ...
    @overload
    def get_param_int(self, key: str) -> int | None: ...
    @overload
    def get_param_int(self, key: str, default: _T) -> int | _T: ...
    @overload
    def get_header(self, key: str) -> str | None: ...
    @overload
    def get_header(self, key: str, default: _T) -> str | _T: ...
    @overload
    def get_query_param(self, key: str) -> str | None: ...
    @overload
    def get_query_param(self, key: str, default: _T) -> str | _T: ...
    @overload
    def get_query_int(self, key: str) -> int | None: ...
    @overload
    def get_query_int(self, key: str, default: _T) -> int | _T: ...
    @overload
    def get_query_float(self, key: str) -> float | None: ...
    @overload
    def get_query_float(self, key: str, default: _T) -> float | _T: ...
    @overload
    def get_query_bool(self, key: str) -> bool | None: ...
    @overload
    def get_query_bool(self, key: str, default: _T) -> bool | _T: ...
    def content_type(self) -> str | None: ...
    def host(self) -> str | None: ...
    def user_agent(self) -> str | None: ...
    def accepts(self, content_type: str) -> bool: ...
    def is_json(self) -> bool: ...
    def is_form(self) -> bool: ...
    def is_multipart(self) -> bool: ...
    def is_secure(self) -> bool: ...
    def is_xhr(self) -> bool: ...

# --- Responses as the native half reads them ---------------------------------------------------
# pelton.Response (Python, __slots__), registered by pelton.messages.response, offers these to response_reader:
#   _status: int
#   _body: bytes                         (str is encoded when it is made)
#   _fields: list[tuple[bytes, bytes]]   name and value as they go on the wire, Content-Type included
@final
class BodyFile:  # a large body in a file without a name, gone with the last reference
    def __len__(self) -> int: ...
    def fileno(self) -> int: ...
    def parts(self) -> list[Any] | None: ...  # as FormReader.feed() says, a slice for where a file lies
    @property
    def failure(self) -> tuple[int, str, str] | None: ...

@final
class FormReader:
    """A form's parts and fields as its body arrives. limits: octets of a boundary, fields, parts, files,
    octets of a field and of what is kept, lines of a part's head, octets of one, octets around the parts."""

    def __new__(cls, content_type: str, limits: Sequence[int], /) -> FormReader: ...
    # Of a urlencoded form (name, value). Of a multipart one, for each part
    # (name, is a file, file name as sent or None, file name to offer or None, header fields),
    # then its octets, then None.
    def feed(self, data: bytes, /) -> list[Any]: ...
    def end(self) -> list[Any]: ...
    @property
    def kind(self) -> Literal["urlencoded", "multipart"] | None: ...
    # (status, class, reason) for good.
    @property
    def failure(self) -> tuple[int, str, str] | None: ...

def running_context() -> Context: ...  # the caller's own, no copy of it
def register_response(response_type: type) -> None: ...
def check_field(name: str, value: str) -> tuple[bytes, bytes]:
    """Name as a token, value as latin-1 without controls; ValueError with the position if not."""

# --- Handlers that go on behind their call (bridge) -------------------------------------------

@final
class HandlerCoroutine:
    """The coroutine of a handler's task, and the way of the package's own coroutines to the exchange."""

    def send(self, value: Any, /) -> Any: ...
    def throw(self, *exception: Any) -> Any: ...
    def close(self) -> None: ...
    def __await__(self) -> Iterator[Any]: ...
    def __next__(self) -> Any: ...
    def produce(self, is_events: bool, /) -> None: ...  # from now on the task ends with the client
    def begin(self, status: int, fields: list[tuple[bytes, bytes]], /) -> None: ...  # ValueError for a bad head
    def write(self, data: bytes, /) -> bool: ...  # False: await writable() before the next
    def writable(self) -> Future[None]: ...
    def end(self, trailers: list[tuple[bytes, bytes]] = ..., /) -> None: ...
    def cut(self) -> None: ...
    def stop(self) -> None: ...  # cancels the task, unless it has been and still cleans up
    def hold_place(self) -> None: ...  # a thread works for the handler: its place is held until leave_place()
    def leave_place(self) -> None: ...
    @property
    def gone(self) -> bool: ...
    def accept_websocket(self, subprotocol: str | None, fields: list[tuple[bytes, bytes]], message_bytes_max: int = -1, /) -> WebSocketEnd:
        """Answers the handshake; ValueError for a field or subprotocol that may not be."""
    def send_file(self, status: int, fields: list[tuple[bytes, bytes]], path: bytes, root: bytes | None, background: Any, /) -> None: ...
    def send_descriptor(self, status: int, fields: list[tuple[bytes, bytes]], descriptor: int, position: int, kept: object, /) -> None: ...
    def read_body(self, bytes_max: int = ..., /) -> bytes | None: ...
    def body_arrived(self) -> Future[None]: ...
    def wait_disconnected(self) -> Future[None]: ...
    @property
    def disconnected(self) -> bool: ...

@final
class ItemPump(Awaitable[bool]):
    """Carries a stream's items to its sink while it is awaited; True at their end, False if the sink is gone.

    `first` is encoded, the items that follow are taken from an iterator, async or not. Whatever the
    iterator, `encode`, `write` or the sink raise comes out of the await.
    """
    def __new__(
        cls,
        iterator: Iterator[Any] | AsyncIterator[Any],
        encode: Callable[[Any], bytes],
        write: Callable[[bytes], bool],
        sink: Any,
        time: Callable[[], float],
        first: bytes,
        /,
    ) -> Self: ...
    def send(self, value: Any, /) -> Any: ...
    def throw(self, *exception: Any) -> Any: ...
    def close(self) -> None: ...
    def __await__(self) -> Generator[Any, Any, bool]: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __next__(self) -> Any: ...
    @property
    def spoke_s(self) -> float:
        """When the sink last took an item, by `time`; infinity while it is full."""

@final
class WebSocketEnd:
    """The native end of one WebSocket: after its end WebSocketDisconnect, behind the last message."""

    def send(self, data: bytes, is_text: bool, /) -> bool: ...  # False: await writable() before the next
    def writable(self) -> Future[None]: ...
    def take(self) -> tuple[str, str | bytes] | None: ...  # None: await arrival(), and take again
    def arrival(self) -> Future[None]: ...
    def ping(self, data: bytes, /) -> None: ...
    def close(self, code: int, reason: bytes, /) -> None: ...
    def subscribe(self, topic: str, /) -> None: ...
    def unsubscribe(self, topic: str, /) -> None: ...
    @property
    def buffered(self) -> int: ...
    @property
    def closing(self) -> bool: ...  # nothing more can be sent
    @property
    def closed(self) -> tuple[int, str] | None: ...

# --- Event loop (loop) ------------------------------------------------------------------------

@disjoint_base
class Handle:
    """asyncio.Handle: a callback of a loop."""

    def cancel(self) -> None: ...
    def cancelled(self) -> bool: ...
    def get_context(self) -> Context: ...
    def _run(self) -> None: ...
    @property
    def _callback(self) -> Callable[..., object] | None: ...
    @property
    def _args(self) -> tuple[Any, ...] | None: ...
    @property
    def _context(self) -> Context: ...
    @property
    def _loop(self) -> LoopCore: ...
    @property
    def _cancelled(self) -> bool: ...
    @property
    def _source_traceback(self) -> None: ...

@final
class TimerHandle(Handle):
    """asyncio.TimerHandle."""

    def when(self) -> float: ...
    def __lt__(self, other: TimerHandle, /) -> bool: ...
    def __le__(self, other: TimerHandle, /) -> bool: ...
    def __gt__(self, other: TimerHandle, /) -> bool: ...
    def __ge__(self, other: TimerHandle, /) -> bool: ...
    @property
    def _when(self) -> float: ...
    @property
    def _scheduled(self) -> bool: ...

@disjoint_base
class LoopCore:
    """What of an asyncio event loop is called often; pelton.loop.Loop is the rest."""

    @property
    def engine(self) -> Literal["uring", "epoll"] | None: ...
    def call_soon(
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Handle: ...
    def call_soon_threadsafe(
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Handle: ...
    def call_later(
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> TimerHandle: ...
    def call_at(
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> TimerHandle: ...
    def time(self) -> float: ...
    def stop(self) -> None: ...
    def create_future(self) -> Future[Any]: ...
    def create_task(
        self, coro: Coroutine[Any, Any, _T], *, name: str | None = None, context: Context | None = None
    ) -> Task[_T]: ...
    def _push(self, handle: Any) -> None: ...
    def _push_timer(self, when: float, handle: Any) -> None: ...
    def _forget_timer(self, handle: Any) -> bool: ...
    def get_debug(self) -> bool: ...
    def sock_recv(self, sock: socket, n: int) -> Coroutine[Any, Any, bytes]: ...
    def sock_recv_into(self, sock: socket, buf: Buffer) -> Coroutine[Any, Any, int]: ...
    def sock_sendall(self, sock: socket, data: Buffer) -> Coroutine[Any, Any, None]: ...
    def sock_accept(self, sock: socket) -> Coroutine[Any, Any, tuple[socket, Any]]: ...
    def sock_connect(self, sock: socket, address: Any) -> Coroutine[Any, Any, None]: ...
    def _add_reader(self, fd: Any, callback: Callable[..., object], *args: Any) -> Handle: ...
    def _add_writer(self, fd: Any, callback: Callable[..., object], *args: Any) -> Handle: ...
    def _remove_reader(self, fd: Any) -> bool: ...
    def _remove_writer(self, fd: Any) -> bool: ...
    def _has_reader(self, fd: Any) -> bool: ...
    def _has_writer(self, fd: Any) -> bool: ...
    def _forget_stop(self) -> None: ...
    def _become_task(self) -> None: ...
    def _turn(self, seconds: float, /) -> None: ...
    def _run(self, engine: str) -> None: ...  # until stop(); OSError if the engine cannot be had
    def _rouse(self) -> None: ...
    def _close_core(self) -> None: ...
    _core_debug: bool
    _has_task_factory: bool

# --- Serving (bindings) -----------------------------------------------------------------------

@type_check_only
class ServeConfig(TypedDict, total=False):
    """Keys and units of http/serve/config.hpp; whatever is absent has its default."""

# Whether responses say the date, and the fields each gets beside its own, by name and value.
_ResponseFields = tuple[bool, Sequence[tuple[str, str]]]

# Whether they deflate, the origins listed, and what a topic's slow receivers are to do.
_WebSocketSettings = tuple[bool, Sequence[str], Literal["close", "drop", "wait"]]

# Whose fields say where requests come from; their family, x-forwarded, forwarded or "" for none; whether connections
# begin with a PROXY header.
_Forwarding = tuple[Sequence[str], str, bool]

def check_trusted_peers(peers: Sequence[str]) -> None:
    """ValueError for one that is no address, no network, not unix and not *."""
def check_allowed_hosts(hosts: Sequence[str]) -> None:
    """ValueError for one that is no host, no domain such as *.example.org and not *."""
def check_response_fields(fields: _ResponseFields) -> None:
    """ValueError for a field that not every response can have."""
def config_problem(config: Mapping[str, int]) -> str | None: ...
def log_format_problem(text: str) -> str | None:
    """A clause that says why this is no format of an access log, else None."""
def config_defaults() -> dict[str, int]: ...

class Server(metaclass=_BoundType):
    """One core's server on listening sockets that are already bound."""

    def __init__(
        self,
        application: Application,
        *,
        listeners: Sequence[int],
        config: Mapping[str, int],
        engine: Literal["auto", "uring", "epoll"],
        fields: _ResponseFields = ...,
        websockets: _WebSocketSettings = ...,
        forwarding: _Forwarding = ...,
        allowed_hosts: Sequence[str] = ...,  # empty: any
        https_port: int = 0,  # where requests by plain http are redirected to; 0: nowhere
        http2: object = None, h2c: bool = False,  # what pelton._http2.codecs() has made, and whether it speaks without TLS too
        filters: object = None,  # what pelton._tls.load() has made, for the connections of the listeners in `filtered`
        filtered: Sequence[int] = ..., kept: Sequence[int] = ...,  # kept: the listeners that are somebody else's and stay open after a stop
        access_log: str = "",  # none; "-" for standard output, else a path
        access_log_format: str = "combined",
        log_looks: tuple[str, bool, bool] = ...,  # least level of the error log; whether access and error log are coloured
        log_takers: tuple[int | None, int | None] = ...,  # sockets that get the records of these two instead
        stats: tuple[int, int] | None = None,  # a segment's descriptor, which is taken, and its bank
        admin: int | None = None,  # a listening socket for /health/live and the like, which stays the caller's
    ) -> None: ...
    def close(self) -> None: ...  # lets the loop and the signals go that open() took, after run()
    def open(self, *, signals: bool, loop: LoopCore) -> None:
        """Chooses the engine on this thread; OSError with the cause if the forced one fails. With `signals`, TERM,
        INT and QUIT stop the server from now on, a second TERM or INT ends the process."""
    @property
    def engine(self) -> Literal["uring", "epoll"] | None: ...
    @property
    def engine_reason(self) -> str: ...
    def run(self, *, on_stop: Callable[[float], object] = ...) -> int:
        """Serves until stop(); the exit code. A stop tells `on_stop` the seconds requests have, a quick one anew."""
    def stop(self) -> None: ...  # begins the graceful stop; from any thread
    def quick_stop_wanted(self) -> bool: ...  # a QUIT came, maybe behind run()
    def stats(self) -> dict[str, int]: ...  # over all processes that share their counters
    def gauges(self) -> list[dict[str, int]]: ...  # of each process that serves, as it last looked, once a second
    def publish(self, topic: str, data: bytes, is_text: bool) -> int:
        """How many of this server's WebSockets will get it; 0 on any thread but the one that serves."""
    def count_dropped(self, messages: int) -> None: ...
    def log(self, level: str, logger: str, text: str) -> bool:
        """Adds a record to the error log; False on any thread but the one that serves."""

class MemoryServer(metaclass=_BoundType):
    """The same server on the memory engine: bytes in, bytes out."""

    def __init__(
        self,
        application: Application,
        *,
        config: Mapping[str, int],
        fields: _ResponseFields = ...,
        websockets: _WebSocketSettings = ...,
        forwarding: _Forwarding = ...,
        allowed_hosts: Sequence[str] = ..., https_port: int = 0,
        loop: LoopCore | None = None,  # else start_task puts coroutines on the one that runs
        start_task: Callable[[Coroutine[Any, Any, None], Context], Task[None]] | None = None,
    ) -> None: ...
    def begin(self) -> None: ...  # handlers may run from now on, on this thread, until end()
    def end(self) -> None: ...
    def turn(self) -> bool: ...  # until nothing more happens by itself; whether anything did
    def pending(self) -> int: ...  # how many exchanges wait for their handler
    def connect(  # without root_path, fields may say it; window: octets that the client holds before it receives them
        self, client: tuple[str, int], server: tuple[str, int], is_secure: bool = False, root_path: str | None = None, window: int | None = None
    ) -> int: ...
    def send(self, connection: int, data: bytes, chunks: Sequence[int] | None = None) -> None: ...  # and runs until idle
    def finish(self, connection: int) -> None: ...  # the client's FIN
    def leave(self, connection: int) -> None: ...  # closes the client's end and forgets it
    def connections(self) -> int: ...  # those that the client has not left
    def receive(self, connection: int) -> bytes: ...  # what the server has sent since the last call
    def closed(self, connection: int) -> bool: ...  # also of one that was left
    def has_unread(self, connection: int) -> bool: ...  # by the server
    def news(self) -> list[int]: ...  # connections with octets to receive, or closed by the server
    def publish(self, topic: str, data: bytes, is_text: bool) -> int: ...
    def close(self) -> None: ...
    def stats(self) -> dict[str, int]: ...

def listener_address(descriptor: int) -> tuple[str, int]: ...  # (host, port); no host but of TCP
def say(line: bytes) -> None: ...  # on the process's stderr; lost where there is no room for it
def end_forked_child() -> NoReturn: ...  # of a child that came back to its parent's loop; with one line
def supervise(
    command: Sequence[str | bytes],
    *,
    listeners: Sequence[Sequence[int]],  # what one worker has; with more or fewer workers they are shared out
    workers: int,
    config: Mapping[str, int],
    # A worker is replaced after so many milliseconds or requests (and up to so many more), or above so much memory.
    wear: tuple[int | None, int | None, int, int | None] = ...,
    notify_socket: str = "",  # of the service manager, as sd_notify(3) has it
    notify_watchdog_ms: int = 0,
    kept: Sequence[int] = ...,  # those that are somebody else's and stay open after a stop
    admin: int | None = None,  # as Server has it, for all workers
    # Command, environment (NAME=value) and descriptors of the supervisor that USR2 starts, and the descriptor of the pid file.
    upgrade: tuple[Sequence[str | bytes], Sequence[str | bytes], Sequence[int], int | None] | None = None,
    predecessor: int | None = None,  # the socket to the supervisor whose place this one takes
    log_level: str = "info",  # of what is said
    log_to: int | None = None,  # a socket that gets it, each a message after its level, instead of stderr
) -> tuple[int, bool]:
    """Starts one process per worker, keeps them alive, reloads them at HUP, forwards TERM, INT and QUIT.

    Returns the exit code, and whether the listeners are still this process's: after an upgrade they are another's.
    """

def join_supervisor(supervisor: int) -> bool:
    """This process ends with its supervisor from now on and gains no privileges; False if that is gone already."""

def set_process_title(title: str | bytes, name: str | bytes) -> None: ...  # as ps(1) shows this process and its first thread
def grow_heap_by_whole_arenas() -> None: ...
def report_crashes() -> None:
    """Logs the native stack of a crash before any handler set so far is called; and when `stacks_signal` comes."""

stacks_signal: int
def doctor() -> dict[str, Any]: ...
def steer_by_cpu(descriptor: int, cpus: Sequence[int], sockets: int) -> None: ...  # cpus[i]: to the (i % sockets)th of the port
def bind_listener(host: str, port: int, *, backlog: int, reuse_port: bool = True) -> tuple[int, int]:
    """A listening TCP socket: (descriptor, port)."""
