"""The keyword arguments of run(), which are the settings, as a type for `Unpack`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, TypedDict

if TYPE_CHECKING:
    from pelton.websocket.brokers import Broker


class Settings(TypedDict, total=False):
    """The keyword arguments of `App.run()` and `live_server()`: every setting by its keyword.

    What each means stands with `ServerConfig`, `LimitsConfig` and `TimeoutConfig`.
    """

    uds: str
    uds_permissions: int | str | None
    bind: Sequence[str]
    fd: int | None
    backlog: int
    admin_bind: str | None
    engine: Literal["auto", "uring", "epoll"]
    server_header: bool
    date_header: bool
    headers: Mapping[str, str] | Sequence[tuple[str, str]]
    debug: bool
    blocking_threads: int
    access_log: bool | str
    access_log_format: str
    log_level: Literal["critical", "error", "warning", "info", "debug", "trace"]
    log_config: str | Mapping[str, Any] | None
    use_colors: bool | Literal["auto"]
    log_queue: int | str
    restarts_burst: int
    restarts_window: float
    cpu_affinity: bool
    worker_lifetime: float | None
    limit_max_requests: int | None
    limit_max_requests_jitter: int
    limit_rss: int | str | None
    turn_completions: int
    receive_credit: int | str
    ws_per_message_deflate: bool
    ws_slow_policy: Literal["close", "drop", "wait"]
    ws_origins: Sequence[str]
    ws_broker: str | Broker | None
    proxy_headers: bool
    forwarded_allow_ips: Sequence[str]
    forwarded_header: Literal["x-forwarded", "forwarded"]
    proxy_protocol: bool
    allowed_hosts: Sequence[str]
    https_redirect: int | None
    http: Literal["1", "1,2"]
    h2c: bool
    http2_max_concurrent_streams: int
    http2_initial_window_size: int | str
    http2_connection_window_size: int | str
    http2_max_header_list_size: int | str
    http2_max_continuation_frames: int
    http2_max_resets: int
    http2_max_idle_frames: int
    http2_max_control_frames: int
    ssl_certfile: str | PathLike[str] | Sequence[str | PathLike[str]]
    ssl_keyfile: str | PathLike[str] | Sequence[str | PathLike[str]]
    ssl_keyfile_password: str
    ssl_ca_certs: str | PathLike[str] | None
    ssl_crl: str | PathLike[str] | None
    ssl_cert_reqs: Literal["off", "optional", "required", 0, 1, 2]
    ssl_protocol_min: Literal["1.2", "1.3"]
    ssl_protocol_max: Literal["1.2", "1.3"]
    ssl_ciphers: str | None
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
    timeout_tls_handshake: float
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


class RunKeywords(Settings, total=False):
    """The keyword arguments of `App.run()`: every setting, and the options of `pelton run`."""

    workers: int | Literal["auto"]
    single: bool
    app_dir: str
    factory: bool
    interface: Literal["auto", "native", "asgi", "asgi3", "wsgi"]
    lifespan: Literal["auto", "on", "off"]
    wsgi_inline: bool
    user: str | int | None
    group: str | int | None
    pid_file: str | None
    env_file: str | None
    process_name: str
    reload: bool
    reload_dir: str | Sequence[str]
    reload_include: str | Sequence[str]
    reload_exclude: str | Sequence[str]
    reload_delay: float


class ProgramKeywords(RunKeywords, total=False):
    """The keyword arguments of `pelton.run()`: those of `App.run()`, and the names that `uvicorn.run()` has for them."""

    host: str
    port: int
    loop: Literal["auto", "uring", "epoll"]
    threads: int
    max_requests: int | None
    max_requests_jitter: int
    max_worker_memory: int | str | None
    reload_dirs: str | Sequence[str] | None
    reload_includes: str | Sequence[str] | None
    reload_excludes: str | Sequence[str] | None
    timeout_keep_alive: float
    timeout_graceful_shutdown: float | None
    timeout_worker_healthcheck: float
