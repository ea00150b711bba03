"""Before its stage a name does not exist: not importable, no attribute, no keyword, no variable."""

from __future__ import annotations

import inspect

import pytest

import noria
from noria import App, ConfigError, Request, Response, ServerConfig, json
from noria.testing import TestClient, live_server

LATER = """
    BackgroundTasks Blueprint Router Depends Form File UploadedFile FormData GuardError ForbiddenError
    UnauthorizedError RoleGuard PermissionGuard Authenticated And Or Not StaticFiles StaticFilesConfig
    SseEvent SseStream WebSocket SyncWebSocket WebSocketMessage WebSocketDisconnect WebSocketRefused
    ClientDisconnected AsyncTestClient WebSocketOptions GuardLike Lifespan TlsConfig Http2Config Http3Config
    Security CorsConfig JwtConfig SessionConfig CsrfConfig RateLimitConfig CSP cache run loop security net
    client graphql patterns
""".split()


@pytest.mark.parametrize("name", LATER)
def test_names(name: str) -> None:
    assert not hasattr(noria, name) and name not in noria.__all__


@pytest.mark.parametrize(
    "name",
    """websocket middleware before after use on_startup on_shutdown on_event register_blueprint include_router
    mount register_singleton register_provider override dependency_overrides scope spawn stopping blocking_pool
    publish openapi asgi worker render metrics mcp enable_openapi enable_cors enable_templates""".split(),
)
def test_attributes_of_app(name: str) -> None:
    assert not hasattr(App(), name)


def test_attributes_of_request_and_response() -> None:
    for name in (
        "body_async text_async json_async last_event_id is_disconnected disconnected form form_async files stream "
        "session csrf_token request_id user parts tls trailers redis"
    ).split():
        assert not hasattr(Request, name)
    for name in "stream sse template file sendfile trailers".split():
        assert not hasattr(Response, name)
    for name in "stream websocket_connect run __enter__".split():
        assert not hasattr(TestClient, name)


def test_keywords() -> None:
    assert not {"background"} & set(inspect.signature(Response).parameters)
    assert not {"title", "version", "description", "lifespan", "guards", "dependencies"} & set(
        inspect.signature(App).parameters
    )
    assert "cli" not in inspect.signature(App.run).parameters
    for option in ("blocking", "timeout", "cancel_on_disconnect", "stream_body", "guards", "tags", "rate_limit"):
        with pytest.raises(TypeError):
            App().add_route("/", lambda: 1, **{option: True})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["workers", "bind", "reload", "log_config", "blocking_threads", "limit_concurrency", "ssl_certfile"])
def test_settings(name: str) -> None:
    with pytest.raises(TypeError):
        App().run(**{name: 1})  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        ServerConfig(**{name: 1})
    with pytest.raises(ConfigError):
        ServerConfig.from_env(env={f"NORIA_{name.upper()}": "1"})
    with pytest.raises(TypeError):
        live_server(App(), **{name: 1})  # type: ignore[arg-type]


def test_star_imports_give_what_is_there() -> None:
    scope: dict[str, object] = {}
    exec("from noria import *\nfrom noria.testing import *", scope)
    for name in ("App", "Query", "ServerConfig", "LimitsConfig", "TimeoutConfig", "TestClient", "live_server"):
        assert name in scope
    assert scope["json"] is json
