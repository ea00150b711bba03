"""Everything pelton raises. Registration and runtime errors say what, where and how to fix it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__all__ = [
    "BadBody",
    "BodyTooLarge",
    "ClientDisconnected",
    "ConfigError",
    "ForbiddenError",
    "GuardError",
    "HTTPError",
    "HTTPException",
    "HandlerSignatureError",
    "InvalidHeader",
    "PeltonError",
    "RegistrationError",
    "RequestValidationError",
    "ResponseTypeError",
    "ResponseValidationError",
    "RouteConflict",
    "StartupError",
    "URLBuildError",
    "UnauthorizedError",
    "UnsupportedMediaType",
    "WebSocketDisconnect",
]

# The phrases of RFC 9110 and 6585; http.HTTPStatus would cost an import of enum and re.
PHRASES = {
    200: "OK",
    201: "Created",
    202: "Accepted",
    203: "Non-Authoritative Information",
    204: "No Content",
    205: "Reset Content",
    206: "Partial Content",
    300: "Multiple Choices",
    301: "Moved Permanently",
    302: "Found",
    303: "See Other",
    304: "Not Modified",
    307: "Temporary Redirect",
    308: "Permanent Redirect",
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    409: "Conflict",
    410: "Gone",
    411: "Length Required",
    412: "Precondition Failed",
    413: "Content Too Large",
    414: "URI Too Long",
    415: "Unsupported Media Type",
    416: "Range Not Satisfiable",
    417: "Expectation Failed",
    421: "Misdirected Request",
    422: "Unprocessable Content",
    423: "Locked",
    424: "Failed Dependency",
    425: "Too Early",
    426: "Upgrade Required",
    428: "Precondition Required",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    451: "Unavailable For Legal Reasons",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
    505: "HTTP Version Not Supported",
    507: "Insufficient Storage",
    508: "Loop Detected",
    511: "Network Authentication Required",
}


def phrase(status: int) -> str:
    return PHRASES.get(status, "Error" if status >= 400 else "")


class PeltonError(Exception):
    """The root of everything that pelton raises."""


class ConfigError(PeltonError):
    """A setting is unknown, has a bad value, or does not go with another."""


class StartupError(PeltonError):
    """The server cannot start. The text is one line with the cause and the way out."""

    trace = ""
    """The application's traceback, where its own code failed; else empty."""


class RegistrationError(PeltonError):
    """A route, handler or hook is refused. The text has three lines: what, where, and how to fix it.

    Args:
        what: What is refused.
        where: The file and line, and the route.
        fix: What to write instead.
    """

    def __init__(self, what: str, *, where: str | None = None, fix: str | None = None) -> None:
        self.what = what
        self.where = where
        self.fix = fix
        text = what
        if where is not None:
            text += f"\n  where: {where}"
        if fix is not None:
            text += f"\n  fix:   {fix}"
        super().__init__(text)


class HandlerSignatureError(RegistrationError):
    """A parameter of a handler has no source, or one that contradicts the route."""


class RouteConflict(RegistrationError):
    """Two routes of one method and one shape."""


class URLBuildError(PeltonError, LookupError):
    """`url_for()` met an unknown name, or parameters that do not fit the template."""


class InvalidHeader(PeltonError, ValueError):
    """A header name or value that may not go on the wire."""


class ResponseTypeError(PeltonError, TypeError):
    """A handler returned something that is no response."""


class ResponseValidationError(PeltonError, ValueError):
    """A handler returned something that does not fit its declared type."""


class ClientDisconnected(PeltonError):
    """The client has left before it sent its whole body, or took the whole answer."""


class WebSocketDisconnect(PeltonError):
    """A WebSocket has ended.

    Args:
        code: The close code; 1006 if the connection was lost.
        reason: The text that came with it.
    """

    def __init__(self, code: int = 1000, reason: str = "") -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.code}: {self.reason}" if self.reason else str(self.code)


class HTTPError(PeltonError):
    """Raise it to answer a request with this status. `HTTPException` is the same class.

    Args:
        status: From 200 to 599. `status_code` is an alias.
        detail: Any JSON value; the status' phrase unless given.
        headers: Header fields of the answer.

    Raises:
        TypeError: There is no status, or it is given twice.
        ValueError: The status is out of range.
    """

    def __init__(
        self,
        status: int | None = None,
        detail: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        status_code: int | None = None,
    ) -> None:
        if status is None:
            status = status_code
        elif status_code is not None:
            raise TypeError("HTTPError() takes status or its alias status_code, not both")
        if not isinstance(status, int):
            raise TypeError("HTTPError() needs a status: HTTPError(404, 'no such item')")
        if not 200 <= status <= 599:
            raise ValueError(f"HTTPError() status must be 200 to 599, not {status}")
        self.status = int(status)
        self.detail = phrase(status) if detail is None else detail
        self.headers = headers
        super().__init__(status, self.detail)

    @property
    def status_code(self) -> int:
        """An alias of `status`."""
        return self.status

    def __str__(self) -> str:
        return f"{self.status}: {self.detail}"


