"""ServerConfig and its parts: what pelton.config.settings reads, as frozen dataclasses."""

from __future__ import annotations

import os
from dataclasses import KW_ONLY, dataclass, field, fields, replace
from inspect import signature
from typing import TYPE_CHECKING, Any, Literal

from pelton.config.settings import SETTINGS, Setting, defaults, judge, with_environment
from pelton.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

    from pelton.config.settings import Values
    from pelton.websocket.brokers import Broker

    # Type checkers read from these what a constructor takes, and what the field then is.
    class Size:
        """Bytes, given as a number or as a text like "64KiB"."""

        def __get__(self, config: object, kind: type | None = None) -> int: ...
        def __set__(self, config: object, value: int | str) -> None: ...

    class SizeOrNone:
        """The same, or None for no limit."""

        def __get__(self, config: object, kind: type | None = None) -> int | None: ...
        def __set__(self, config: object, value: int | str | None) -> None: ...

    class Paths:
        """Paths of files, given as one path or as several."""

        def __get__(self, config: object, kind: type | None = None) -> tuple[str, ...]: ...
        def __set__(self, config: object, value: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> None: ...

    class PathOrNone:
        """The path of a file, or None."""

        def __get__(self, config: object, kind: type | None = None) -> str | None: ...
        def __set__(self, config: object, value: str | os.PathLike[str] | None) -> None: ...


def _setting(keyword: str, *, shown: bool = True) -> Any:
    setting = SETTINGS[keyword]
    return field(default=setting.default, repr=shown, metadata={"setting": setting})


class _Config:
    """Refuses a misspelt field with the hint that a misspelt setting gets, before the dataclass's own constructor sees it."""

    def __new__(cls, *_: Any, **given: Any) -> Self:
        known = getattr(cls, "__dataclass_fields__")
        for name in given:
            if name not in known and _takes_fields(cls, known):
                from pelton.config.hints import setting_hint

                raise ConfigError(f"{cls.__name__}({name}=) is no setting{setting_hint(name, known)}")
        return object.__new__(cls)


def _takes_fields(cls: type, known: Mapping[str, Any]) -> bool:
    """Not so where a subclass has a constructor of its own, whose arguments are its affair."""
    _, *parameters = signature(getattr(cls, "__init__")).parameters
    return all(name in known for name in parameters)


@dataclass(frozen=True, kw_only=True)
class LimitsConfig(_Config):
    """Bounds on what a client may send and hold; sizes in bytes or as "64KiB", None for no limit."""

    max_method_size: Size = _setting("limit_method_size")
    """Longest method of a request; a longer one gets 501."""
    max_request_line: Size = _setting("limit_request_line")
    """Longest request line, which is method, target and version; a longer one gets 414."""
    max_header_line: Size = _setting("limit_header_line")
    """Longest single header field; a longer one gets 431."""
    max_header_size: Size = _setting("limit_header_size")
    """All header fields of a request together; more get 431."""
    max_header_count: int = _setting("limit_header_count")
    """How many header fields a request may have; more get 431."""
    max_chunk_extension: Size = _setting("limit_chunk_extension")
    """Longest extension of one chunk of a chunked body; a longer one gets 400."""
    max_chunk_overhead: Size = _setting("limit_chunk_overhead")
    """Sizes, extensions and trailers of a chunked body together; more get 400."""
    max_body_size: SizeOrNone = _setting("limit_body_size")
    """Largest body of a request; a larger one gets 413. A route sets its own with `max_body=`."""
    max_pipelined: int = _setting("limit_pipelined")
    """How many requests of one connection are read ahead; beyond that reading pauses."""
    max_pipelined_size: Size = _setting("limit_pipelined_size")
    """How many bytes of one connection are read ahead; beyond that reading pauses."""
    max_drain_size: Size = _setting("limit_drain_size")
    """How much of a body that no handler reads is skipped to keep the connection; a larger rest closes it."""
    max_lingering: int = _setting("limit_lingering")
    """How many connections may wait at a time for their client to close after the last answer."""
    min_body_rate: int = _setting("limit_min_body_rate")
    """Slowest upload, in bytes a second; a slower one gets 408. See `timeouts.rate_grace`."""
    min_send_rate: int = _setting("limit_min_send_rate")
    """Slowest reading client, in bytes a second; a slower one is cut. See `timeouts.rate_grace`."""
    max_connections: int | None = _setting("limit_connections")
    """How many connections each worker holds; none: as the open-file limit allows. Beyond that idle ones close, or new ones wait."""
    max_requests_per_connection: int | None = _setting("limit_requests_per_connection")
    """How many requests one connection may make; after the last it closes."""
    max_queued: int | None = _setting("limit_queued")
    """How many requests of a worker may wait to be handled; more get 503 with `Retry-After`. None: as many as
    `timeouts.queue` allows, and 256 for a thread of the default pool."""
    max_concurrency: int | None = _setting("limit_concurrency")
    """How many requests of a worker may be in progress; more get 503 with `Retry-After`."""
    send_queue_high: Size = _setting("limit_send_queue_high")
    """How much may wait to be sent on a connection before its handler is made to wait."""
    send_queue_low: Size = _setting("limit_send_queue_low")
    """Below this a handler that waits to send goes on."""
    buffered_high: SizeOrNone = _setting("limit_buffered_high")
    """What a worker may hold of requests and answers together; above it new requests get 503. None: a worker's share of 90 % of the control group's memory limit, or without one of half the machine's memory."""
    buffered_low: SizeOrNone = _setting("limit_buffered_low")
    """Below this new requests are taken again. None: three quarters of `buffered_high`."""
    max_spooled: SizeOrNone = _setting("limit_spooled")
    """What the large bodies of a worker that wait in temporary files may take together; a further one gets 507. None: its share of half of what is free there, and no more than half of its share of the memory where temporary files lie in memory."""
    max_query_fields: int = _setting("limit_query_fields")
    """How many fields a query may have; more get 400."""
    max_form_fields: int = _setting("limit_form_fields")
    """How many fields a urlencoded form may have; more get 413."""
    max_multipart_size: SizeOrNone = _setting("limit_multipart_size")
    """Largest body on a route that takes files, instead of `max_body_size`; a larger one gets 413."""
    max_parts: int = _setting("limit_parts")
    """How many parts a multipart form may have; more get 413."""
    max_files: int = _setting("limit_files")
    """How many of the parts may be files; more get 413."""
    max_field_size: Size = _setting("limit_field_size")
    """Largest part that is no file; a larger one gets 413."""
    max_multipart_memory: Size = _setting("limit_multipart_memory")
    """What a form may hold in memory; files beyond it go to a temporary file, fields get 413."""
    max_part_headers: int = _setting("limit_part_headers")
    """How many header fields a part may have; more get 400."""
    max_part_header_size: Size = _setting("limit_part_header_size")
    """Longest header field of a part; a longer one gets 400."""
    max_boundary_size: Size = _setting("limit_boundary_size")
    """Longest boundary of a multipart form; a longer one gets 400."""
    max_multipart_slack: Size = _setting("limit_multipart_slack")
    """What may stand before the first and after the last part; more gets 400."""
    max_cookies: int = _setting("limit_cookies")
    """How many cookies a request may have; more get 431."""
    max_json_depth: int = _setting("limit_json_depth")
    """How deep JSON may be nested; deeper gets 400."""
    max_json_number: int = _setting("limit_json_number")
    """Longest number in JSON, in digits; a longer one gets 400."""
    max_ranges: int = _setting("limit_ranges")
    """How many ranges of a file one request may ask for; beyond that the whole file is sent."""
    ws_max_size: Size = _setting("ws_max_size")
    """Largest WebSocket message that is received; a larger one closes with 1009."""
    ws_max_fragments: int = _setting("ws_max_fragments")
    """How many fragments a WebSocket message may have; more close with 1009."""
    ws_max_backlog: Size = _setting("ws_max_backlog")
    """What may wait to be sent on a WebSocket before `ws_slow_policy` applies."""
    ws_max_control_frames: int = _setting("ws_max_control_frames")
    """How many pings and pongs a WebSocket may send within ten seconds; more close with 1008."""
    ws_max_inflate_ratio: int = _setting("ws_max_inflate_ratio")
    """How much larger than its compressed form a WebSocket message may be; more closes with 1009."""
    ws_deflate_min: Size = _setting("ws_deflate_min")
    """Smallest WebSocket message that is sent compressed."""
    ws_max_queue: int = _setting("ws_max_queue")
    """How many received WebSocket messages may wait for their handler; beyond that reading pauses."""

    def __post_init__(self) -> None:
        _read_fields(self)


@dataclass(frozen=True, kw_only=True)
class Http2Config(_Config):
    """Bounds of one HTTP/2 connection; sizes in bytes or as "64KiB". `limits` and `timeouts` hold too."""

    max_concurrent_streams: int = _setting("http2_max_concurrent_streams")
    """How many requests may be in progress; more are refused, and may be sent again (REFUSED_STREAM)."""
    initial_window_size: Size = _setting("http2_initial_window_size")
    """How much of one request body a client may send ahead of the handler."""
    connection_window_size: Size = _setting("http2_connection_window_size")
    """How much of all request bodies together a client may send ahead of the handlers."""
    max_header_list_size: Size = _setting("http2_max_header_list_size")
    """All header fields of a request, each counted with 32 bytes more; more get 431, four times as many end the connection."""
    max_continuation_frames: int = _setting("http2_max_continuation_frames")
    """In how many further frames the header fields of a request may come; more end the connection."""
    max_resets: int = _setting("http2_max_resets")
    """How many requests may be cancelled within 30 seconds, or have to be; more end the connection."""
    max_idle_frames: int = _setting("http2_max_idle_frames")
    """How many frames that move nothing forward may come within ten seconds; more end the connection."""
    max_control_frames: int = _setting("http2_max_control_frames")
    """How many answers to pings and settings may wait for the client to read them; more end the connection."""

    def __post_init__(self) -> None:
        _read_fields(self)


@dataclass(frozen=True, kw_only=True)
class TimeoutConfig(_Config):
    """Time bounds in seconds."""

    read_header: float = _setting("timeout_read_header")
    """For the head of a request, from its first byte; then 408."""
    tls_handshake: float = _setting("timeout_tls_handshake")
    """For a TLS handshake, from the moment that the connection is accepted; then it is cut."""
    rate_grace: float = _setting("timeout_rate_grace")
    """How long a client may stay below `limits.min_body_rate` or `limits.min_send_rate`."""
    rate_credit: float = _setting("timeout_rate_credit")
    """The most that a fast client can save up to be slow later."""
    idle: float = _setting("timeout_idle")
    """Between two requests of a connection; then it closes."""
    queue: float | None = _setting("timeout_queue")
    """For a request that waits for its worker. One that would wait longer gets 503 with `Retry-After`."""
    handler: float | None = _setting("timeout_handler")
    """For a handler, unless its route has `timeout=`; then 504."""
    sse_keep_alive: float = _setting("timeout_sse_keep_alive")
    """How long a stream of server-sent events may be silent before a comment is sent."""
    ws_ping_interval: float | None = _setting("ws_ping_interval")
    """Between two pings on a WebSocket; none: no pings."""
    ws_ping_timeout: float | None = _setting("ws_ping_timeout")
    """For the answer to a ping; then the WebSocket is cut. None: for ever."""
    ws_close_timeout: float = _setting("ws_close_timeout")
    """For the client's part of closing a WebSocket; then the connection closes."""
    tcp_user: float = _setting("timeout_tcp_user")
    """For the kernel's unanswered data; then the connection counts as lost."""
    drain_body: float = _setting("timeout_drain_body")
    """For skipping a body that no handler reads; then the connection closes."""
    linger: float = _setting("timeout_linger")
    """For the client to close after the last answer."""
    linger_idle: float = _setting("timeout_linger_idle")
    """The same, since the client last sent something."""
    graceful: float = _setting("timeout_graceful")
    """For a stop, from the signal to the end; what is left is cut."""
    lifespan_shutdown: float = _setting("timeout_lifespan_shutdown")
    """The part of `graceful` that belongs to the application's own shutdown."""
    drain_delay: float = _setting("timeout_drain_delay")
    """From the signal until no more connections are accepted, so that a load balancer can notice."""
    drain_idle: float = _setting("timeout_drain_idle")
    """How long an idle connection is kept during a stop."""
    worker_start: float = _setting("timeout_worker_start")
    """For a worker until it is ready; then it is ended and replaced."""
    stuck_dump: float = _setting("timeout_stuck_dump")
    """For one turn of a worker's loop; then its stacks are logged."""
    stuck_kill: float = _setting("timeout_stuck_kill")
    """For one turn of a worker's loop; then it is replaced."""

    def __post_init__(self) -> None:
        _read_fields(self)


@dataclass(frozen=True)
class TlsConfig(_Config):
    """TLS of a server: certificates, and what is asked of clients. Files are loaded again when they change."""

    cert_path: Paths = _setting("ssl_certfile")
    """A PEM file with the certificate and its chain. With several, each client gets that of the host which it names, and the first if none fits."""
    key_path: Paths = _setting("ssl_keyfile")
    """A PEM file with the private key, one for each certificate; by default keys stand in the same files as the certificates."""
    _: KW_ONLY
    key_password: str = _setting("ssl_keyfile_password", shown=False)
    """Password of encrypted keys."""
    ca_path: PathOrNone = _setting("ssl_ca_certs")
    """A PEM file, or a folder, with the certificates of the authorities that clients have theirs from."""
    crl_path: PathOrNone = _setting("ssl_crl")
    """A PEM file with the revocation lists of all these authorities: a client with a revoked certificate is not served."""
    client_certificates: Literal["off", "optional", "required"] = _setting("ssl_cert_reqs")
    """Whether clients are asked for a certificate: `off`, `optional` or `required`; 0, 1 and 2 mean the same."""
    min_version: Literal["1.2", "1.3"] = _setting("ssl_protocol_min")
    """The oldest version of TLS that is served: `1.2` or `1.3`."""
    max_version: Literal["1.2", "1.3"] = _setting("ssl_protocol_max")
    """The newest version of TLS that is served."""
    ciphers: str | None = _setting("ssl_ciphers")
    """Ciphers in the words of OpenSSL, all ECDHE with AEAD, with names of TLS 1.3 among them; none: a choice of pelton's."""

    def __post_init__(self) -> None:
        _read_fields(self)
        if not self.cert_path:
            raise ConfigError("TlsConfig(cert_path=) is the file of a certificate")
        judge(defaults() | _values_of(self))


@dataclass(frozen=True, kw_only=True)
class ServerConfig(_Config):
    """All settings of a server; `TlsConfig`, `Http2Config`, `LimitsConfig` and `TimeoutConfig` are its parts."""

    host: str = _setting("host")
    """Address or name to listen on."""
    port: int = _setting("port")
    """Port to listen on; 0 takes any free one."""
    uds: str | None = _setting("uds")
    """Path of a Unix socket to listen on, instead of `host` and `port`."""
    uds_permissions: int | str | None = _setting("uds_permissions")
    """Mode of the Unix sockets that are made, in octal digits such as `660`; none leaves it to the umask."""
    bind: Sequence[str] = _setting("bind")
    """All addresses to listen on, instead of `host` and `port`: `HOST:PORT`, `[IPV6]:PORT`, `unix:PATH` or `fd://N`, each with `,tls` behind it for TLS."""
    fd: int | None = _setting("fd")
    """Number of an open socket to listen on, which stays open after the stop; instead of `host` and `port`."""
    backlog: int = _setting("backlog")
    """How many connections the kernel may hold that are not accepted yet."""
    admin_bind: str | None = _setting("admin_bind")
    """Where `/health/live`, `/health/ready` and `/workers` are answered: a loopback address with a port, or `unix:PATH`."""
    engine: Literal["auto", "uring", "epoll"] = _setting("engine")
    """`uring`, `epoll`, or `auto` for io_uring wherever it works."""
    server_header: bool = _setting("server_header")
    """Whether answers say `Server: pelton`."""
    date_header: bool = _setting("date_header")
    """Whether answers say the `Date`."""
    headers: Mapping[str, str] | Sequence[tuple[str, str]] = _setting("headers")
    """Fields added to every answer; in the environment one `Name: value` a line."""
    debug: bool = _setting("debug")
    """Error pages with a traceback, warnings about handlers that hold the loop, and hints."""
    blocking_threads: int = _setting("blocking_threads")
    """Threads for `blocking=True` and `asyncio.to_thread()`, for each worker."""
    access_log: bool | str = _setting("access_log")
    """A line for each request: on standard output, or in a file whose path has a `/`."""
    access_log_format: str = _setting("access_log_format")
    """`combined`, `json`, or a text with atoms such as `{client} {method} {path} {status}`."""
    log_level: Literal["critical", "error", "warning", "info", "debug", "trace"] = _setting("log_level")
    """What is logged: lines of this level and of weightier ones, which is `critical`, `error`, `warning`, `info`, `debug` or `trace`. Lines of the access log are `info`."""
    log_config: str | Mapping[str, Any] | None = _setting("log_config")
    """Configuration of Python's loggers: a file of JSON, YAML or the form of `logging.config.fileConfig()`, or a dictionary. A logger `pelton.access` or `pelton.error` with a handler takes over that log."""
    use_colors: bool | Literal["auto"] = _setting("use_colors")
    """Whether standard output and standard error get logs in colours; `auto`: where they are terminals."""
    log_queue: Size = _setting("log_queue")
    """What may wait to be written to the logs before lines are dropped."""
    restarts_burst: int = _setting("restarts_burst")
    """How many workers are replaced at once within `restarts_window`; then one a second."""
    restarts_window: float = _setting("restarts_window")
    """See `restarts_burst`."""
    cpu_affinity: bool = _setting("cpu_affinity")
    """Whether each worker of `pelton run` keeps to one CPU, and gets the TCP connections that come in there."""
    worker_lifetime: float | None = _setting("worker_lifetime")
    """Seconds after which a worker of `pelton run` is replaced by a new one, which drops nothing."""
    limit_max_requests: int | None = _setting("limit_max_requests")
    """Requests after which a worker of `pelton run` is replaced; they are counted once a second."""
    limit_max_requests_jitter: int = _setting("limit_max_requests_jitter")
    """How many requests more than `limit_max_requests` a worker may get, so that not all are replaced together: a random number up to this."""
    limit_rss: SizeOrNone = _setting("limit_rss")
    """Resident memory above which a worker of `pelton run` is replaced; it is measured once a second."""
    turn_completions: int = _setting("turn_completions")
    """How many results of the kernel a loop handles before it sends what is ready."""
    receive_credit: Size = _setting("receive_credit")
    """How much of the receive buffers one connection may hold."""
    ws_per_message_deflate: bool = _setting("ws_per_message_deflate")
    """Whether WebSockets may be compressed."""
    ws_slow_policy: Literal["close", "drop", "wait"] = _setting("ws_slow_policy")
    """What becomes of a WebSocket above `limits.ws_max_backlog`: `close` it, `drop` messages, or `wait`."""
    ws_origins: Sequence[str] = _setting("ws_origins")
    """Origins whose pages may open a WebSocket beside the site's own; `*` is any."""
    ws_broker: str | Broker | None = _setting("ws_broker", shown=False)  # may hold a password
    """Where topics are shared between machines: a URL such as `redis://host`, or an object with `start`, `publish` and `stop`."""
    proxy_headers: bool = _setting("proxy_headers")
    """Whether a proxy's fields say which client a request comes from, by which scheme, host and path."""
    forwarded_allow_ips: Sequence[str] = _setting("forwarded_allow_ips")
    """The proxies whose fields count: addresses, networks such as `10.0.0.0/8`, `unix` for Unix sockets, `*` for all, or `none`."""
    forwarded_header: Literal["x-forwarded", "forwarded"] = _setting("forwarded_header")
    """Which fields proxies write: `x-forwarded` for X-Forwarded-For and its kin, or `forwarded` for Forwarded (RFC 7239)."""
    proxy_protocol: bool = _setting("proxy_protocol")
    """Whether every connection begins with a header of the PROXY protocol, version 1 or 2; it counts if its sender is trusted."""
    allowed_hosts: Sequence[str] = _setting("allowed_hosts")
    """The hosts that requests may name, `*.example.org` for all below one; others get 421. The port does not count, and an empty list or `*` allows any."""
    https_redirect: int | None = _setting("https_redirect")
    """The port where clients reach https, 443 as a rule: requests by plain http are redirected there with 308. None: they are answered."""
    http: Literal["1", "1,2"] = _setting("http")
    """The versions of HTTP that are served: `1,2` offers HTTP/2 to clients of TLS, `1` does not."""
    h2c: bool = _setting("h2c")
    """Whether HTTP/2 without TLS is served to clients that begin with it (prior knowledge), such as proxies and gRPC."""
    tls: TlsConfig | None = None
    """TLS on the addresses of `bind` that end in `,tls`; if none does, on all. None: no TLS."""
    http2: Http2Config = field(default_factory=Http2Config)
    """Bounds of HTTP/2 connections."""
    limits: LimitsConfig = field(default_factory=LimitsConfig)
    """Bounds on what clients may send and hold."""
    timeouts: TimeoutConfig = field(default_factory=TimeoutConfig)
    """Bounds in time."""

    def __post_init__(self) -> None:
        for name, kind in (("http2", Http2Config), ("limits", LimitsConfig), ("timeouts", TimeoutConfig)):
            if not isinstance(getattr(self, name), kind):
                raise ConfigError(f"ServerConfig({name}=) takes a {kind.__name__}")
        if self.tls is not None and not isinstance(self.tls, TlsConfig):
            raise ConfigError("ServerConfig(tls=) takes a TlsConfig or None")
        _read_fields(self)
        judge(self._values())

    @classmethod
    def from_env(cls, prefix: str = "PELTON_", env: Mapping[str, str] = os.environ) -> ServerConfig:
        """Defaults overridden by the environment; an unknown variable of the prefix is an error."""
        values = with_environment(defaults(), prefix, env)
        whole: dict[str, Any] = {"http2": {}, "limits": {}, "timeouts": {}, "tls": {}}
        for keyword, setting in SETTINGS.items():
            (whole[setting.part] if setting.part else whole)[setting.field] = values[keyword]
        http2 = Http2Config(**whole.pop("http2"))
        limits, timeouts, tls = LimitsConfig(**whole.pop("limits")), TimeoutConfig(**whole.pop("timeouts")), whole.pop("tls")
        return cls(**whole, http2=http2, limits=limits, timeouts=timeouts, tls=TlsConfig(**tls) if tls["cert_path"] else None)

    def replace(self, **changes: Any) -> Self:
        """A copy with these fields changed; `http2`, `limits`, `timeouts` and `tls` as whole parts."""
        return replace(self, **changes)

    def _values(self) -> Values:
        """As pelton.config.settings has them."""
        parts = (self, self.http2, self.limits, self.timeouts, *(() if self.tls is None else (self.tls,)))
        return defaults() | {keyword: value for part in parts for keyword, value in _values_of(part).items()}


def _values_of(part: Any) -> Values:
    return {one.metadata["setting"].keyword: getattr(part, one.name) for one in fields(part) if "setting" in one.metadata}


def _read_fields(config: Any) -> None:
    for one in fields(config):
        if "setting" in one.metadata:
            setting: Setting = one.metadata["setting"]
            value = getattr(config, one.name)
            read = setting.read(value)
            if read is not value:
                object.__setattr__(config, one.name, read)
