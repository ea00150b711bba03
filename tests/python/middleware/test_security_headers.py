"""`App.enable_security_headers()` on the wire, and what its configuration takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from authorities import Authority
from pelton import CSP, App, ConfigError, Response, SecurityHeadersConfig, StaticFilesConfig
from pelton.testing import TestClient, live_server

Serve = Callable[..., live_server]
HSTS = "strict-transport-security"
DEFAULTS = {"x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "strict-origin-when-cross-origin"}


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-frame-options", b"SAMEORIGIN")]})
    await send({"type": "http.response.body", "body": b"asgi"})


def application(folder: Path, config: SecurityHeadersConfig | None = None) -> App:
    app = App()
    (folder / "file.txt").write_text("file")
    app.enable_static_files(StaticFilesConfig(root=folder, prefix="/files"))
    app.add_route("/", lambda: {})
    app.add_route("/own", lambda: Response("own", headers={"X-Frame-Options": "SAMEORIGIN"}))
    app.add_route("/stream", lambda: iter([b"a"]))
    app.mount("/asgi", asgi)
    app.enable_security_headers(config)
    return app


@pytest.mark.parametrize("version", ["h1", "h2"])
@pytest.mark.parametrize("tls", [False, True])
def test_every_answer_has_them(serve: Serve, tmp_path: Path, version: str, tls: bool) -> None:
    pair = Authority(tmp_path).issue("localhost")
    settings: dict[str, Any] = {"ssl_certfile": pair.certificate, "ssl_keyfile": pair.key} if tls else {"h2c": True}
    server = serve(application(tmp_path), **settings)
    with httpx.Client(base_url=server.url, verify=False, http1=version == "h1", http2=version == "h2") as client:
        for path, status in (("/", 200), ("/stream", 200), ("/files/file.txt", 200), ("/files/none", 404), ("/none", 404)):
            answer = client.get(path)
            assert answer.status_code == status
            assert {name: answer.headers[name] for name in DEFAULTS} == DEFAULTS
            assert answer.headers.get(HSTS) == ("max-age=31536000" if tls else None)
        assert client.post("/").status_code == 405 and client.post("/").headers["x-frame-options"] == "DENY"
        for path in ("/own", "/asgi/x"):
            answer = client.get(path)
            assert answer.headers.get_list("x-frame-options") == ["SAMEORIGIN"]
            assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_trusted_proxy_says_whether_the_client_came_by_https(serve: Serve, tmp_path: Path) -> None:
    server = serve(application(tmp_path), forwarded_allow_ips="127.0.0.1")
    with httpx.Client(base_url=server.url) as client:
        assert HSTS in client.get("/", headers={"X-Forwarded-Proto": "https"}).headers
        assert HSTS not in client.get("/", headers={"X-Forwarded-Proto": "http"}).headers
        assert HSTS not in client.get("/").headers


def test_together_with_cors(tmp_path: Path) -> None:
    app = application(tmp_path)
    app.enable_cors(["https://app.example"])
    with TestClient(app) as client:
        headers = client.get("/", headers={"Origin": "https://app.example"}).headers
        assert headers["access-control-allow-origin"] == "https://app.example" and headers["x-frame-options"] == "DENY"
        asks = {"Origin": "https://app.example", "Access-Control-Request-Method": "GET"}
        assert client.options("/", headers=asks).headers["x-frame-options"] == "DENY"


def test_secure(tmp_path: Path) -> None:
    with TestClient(application(tmp_path, SecurityHeadersConfig.secure()), base_url="https://testserver") as client:
        headers = client.get("/").headers
    assert headers["content-security-policy"].startswith("default-src 'self'; object-src 'none'")
    assert headers[HSTS] == "max-age=31536000; includeSubDomains"
    assert headers["permissions-policy"].startswith("camera=()") and headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"


def test_what_is_none_is_left_out(tmp_path: Path) -> None:
    config = SecurityHeadersConfig(content_type_options=False, frame_options=None, referrer_policy=None, hsts_max_age=0)
    with TestClient(application(tmp_path, config), base_url="https://testserver") as client:
        headers = client.get("/").headers
    assert not {HSTS, *DEFAULTS} & set(headers)


def test_a_policy_is_made_of_directives() -> None:
    policy = CSP().default_src("'self'").script_src("'self'", "https://cdn.example", "'nonce-abc'").upgrade_insecure_requests()
    policy.directive("worker-src", "blob:").style_src("'unsafe-inline'").font_src("*").connect_src("wss:").frame_src("'none'")
    assert policy.base_uri("'none'").form_action("'self'").img_src("data:").object_src("'none'").frame_ancestors("'self'").build() == (
        "default-src 'self'; script-src 'self' https://cdn.example 'nonce-abc'; upgrade-insecure-requests; worker-src blob:; "
        "style-src 'unsafe-inline'; font-src *; connect-src wss:; frame-src 'none'; base-uri 'none'; form-action 'self'; img-src data:; "
        "object-src 'none'; frame-ancestors 'self'"
    )


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: CSP().build(), "empty CSP"),
        (lambda: CSP().default_src("self"), "keyword is \"'self'\""),
        (lambda: CSP().default_src("a; script-src *"), "without spaces"),
        (lambda: CSP().default_src("a,b"), "without spaces, commas"),
        (lambda: CSP().default_src("'none'", "https:"), "beside other sources"),
        (lambda: CSP().img_src("*").img_src("*"), "already"),
        (lambda: CSP().directive("Default Src"), "no directive"),
        (lambda: App().enable_security_headers(SecurityHeadersConfig(frame_options="ALLOW")), "frame_options"),
        (lambda: App().enable_security_headers(SecurityHeadersConfig(hsts_max_age=-1)), "hsts_max_age"),
        (lambda: App().enable_security_headers(SecurityHeadersConfig(hsts_preload=True)), "hsts_include_subdomains"),
        (lambda: App().enable_security_headers(SecurityHeadersConfig(referrer_policy="a\r\nb")), "Referrer-Policy"),
    ],
)
def test_what_cannot_be_is_said_at_once(make: Callable[[], object], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make()
    assert said in str(caught.value)


def test_twice_is_an_error() -> None:
    app = App()
    app.enable_security_headers()
    with pytest.raises(ConfigError, match="called before"):
        app.enable_security_headers(SecurityHeadersConfig())
