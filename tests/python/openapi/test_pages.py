"""The pages that draw an OpenAPI document: over the wire, and in a browser that may ask nobody else."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Annotated, Any

import pytest

import pelton
from chromium import Browser, Page, browser
from pelton import App, Depends, Header, Query, RegistrationError, Request
from pelton.openapi.pages import BESIDE, FILES, FOLDER
from pelton.security import OAuth2PasswordBearer
from pelton.testing import TestClient, live_server

PAGES = {"swagger": "/docs", "redoc": "/redoc", "scalar": "/scalar"}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as one:
        yield one


def shop(**options: Any) -> App:
    app = App(description="What there is to buy.")
    app.enable_openapi("Shop & <Café>", "1.2", **options)

    @app.get("/cups/{id}", tags=["cups"])
    def show_one_cup(id: int, page: Annotated[int, Query(ge=1)] = 1) -> dict[str, int]:
        """Draws one cup."""
        return {"id": id, "page": page}

    return app


def get(server: live_server, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    connection.close()
    return found


# --- over the wire ----------------------------------------------------------------------------


def test_document_pages_and_files(serve: Callable[..., live_server]) -> None:
    server = serve(shop())
    status, headers, body = get(server, "/openapi.json")
    assert (status, headers["content-type"]) == (200, "application/json")
    assert json.loads(body)["info"]["title"] == "Shop & <Café>"
    for page, at in PAGES.items():
        status, headers, body = get(server, at)
        text = body.decode()
        assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "<title>Shop &amp; &lt;Café&gt;</title>" in text and "http" not in text
        assert "script-src 'self';" in headers["content-security-policy"]
        linked = re.findall(r'(?:src|href)="([^"]+)\?' + re.escape(pelton.__version__), text)
        assert linked and {link.partition("/")[2] for link in linked} == set(FILES[page])
        for name in (*FILES[page], *BESIDE.get(page, ())):
            status, headers, packed = get(server, f"{at}/{name}", **{"Accept-Encoding": "br, gzip"})
            assert status == 200 and headers["vary"] == "Accept-Encoding"
            plain = get(server, f"{at}/{name}", **{"Accept-Encoding": "gzip;q=0, identity"})
            assert "content-encoding" not in plain[1] and plain[1]["content-type"] == headers["content-type"]
            if headers.get("content-encoding") == "gzip":
                packed = gzip.decompress(packed)
            assert packed == plain[2] and packed


def test_without_the_call_nothing_is_exposed(serve: Callable[..., live_server]) -> None:
    app = App()
    app.add_route("/", lambda: "x")
    server = serve(app)
    for path in ("/openapi.json", "/docs", "/redoc", "/scalar", "/docs/swagger.js"):
        assert get(server, path)[0] == 404
    assert app.openapi()["paths"].keys() == {"/"}


def test_pages_that_are_left_out_and_paths_that_differ() -> None:
    client = TestClient(shop(path="/api/schema.json", docs="/help/", redoc=None, scalar="/help/deep/scalar"))
    assert client.get("/redoc").status_code == 404 and client.get("/openapi.json").status_code == 404
    page = client.get("/help/").text
    assert 'data-document="../api/schema.json"' in page and f'src="swagger.js?{pelton.__version__}"' in page
    assert client.get("/help/swagger.js").is_success
    page = client.get("/help/deep/scalar").text
    assert 'data-document="../../api/schema.json"' in page and 'src="scalar/scalar.js?' in page
    assert client.get("/help/deep/scalar/scalar.js").is_success


def test_of_a_mounted_app_paths_begin_where_it_is_mounted() -> None:
    app, inner = App(), shop()
    app.mount("/the inner", inner)
    client = TestClient(app)
    document = client.get("/the inner/openapi.json").json()
    assert document["servers"] == [{"url": "/the%20inner"}] and document["paths"].keys() == {"/cups/{id}"}
    assert client.get("/the inner/docs/swagger.js").is_success and client.get("/docs").status_code == 404
    assert app.openapi()["paths"] == {}


def test_guards_and_dependencies_of_the_app_are_for_its_own_routes() -> None:
    def needs_key(key: Annotated[str, Header(alias="x-key")]) -> None: ...

    async def refuse(request: Request, call_next: Any) -> Any:
        answer = await call_next(request)
        answer.set_header("x-seen", "yes")
        return answer

    app = App(guards=[lambda request: request.headers.get("x-key") == "k"], dependencies=[Depends(needs_key)])
    app.add_route("/own", lambda: "x")
    app.enable_openapi()
    app.use(refuse)
    client = TestClient(app)
    assert client.get("/own").status_code == 403 and client.get("/own", headers={"x-key": "k"}).is_success
    for path in ("/openapi.json", "/docs", "/docs/swagger.js", "/redoc", "/scalar"):
        answer = client.get(path)
        assert answer.is_success and answer.headers["x-seen"] == "yes", path  # middleware is around everything


def test_pages_keep_what_registration_checks() -> None:
    with pytest.raises(RegistrationError, match="leading slash"):
        App().enable_openapi(path="openapi.json")
    app = App()
    app.add_route("/docs", lambda: "own")
    with pytest.raises(RegistrationError, match="/docs"):
        app.enable_openapi()


def test_the_routes_that_serve_them_are_not_described() -> None:
    assert shop().openapi()["paths"].keys() == {"/cups/{id}"}


def test_it_is_called_once_and_before_the_app_serves() -> None:
    app = shop()
    with pytest.raises(RegistrationError, match="was called before"):
        app.enable_openapi()
    app = App()
    TestClient(app).get("/")
    with pytest.raises(RegistrationError, match="too late"):
        app.enable_openapi()


def test_pages_may_ask_the_servers_that_give_out_tokens() -> None:
    app = shop()
    elsewhere = OAuth2PasswordBearer("https://id.example.org/token", scheme_name="there")
    app.add_route("/in", lambda token=Depends(elsewhere): token)
    app.add_route("/here", lambda token=Depends(OAuth2PasswordBearer("token")): token)
    policy = TestClient(app).get("/docs").headers["content-security-policy"]
    assert "connect-src 'self' https://id.example.org;" in policy


def test_the_files_are_those_of_the_table() -> None:
    folder = Path(pelton.__file__).parent / "openapi" / "docs_pages"
    assert str(folder) == FOLDER
    rows = re.findall(r"^\| `([^`]+)` \|.*\| ([0-9a-f]{64}) \|$", (folder / "README.md").read_text(), re.MULTILINE)
    assert len(rows) == 6
    for name, digest in rows:
        packed = folder / f"{name}.gz"
        data = gzip.decompress(packed.read_bytes()) if packed.exists() else (folder / name).read_bytes()
        assert hashlib.sha256(data).hexdigest() == digest, name
    assert len(list((folder / "licences").iterdir())) == 6


# --- in a browser -----------------------------------------------------------------------------

DRAWN = """new Promise((resolve) => {
    const look = () => {
        const text = document.body.innerText;
        WORDS.every((word) => text.includes(word)) ? resolve(true) : requestAnimationFrame(look);
    };
    look();
})"""
TRY = """new Promise((resolve) => {
    const steps = [".opblock-summary-control", ".try-out__btn", ".execute", ".live-responses-table .microlight"];
    const step = () => {
        const found = document.querySelector(steps[0]);
        if (!found) return requestAnimationFrame(step);
        if (steps.length === 1) return resolve(found.innerText);
        steps.shift();
        found.click();
        requestAnimationFrame(step);
    };
    step();
})"""


def asked(page: Page) -> list[str]:
    """The addresses of all that the page wanted, blocked or not, but for what it holds itself."""
    urls = [told["request"]["url"] for event, told in page.events if event == "Network.requestWillBeSent"]
    return [url for url in urls if not url.startswith(("data:", "blob:"))]


def complaints(page: Page) -> list[str]:
    return [told["entry"]["text"] for event, told in page.events if event == "Log.entryAdded"]


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("/docs", ("Shop & <Café>", "/cups/{id}", "Show One Cup", "cups")),
        ("/redoc", ("Shop & <Café>", "/cups/{id}", "Show One Cup", "Draws one cup.")),
        ("/scalar", ("Shop & <Café>", "/cups/{id}", "Show One Cup", "Draws one cup.")),
    ],
)
def test_a_browser_draws_the_operations(
    at: str, words: tuple[str, ...], chromium: Browser, serve: Callable[..., live_server]
) -> None:
    server = serve(shop())
    with chromium.page(server.url + at) as page:
        page.value(DRAWN.replace("WORDS", json.dumps(words)))
        assert server.url + "/openapi.json" in asked(page) and complaints(page) == []
        assert [url for url in asked(page) if not url.startswith(server.url + "/")] == []


def test_a_browser_tries_an_operation_out(chromium: Browser, serve: Callable[..., live_server]) -> None:
    app = App()
    app.enable_openapi(redoc=None, scalar=None)
    app.add_route("/time", lambda: {"now": "noon"})
    server = serve(app)
    with chromium.page(server.url + "/docs") as page:
        assert json.loads(page.value(TRY)) == {"now": "noon"}
        assert server.url + "/time" in asked(page) and complaints(page) == []


def test_a_document_with_a_nan_in_it_is_served() -> None:
    app = App(json_nan="error")
    app.add_route("/", lambda x=float("nan"): "x")
    app.enable_openapi()
    [x] = TestClient(app).get("/openapi.json").json()["paths"]["/"]["get"]["parameters"]
    assert x["name"] == "x" and x["schema"].get("default") is None
