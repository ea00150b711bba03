"""Response and its factories."""

from __future__ import annotations

from contextvars import ContextVar

from pelton import _native
from pelton.messages.headers import MutableHeaders, checked_status, field, fields_of, with_charset

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime
    from os import PathLike
    from typing import Any, Literal

    from pelton.messages.files import DescriptorBody, FileBody
    from pelton.messages.headers import HeadersInit
    from pelton.messages.problems import ProblemDetails
    from pelton.messages.streams import Streaming
    from pelton.streaming.background import BackgroundTasks

__all__ = ["Response"]

_ABSENT: Any = object()

# What encodes for Response.json() and its kin: that of the application whose handler, or whatever
# runs in its context, calls them; elsewhere with the defaults of App().
JSON_ENCODER: ContextVar[Callable[[Any], bytes]] = ContextVar("pelton_json_encoder", default=_native.json_dumps)


class Response:
    """A complete answer. It may be returned many times: hooks that change it get a copy.

    Args:
        body: Bytes, or a `str` that is encoded as UTF-8. `content` is an alias.
        status: From 200 to 599. `status_code` is an alias.
        headers: A mapping, or pairs where names repeat.
        content_type: `text/plain` of a `str` and `application/octet-stream` of bytes unless given. `media_type` is an alias.
        background: Tasks that begin when the answer has left.

    Raises:
        InvalidHeader: A name or value may not go on the wire.
        TypeError: The body is something else; `Response.json()` encodes any JSON value.
        ValueError: The status is out of range.
    """

    __slots__ = ("__weakref__", "_background", "_body", "_fields", "_status", "_trailers")

    _status: int
    _body: bytes | Streaming | FileBody | DescriptorBody | TemplateBody | Later
    _fields: list[tuple[bytes, bytes]]
    _trailers: list[tuple[bytes, bytes]]  # not set before somebody asks for `trailers`
    _background: Any  # BackgroundTasks or None; what closes before them, of a request with dependencies

    def __init__(
        self,
        body: bytes | str | None = None,
        status: int = _ABSENT,
        headers: HeadersInit | None = None,
        content_type: str | None = None,
        *,
        content: bytes | str | None = None,
        status_code: int = _ABSENT,
        media_type: str | None = None,
        background: BackgroundTasks | None = None,
    ) -> None:
        self._background = background
        if content is not None:
            if body is not None:
                raise TypeError("Response() takes body or its alias content, not both")
            body = content
        if status_code is not _ABSENT:
            if status is not _ABSENT:
                raise TypeError("Response() takes status or its alias status_code, not both")
            status = status_code
        if media_type is not None:
            if content_type is not None:
                raise TypeError("Response() takes content_type or its alias media_type, not both")
            content_type = media_type
        self._status = 200 if status is _ABSENT else checked_status(status)
        self._fields = [] if headers is None else fields_of(headers)
        if body is None:
            self._body = b""
        elif isinstance(body, str):
            self._body = body.encode()
            content_type = with_charset(content_type or "text/plain")
        elif isinstance(body, bytes | bytearray | memoryview):
            self._body = bytes(body)
            content_type = content_type or "application/octet-stream"
        else:
            raise TypeError(
                f"Response() takes bytes or str, not {type(body).__name__}; "
                "Response.json(data) encodes any JSON value"
            )
        if content_type is not None and not any(key.lower() == b"content-type" for key, _ in self._fields):
            self._fields.insert(0, field("Content-Type", content_type))

    @property
    def status(self) -> int:
        """The status, which may be set. `status_code` is an alias."""
        return self._status or 200

    @status.setter
    def status(self, status: int) -> None:
        self._status = checked_status(status)

    @property
    def status_code(self) -> int:
        """An alias of `status`."""
        return self._status or 200

    @status_code.setter
    def status_code(self, status: int) -> None:
        self._status = checked_status(status)

    def set_status(self, status: int) -> None:
        """Sets the status, from 200 to 599, as assigning to `status` does."""
        self._status = checked_status(status)

    @property
    def headers(self) -> MutableHeaders:
        """The header fields: a mapping that may be changed."""
        return MutableHeaders(self._fields)

    @property
    def trailers(self) -> MutableHeaders:
        """Fields behind the body (RFC 9110, 6.5), which may be set until its last octet is made.

        They go to clients of HTTP/2, and to those of HTTP/1.1 that say `TE: trailers` and get the body in chunks; others
        do not get them. Names that concern framing, routing or authentication are left out.
        """
        try:
            fields = self._trailers
        except AttributeError:
            fields = self._trailers = []
        return MutableHeaders(fields)

    def set_header(self, name: str, value: str) -> None:
        """Sets a header field in place of all of the same name.

        Args:
            name: The field's name, in any case of letters.
            value: Its value.

        Raises:
            InvalidHeader: The name or the value must not go on the wire.
        """
        MutableHeaders(self._fields)[name] = value

    def add_header(self, name: str, value: str) -> None:
        """Adds a header field beside others of the same name.

        Args:
            name: The field's name.
            value: Its value.

        Raises:
            InvalidHeader: The name or the value must not go on the wire.
        """
        self._fields.append(field(name, value))

    def body(self) -> bytes:
        """The body as bytes; RuntimeError for a stream, file or template, whose body is made as it is sent."""
        body = self._body
        if isinstance(body, bytes):
            return body
        raise RuntimeError(f"the body of this response is made as it is sent, and not read before: {body!r}")

    def content_type(self) -> str | None:
        """The Content-Type, None without one."""
        return MutableHeaders(self._fields).get("content-type")

    def set_cookie(
        self,
        name: str,
        value: str = "",
        *,
        max_age: int | None = None,
        expires: datetime | int | None = None,
        path: str = "/",
        domain: str | None = None,
        secure: bool | None = None,
        http_only: bool = _ABSENT,
        same_site: Literal["Lax", "Strict", "None"] | None = _ABSENT,
        partitioned: bool = False,
        httponly: bool = _ABSENT,
        samesite: Literal["Lax", "Strict", "None"] | None = _ABSENT,
    ) -> None:
        """Adds a `Set-Cookie` line.

        Args:
            name: A token.
            value: Percent-encode what is outside the alphabet of cookies.
            max_age: Lifetime in seconds; without it and `expires` the cookie ends with the browser's session.
            expires: A date, or as an int seconds from now.
            path: Below which the client sends it back.
            domain: For which hosts; without it for this host alone.
            secure: Only by https; None: if the request came by https.
            http_only: Hidden from JavaScript. `httponly` is an alias.
            same_site: When other sites' pages send it. `samesite` is an alias.
            partitioned: Kept apart for each top-level site.

        Raises:
            ValueError: Name, value or attributes may not be sent, or `__Host-`, `__Secure-` and SameSite=None want more.
        """
        from pelton.messages.cookies import set_cookie_value

        if httponly is not _ABSENT:
            if http_only is not _ABSENT:
                raise TypeError("set_cookie() takes http_only or its alias httponly, not both")
            http_only = httponly
        if samesite is not _ABSENT:
            if same_site is not _ABSENT:
                raise TypeError("set_cookie() takes same_site or its alias samesite, not both")
            same_site = samesite
        line = set_cookie_value(
            name,
            value,
            max_age=max_age,
            expires=expires,
            path=path,
            domain=domain,
            secure=secure,
            http_only=True if http_only is _ABSENT else http_only,
            same_site="Lax" if same_site is _ABSENT else same_site,
            partitioned=partitioned,
        )
        name_of_field, value_of_field = field("Set-Cookie", line)
        self._fields.append((_native.COOKIE_BY_SCHEME if secure is None else name_of_field, value_of_field))

    def delete_cookie(
        self,
        name: str,
        *,
        path: str = "/",
        domain: str | None = None,
        secure: bool | None = None,
        partitioned: bool = False,
    ) -> None:
        """Tells the client to forget a cookie.

        Args:
            name: Its name.
            path: As it was set with.
            domain: As it was set with.
            secure: As it was set with.
            partitioned: As it was set with.
        """
        if secure is None and (partitioned or name.startswith(("__Host-", "__Secure-"))):
            secure = True
        from datetime import datetime, timezone

        self.set_cookie(
            name,
            max_age=0,
            expires=datetime.fromtimestamp(0, timezone.utc),
            path=path,
            domain=domain,
            secure=secure,
            partitioned=partitioned,
        )

    def __repr__(self) -> str:
        size = f"{len(self._body)} bytes" if isinstance(self._body, bytes) else "streaming"
        return f"<Response {self.status} {self.content_type()} {size}>"

    @staticmethod
    def json(data: Any, status: int = 200, *, headers: HeadersInit | None = None) -> Response:
        """A JSON answer, encoded at the call in the way of the application whose handler calls.

        Args:
            data: Any JSON value; see the guide's page on JSON.
            status: From 200 to 599.
            headers: Further header fields.

        Raises:
            JSONEncodeError: A value cannot be encoded; the message names the path to it.
        """
        return made(JSON_ENCODER.get()(data), status, headers, "application/json")

    @staticmethod
    def text(text: str, status: int = 200, *, headers: HeadersInit | None = None) -> Response:
        """Plain text in UTF-8.

        Args:
            text: The text.
            status: From 200 to 599.
            headers: Further header fields.
        """
        return made(text.encode(), status, headers, "text/plain; charset=utf-8")

    @staticmethod
    def html(html: str, status: int = 200, *, headers: HeadersInit | None = None) -> Response:
        """A page of HTML in UTF-8.

        Args:
            html: Its text, sent as it is.
            status: From 200 to 599.
            headers: Further header fields.
        """
        return made(html.encode(), status, headers, "text/html; charset=utf-8")

    @staticmethod
    def template(
        name: str,
        context: Mapping[str, Any] | None = None,
        status: int = 200,
        *,
        headers: HeadersInit | None = None,
    ) -> Response:
        """A page rendered by Jinja2 as it is sent, by the app that sends it. See `App.enable_templates()`.

        Args:
            name: The template's path in its directory.
            context: Names that the template knows; what it calls may be `async def`.
            status: From 200 to 599.
            headers: Further header fields.
        """
    
        response = made(b"", status, headers, "text/html; charset=utf-8")
        response._body = TemplateBody(name, context)
        return response

    @staticmethod
    def binary(
        data: bytes | bytearray | memoryview,
        content_type: str = "application/octet-stream",
        status: int = 200,
        *,
        headers: HeadersInit | None = None,
    ) -> Response:
        """Bytes of any type.

        Args:
            data: The bytes.
            content_type: Their media type.
            status: From 200 to 599.
            headers: Further header fields.
        """
        return made(bytes(data), status, headers, content_type)

    @staticmethod
    def xml(
        data: Any, root_name: str = "root", *, status: int = 200, headers: HeadersInit | None = None
    ) -> Response:
        """XML of plain values: a dict becomes elements, a list repeated `item` elements.

        Args:
            data: Dicts, lists and scalars.
            root_name: The name of the outermost element.
            status: From 200 to 599.
            headers: Further header fields.

        Raises:
            ValueError: A key is no name of an element.
        """
        from pelton.messages.xml import xml_document

        return made(xml_document(data, root_name), status, headers, "application/xml")

    @staticmethod
    def redirect(
        url: str,
        permanent: bool = False,
        *,
        status: int | None = None,
        external: bool = False,
        headers: HeadersInit | None = None,
    ) -> Response:
        """A redirect: 302, 301 if permanent, or the given status.

        Args:
            url: A path, or a whole URL; percent-encoded, but for letters outside ASCII.
            permanent: 301 instead of 302.
            status: 301, 302, 303, 307 or 308.
            external: Needed for a target such as `//other.example`, which browsers take for another host.
            headers: Further header fields.

        Raises:
            ValueError: The status is no redirect, the target has spaces or controls, or leaves the host unsaid.
        """
        if status is None:
            status = 301 if permanent else 302
        elif status not in (301, 302, 303, 307, 308):
            raise ValueError(f"a redirect is 301, 302, 303, 307 or 308, not {status}")
        for at, char in enumerate(url):
            if char <= " " or char == "\x7f":
                raise ValueError(f"redirect target has {char!r} at {at}; percent-encode it")
        if not external and url.startswith(("//", "/\\", "\\")):
            raise ValueError(f"redirect target {url!r} leaves this host; pass external=True if it may")
        if not url.isascii():
            from urllib.parse import quote

            url = quote(url, safe="%/:?#[]@!$&'()*+,;=~\\")
        response = made(b"", status, headers, None)
        response._fields.append((b"Location", url.encode()))
        return response

    @staticmethod
    def no_content(*, headers: HeadersInit | None = None) -> Response:
        """204 without a body."""
        return made(b"", 204, headers, None)

    @staticmethod
    def created(
        data: Any = None, location: str | None = None, *, headers: HeadersInit | None = None
    ) -> Response:
        """201.

        Args:
            data: The body as JSON; empty without.
            location: The new resource's URL, for the `Location` field.
            headers: Further header fields.
        """
        response = made(b"", 201, headers, None) if data is None else Response.json(data, 201, headers=headers)
        if location is not None:
            response._fields.append(field("Location", location))
        return response

    @staticmethod
    def problem(problem: ProblemDetails, *, headers: HeadersInit | None = None) -> Response:
        """Problem details as `application/problem+json` (RFC 9457), with their own status.

        Args:
            problem: The problem.
            headers: Further header fields.
        """
        return made(JSON_ENCODER.get()(problem.to_dict()), problem.status, headers, "application/problem+json")

    @staticmethod
    def stream(
        iterable: Any,
        content_type: str = "application/octet-stream",
        *,
        content_length: int | None = None,
        status: int = 200,
        headers: HeadersInit | None = None,
    ) -> Response:
        """Sends item after item as they come. Such a response can be returned once.

        Args:
            iterable: A generator or iterator, async or not, of bytes, of `str` (sent as UTF-8), or of values for JSON lines.
            content_type: `application/x-ndjson` makes each item a line of JSON.
            content_length: The exact length in bytes, if it is known; else the body is chunked.
            status: From 200 to 599.
            headers: Further header fields.
        """
        from pelton.messages.streams import stream_of

        fields = [] if headers is None else fields_of(headers)
        return with_body(stream_of(iterable, content_type, content_length, fields), status, fields)

    @staticmethod
    def sse(
        iterable: Any, *, keepalive: float | None = None, status: int = 200, headers: HeadersInit | None = None
    ) -> Response:
        """A stream of server-sent events.

        Args:
            iterable: A generator or iterator, async or not, of `SseEvent` or of values that become the data of one.
            keepalive: Seconds of silence before a comment is sent, 0 for never; None: the setting `timeouts.sse_keep_alive`.
            status: From 200 to 599.
            headers: Further header fields.
        """
        from pelton.messages.streams import events_of

        return with_body(events_of(iterable, keepalive), status, [] if headers is None else fields_of(headers))

    @staticmethod
    def file(
        path: str | PathLike[str],
        filename: str | None = None,
        content_type: str | None = None,
        *,
        root: str | PathLike[str] | None = None,
        status: int = 200,
        headers: HeadersInit | None = None,
    ) -> Response:
        """A file for the client to keep (`Content-Disposition: attachment`), sent without the interpreter.

        Ranges and conditional requests are answered. If there is no such file when it is sent, the answer is 404.

        Args:
            path: The file; with `root` it begins there and cannot leave it.
            filename: The name that the client is offered; the file's own unless given.
            content_type: By the name's extension unless given.
            root: A directory; needed where any part of `path` comes from a client.
            status: From 200 to 599.
            headers: Further header fields.
        """
        from os.path import basename

        return _of_file(path, content_type, filename or basename(path), root, status, headers)

    @staticmethod
    def sendfile(
        path: str | PathLike[str],
        content_type: str | None = None,
        *,
        root: str | PathLike[str] | None = None,
        status: int = 200,
        headers: HeadersInit | None = None,
    ) -> Response:
        """A file to be shown by the client (`inline`), sent without the interpreter. Otherwise as `file()`.

        Args:
            path: The file; with `root` it begins there and cannot leave it.
            content_type: By the name's extension unless given.
            root: A directory; needed where any part of `path` comes from a client.
            status: From 200 to 599.
            headers: Further header fields.
        """
        return _of_file(path, content_type, None, root, status, headers)


