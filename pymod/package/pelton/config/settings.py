"""Every setting by one name: its default, how it is read, and what overrides what.

A start reads settings and nothing of pelton.config.server_config, whose dataclasses cost more than the rest of the
package; they are made of this table.
"""

from __future__ import annotations

from os import PathLike, environ, fspath, path

from pelton import _native
from pelton.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Literal

    from pelton.config.setting_files import ConfigFile
    from pelton.config.server_config import ServerConfig

    Values = dict[str, Any]  # keyword of run() -> value as it was read

NO_LIMIT = 2**64 - 1
KIB, MIB = 2**10, 2**20
TLS_MARK = ",tls"  # after an address of `bind`


class Setting:
    """One row of the table; `unit` says how a value is read, `key` which key of the native half it sets."""

    __slots__ = ("_keyword", "default", "field", "key", "part", "unit")

    def __init__(self, place: str, unit: str, default: Any, key: str | None = None, keyword: str | None = None) -> None:
        self.part, _, self.field = place.rpartition(".")  # "limits", "timeouts", "tls", "http2" or ""
        self.unit = unit
        self.default = default
        self.key = key
        self._keyword = keyword

    @property
    def place(self) -> str:
        """The field as code names it."""
        return f"{self.part}.{self.field}" if self.part else self.field

    @property
    def keyword(self) -> str:
        """The keyword of run(), from which flag and variable follow."""
        if self._keyword is not None:
            return self._keyword
        if self.field.startswith("ws_"):
            return self.field
        if self.part == "limits":
            return f"limit_{self.field.removeprefix('max_')}"
        if self.part == "http2":
            return f"http2_{self.field}"
        return f"timeout_{self.field}" if self.part == "timeouts" else self.field

    def read(self, value: Any) -> Any:
        """The value as it is kept; ConfigError names the field."""
        unit = self.unit
        if unit.endswith(" or none"):
            if value is None or value == "none":
                return None
            unit = unit.removesuffix(" or none")
        try:
            return _READERS[unit](value)
        except ValueError as error:
            if unit == "secret":
                raise ConfigError(f"{self.place} {error}") from None
            raise ConfigError(f"{self.place} {error}, not {value!r}") from None


def defaults() -> Values:
    return {keyword: setting.default for keyword, setting in SETTINGS.items()}


def with_changes(values: Values, changes: Mapping[str, Any], source: str) -> Values:
    """The values with `changes` over them, judged together; ConfigError names the source."""
    try:
        changed = values | {name: SETTINGS[name].read(value) for name, value in changes.items()}
        judge(changed)
    except ConfigError as error:
        raise ConfigError(f"{source}: {error}") from None
    return changed


def variables_in(prefix: str, env: Mapping[str, str]) -> dict[str, str]:
    """The variables of this prefix by the keyword of their setting; an unknown one is an error."""
    found = {}
    for name in ("PORT", "FORWARDED_ALLOW_IPS"):  # platforms set these for any server
        if name in env:
            found[name.lower()] = name
    for name, text in env.items():
        rest = name.removeprefix(prefix)
        if rest == name or _is_injected(rest, text):
            continue
        if rest.lower() not in SETTINGS:
            from pelton.config.command_keys import COMMAND_KEYS
            from pelton.config.hints import setting_hint

            if rest.isupper() and rest.lower() in COMMAND_KEYS:
                continue  # `pelton run` reads it

            known = [prefix + one.upper() for one in SETTINGS]
            raise ConfigError(f"environment: {name} is no setting{setting_hint(name, known, prefix)}")
        found[rest.lower()] = name
    return found


def with_environment(values: Values, prefix: str, env: Mapping[str, str]) -> Values:
    """The values with the variables of this prefix over them; an unknown one is an error."""
    found = variables_in(prefix, env)
    read = {}
    for keyword, name in found.items():
        try:
            read[keyword] = SETTINGS[keyword].read(env[name])
        except ConfigError as error:
            raise ConfigError(f"environment: {name}: {error}") from None
    changed = values | read
    try:
        judge(changed)
    except ConfigError as error:
        involved = [name for keyword, name in found.items() if SETTINGS[keyword].place in str(error)]
        raise ConfigError(f"environment: {', '.join(involved or found.values())}: {error}") from None
    return changed


