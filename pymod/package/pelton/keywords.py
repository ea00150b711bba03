"""The keyword arguments of routes and WebSockets as types for `Unpack`, and names for what some of them take."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from enum import Enum
from typing import Any, TypedDict

from pelton._native import Request
from pelton.app import App

GuardLike = Callable[[Request], bool | str | None | Awaitable[bool | str | None]]
"""What `guards=` takes: `(request)`; False or a text refuses with 403, an exception with its own status, None and True pass."""
Lifespan = Callable[[App], AbstractAsyncContextManager[Mapping[str, Any] | None]]
"""What `lifespan=` takes: an async context manager function of the app; a mapping that it yields goes to `app.state`."""


class RouteOptions(TypedDict, total=False):
    """The keyword arguments of `App.route()` and its kin."""

    name: str
    """For `url_for()`; the function's name unless given. Two equal names that were given are an error."""
    status: int
    """The status of returned values that carry none, 200 unless given."""
    status_code: int
    """An alias of `status`."""
    media_type: str
    """The Content-Type of results; with `text/*` a returned `str` is sent as text."""
    response_model: Any
    """The type that results are checked and filtered by, instead of the return annotation; None for none."""
    max_body: int | str
    """Largest body, in bytes or as a text such as "64KiB"; 0 for no limit."""
    blocking: bool | str
    """True runs a `def` handler on a thread of the default pool, a name in that pool."""
    timeout: float | None
    """Seconds until the answer is 504; None for no limit. Not for a `def` that runs on the loop."""
    cancel_on_disconnect: bool
    """Whether an `async def` handler is cancelled when its client leaves."""
    stream_body: bool
    """Whether the handler starts before the body has arrived."""
    guards: Sequence[Callable[[Any], Any]]
    """Judged before the handler, after those of the app and its blueprints."""
    dependencies: Sequence[Any]  # of Depends()
    """Of `Depends()`, called for what they do."""
    tags: Sequence[str | Enum]
    """In the OpenAPI document."""
    summary: str | None
    """In the OpenAPI document."""
    description: str | None
    """In the OpenAPI document; the handler's docstring unless given."""
    deprecated: bool | None
    """In the OpenAPI document."""
    operation_id: str | None
    """In the OpenAPI document; the function's name unless given."""
    responses: Mapping[int | str, Mapping[str, Any]] | None
    """Further answers in the OpenAPI document, by status."""
    include_in_schema: bool
    """Whether the OpenAPI document has the route."""


class WebSocketOptions(TypedDict, total=False):
    """The keyword arguments of `App.websocket()`."""

    name: str | None
    """For `url_for()`."""
    origins: Sequence[str] | None
    """Origins whose pages may connect beside the site's own, `*` for any."""
    subprotocols: Sequence[str]
    """Those that the handler speaks."""
    max_size: int | str | None
    """Largest message that is received."""
    blocking: bool | str
    """True, or the name of a pool, for a `def` handler."""
    guards: Sequence[Callable[[Any], Any]]
    """Judged before the handshake is answered."""
    dependencies: Sequence[Any]  # of Depends()
    """Of `Depends()`, called for what they do."""