class TemplateBody:
    """The body of a Response that is rendered as it is sent, by the application that sends it."""

    __slots__ = ("context", "name")

    def __init__(self, name: str, context: Mapping[str, Any] | None) -> None:
        self.name = name
        self.context = context or {}


class Later:
    """The body of a Response that stands for another one, which an awaitable will give."""

    __slots__ = ("awaitable",)

    def __init__(self, awaitable: Awaitable[Any]) -> None:
        self.awaitable = awaitable


def later(awaitable: Awaitable[Any]) -> Response:
    """What a `def` returns to have an awaitable awaited in its place; no encoder looks at it."""
    response = made(b"", 200, None, None)
    response._body = Later(awaitable)
    return response


def made(
    body: bytes, status: int, headers: HeadersInit | None, content_type: str | None
) -> Response:
    """A Response of a body that is bytes already; the given headers win over `content_type`."""
    response = Response.__new__(Response)
    response._background = None
    response._status = status if status == 200 else checked_status(status)
    response._body = body
    response._fields = fields = [] if headers is None else fields_of(headers)
    if content_type is not None and not any(key.lower() == b"content-type" for key, _ in fields):
        fields.insert(0, field("Content-Type", content_type))
    return response


def with_body(body: Streaming | FileBody | DescriptorBody, status: int, fields: list[tuple[bytes, bytes]]) -> Response:
    """A Response whose body is made as it is sent."""
    response = Response.__new__(Response)
    response._background = None
    response._status = checked_status(status)
    response._body = body
    response._fields = fields
    return response