def effective_settings(
    base: ServerConfig | None, given: Mapping[str, Any], file: ConfigFile | None = None, env: Mapping[str, str] = environ
) -> Values:
    """What a server is started with: environment over keywords of `run()` over file over `App(server=)` over defaults.

    Args:
        base: What the application was made with, None for the defaults.
        given: Keywords of `run()`.
        file: The configuration file, None without.
        env: The environment.

    Raises:
        TypeError: There is no setting of this name.
        ConfigError: A value is none that the setting can have.
    """
    for name in given:
        if name not in SETTINGS:
            from pelton.config.hints import setting_hint

            raise TypeError(f"run() has no setting {name!r}{setting_hint(name, SETTINGS, shown=repr)}")
    values = defaults() if base is None else base._values()
    if file is not None:
        values = file.over(values)
    if given:
        values = with_changes(values, given, "run()")
    return with_environment(values, "PELTON_", env)


def file_near(folder: str) -> str | None:
    """The configuration file of the nearest folder, from this one upward, that has one.

    In each folder `pelton.toml` goes before `pyproject.toml`; None without either.
    """
    while True:
        for name in ("pelton.toml", "pyproject.toml"):
            if path.isfile(found := path.join(folder, name)):
                return found
        above = path.dirname(folder)
        if above == folder:
            return None
        folder = above


def _is_injected(rest: str, text: str) -> bool:
    # Kubernetes and Docker links name the service in the variables they inject.
    return rest.startswith(("SERVICE_", "PORT_")) or (rest == "PORT" and "://" in text)


def logs_of(values: Values) -> dict[str, str]:
    """Where the native half writes the access log: empty for nowhere, - for standard output, or a path."""
    target = values["access_log"]
    if values["log_level"] in ("critical", "error", "warning"):  # its lines are of the level info
        target = False
    shown = ("-" if target else "") if isinstance(target, bool) else target
    return {"access_log": shown, "access_log_format": values["access_log_format"]}


def response_fields(values: Values) -> tuple[bool, list[tuple[str, str]]]:
    """What the native half adds to every response: whether the date, and these fields."""
    fields = list(values["headers"])
    if values["server_header"] and all(name.lower() != "server" for name, _ in fields):
        fields.insert(0, ("Server", "pelton"))
    return values["date_header"], fields


def websocket_settings(values: Values) -> tuple[bool, tuple[str, ...], Literal["close", "drop", "wait"]]:
    """The settings of WebSockets that are no numbers, as the native half takes them."""
    return values["ws_per_message_deflate"], values["ws_origins"], values["ws_slow_policy"]


def forwarding(values: Values) -> tuple[tuple[str, ...], str, bool]:
    """The trusted proxies, their fields' family (empty: none count), and whether they speak the PROXY protocol."""
    family = values["forwarded_header"] if values["proxy_headers"] else ""
    return values["forwarded_allow_ips"], family, values["proxy_protocol"]


def native_values(values: Values) -> dict[str, int]:
    """Keys and units of the native half."""
    made = {}
    for keyword, setting in SETTINGS.items():
        if setting.key is None:
            continue
        value = values[keyword]
        if value is None:
            value = NO_LIMIT
        elif setting.unit.startswith("seconds"):
            value = round(value * 1000)
        made[setting.key] = value
    return made


def judge(values: Values) -> None:
    """ConfigError for a value out of bounds or a broken relation, in the names that users know."""
    if len(named := [one for one in ("uds", "bind", "fd") if values[one] not in (None, ())]) > 1:
        raise ConfigError(f"{' and '.join(named)} each say where to listen; give one of them, bind for several addresses")
    _judge_tls(values)
    if (problem := _native.config_problem(native_values(values))) is None:
        return
    keyed = [(setting.key, setting.place) for setting in SETTINGS.values() if setting.key is not None]
    # Longest first: body_bytes_max is also the end of drain_body_bytes_max.
    for key, place in sorted(keyed, key=lambda one: len(one[0]), reverse=True):
        problem = problem.replace(key, place)
    raise ConfigError(problem)


