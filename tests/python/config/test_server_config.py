"""Section 18: names, sources, values; each limit on the wire at n-1, n and n+1."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from pelton import App, ConfigError, Http2Config, LimitsConfig, Request, ServerConfig, TimeoutConfig, TlsConfig, _native
from pelton.config.run_keywords import Settings
from pelton.config.settings import SETTINGS, defaults, native_values
from pelton.testing import TestClient


def test_defaults_are_those_of_the_native_half() -> None:
    ours, theirs = native_values(ServerConfig()._values()), _native.config_defaults()
    assert ServerConfig()._values() == defaults()
    assert {key: theirs[key] for key in ours} == ours


def test_frozen_keyword_only_and_replace() -> None:
    config = ServerConfig(port=1, limits=LimitsConfig(max_body_size="2KiB"))
    assert config.limits.max_body_size == 2048
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.port = 2  # type: ignore[misc]
    with pytest.raises(TypeError):
        ServerConfig("host")  # type: ignore[misc]
    assert config.replace(port=3).port == 3 and config.port == 1
    with pytest.raises(ConfigError, match="did you mean port"):
        config.replace(prot=3)


def test_a_subclass_may_have_fields_or_a_constructor_of_its_own() -> None:
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class More(ServerConfig):
        region: str = "none"

    class Own(ServerConfig):
        def __init__(self, *, offset: int) -> None:
            super().__init__(port=8000 + offset)

    assert (More(region="north", port=1).region, Own(offset=5).port) == ("north", 8005)
    with pytest.raises(ConfigError, match="did you mean region"):
        More(regoin="north")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="ofset"):
        Own(ofset=5)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: ServerConfig(port=65536), "port"),
        (lambda: ServerConfig(port=-1), "port"),
        (lambda: ServerConfig(engine="libuv"), "engine"),  # type: ignore[arg-type]
        (lambda: ServerConfig(limits={}), "LimitsConfig"),  # type: ignore[arg-type]
        (lambda: LimitsConfig(max_header_count="many"), "limits.max_header_count"),  # type: ignore[arg-type]
        (lambda: LimitsConfig(max_body_size="2 parsecs"), "limits.max_body_size"),  # type: ignore[arg-type]
        (lambda: LimitsConfig(max_body_size=True), "limits.max_body_size"),
        (lambda: TimeoutConfig(idle="soon"), "timeouts.idle"),  # type: ignore[arg-type]
        (lambda: Http2Config(max_resets=0), "http2.max_resets"),
        (lambda: ServerConfig(http="2"), "http is 1 or 1,2, not '2'"),  # type: ignore[arg-type]
        (lambda: ServerConfig(http2=TimeoutConfig()), "Http2Config"),  # type: ignore[arg-type]
        (lambda: TimeoutConfig(idle=-1), "timeouts.idle"),
        (lambda: ServerConfig(timeouts=TimeoutConfig(idle=0)), "timeouts.idle"),
    ],
)
def test_bad_values_name_the_field(make: Any, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        make()


@pytest.mark.parametrize(
    "config",
    [
        {"limits": LimitsConfig(max_header_line=9000, max_header_size=8999)},  # LIM-200
        {"limits": LimitsConfig(max_pipelined_size=8192 + 32768 + 3)},  # LIM-200
        {"limits": LimitsConfig(send_queue_low=9, send_queue_high=9)},  # LIM-201
        {"limits": LimitsConfig(buffered_low=9, buffered_high=9)},  # LIM-201
        {"timeouts": TimeoutConfig(linger=1, linger_idle=2)},  # LIM-202
        {"timeouts": TimeoutConfig(rate_grace=31)},  # LIM-202
        {"timeouts": TimeoutConfig(read_header=30)},  # LIM-204
    ],
)
def test_LIM_2xx_broken_relations(config: Any) -> None:
    with pytest.raises(ConfigError) as raised:
        ServerConfig(**config)
    assert "limits." in str(raised.value) or "timeouts." in str(raised.value)


def test_environment() -> None:
    env = {
        "PELTON_HOST": "::1",
        "PELTON_PORT": "81",
        "PORT": "80",
        "PELTON_ENGINE": "epoll",
        "PELTON_LIMIT_BODY_SIZE": "2MiB",
        "PELTON_LIMIT_CONNECTIONS": "none",
        "PELTON_TIMEOUT_IDLE": "1.5",
        "PELTON_DEBUG": "yes",
        "PELTON_SERVICE_HOST": "10.0.0.1",
        "PELTON_PORT_80_TCP": "tcp://10.0.0.1:80",
        "OTHER": "x",
    }
    config = ServerConfig.from_env(env=env)
    assert (config.host, config.port, config.engine, config.debug) == ("::1", 81, "epoll", True)
    assert config.limits.max_body_size == 2**21 and config.limits.max_connections is None
    assert config.timeouts.idle == 1.5
    assert ServerConfig.from_env(env={"PORT": "80"}).port == 80
    assert ServerConfig.from_env(env={"PELTON_PORT": "tcp://10.0.0.1:80"}).port == 8000
    assert ServerConfig.from_env(env={"FORWARDED_ALLOW_IPS": "*"}).forwarded_allow_ips == ("*",)
    both = {"FORWARDED_ALLOW_IPS": "*", "PELTON_FORWARDED_ALLOW_IPS": "10.0.0.1, unix"}
    assert ServerConfig.from_env(env=both).forwarded_allow_ips == ("10.0.0.1", "unix")
    assert ServerConfig.from_env("MY_", {"MY_PORT": "82", "PELTON_PORT": "83"}).port == 82


@pytest.mark.parametrize(
    ("env", "says"),
    [
        ({"PELTON_LIMT_BODY_SIZE": "1"}, "PELTON_LIMIT_BODY_SIZE"),
        ({"PELTON_PORT": "http"}, "PELTON_PORT"),
        ({"PORT": "x"}, "PORT"),
        ({"PELTON_TIMEOUT_IDLE": "0"}, "PELTON_TIMEOUT_IDLE"),
        ({"PELTON_WORKER": "2"}, "PELTON_WORKER"),
        ({"PELTON_LOG_LEVEL": "loud"}, "PELTON_LOG_LEVEL"),
        ({"PELTON_USE_COLORS": "blue"}, "PELTON_USE_COLORS"),
        ({"PELTON_FORWARDED_ALLOW_IPS": "proxy"}, "PELTON_FORWARDED_ALLOW_IPS"),
        ({"FORWARDED_ALLOW_IPS": "proxy"}, "FORWARDED_ALLOW_IPS"),
    ],
)
def test_environment_errors_name_the_variable(env: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError, match=f"environment: .*{says}"):
        ServerConfig.from_env(env=env)


def test_settings_as_types_are_the_settings() -> None:
    assert sorted(Settings.__annotations__) == sorted({*SETTINGS} - {"host", "port"})


# --- on the wire ---


def client_with(**limits: Any) -> TestClient:
    app = App(server=ServerConfig(limits=LimitsConfig(**limits)))

    @app.route("/{p:path}", ["GET", "POST"])
    def handler(request: Request) -> Any:
        return [len(request.query), len(request.cookies), len(request.body())]

    app.add_route("/json", lambda request: request.json(), ["POST"])
    return TestClient(app)


def status(client: TestClient, octets: bytes) -> int:
    return int(client.raw(octets)[9:12])


def head(*lines: str, target: str = "/", method: str = "GET") -> bytes:
    return "\r\n".join([f"{method} {target} HTTP/1.1", "Host: a", *lines, "", ""]).encode()


@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_limits_at_n_minus_1_n_and_n_plus_1(offset: int) -> None:
    """n - 1, n and n + 1 of every limit a client can meet with one request."""
    over = offset > 0

    def expect(client: TestClient, octets: bytes, refused: int) -> None:
        assert status(client, octets) == (refused if over else 200), octets[:80]

    n = 40 + offset
    expect(client_with(max_request_line=40), head(target="/" + "a" * (n - len("GET / HTTP/1.1"))), 414)
    expect(client_with(max_header_line=40), head("X: " + "a" * (n - 3)), 431)
    n = 5 + offset
    expect(client_with(max_header_count=5), head(*["X: y"] * (n - 1)), 431)
    expect(client_with(max_body_size=5), head(f"Content-Length: {n}", method="POST") + b"b" * n, 413)
    chunked = head("Transfer-Encoding: chunked", method="POST")
    expect(client_with(max_body_size=5), chunked + b"%x\r\n%s\r\n0\r\n\r\n" % (n, b"b" * n), 413)
    expect(client_with(max_query_fields=5), head(target="/?" + "&".join("a" * n)), 400)
    expect(client_with(max_cookies=5), head("Cookie: " + "; ".join(f"c{i}=v" for i in range(n))), 431)
    expect(client_with(max_chunk_extension=5), chunked + b"1;%s\r\nb\r\n0\r\n\r\n" % (b"e" * (n - 1)), 400)
    n = 20 + offset
    json_type = "Content-Type: application/json"
    for limit, body in (("max_json_depth", b"[" * n + b"]" * n), ("max_json_number", b"1" * n)):
        octets = head(json_type, f"Content-Length: {len(body)}", target="/json", method="POST") + body
        expect(client_with(**{limit: 20}), octets, 400)


@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_method_and_header_section_at_n_minus_1_n_and_n_plus_1(offset: int) -> None:
    app = App(server=ServerConfig(limits=LimitsConfig(max_method_size=6)))
    n = 6 + offset
    app.add_route("/", lambda: 1, ["M" * 5, "M" * 6, "M" * 7])
    assert status(TestClient(app), head(method="M" * n)) == (501 if n > 6 else 200)
    # n - 1, n, n + 1: lines with their ends, without the request line and the empty line
    client = client_with(max_header_size=100, max_header_line=100)
    filler = 100 + offset - len("Host: a\r\n") - len("X: \r\n")
    assert status(client, head("X: " + "a" * filler)) == (431 if offset > 0 else 200)


def test_no_limit() -> None:
    client = client_with(max_body_size=None)
    assert client.post("/", content=b"x" * (2**20 + 1)).json()[2] == 2**20 + 1


def test_requests_per_connection() -> None:
    client = client_with(max_requests_per_connection=2)
    # n - 1 = 1, n = 2, n + 1 = 3 requests of max_requests_per_connection on one connection
    assert [client.raw(head() * n).count(b"HTTP/1.1 200") for n in (1, 2, 3)] == [1, 2, 2]


@pytest.mark.parametrize(
    ("kind", "wrong", "right"),
    [(ServerConfig, "prot", "port"), (LimitsConfig, "max_body_sise", "max_body_size"), (TimeoutConfig, "idel", "idle")],
)
def test_a_misspelt_field_is_told_with_the_nearest(kind: Any, wrong: str, right: str) -> None:
    with pytest.raises(ConfigError, match=rf"{kind.__name__}\({wrong}=\) is no setting; did you mean {right}\?"):
        kind(**{wrong: 1})
    with pytest.raises(ConfigError, match=wrong):
        dataclasses.replace(kind(), **{wrong: 1})


def test_what_a_setting_reads_is_what_its_type_says() -> None:
    parts: dict[str, Any] = {"": ServerConfig, "tls": TlsConfig, "http2": Http2Config, "limits": LimitsConfig, "timeouts": TimeoutConfig}
    path = "str | PathLike[str]"
    types = {
        "size": ("Size", "int | str"),
        "size or none": ("SizeOrNone", "int | str | None"),
        "paths": ("Paths", f"{path} | Sequence[{path}]"),
        "path or none": ("PathOrNone", f"{path} | None"),
    }
    for keyword, setting in SETTINGS.items():
        field = parts[setting.part].__annotations__[setting.field]
        wanted = types.get(setting.unit)
        if keyword not in ("host", "port"):  # which run() names itself
            option = Settings.__annotations__[keyword].__forward_arg__
            assert wanted is None or option == wanted[1], keyword
            assert option.endswith("| None") or not setting.unit.endswith(" or none") or keyword == "uds", keyword
        assert wanted is None or field == wanted[0], keyword
