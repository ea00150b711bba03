"""What stands in for an application that cannot start while its files are watched: every request gets the traceback."""

from __future__ import annotations

from pelton.app import App
from pelton.errors import StartupError
from pelton.hosting.asgi import hosted
from pelton.messages.request import quality

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from pelton.errors import PeltonError
    from pelton.hosting.asgi_lifespan import Receive, Send

_HEADERS = [(b"cache-control", b"no-store"), (b"retry-after", b"1")]


def stand_in(error: PeltonError) -> App:
    """An `App` that answers every request with 503 and what kept the application from starting.

    Args:
        error: What did; its traceback is shown if it has one.
    """
    trace = error.trace.rstrip() if isinstance(error, StartupError) and error.trace else ""
    text = "\n\n".join(part for part in (f"cannot start: {error}", trace) if part) + "\n"

    async def answer(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        kind = "http"
        if scope["type"] == "websocket":
            await receive()
            kind = "websocket.http"  # of the extension that refuses a handshake with a response
        content, media_type = _shown(scope, text)
        headers = [(b"content-type", media_type), (b"content-length", b"%d" % len(content)), *_HEADERS]
        await send({"type": f"{kind}.response.start", "status": 503, "headers": headers})
        await send({"type": f"{kind}.response.body", "body": content})

    return hosted(answer, App, lifespan="off")


def _shown(scope: Mapping[str, Any], text: str) -> tuple[bytes, bytes]:
    """The content, as a page if the client prefers one, and its media type."""
    accept = [value.decode("latin-1") for name, value in scope["headers"] if name == b"accept"]
    if not accept or quality(accept, "text/html") <= quality(accept, "text/plain"):
        return text.encode(errors="backslashreplace"), b"text/plain; charset=utf-8"
    from html import escape

    title, _, rest = text.partition("\n")
    page = (
        f"<!doctype html><html><head><meta charset=utf-8><title>{escape(title)}</title></head><body>"
        f"<h1>{escape(title)}</h1><pre>{escape(rest.strip())}</pre>"
        "<p>The next change of a file that mends this brings the application back.</p></body></html>\n"
    )
    return page.encode(errors="backslashreplace"), b"text/html; charset=utf-8"