def _judge_tls(values: Values) -> None:
    certificates, keys = values["ssl_certfile"], values["ssl_keyfile"]
    if not certificates:
        if any(one.endswith(TLS_MARK) for one in values["bind"]):
            raise ConfigError("bind asks for TLS, which needs a certificate; name its file with tls.cert_path, which is --ssl-certfile")
        for keyword in ("ssl_keyfile", "ssl_ca_certs", "ssl_crl"):
            if values[keyword]:
                raise ConfigError(f"{SETTINGS[keyword].place} goes with a certificate; name its file with tls.cert_path, which is --ssl-certfile")
        return
    if keys and len(keys) != len(certificates):
        raise ConfigError(f"tls.cert_path and tls.key_path go in pairs; there are {len(certificates)} and {len(keys)}")
    if values["ssl_protocol_min"] > values["ssl_protocol_max"]:
        raise ConfigError("tls.min_version must not be later than tls.max_version")
    if values["ssl_cert_reqs"] != "off" and not values["ssl_ca_certs"]:
        raise ConfigError("tls.client_certificates needs the authorities that clients have theirs from; name them with tls.ca_path, which is --ssl-ca-certs")


# --- values -----------------------------------------------------------------------------------


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


def _count_from_1(value: Any) -> int:
    count = _count(value)
    if count == 0:
        raise ValueError("is a whole number from 1")
    return count


def _count_to(most: int, value: Any, kind: str = "a whole number") -> int:
    try:
        if (count := _count(value)) <= most:
            return count
    except ValueError:
        pass
    raise ValueError(f"is {kind} from 0 to {most}")


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
    from pelton.scalars import FALSE, TRUE

    if isinstance(value, str) and value.lower() in TRUE:
        return True
    if isinstance(value, str) and value.lower() in FALSE:
        return False
    if isinstance(value, bool):
        return value
    raise ValueError("is true or false")


