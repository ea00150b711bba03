"""The keyword arguments of routes, WebSockets and run(), as types for `Unpack`, and names for what some of them take."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from pelton._native import Request
from pelton.app import App

if TYPE_CHECKING:
    from pelton.websocket.brokers import Broker

HeadersInit = Mapping[str, str] | Iterable[tuple[str, str]]
"""What `headers=` takes: a mapping, or pairs where names repeat."""
GuardLike = Callable[[Request], bool | str | None | Awaitable[bool | str | None]]
"""What `guards=` takes: `(request)`; False or a text refuses with 403, an exception with its own status, None and True pass."""
Lifespan = Callable[[App], AbstractAsyncContextManager[Mapping[str, Any] | None]]
"""What `lifespan=` takes: an async context manager function of the app; a mapping that it yields goes to `app.state`."""


class RouteOptions(TypedDict, total=False):
    """The keyword arguments of `App.route()` and its kin."""

    name: str
    """For `url_for()`; the function's name unless given. Two equal names that were given are an error."""
    status: int
    """The status of returned values that carry none, 200 unless given."""
    status_code: int
    """An alias of `status`."""
    media_type: str
    """The Content-Type of results; with `text/*` a returned `str` is sent as text."""
    response_model: Any
    """The type that results are checked and filtered by, instead of the return annotation; None for none."""
    max_body: int | str
    """Largest body, in bytes or as a text such as "64KiB"; 0 for no limit."""
    blocking: bool | str
    """True runs a `def` handler on a thread of the default pool, a name in that pool."""
    timeout: float | None
    """Seconds until the answer is 504; None for no limit. Not for a `def` that runs on the loop."""
    cancel_on_disconnect: bool
    """Whether an `async def` handler is cancelled when its client leaves."""
    stream_body: bool
    """Whether the handler starts before the body has arrived."""
    guards: Sequence[Callable[[Any], Any]]
    """Judged before the handler, after those of the app and its blueprints."""
    dependencies: Sequence[Any]  # of Depends()
    """Of `Depends()`, called for what they do."""
    tags: Sequence[str | Enum]
    """In the OpenAPI document."""
    summary: str | None
    """In the OpenAPI document."""
    description: str | None
    """In the OpenAPI document; the handler's docstring unless given."""
    deprecated: bool | None
    """In the OpenAPI document."""
    operation_id: str | None
    """In the OpenAPI document; the function's name unless given."""
    responses: Mapping[int | str, Mapping[str, Any]] | None
    """Further answers in the OpenAPI document, by status."""
    include_in_schema: bool
    """Whether the OpenAPI document has the route."""


class WebSocketOptions(TypedDict, total=False):
    """The keyword arguments of `App.websocket()`."""

    name: str | None
    """For `url_for()`."""
    origins: Sequence[str] | None
    """Origins whose pages may connect beside the site's own, `*` for any."""
    subprotocols: Sequence[str]
    """Those that the handler speaks."""
    max_size: int | str | None
    """Largest message that is received."""
    blocking: bool | str
    """True, or the name of a pool, for a `def` handler."""
    guards: Sequence[Callable[[Any], Any]]
    """Judged before the handshake is answered."""
    dependencies: Sequence[Any]  # of Depends()
    """Of `Depends()`, called for what they do."""


class Settings(TypedDict, total=False):
    """The keyword arguments of `App.run()` and `live_server()`: every setting by its keyword.

    What each means stands with `ServerConfig`, `LimitsConfig` and `TimeoutConfig`.
    """

    uds: str
    backlog: int
    engine: Literal["auto", "uring", "epoll"]
    server_header: bool
    date_header: bool
    headers: Mapping[str, str] | Sequence[tuple[str, str]]
    debug: bool
    blocking_threads: int
    access_log: bool | str
    access_log_format: str
    log_queue: int | str
    restarts_burst: int
    restarts_window: float
    turn_completions: int
    receive_credit: int | str
    ws_per_message_deflate: bool
    ws_slow_policy: Literal["close", "drop", "wait"]
    ws_origins: Sequence[str]
    ws_broker: str | Broker | None
    ws_max_size: int | str
    ws_max_fragments: int
    ws_max_backlog: int | str
    ws_max_control_frames: int
    ws_max_inflate_ratio: int
    ws_deflate_min: int | str
    ws_max_queue: int
    ws_ping_interval: float | None
    ws_ping_timeout: float | None
    ws_close_timeout: float
    limit_method_size: int | str
    limit_request_line: int | str
    limit_header_line: int | str
    limit_header_size: int | str
    limit_header_count: int
    limit_chunk_extension: int | str
    limit_chunk_overhead: int | str
    limit_body_size: int | str | None
    limit_pipelined: int
    limit_pipelined_size: int | str
    limit_drain_size: int | str
    limit_lingering: int
    limit_min_body_rate: int
    limit_min_send_rate: int
    limit_connections: int | None
    limit_requests_per_connection: int | None
    limit_queued: int | None
    limit_concurrency: int | None
    limit_send_queue_high: int | str
    limit_send_queue_low: int | str
    limit_buffered_high: int | str | None
    limit_buffered_low: int | str | None
    limit_spooled: int | str | None
    limit_query_fields: int
    limit_form_fields: int
    limit_multipart_size: int | str | None
    limit_parts: int
    limit_files: int
    limit_field_size: int | str
    limit_multipart_memory: int | str
    limit_part_headers: int
    limit_part_header_size: int | str
    limit_boundary_size: int | str
    limit_multipart_slack: int | str
    limit_cookies: int
    limit_json_depth: int
    limit_json_number: int
    limit_ranges: int
    timeout_read_header: float
    timeout_rate_grace: float
    timeout_rate_credit: float
    timeout_idle: float
    timeout_queue: float | None
    timeout_handler: float | None
    timeout_sse_keep_alive: float
    timeout_tcp_user: float
    timeout_drain_body: float
    timeout_linger: float
    timeout_linger_idle: float
    timeout_graceful: float
    timeout_lifespan_shutdown: float
    timeout_drain_delay: float
    timeout_drain_idle: float
    timeout_worker_start: float
    timeout_stuck_dump: float
    timeout_stuck_kill: float
