"""Before its stage a name does not exist: not importable, no attribute, no keyword, no variable."""

from __future__ import annotations

import pytest

import pelton
from pelton import App, ConfigError, Request, Response, ServerConfig, json
from pelton.testing import live_server

LATER = """
    WebSocketRefused AsyncTestClient Http3Config CorsConfig
    JwtConfig SessionConfig CsrfConfig RateLimitConfig cache net client graphql patterns
""".split()


@pytest.mark.parametrize("name", LATER)
def test_names(name: str) -> None:
    assert not hasattr(pelton, name) and name not in pelton.__all__


@pytest.mark.parametrize(
    "name",
    """before_request after_request
    metrics mcp enable_compression""".split(),
)
def test_attributes_of_app(name: str) -> None:
    assert not hasattr(App(), name)


def test_attributes_of_request() -> None:
    for name in (
        "session csrf_token user redis"
    ).split():
        assert not hasattr(Request, name)


def test_keywords() -> None:
    for option in ("rate_limit",):
        with pytest.raises(TypeError):
            App().add_route("/", lambda: 1, **{option: True})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["request_decompression", "ssl_version"])
def test_settings(name: str) -> None:
    with pytest.raises(TypeError):
        App().run(**{name: 1})  # type: ignore[arg-type]
    with pytest.raises(ConfigError):
        ServerConfig(**{name: 1})
    with pytest.raises(ConfigError):
        ServerConfig.from_env(env={f"PELTON_{name.upper()}": "1"})
    with pytest.raises(TypeError):
        live_server(App(), **{name: 1})  # type: ignore[arg-type]


def test_star_imports_give_what_is_there() -> None:
    scope: dict[str, object] = {}
    exec("from pelton import *\nfrom pelton.testing import *", scope)
    for name in ("App", "Query", "ServerConfig", "LimitsConfig", "TimeoutConfig", "TestClient", "live_server"):
        assert name in scope
    assert scope["json"] is json