def _one_of(*words: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in words:
            raise ValueError(f"is {', '.join(words[:-1])} or {words[-1]}")
        return str(value)

    return read


def _listed(value: Any, what: str) -> tuple[str, ...]:
    texts = value.split(",") if isinstance(value, str) else value
    if not isinstance(texts, list | tuple | set | frozenset) or not all(isinstance(one, str) for one in texts):
        raise ValueError(f"is a list of {what}, or a text with commas between them")
    return tuple(text for one in texts if (text := one.strip()))


def _origins(value: Any) -> tuple[str, ...]:
    return _listed(value, "origins")


def _hosts(value: Any) -> tuple[str, ...]:
    hosts = _listed(value, "hosts")
    try:
        _native.check_allowed_hosts(hosts)
    except ValueError as error:
        raise ConfigError(f"allowed_hosts has {error}; it takes hosts, domains such as *.example.org, and *") from None
    return hosts


def _peers(value: Any) -> tuple[str, ...]:
    peers = _listed(value, "addresses and networks")
    if peers == ("none",):
        return ()
    try:
        _native.check_trusted_peers(peers)
    except ValueError as error:
        raise ConfigError(f"forwarded_allow_ips has {error}; it takes addresses, networks, unix and *, or none") from None
    return peers


_BROKER_SCHEMES = ("redis://", "rediss://", "unix://")


def _broker(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_BROKER_SCHEMES):
        return value
    if not isinstance(value, str) and all(callable(getattr(value, name, None)) for name in ("start", "publish", "stop")):
        return value
    # Without the value, which may hold a password.
    raise ConfigError(f"ws_broker is a URL that begins with {', '.join(_BROKER_SCHEMES)}, or an object that is a Broker")


def _access_log(value: Any) -> bool | str:
    if isinstance(value, str) and "/" in value:
        return value
    try:
        return _switch(value)
    except ValueError:
        raise ValueError("is true, false or the path of a file, with a / in it") from None


# By their weight, with the numbers of Python's logging.
LOG_LEVELS = {"critical": 50, "error": 40, "warning": 30, "info": 20, "debug": 10, "trace": 5}


def _log_level(value: Any) -> str:
    """A word, or the number that Python's logging has for it."""
    for word, number in LOG_LEVELS.items():
        if value == number or (isinstance(value, str) and value.lower() == word):
            return word
    raise ValueError(f"is {', '.join([*LOG_LEVELS][:-1])} or trace")


def _log_config(value: Any) -> Any:
    if (isinstance(value, str) and value) or hasattr(value, "items"):
        return value
    raise ValueError("is the path of a file, or a dictionary as of logging.config.dictConfig()")


def _colours(value: Any) -> bool | str:
    if value in (None, "auto"):
        return "auto"
    try:
        return _switch(value)
    except ValueError:
        raise ValueError("is auto, true or false") from None


def _fields(value: Any) -> tuple[tuple[str, str], ...]:
    if isinstance(value, str):  # of the environment: a line each
        pairs = [line.partition(":")[::2] for line in value.splitlines() if line.strip()]
        value = [(name.strip(), text.strip()) for name, text in pairs]
    elif hasattr(value, "items"):
        value = value.items()
    try:
        fields = tuple((name, text) for name, text in value)
        _native.check_response_fields((True, fields))
    except TypeError:
        raise ValueError("are names and values, both texts") from None
    return fields


def _log_format(value: Any) -> str:
    problem = _native.log_format_problem(value) if isinstance(value, str) else "is a text"
    if problem is not None:
        raise ValueError(problem)
    return str(value)


def _addresses(value: Any) -> tuple[str, ...]:
    # A flag that is given several times has a line for each.
    listed = _listed(value.replace("\n", ",") if isinstance(value, str) else ",".join(_listed(value, "addresses")), "addresses")
    addresses: tuple[str, ...] = ()
    for one in listed:
        if one != TLS_MARK[1:]:
            addresses += (one,)
        elif not addresses or addresses[-1].endswith(TLS_MARK):
            raise ConfigError("bind has tls without an address before it; write HOST:PORT,tls")
        else:
            addresses = (*addresses[:-1], addresses[-1] + TLS_MARK)
    plain = [one.removesuffix(TLS_MARK) for one in addresses]
    for one in plain:
        host, colon, port = one.rpartition(":")
        if one.startswith("unix:"):
            is_address = len(one) > len("unix:")
        elif one.startswith("fd://"):
            is_address = one.removeprefix("fd://").isdigit() and one.isascii()
        else:
            is_host = bool(host) and ((host[0] == "[" and host[-1] == "]") or not set(host) & set(":[]/"))
            is_address = is_host and port.isascii() and port.isdigit() and int(port) <= 65535
        if not is_address:
            raise ConfigError(f"bind has {one!r}; it takes HOST:PORT, [IPV6]:PORT, unix:PATH and fd://N, each with ,tls or without")
        if plain.count(one) > 1 and port != "0":
            raise ConfigError(f"bind has {one!r} twice; leave one out")
    return addresses


def _path(value: Any) -> str:
    return _text(fspath(value) if isinstance(value, PathLike) else value)


def _paths(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = value.replace("\n", ",").split(",")
    elif isinstance(value, PathLike):
        value = (value,)
    if not isinstance(value, list | tuple):
        raise ValueError("is a path, or a list of paths")
    return tuple(_path(one.strip() if isinstance(one, str) else one) for one in value)


def _secret(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("is a text")
    return value


# How the ssl module numbers them, which uvicorn's flag takes.
_CLIENT_CERTIFICATES = {0: "off", 1: "optional", 2: "required", "0": "off", "1": "optional", "2": "required", "none": "off"}


def _client_certificates(value: Any) -> str:
    if isinstance(value, str | int) and not isinstance(value, bool):
        value = _CLIENT_CERTIFICATES.get(value, value)
    if value not in ("off", "optional", "required"):
        raise ValueError("is off, optional or required, or their numbers 0, 1 and 2")
    return str(value)


TLS_VERSIONS = {"1.2": 0x0303, "1.3": 0x0304}


def _tls_version(value: Any) -> str:
    text = value.removeprefix("TLSv") if isinstance(value, str) else value
    if text not in TLS_VERSIONS:
        raise ValueError("is 1.2 or 1.3")
    return str(text)


def _mode(value: Any) -> int:
    try:
        mode = int(value, 8) if isinstance(value, str) else value
        if isinstance(mode, int) and not isinstance(mode, bool) and 0 <= mode <= 0o777:
            return mode
    except ValueError:
        pass
    raise ValueError('is a mode from 0 to 0o777, or a text of its octal digits such as "660"')


def _admin_address(value: Any) -> str:
    """Of this machine alone: what is told there is for operators, and asks for no password."""
    if isinstance(value, str):
        host, colon, port = value.rpartition(":")
        if host == "unix" and port:
            return value
        is_loopback = host in ("localhost", "[::1]") or (host.startswith("127.") and host.replace(".", "").isdigit())
        if is_loopback and port.isascii() and port.isdigit() and int(port) <= 65535:
            return value
    raise ValueError("is a loopback address with a port, such as 127.0.0.1:9000, or unix:PATH")


_READERS: dict[str, Any] = {
    "admin address": _admin_address,
    "addresses": _addresses,
    "access log": _access_log,
    "colours": _colours,
    "log config": _log_config,
    "log format": _log_format,
    "log level": _log_level,
    "text": _text,
    "path": _path,
    "paths": _paths,
    "secret": _secret,
    "client certificates": _client_certificates,
    "tls version": _tls_version,
    "count": _count,
    "count from 1": _count_from_1,
    "descriptor": lambda value: _count_to(2**31 - 1, value, "the number of a descriptor"),
    "hosts": _hosts,
    "http versions": lambda value: _one_of("1", "1,2")("1,2" if value == "auto" else value),  # auto: as uvicorn says
    "mode": _mode,
    "port": lambda value: _count_to(65535, value, "a port"),
    "backlog": lambda value: _count_to(2**31 - 1, value),  # the int of listen(2)
    "size": size,
    "seconds": _seconds,
    "switch": _switch,
    "engine": _one_of("auto", "uring", "epoll"),
    "fields": _fields,
    "broker": _broker,
    "origins": _origins,
    "peers": _peers,
    "forwarded header": _one_of("x-forwarded", "forwarded"),
    "slow policy": _one_of("close", "drop", "wait"),
}

# --- the table --------------------------------------------------------------------------------

SETTINGS: dict[str, Setting] = {
    setting.keyword: setting
    for setting in (
        Setting("host", "text", "127.0.0.1"),
        Setting("port", "port", 8000),
        Setting("uds", "text or none", None),
        Setting("uds_permissions", "mode or none", None),
        Setting("bind", "addresses", ()),
        Setting("fd", "descriptor or none", None),
        Setting("backlog", "backlog", 4096),
        Setting("admin_bind", "admin address or none", None),
        Setting("engine", "engine", "auto"),
        Setting("server_header", "switch", False),
        Setting("date_header", "switch", True),
        Setting("headers", "fields", ()),
        Setting("debug", "switch", False),
        Setting("blocking_threads", "count from 1", 32),
        Setting("access_log", "access log", False),
        Setting("access_log_format", "log format", "combined"),
        Setting("log_level", "log level", "info"),
        Setting("log_config", "log config or none", None),
        Setting("use_colors", "colours", "auto"),
        Setting("log_queue", "size", MIB, "log_queue_bytes_max"),
        Setting("restarts_burst", "count", 5, "worker_restarts_burst"),
        Setting("restarts_window", "seconds", 10, "worker_restarts_window_ms"),
        Setting("cpu_affinity", "switch", False),
        Setting("worker_lifetime", "seconds or none", None),
        Setting("limit_max_requests", "count from 1 or none", None),
        Setting("limit_max_requests_jitter", "count", 0),
        Setting("limit_rss", "size or none", None),
        Setting("turn_completions", "count", 256, "turn_completions_max"),
        Setting("receive_credit", "size", 64 * KIB, "receive_credit_bytes"),
        Setting("ws_per_message_deflate", "switch", True),
        Setting("ws_slow_policy", "slow policy", "close"),
        Setting("ws_origins", "origins", ()),
        Setting("ws_broker", "broker or none", None),
        Setting("proxy_headers", "switch", True),
        Setting("forwarded_allow_ips", "peers", ("127.0.0.0/8", "::1", "unix")),
        Setting("forwarded_header", "forwarded header", "x-forwarded"),
        Setting("proxy_protocol", "switch", False),
        Setting("allowed_hosts", "hosts", ()),
        Setting("https_redirect", "port or none", None),
        Setting("http", "http versions", "1,2"),
        Setting("h2c", "switch", False),
        Setting("tls.cert_path", "paths", (), keyword="ssl_certfile"),
        Setting("tls.key_path", "paths", (), keyword="ssl_keyfile"),
        Setting("tls.key_password", "secret", "", keyword="ssl_keyfile_password"),
        Setting("tls.ca_path", "path or none", None, keyword="ssl_ca_certs"),
        Setting("tls.crl_path", "path or none", None, keyword="ssl_crl"),
        Setting("tls.client_certificates", "client certificates", "off", keyword="ssl_cert_reqs"),
        Setting("tls.min_version", "tls version", "1.2", keyword="ssl_protocol_min"),
        Setting("tls.max_version", "tls version", "1.3", keyword="ssl_protocol_max"),
        Setting("tls.ciphers", "text or none", None, keyword="ssl_ciphers"),
        Setting("http2.max_concurrent_streams", "count from 1", 100, "h2_streams_max"),
        Setting("http2.initial_window_size", "size", 256 * KIB, "h2_stream_window_bytes"),
        Setting("http2.connection_window_size", "size", MIB, "h2_connection_window_bytes"),
        Setting("http2.max_header_list_size", "size", 32 * KIB, "h2_header_list_bytes_max"),
        Setting("http2.max_continuation_frames", "count", 16, "h2_continuation_frames_max"),
        Setting("http2.max_resets", "count from 1", 200, "h2_resets_max"),
        Setting("http2.max_idle_frames", "count from 1", 1000, "h2_idle_frames_max"),
        Setting("http2.max_control_frames", "count from 1", 1000, "h2_control_queue_max"),
        Setting("limits.max_method_size", "size", 32, "method_bytes_max"),
        Setting("limits.max_request_line", "size", 8 * KIB, "request_line_bytes_max"),
        Setting("limits.max_header_line", "size", 8 * KIB, "header_line_bytes_max"),
        Setting("limits.max_header_size", "size", 32 * KIB, "header_section_bytes_max"),
        Setting("limits.max_header_count", "count", 100, "header_count_max"),
        Setting("limits.max_chunk_extension", "size", 256, "chunk_extension_bytes_max"),
        Setting("limits.max_chunk_overhead", "size", 16 * KIB, "chunk_overhead_bytes_max"),
        Setting("limits.max_body_size", "size or none", MIB, "body_bytes_max"),
        Setting("limits.max_pipelined", "count", 32, "pipeline_requests_max"),
        Setting("limits.max_pipelined_size", "size", 64 * KIB, "pipeline_bytes_max"),
        Setting("limits.max_drain_size", "size", 64 * KIB, "drain_body_bytes_max"),
        Setting("limits.max_lingering", "count", 1024, "linger_connections_max"),
        Setting("limits.min_body_rate", "count", 240, "body_rate_bytes_per_second_min"),
        Setting("limits.min_send_rate", "count", 240, "send_rate_bytes_per_second_min"),
        Setting("limits.max_connections", "count or none", None, "connections_max"),
        Setting("limits.max_requests_per_connection", "count or none", None, "requests_per_connection_max"),
        Setting("limits.max_queued", "count or none", None, "handlers_queued_max"),
        Setting("limits.max_concurrency", "count or none", None, "handlers_running_max"),
        Setting("limits.send_queue_high", "size", 256 * KIB, "send_queue_bytes_high"),
        Setting("limits.send_queue_low", "size", 64 * KIB, "send_queue_bytes_low"),
        Setting("limits.buffered_high", "size or none", None, "buffered_bytes_high"),
        Setting("limits.buffered_low", "size or none", None, "buffered_bytes_low"),
        Setting("limits.max_spooled", "size or none", None, "spooled_bytes_max"),
        Setting("limits.max_query_fields", "count", 1000, "query_fields_max"),
        Setting("limits.max_form_fields", "count", 1000, "form_fields_max"),
        Setting("limits.max_multipart_size", "size or none", 64 * MIB, "multipart_bytes_max"),
        Setting("limits.max_parts", "count", 1000, "multipart_parts_max"),
        Setting("limits.max_files", "count", 100, "multipart_files_max"),
        Setting("limits.max_field_size", "size", MIB, "multipart_field_bytes_max"),
        Setting("limits.max_multipart_memory", "size", 2 * MIB, "multipart_memory_bytes_max"),
        Setting("limits.max_part_headers", "count", 8, "multipart_part_headers_max"),
        Setting("limits.max_part_header_size", "size", 4 * KIB, "multipart_part_header_bytes_max"),
        Setting("limits.max_boundary_size", "size", 70, "multipart_boundary_bytes_max"),
        Setting("limits.max_multipart_slack", "size", KIB, "multipart_slack_bytes_max"),
        Setting("limits.max_cookies", "count", 200, "cookies_max"),
        Setting("limits.max_json_depth", "count", 1024, "json_depth_max"),
        Setting("limits.max_json_number", "count", 4300, "json_number_bytes_max"),
        Setting("limits.max_ranges", "count", 16, "range_count_max"),
        Setting("limits.ws_max_size", "size", MIB, "websocket_message_bytes_max"),
        Setting("limits.ws_max_fragments", "count", 1024, "websocket_fragments_max"),
        Setting("limits.ws_max_backlog", "size", MIB, "websocket_queue_bytes_max"),
        Setting("limits.ws_max_control_frames", "count", 1000, "websocket_control_frames_max"),
        Setting("limits.ws_max_inflate_ratio", "count", 25, "websocket_inflate_ratio_max"),
        Setting("limits.ws_deflate_min", "size", KIB, "websocket_deflate_bytes_min"),
        Setting("limits.ws_max_queue", "count", 32, "websocket_receive_messages_max"),
        Setting("timeouts.read_header", "seconds", 10, "header_timeout_ms"),
        Setting("timeouts.tls_handshake", "seconds", 10, "tls_handshake_timeout_ms"),
        Setting("timeouts.rate_grace", "seconds", 5, "rate_grace_ms"),
        Setting("timeouts.rate_credit", "seconds", 30, "rate_credit_ms_max"),
        Setting("timeouts.idle", "seconds", 75, "keep_alive_timeout_ms"),
        Setting("timeouts.queue", "seconds or none", 0.25, "queue_timeout_ms"),
        Setting("timeouts.handler", "seconds or none", None, "request_timeout_ms"),
        Setting("timeouts.sse_keep_alive", "seconds", 15),
        Setting("timeouts.ws_ping_interval", "seconds or none", 20, "websocket_ping_interval_ms"),
        Setting("timeouts.ws_ping_timeout", "seconds or none", 20, "websocket_ping_timeout_ms"),
        Setting("timeouts.ws_close_timeout", "seconds", 5, "websocket_close_timeout_ms"),
        Setting("timeouts.tcp_user", "seconds", 30, "tcp_user_timeout_ms"),
        Setting("timeouts.drain_body", "seconds", 1, "drain_body_timeout_ms"),
        Setting("timeouts.linger", "seconds", 5, "linger_timeout_ms"),
        Setting("timeouts.linger_idle", "seconds", 1, "linger_idle_ms"),
        Setting("timeouts.graceful", "seconds", 30, "graceful_timeout_ms"),
        Setting("timeouts.lifespan_shutdown", "seconds", 5, "lifespan_shutdown_timeout_ms"),
        Setting("timeouts.drain_delay", "seconds", 0, "drain_delay_ms"),
        Setting("timeouts.drain_idle", "seconds", 2, "drain_idle_ms"),
        Setting("timeouts.worker_start", "seconds", 60, "worker_start_timeout_ms"),
        Setting("timeouts.stuck_dump", "seconds", 5, "watchdog_dump_ms"),
        Setting("timeouts.stuck_kill", "seconds", 30, "watchdog_kill_ms"),
    )
}