HTTPException = HTTPError


class RequestValidationError(HTTPError):
    """Parameters or body do not fit: 422 with every error.

    Args:
        errors: As `errors()` returns them.
    """

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(422, errors)
        self._errors = errors

    def errors(self) -> list[dict[str, Any]]:
        """A list of dicts with `type`, `loc`, `msg` and `input`, as in the body of the answer."""
        return self._errors


class BadBody(HTTPError):
    """The body is malformed: 400.

    Args:
        detail: What the body of the answer says; the phrase of the status unless given.
        headers: Header fields of the answer.
    """

    def __init__(self, detail: Any = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(400, detail, headers)


class BodyTooLarge(HTTPError):
    """The body is larger than the limit: 413.

    Args:
        detail: What the body of the answer says; the phrase of the status unless given.
        headers: Header fields of the answer.
    """

    def __init__(self, detail: Any = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(413, detail, headers)


class UnsupportedMediaType(HTTPError):
    """The body has another type than the route takes: 415.

    Args:
        detail: What the body of the answer says; the phrase of the status unless given.
        headers: Header fields of the answer.
    """

    def __init__(self, detail: Any = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(415, detail, headers)


class GuardError(HTTPError):
    """A guard refuses the request: 403.

    Args:
        detail: What the body of the answer says; the phrase of the status unless given.
        headers: Header fields of the answer.
    """

    def __init__(self, detail: Any = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(403, detail, headers)


class ForbiddenError(GuardError):
    """The user is known, or need not be, and may not do this: 403."""


class UnauthorizedError(GuardError):
    """The user is not known: 401.

    Args:
        detail: What the body of the answer says; the phrase of the status unless given.
        headers: Header fields of the answer.
    """

    def __init__(self, detail: Any = None, headers: Mapping[str, str] | None = None) -> None:
        HTTPError.__init__(self, 401, detail, headers)


# Tracebacks name an exception by its module; users import all of these from `pelton`.
for _exception in [globals()[name] for name in __all__]:
    _exception.__module__ = "pelton"


def nearest(name: str, known: list[str]) -> str | None:
    """The known name that a misspelt one means: one slip away, or one for every four letters, or longer; else None.

    A name of one letter allows no slip: nothing would be left to know it by.
    """
    sought = _letters(name)
    slips_max = max(1, min(len(sought) // 4, 3)) if len(sought) > 1 else 0
    found = min(((_slips(sought, _letters(one)), one) for one in known), default=(slips_max + 1, ""))
    if found[0] <= slips_max:
        return found[1]
    longer = [one for one in known if len(sought) >= 4 and _letters(one).startswith(sought)]
    return longer[0] if len(longer) == 1 else None


def _letters(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")


def _slips(one: str, other: str) -> int:
    """How many letters are left out, put in, changed or swapped with their neighbour between two names."""
    above: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one):
        two_above, above, row = above, row, [i + 1]
        for j, its in enumerate(other):
            slips = min(above[j + 1] + 1, row[j] + 1, above[j] + (letter != its))
            if i and j and letter == other[j - 1] and one[i - 1] == its:
                slips = min(slips, two_above[j - 1] + 1)
            row.append(slips)
    return row[-1]


def place_of(handler: Any) -> str:
    """`file.py:14` of a callable, as a user would look for it."""
    seen = handler
    while True:
        if hasattr(seen, "__wrapped__"):
            seen = seen.__wrapped__
        elif hasattr(seen, "func") and not hasattr(seen, "__code__"):
            seen = seen.func
        elif hasattr(seen, "__func__"):
            seen = seen.__func__
        else:
            break
    code = getattr(seen, "__code__", None)
    if code is None:
        code = getattr(getattr(type(seen), "__call__", None), "__code__", None)
    if code is None:
        return repr(handler)
    from os.path import relpath

    name: str = code.co_filename
    if name.startswith("/"):
        relative = relpath(name)
        name = name if relative.startswith("..") else relative
    return f"{name}:{code.co_firstlineno}"
