"""ServerConfig and its parts: one name for a setting in code, environment and run()."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal

from noria import _native
from noria.errors import ConfigError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Self

NO_LIMIT = 2**64 - 1

KIB, MIB = 2**10, 2**20


def _setting(default: Any, unit: str, key: str | None = None) -> Any:
    """A field; `unit` says how its value is read, `key` which key of the native half it sets."""
    return field(default=default, metadata={"unit": unit, "key": key})


@dataclass(frozen=True, kw_only=True)
class LimitsConfig:
    """Bounds on what a client may send and hold; sizes in bytes or as "64KiB", None for no limit."""

    max_method_size: int = _setting(32, "size", "method_bytes_max")
    max_request_line: int = _setting(8 * KIB, "size", "request_line_bytes_max")
    max_header_line: int = _setting(8 * KIB, "size", "header_line_bytes_max")
    max_header_size: int = _setting(32 * KIB, "size", "header_section_bytes_max")
    max_header_count: int = _setting(100, "count", "header_count_max")
    max_chunk_extension: int = _setting(256, "size", "chunk_extension_bytes_max")
    max_chunk_overhead: int = _setting(16 * KIB, "size", "chunk_overhead_bytes_max")
    max_body_size: int | None = _setting(MIB, "size or none", "body_bytes_max")
    max_drain_size: int = _setting(64 * KIB, "size", "drain_body_bytes_max")
    max_lingering: int = _setting(1024, "count", "linger_connections_max")
    min_body_rate: int = _setting(240, "count", "body_rate_bytes_per_second_min")
    min_send_rate: int = _setting(240, "count", "send_rate_bytes_per_second_min")
    max_connections: int | None = _setting(None, "count or none", "connections_max")
    max_requests_per_connection: int | None = _setting(None, "count or none", "requests_per_connection_max")
    send_queue_high: int = _setting(256 * KIB, "size", "send_queue_bytes_high")
    send_queue_low: int = _setting(64 * KIB, "size", "send_queue_bytes_low")
    max_query_fields: int = _setting(1000, "count", "query_fields_max")
    max_cookies: int = _setting(200, "count", "cookies_max")
    max_json_depth: int = _setting(1024, "count", "json_depth_max")
    max_json_number: int = _setting(4300, "count", "json_number_bytes_max")

    def __post_init__(self) -> None:
        _normalise(self, "limits.")


@dataclass(frozen=True, kw_only=True)
class TimeoutConfig:
    """Time bounds in seconds."""

    read_header: float = _setting(10, "seconds", "header_timeout_ms")
    rate_grace: float = _setting(5, "seconds", "rate_grace_ms")
    rate_credit: float = _setting(30, "seconds", "rate_credit_ms_max")
    idle: float = _setting(75, "seconds", "keep_alive_timeout_ms")
    tcp_user: float = _setting(30, "seconds", "tcp_user_timeout_ms")
    drain_body: float = _setting(1, "seconds", "drain_body_timeout_ms")
    linger: float = _setting(5, "seconds", "linger_timeout_ms")
    linger_idle: float = _setting(1, "seconds", "linger_idle_ms")
    graceful: float = _setting(30, "seconds", "graceful_timeout_ms")

    def __post_init__(self) -> None:
        _normalise(self, "timeouts.")


@dataclass(frozen=True, kw_only=True)
class ServerConfig:
    """Everything a server is told; see LimitsConfig and TimeoutConfig for its parts."""

    host: str = _setting("127.0.0.1", "text")
    port: int = _setting(8000, "port")
    uds: str | None = _setting(None, "text or none")
    backlog: int = _setting(4096, "count")
    engine: Literal["auto", "uring", "epoll"] = _setting("auto", "engine")
    debug: bool = _setting(False, "switch")
    limits: LimitsConfig = field(default_factory=LimitsConfig)
    timeouts: TimeoutConfig = field(default_factory=TimeoutConfig)

    def __post_init__(self) -> None:
        for name, kind in (("limits", LimitsConfig), ("timeouts", TimeoutConfig)):
            if not isinstance(getattr(self, name), kind):
                raise ConfigError(f"ServerConfig({name}=) takes a {kind.__name__}")
        _normalise(self, "")
        problem = _native.config_problem(self._native())
        if problem is not None:
            raise ConfigError(_in_our_names(problem))

    @classmethod
    def from_env(cls, prefix: str = "NORIA_", env: Mapping[str, str] = os.environ) -> ServerConfig:
        """Defaults overridden by the environment; an unknown variable of the prefix is an error."""
        return with_environment(cls(), prefix, env)

    def replace(self, **changes: Any) -> Self:
        """A copy with these fields changed; `limits` and `timeouts` as whole parts."""
        known = [one.name for one in fields(self)]
        for name in changes:
            if name not in known:
                raise ConfigError(f"ServerConfig has no field {name!r}{_hint(name, known)}")
        return replace(self, **changes)

    def _native(self) -> dict[str, int]:
        """Keys and units of the native half."""
        made = {}
        for part in (self.limits, self.timeouts):
            for one in fields(part):
                value = getattr(part, one.name)
                if value is None:
                    value = NO_LIMIT
                elif one.metadata["unit"] == "seconds":
                    value = round(value * 1000)
                made[one.metadata["key"]] = value
        return made


def _settings() -> dict[str, tuple[str, Any]]:
    """Keyword of run() → (part or "", field)."""
    found: dict[str, tuple[str, Any]] = {}
    for one in fields(ServerConfig):
        if "unit" in one.metadata:
            found[one.name] = ("", one)
    for one in fields(LimitsConfig):
        found[f"limit_{one.name.removeprefix('max_')}"] = ("limits", one)
    for one in fields(TimeoutConfig):
        found[f"timeout_{one.name}"] = ("timeouts", one)
    return found


def with_changes(config: ServerConfig, changes: Mapping[str, Any], source: str) -> ServerConfig:
    """The configuration with settings named as keywords of run(); ConfigError names the source."""
    settings = _settings()
    whole: dict[str, Any] = {}
    parts: dict[str, dict[str, Any]] = {"limits": {}, "timeouts": {}}
    for name, value in changes.items():
        part, one = settings[name]
        (parts[part] if part else whole)[one.name] = value
    try:
        for part, values in parts.items():
            if values:
                whole[part] = replace(getattr(config, part), **values)
        return replace(config, **whole) if whole else config
    except ConfigError as error:
        raise ConfigError(f"{source}: {error}") from None


def with_environment(config: ServerConfig, prefix: str, env: Mapping[str, str]) -> ServerConfig:
    settings = _settings()
    found: dict[str, Any] = {}
    if "PORT" in env and f"{prefix}PORT" not in env:
        found["port"] = env["PORT"]
    for name, text in env.items():
        if not name.startswith(prefix) or _is_injected(name[len(prefix) :], text):
            continue
        key = name[len(prefix) :].lower()
        if key not in settings:
            known = [prefix + one.upper() for one in settings]
            raise ConfigError(f"environment: {name} is no setting{_hint(name, known)}")
        found[key] = text
    changed = config
    for key, text in found.items():
        name = prefix + key.upper()
        changed = with_changes(changed, {key: text}, f"environment: {name if name in env else 'PORT'}")
    return changed


def _is_injected(rest: str, text: str) -> bool:
    # Kubernetes and Docker links name the service in the variables they inject.
    return rest.startswith(("SERVICE_", "PORT_")) or (rest == "PORT" and "://" in text)


def setting_names() -> list[str]:
    return list(_settings())


def _hint(name: str, known: Iterable[str]) -> str:
    near = nearest(name, list(known))
    return f"; did you mean {near}?" if near else ""


def _in_our_names(problem: str) -> str:
    """The native half speaks of its keys; users know the fields."""
    for part, config in (("limits", LimitsConfig), ("timeouts", TimeoutConfig)):
        for one in fields(config):
            problem = problem.replace(one.metadata["key"], f"{part}.{one.name}")
    return problem


# --- values -----------------------------------------------------------------------------------


def _normalise(config: Any, prefix: str) -> None:
    for one in fields(config):
        unit = one.metadata.get("unit")
        if unit is None:
            continue
        value = getattr(config, one.name)
        try:
            read = _read(value, unit)
        except ValueError as error:
            raise ConfigError(f"{prefix}{one.name} {error}, not {value!r}") from None
        if read is not value:
            object.__setattr__(config, one.name, read)


def _read(value: Any, unit: str) -> Any:
    if unit.endswith(" or none"):
        if value is None or value == "none":
            return None
        unit = unit.removesuffix(" or none")
    return _READERS[unit](value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("is a text")
    return value


def _count(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < NO_LIMIT:
        return value
    raise ValueError("is a whole number from 0")


def _port(value: Any) -> int:
    try:
        port = _count(value)
    except ValueError:
        port = -1
    if not 0 <= port <= 65535:
        raise ValueError("is a port from 0 to 65535")
    return port


_SIZES = {"": 1, "B": 1, "KiB": KIB, "MiB": MIB, "GiB": 2**30, "KB": 10**3, "MB": 10**6, "GB": 10**9}


def size(value: Any) -> int:
    """Bytes of an int or a text like "64KiB"; ValueError for anything else."""
    if isinstance(value, str):
        digits = value.rstrip("BGKMi")
        unit = value[len(digits) :]
        digits = digits.strip()
        if digits.isascii() and digits.isdigit() and unit in _SIZES:
            return int(digits) * _SIZES[unit]
    elif isinstance(value, int) and not isinstance(value, bool) and 0 <= value < NO_LIMIT:
        return value
    raise ValueError('is a number of bytes or a text like "64KiB"')


def _seconds(value: Any) -> float:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            value = -1
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**32:
        raise ValueError("is a number of seconds")
    return value


def _switch(value: Any) -> bool:
    from noria.validation import FALSE, TRUE

    if isinstance(value, str) and value.lower() in TRUE:
        return True
    if isinstance(value, str) and value.lower() in FALSE:
        return False
    if isinstance(value, bool):
        return value
    raise ValueError("is true or false")


def _engine(value: Any) -> str:
    if value not in ("auto", "uring", "epoll"):
        raise ValueError("is auto, uring or epoll")
    return str(value)


_READERS: dict[str, Any] = {
    "text": _text,
    "count": _count,
    "port": _port,
    "size": size,
    "seconds": _seconds,
    "switch": _switch,
    "engine": _engine,
}
