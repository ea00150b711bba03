"""The native half of noria: JSON, the request path, the server. Private; use `noria` instead.

Who owns what:
  hotpath/   Request, Headers, MultiDict, JSON reader and writer, reading of results and Responses
  bindings/  Application, serve(), MemoryServer, stats(), doctor(), configuration checks
  bridge/    the handler that ties an exchange to an interpreter
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypedDict

# --- JSON (hotpath) ---------------------------------------------------------------------------

def json_dumps(
    obj: Any, *, default: Callable[[Any], Any] | None = None, nan: Literal["null", "error"] = "null"
) -> bytes: ...
def json_loads(
    data: bytes | bytearray | memoryview | str,
    *,
    duplicate_keys: Literal["last", "reject"] = "last",
    depth_max: int = 1024,
    number_bytes_max: int = 4300,
) -> Any: ...

class JSONDecodeError(ValueError):
    pos: int  # octet offset
    line: int
    column: int
    reason: str  # json_syntax, json_depth, json_number, json_string, json_duplicate_key

class JSONEncodeError(TypeError): ...

# --- What a route is compiled to --------------------------------------------------------------

class Argument(TypedDict, total=False):
    """Where one parameter of a handler gets its value from. The order is the signature's."""

    parameter: str
    keyword: bool  # passed by keyword (keyword-only parameters); default False
    source: Literal[
        "request",  # the Request
        "constant",  # `default`, the very object (App, ...)
        "response",  # a fresh side channel, made by Hooks["side_channel"]
        "path",  # path value `index`
        "query",
        "header",  # `key` in lower case
        "cookie",
        "body",  # `decode(bytes)`; without decode the native JSON reader
        "resolver",  # `resolve(request)`: the general, slower road
    ]
    index: int  # position of the value in the template (path)
    key: str
    # How the text becomes a value. A name is native; a callable gets the str and raises ValueError.
    # "as_matched" (path only): the converter's own type.
    convert: Literal["as_matched", "str", "bytes", "int", "float", "bool"] | Callable[[str], Any]
    decode: Callable[[bytes], Any]
    resolve: Callable[[Any], Any]
    default: Any  # absent: required
    copy_default: bool  # list, dict and set defaults: a shallow copy for each call

class Plan(TypedDict, total=False):
    handler: Callable[..., Any]
    arguments: Sequence[Argument]
    status: int
    media_type: str | None
    body_bytes_max: int | None  # None: the server's limit
    wants_json: bool  # UPL-001: 415 before the body is awaited unless the type is JSON
    # Encodes a value by the declared type; None: by the value's own type.
    encode: Callable[[Any], Any] | None
    # Called when any argument is missing or unfit: looks at all of them again in Python and raises
    # RequestValidationError (or BadBody ...) with every error in order.
    explain: Callable[[Any, BaseException | None], Any]
    info: Any  # the RouteInfo that request.route returns

class Hooks(TypedDict):
    """Python called by the native half. All are compiled by the package, none is user code."""

    app: Any
    # An exception left a handler or an argument: the value that answers it (6.1 of the surface),
    # normally a Response. If this raises too, the answer is the native 500.
    on_exception: Callable[[Any, BaseException], Any]
    # A value that the native half cannot send itself (models, named tuples, ...): what to send.
    convert_result: Callable[[Any, Any], Any]  # (value, RouteInfo)
    side_channel: Callable[[], Any]
    # (result value, side channel, RouteInfo) -> a Response in which the side channel is merged.
    merge: Callable[[Any, Any, Any], Any]
    # Registered handlers for 404 and 405, or None for the native answers: (request, status, allow).
    on_unmatched: Callable[[Any, int, str | None], Any] | None

class RouteError(ValueError):
    """A template that is refused or already taken."""

    problem: Literal[
        "conflict",
        "two_parameters",
        "unknown_converter",
        "duplicate_parameter",
        "no_leading_slash",
        "query_or_fragment",
        "colon_parameter",
        "path_not_last",
        "bad_regex",
        "unbalanced",
        "method",
        "too_many_parameters",
    ]
    other: int | None  # the index of the route in the way (conflict)

