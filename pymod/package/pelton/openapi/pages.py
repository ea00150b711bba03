"""The routes that serve the OpenAPI document and the pages that draw it, all of it from this package."""

from __future__ import annotations

import os

from pelton import _native
from pelton.errors import place_of
from pelton.messages.response import Response
from pelton.messages.url import quoted
from pelton.routing.entries import RouteEntry
from pelton.routing.places import Within
from pelton.routing.registrar import checked_template

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from pelton.app import App
    from pelton.messages.service import Service
    from pelton.routing.app_parts import AppParts

FOLDER = os.path.join(os.path.dirname(__file__), "docs_pages")

# Of each page the files beside it, in the order in which it names them; a page of Swagger UI may be
# sent back to by the server that gives out tokens.
FILES = {
    "swagger": ("swagger-ui.css", "swagger-ui-bundle.js", "swagger.js"),
    "redoc": ("redoc.css", "redoc.standalone.js", "redoc.js"),
    "scalar": ("scalar.css", "scalar.standalone.js", "scalar.js"),
}
BESIDE = {"swagger": ("oauth2-redirect.html", "oauth2-redirect.js")}
TYPES = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "html": "text/html; charset=utf-8"}

# Scripts are files of ours alone; the pages put styles of their own into the document.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; worker-src blob:; connect-src 'self'{}; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'self'"
)

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
{styles}
</head>
<body>
<div id="page"></div>
{scripts}
</body>
</html>
"""


def add_pages(parts: AppParts, path: str, pages: Mapping[str, str]) -> None:
    """Registers the document at `path` and each page, with its files below it.

    The application's own guards and dependencies are for its routes and not for these.
    """
    unguarded = Within(parts, (parts.app,), "", "", (), (), ())

    def add(at: str, handler: Callable[..., Any]) -> None:
        place = place_of(handler)
        parts.refuse_late(f"route {at}", place)
        checked_template(at, place)
        RouteEntry(at, ("GET",), handler, {"include_in_schema": False}, place).add(unguarded)

    def document() -> Response:
        return served.document()

    served = _Served(parts.app, parts.service)
    add(path, document)
    for page, at in pages.items():
        add(at, _page_handler(served, page, at, path))
        for name in (*FILES[page], *BESIDE.get(page, ())):
            add(f"{at.rstrip('/')}/{name}", _file_handler(name))


class _Served:
    """What is sent, made when it is first asked for."""

    def __init__(self, app: App, service: Service) -> None:
        self.app = app
        self.service = service
        self._documents: dict[str, Response] = {}  # by where the app is mounted

    def document(self) -> Response:
        root = self.service.root_path
        if root not in self._documents:
            servers = {"servers": [{"url": quoted(root)}]} if root else {}
            document = _native.json_dumps({**self.app.openapi(), **servers})
            self._documents[root] = Response.binary(document, "application/json")
        return self._documents[root]

    def page(self, page: str, at: str, path: str) -> Response:
        from html import escape

        from pelton import __version__
        below = at.rsplit("/", 1)[1] + "/" if not at.endswith("/") else ""
        document = _relative(path, at)
        links = {name: escape(f"{below}{name}?{__version__}") for name in FILES[page]}
        styles = [f'<link rel="stylesheet" href="{link}">' for name, link in links.items() if name.endswith(".css")]
        scripts = [f'<script src="{link}"></script>' for name, link in links.items() if name.endswith(".js")]
        scripts[-1] = scripts[-1].replace("></", f' data-document="{escape(document)}"></')
        html = PAGE.format(title=escape(self.app.title), styles="\n".join(styles), scripts="\n".join(scripts))
        policy = POLICY.format("".join(f" {origin}" for origin in _token_origins(self.app.openapi())))
        return Response.html(html, headers={"Content-Security-Policy": policy, "Cache-Control": "no-cache"})


def _page_handler(served: _Served, page: str, at: str, path: str) -> Callable[[], Response]:
    made: list[Response] = []

    def show() -> Response:
        if not made:
            made.append(served.page(page, at, path))
        return made[0]

    return show


def _relative(path: str, page: str) -> str:
    """The document's path as the page refers to it, wherever both are mounted."""
    from posixpath import dirname, relpath

    return relpath(path, dirname(page))


def _token_origins(document: dict[str, Any]) -> list[str]:
    """Servers elsewhere that give out tokens: pages may ask them."""
    from urllib.parse import urlsplit

    found: set[str] = set()
    for scheme in document.get("components", {}).get("securitySchemes", {}).values():
        for flow in scheme.get("flows", {}).values():
            for name in ("tokenUrl", "refreshUrl"):
                parts = urlsplit(flow.get(name, ""))
                if parts.scheme in ("http", "https") and parts.netloc and not set(" ;,'") & set(parts.netloc):
                    found.add(f"{parts.scheme}://{parts.netloc}")
    return sorted(found)


def _file_handler(name: str) -> Callable[[_native.Request], Response]:
    made: dict[bool, Response] = {}

    def send(request: _native.Request) -> Response:
        packed = _takes_gzip(request.headers.get("accept-encoding") or "")
        if packed not in made:
            made[packed] = _file(name, packed)
        return made[packed]

    return send


def _takes_gzip(accepted: str) -> bool:
    codings = [one.replace(" ", "").lower() for one in accepted.split(",")]
    return any(one == "gzip" or one.startswith("gzip;q=") and one[7:].strip("0.") for one in codings)


def _file(name: str, packed: bool) -> Response:
    """A file of the package; the large ones lie there compressed."""
    headers = {"Cache-Control": "max-age=31536000, immutable", "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff"}
    path = os.path.join(FOLDER, name)
    if os.path.exists(path):
        packed = False
    else:
        path += ".gz"
    with open(path, "rb") as file:
        data = file.read()
    if path.endswith(".gz") and not packed:
        import gzip

        data = gzip.decompress(data)
    if packed:
        headers["Content-Encoding"] = "gzip"
    return Response.binary(data, content_type=TYPES[name.rsplit(".", 1)[1]], headers=headers)
