"""The page of an unhandled exception; only ever sent under debug=True."""

from __future__ import annotations

from noria.requests import quality
from noria.responses import made

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from noria._native import Request
    from noria.responses import Response


def error_page(request: Request, error: BaseException, json: Callable[[Any], bytes]) -> Response:
    """HTML if the client prefers it, else JSON; both with the traceback."""
    from traceback import format_exception

    lines = "".join(format_exception(error))
    accept = request.headers.getlist("accept")
    if accept and quality(accept, "text/html") > quality(accept, "application/json"):
        from html import escape

        title = escape(f"{type(error).__name__}: {error}")
        page = (
            f"<!doctype html><html><head><meta charset=utf-8><title>{title}</title></head><body>"
            f"<h1>{title}</h1><p>{escape(request.method)} {escape(request.path)}</p>"
            f"<pre>{escape(lines)}</pre></body></html>"
        )
        return made(page.encode(), 500, None, "text/html; charset=utf-8")
    body = {
        "detail": "Internal Server Error",
        "error": f"{type(error).__name__}: {error}",
        "traceback": lines.splitlines(),
    }
    return made(json(body), 500, None, "application/json")