class Application:
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
    def add_route(
        self, methods: Sequence[str], path: str, regex: Callable[[str], Callable[[str], Any]]
    ) -> int:
        """Adds a template and returns its index; raises RouteError. `regex` compiles a pattern to
        its fullmatch."""
    def parameters(self, index: int) -> list[tuple[str, str]]:
        """(name, converter) of a route's template in order: str int float uuid regex path."""
    def set_plan(self, index: int, plan: Plan) -> None: ...
    def freeze(self, hooks: Hooks) -> None: ...

# --- Request path (hotpath) -------------------------------------------------------------------

class MultiDict:
    """Immutable multi-dict of str; `d[k]` and get() give the last value."""
    # keys(), values(), items(), __iter__, __len__, __contains__, get, getlist, get_all,
    # multi_items; __eq__ with mappings; __repr__

class Headers:
    """Case-insensitive multi-dict of latin-1 text; `h[k]` and get() give the first value."""

class Request:
    """Lazy; owns its octets once it outlives the handler. The package attaches cold methods."""

# --- Responses as the native half reads them ---------------------------------------------------
# noria.Response (Python, __slots__) offers exactly these to response_reader:
#   _status: int
#   _body: bytes                         (str is encoded when it is made)
#   _fields: list[tuple[bytes, bytes]]   name and value as they go on the wire, Content-Type included
# noria.responses registers the class once:
def register_response(response_type: type) -> None: ...
def check_field(name: str, value: str) -> tuple[bytes, bytes]:
    """Name as a token, value as latin-1 without controls; ValueError with the position if not."""

# --- Serving (bindings) -----------------------------------------------------------------------

class ServeConfig(TypedDict, total=False):
    """Keys and units of http/serve/config.hpp; whatever is absent has its default."""

def config_problem(config: Mapping[str, int]) -> str | None: ...
def config_defaults() -> dict[str, int]: ...

class Server:
    """One core's server on listening sockets that are already bound."""

    def __init__(
        self,
        application: Application,
        *,
        listeners: Sequence[int],
        config: Mapping[str, int],
        engine: Literal["auto", "uring", "epoll"],
    ) -> None: ...
    def open(self) -> None:
        """Chooses the engine on this thread; OSError with the cause if the forced one fails."""
    engine: Literal["uring", "epoll"] | None
    engine_reason: str
    def run(self, *, signals: bool) -> int:
        """Serves until stop(); with `signals`, TERM and INT stop, a second one ends the process.
        Returns the exit code."""
    def stop(self) -> None:
        """Begins the graceful stop; from any thread."""
    def stats(self) -> dict[str, int]: ...

class MemoryServer:
    """The same server on the memory engine: bytes in, bytes out."""

    def __init__(self, application: Application, *, config: Mapping[str, int]) -> None: ...
    def connect(self, client: tuple[str, int], server: tuple[str, int]) -> int: ...
    def send(self, connection: int, data: bytes, chunks: Sequence[int] | None = None) -> None:
        """Delivers octets in pieces of these sizes (the rest in one) and runs until idle."""
    def finish(self, connection: int) -> None:
        """The client's FIN."""
    def receive(self, connection: int) -> bytes:
        """What the server has sent since the last call."""
    def closed(self, connection: int) -> bool: ...
    def close(self) -> None: ...
    def stats(self) -> dict[str, int]: ...

def supervise(
    command: Sequence[str],
    *,
    listeners: Sequence[Sequence[int]],  # per worker slot
    graceful_timeout_ms: int,
    environment: Mapping[str, str],
) -> int:
    """Starts one process per slot, keeps them alive, forwards TERM and INT; returns the exit code."""

def doctor() -> dict[str, Any]: ...
def bind_listener(
    host: str, port: int, *, backlog: int, reuse_port: bool = True
) -> tuple[int, int]:
    """A listening TCP socket: (descriptor, port)."""