def _of_file(
    path: str | PathLike[str],
    content_type: str | None,
    attachment: str | None,
    root: str | PathLike[str] | None,
    status: int,
    headers: HeadersInit | None,
) -> Response:
    """Sent under `attachment` as its name if there is one, else shown inline."""
    from pelton.messages.files import disposition, file_body

    response = with_body(file_body(path, root), status, [] if headers is None else fields_of(headers))
    fields = response._fields
    given = {key.lower() for key, _ in fields}
    if content_type is not None and b"content-type" not in given:
        fields.insert(0, field("Content-Type", content_type))
    if attachment is not None and b"content-disposition" not in given:
        fields.append(field("Content-Disposition", disposition(attachment)))
    return response


def copied(response: Response) -> Response:
    """A copy that may be changed."""
    copy = Response.__new__(Response)
    copy._status = response._status or 200
    copy._body = response._body
    copy._fields = list(response._fields)
    copy._background = response._background
    if trailers := trailers_of(response):
        copy._trailers = list(trailers)
    return copy


def trailers_of(response: Response) -> list[tuple[bytes, bytes]]:
    """Those set so far."""
    trailers: list[tuple[bytes, bytes]] = getattr(response, "_trailers", [])
    return trailers


def side_channel() -> Response:
    """The empty response a handler may fill while it returns something else."""
    response = Response.__new__(Response)
    response._background = None
    response._status = 0
    response._body = b""
    response._fields = []
    return response


_native.register_response(Response)
