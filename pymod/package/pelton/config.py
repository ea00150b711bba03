"""ServerConfig and its parts: what pelton.settings reads, as frozen dataclasses."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields, replace
from inspect import signature
from typing import TYPE_CHECKING, Any, Literal

from pelton.errors import ConfigError
from pelton.settings import SETTINGS, Setting, defaults, judge, with_environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

    from pelton.brokers import Broker
    from pelton.settings import Values


def _setting(keyword: str, *, shown: bool = True) -> Any:
    setting = SETTINGS[keyword]
    return field(default=setting.default, repr=shown, metadata={"setting": setting})


class _Config:
    """A misspelt field is told as a misspelt setting is, before the constructor that dataclass made sees it."""

    def __new__(cls, *_: Any, **given: Any) -> Self:
        known = getattr(cls, "__dataclass_fields__")
        for name in given:
            if name not in known and _takes_fields(cls, known):
                from pelton.hints import setting_hint

                raise ConfigError(f"{cls.__name__}({name}=) is no setting{setting_hint(name, known)}")
        return object.__new__(cls)


def _takes_fields(cls: type, known: Mapping[str, Any]) -> bool:
    """Not so where a subclass has a constructor of its own, whose arguments are its affair."""
    _, *parameters = signature(getattr(cls, "__init__")).parameters
    return all(name in known for name in parameters)


@dataclass(frozen=True, kw_only=True)
class LimitsConfig(_Config):
    """Bounds on what a client may send and hold; sizes in bytes or as "64KiB", None for no limit."""

    max_method_size: int = _setting("limit_method_size")
    max_request_line: int = _setting("limit_request_line")
    max_header_line: int = _setting("limit_header_line")
    max_header_size: int = _setting("limit_header_size")
    max_header_count: int = _setting("limit_header_count")
    max_chunk_extension: int = _setting("limit_chunk_extension")
    max_chunk_overhead: int = _setting("limit_chunk_overhead")
    max_body_size: int | None = _setting("limit_body_size")
    max_pipelined: int = _setting("limit_pipelined")
    max_pipelined_size: int = _setting("limit_pipelined_size")
    max_drain_size: int = _setting("limit_drain_size")
    max_lingering: int = _setting("limit_lingering")
    min_body_rate: int = _setting("limit_min_body_rate")
    min_send_rate: int = _setting("limit_min_send_rate")
    max_connections: int | None = _setting("limit_connections")
    max_requests_per_connection: int | None = _setting("limit_requests_per_connection")
    max_queued: int = _setting("limit_queued")
    max_concurrency: int | None = _setting("limit_concurrency")
    send_queue_high: int = _setting("limit_send_queue_high")
    send_queue_low: int = _setting("limit_send_queue_low")
    buffered_high: int | None = _setting("limit_buffered_high")
    buffered_low: int | None = _setting("limit_buffered_low")
    max_query_fields: int = _setting("limit_query_fields")
    max_form_fields: int = _setting("limit_form_fields")
    max_multipart_size: int | None = _setting("limit_multipart_size")
    max_parts: int = _setting("limit_parts")
    max_files: int = _setting("limit_files")
    max_field_size: int = _setting("limit_field_size")
    max_multipart_memory: int = _setting("limit_multipart_memory")
    max_part_headers: int = _setting("limit_part_headers")
    max_part_header_size: int = _setting("limit_part_header_size")
    max_boundary_size: int = _setting("limit_boundary_size")
    max_multipart_slack: int = _setting("limit_multipart_slack")
    max_cookies: int = _setting("limit_cookies")
    max_json_depth: int = _setting("limit_json_depth")
    max_json_number: int = _setting("limit_json_number")
    max_ranges: int = _setting("limit_ranges")
    ws_max_size: int = _setting("ws_max_size")
    ws_max_fragments: int = _setting("ws_max_fragments")
    ws_max_backlog: int = _setting("ws_max_backlog")
    ws_max_control_frames: int = _setting("ws_max_control_frames")
    ws_max_inflate_ratio: int = _setting("ws_max_inflate_ratio")
    ws_deflate_min: int = _setting("ws_deflate_min")
    ws_max_queue: int = _setting("ws_max_queue")

    def __post_init__(self) -> None:
        _read_fields(self)


@dataclass(frozen=True, kw_only=True)
class TimeoutConfig(_Config):
    """Time bounds in seconds."""

    read_header: float = _setting("timeout_read_header")
    rate_grace: float = _setting("timeout_rate_grace")
    rate_credit: float = _setting("timeout_rate_credit")
    idle: float = _setting("timeout_idle")
    handler: float | None = _setting("timeout_handler")
    sse_keep_alive: float = _setting("timeout_sse_keep_alive")
    ws_ping_interval: float | None = _setting("ws_ping_interval")
    ws_ping_timeout: float | None = _setting("ws_ping_timeout")
    ws_close_timeout: float = _setting("ws_close_timeout")
    tcp_user: float = _setting("timeout_tcp_user")
    drain_body: float = _setting("timeout_drain_body")
    linger: float = _setting("timeout_linger")
    linger_idle: float = _setting("timeout_linger_idle")
    graceful: float = _setting("timeout_graceful")
    lifespan_shutdown: float = _setting("timeout_lifespan_shutdown")
    drain_delay: float = _setting("timeout_drain_delay")
    drain_idle: float = _setting("timeout_drain_idle")
    worker_start: float = _setting("timeout_worker_start")
    stuck_dump: float = _setting("timeout_stuck_dump")
    stuck_kill: float = _setting("timeout_stuck_kill")

    def __post_init__(self) -> None:
        _read_fields(self)


@dataclass(frozen=True, kw_only=True)
class ServerConfig(_Config):
    """Everything a server is told; see LimitsConfig and TimeoutConfig for its parts."""

    host: str = _setting("host")
    port: int = _setting("port")
    uds: str | None = _setting("uds")
    backlog: int = _setting("backlog")
    engine: Literal["auto", "uring", "epoll"] = _setting("engine")
    server_header: bool = _setting("server_header")
    date_header: bool = _setting("date_header")
    headers: Mapping[str, str] | Sequence[tuple[str, str]] = _setting("headers")
    debug: bool = _setting("debug")
    blocking_threads: int = _setting("blocking_threads")
    access_log: bool | str = _setting("access_log")
    access_log_format: str = _setting("access_log_format")
    log_queue: int = _setting("log_queue")
    restarts_burst: int = _setting("restarts_burst")
    restarts_window: float = _setting("restarts_window")
    turn_completions: int = _setting("turn_completions")
    receive_credit: int = _setting("receive_credit")
    ws_per_message_deflate: bool = _setting("ws_per_message_deflate")
    ws_slow_policy: Literal["close", "drop", "wait"] = _setting("ws_slow_policy")
    ws_origins: Sequence[str] = _setting("ws_origins")
    ws_broker: str | Broker | None = _setting("ws_broker", shown=False)  # may hold a password
    limits: LimitsConfig = field(default_factory=LimitsConfig)
    timeouts: TimeoutConfig = field(default_factory=TimeoutConfig)

    def __post_init__(self) -> None:
        for name, kind in (("limits", LimitsConfig), ("timeouts", TimeoutConfig)):
            if not isinstance(getattr(self, name), kind):
                raise ConfigError(f"ServerConfig({name}=) takes a {kind.__name__}")
        _read_fields(self)
        judge(self._values())

    @classmethod
    def from_env(cls, prefix: str = "PELTON_", env: Mapping[str, str] = os.environ) -> ServerConfig:
        """Defaults overridden by the environment; an unknown variable of the prefix is an error."""
        values = with_environment(defaults(), prefix, env)
        whole: dict[str, Any] = {"limits": {}, "timeouts": {}}
        for keyword, setting in SETTINGS.items():
            (whole[setting.part] if setting.part else whole)[setting.field] = values[keyword]
        limits, timeouts = LimitsConfig(**whole.pop("limits")), TimeoutConfig(**whole.pop("timeouts"))
        return cls(**whole, limits=limits, timeouts=timeouts)

    def replace(self, **changes: Any) -> Self:
        """A copy with these fields changed; `limits` and `timeouts` as whole parts."""
        return replace(self, **changes)

    def _values(self) -> Values:
        """As pelton.settings has them."""
        return {
            one.metadata["setting"].keyword: getattr(part, one.name)
            for part in (self, self.limits, self.timeouts)
            for one in fields(part)
            if "setting" in one.metadata
        }


def _read_fields(config: Any) -> None:
    for one in fields(config):
        if "setting" in one.metadata:
            setting: Setting = one.metadata["setting"]
            value = getattr(config, one.name)
            read = setting.read(value)
            if read is not value:
                object.__setattr__(config, one.name, read)
