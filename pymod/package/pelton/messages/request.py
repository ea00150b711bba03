"""Request: the methods of the native type that are written in Python.

What is read from the octets of the request (method, path, query, headers, cookies, body, JSON) is in
`pymod/hotpath/request_object.cpp`; everything else that a request can do is in the class below.
"""

from __future__ import annotations

from collections.abc import Mapping

from pelton._native import Headers, JSONDecodeError, MultiDict, Request
from pelton.messages.service import service_of
from pelton.messages.state import State
from pelton.messages.url import URL, Address, quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Any

    from pelton.config.settings import Values
    from pelton.forms.form_data import FormData
    from pelton.forms.parts import Part
    from pelton.forms.uploads import UploadedFile
    from pelton.messages.tls_info import TlsInfo

    _Native = Request  # so a type checker knows what `self` is, and holds each method against the stub
else:
    _Native = object

_mapping: Any = Mapping  # type checkers do not know its register()
_mapping.register(Headers)
_mapping.register(MultiDict)

__all__ = ["Headers", "MultiDict", "Request"]

PIECE_BYTES_MAX = 64 * 1024
EVENT_ID_BYTES_MAX = 1024
_STREAMED, _COLLECTED = "pelton.streamed", "pelton.collected"
_FORM = "pelton.form"


class _InPython(_Native):  # type: ignore[misc]  # it is final for others
    """The methods of Request that are written in Python. A request never is of this class: the native type gets them."""

    # --- where it came from, and to whom ---

    @property
    def client(self) -> Address | None:
        """Address and port that the request came from; None on a Unix socket. Behind a trusted proxy, as that names them."""
        pair = self._client
        return None if pair is None else Address(*pair)

    @property
    def server(self) -> Address | None:
        """Address and port that were connected to; None on a Unix socket."""
        pair = self._server
        return None if pair is None else Address(*pair)

    @property
    def tls(self) -> TlsInfo | None:
        """TLS of the connection, with the client's certificate if it was asked for one; None on a plain connection.

        A proxy that ends TLS in front of pelton leaves a plain connection, whatever the scheme.
        """
        facts = self._tls
        if facts is None:
            return None
        from pelton.messages.tls_info import TlsInfo

        return TlsInfo(*facts)

    def client_ip(self) -> str | None:
        """The IP address that the request came from; None on a Unix socket. Behind a trusted proxy, the one that it names."""
        pair = self._client
        return None if pair is None else pair[0]

    @property
    def trailers(self) -> Headers:
        """The trailer fields, behind the body (RFC 9110, 6.5); empty until the body has been read to its end."""
        return Headers(self._trailers)

    @property
    def remote_addr(self) -> str | None:
        """An alias of `client_ip()`."""
        return self.client_ip()

    @property
    def url(self) -> URL:
        """The absolute URL: scheme, validated host, path and query as the client sent them."""
        query = self.query_string
        forwarded = self._forwarded
        path = (quoted(forwarded[1]) if forwarded else "") + self.raw_path.decode("latin-1")
        return URL(f"{self.scheme}://{_authority(self)}{path}{'?' + query if query else ''}")

    def url_for(self, name: str, /, **params: Any) -> str:
        """The absolute URL of a route of the app that has the request.

        Args:
            name: The route's name, as for `App.url_for()`.
            params: Values for the parameters of its path; `_query` is a mapping for its query.

        Raises:
            URLBuildError: The name is unknown, or the values do not fit the path.
        """
        return f"{self.scheme}://{_authority(self)}{quoted(self.root_path)}{self.app.url_for(name, **params)}"

    @property
    def root_path(self) -> str:
        """Where the app that has the request is mounted in the one that is served; empty for that one itself.

        Before it stands what a trusted proxy has taken off the path (`X-Forwarded-Prefix`).
        """
        forwarded = self._forwarded
        return (forwarded[1] if forwarded else "") + service_of(self).root_path

    @property
    def state(self) -> State:
        """An attribute view of `context`; absent names are looked up in `app.state`."""
        return State(self.context, self.app.state)

    def text(self) -> str:
        """The body as text, in its declared charset or UTF-8.

        Raises:
            UnsupportedMediaType: The declared charset is unknown.
            BadBody: The body is not of that charset.
        """
        return decoded_text(self, self.body())

    def get_context(self, key: str, default: Any = None) -> Any:
        """The value that an earlier hook, guard or middleware has stored in `context`.

        Args:
            key: The key.
            default: What there is instead without one.
        """
        return self.context.get(key, default)

    def set_context(self, key: str, value: Any) -> None:
        """Stores a value in `context`, where later hooks, guards and the handler find it.

        Args:
            key: The key.
            value: The value.
        """
        self.context[key] = value

    def get_param(self, key: str, default: Any = None) -> Any:
        """The value of a path parameter, as its converter has made it.

        Args:
            key: The parameter's name in the template.
            default: What there is instead if the template has none of this name.
        """
        return self.params.get(key, default)

    def get_param_int(self, key: str, default: Any = None) -> Any:
        """The value of a path parameter as an int.

        Args:
            key: The parameter's name in the template.
            default: What there is instead if it is absent or no int.
        """
        value = self.params.get(key)
        if isinstance(value, int):
            return value
        return default if value is None else _read("as_int", str(value), default)

    def get_header(self, key: str, default: Any = None) -> Any:
        """The first value of a header field.

        Args:
            key: The field's name, in any case of letters.
            default: What there is instead without the field.
        """
        return self.headers.get(key, default)

    def get_query_param(self, key: str, default: Any = None) -> Any:
        """The last value of a query parameter.

        Args:
            key: The parameter's name.
            default: What there is instead without it.
        """
        return self.query.get(key, default)

    def get_query_int(self, key: str, default: Any = None) -> Any:
        """The last value of a query parameter as an int.

        Args:
            key: The parameter's name.
            default: What there is instead if it is absent or no int.
        """
        return _read("as_int", self.query.get(key), default)

    def get_query_float(self, key: str, default: Any = None) -> Any:
        """The last value of a query parameter as a float.

        Args:
            key: The parameter's name.
            default: What there is instead if it is absent or no number.
        """
        return _read("as_float", self.query.get(key), default)

    def get_query_bool(self, key: str, default: Any = None) -> Any:
        """The last value of a query parameter as a bool: `true`, `1`, `yes`, `on`, or `false`, `0`, `no`, `off`.

        Args:
            key: The parameter's name.
            default: What there is instead if it is absent or none of these.
        """
        return _read("as_bool", self.query.get(key), default)

    def content_type(self) -> str | None:
        """The Content-Type as sent, parameters included; None without one."""
        return self.headers.get("content-type")

    def host(self) -> str | None:
        """The Host as sent, with its port if it has one; None if an HTTP/1.0 request has none.

        Behind a trusted proxy it is the host that the proxy names, if it names one.
        """
        forwarded = self._forwarded
        return (forwarded[0] if forwarded else "") or self.headers.get("host")

    def user_agent(self) -> str | None:
        """The User-Agent as sent; None without one."""
        return self.headers.get("user-agent")

    def accepts(self, content_type: str) -> bool:
        """Whether the client accepts a media type (RFC 9110, 12.5.1). Without an Accept field every type is accepted.

        Args:
            content_type: The type, such as `text/html`.
        """
        return quality(self.headers.getlist("accept"), content_type) > 0

    def is_json(self) -> bool:
        """Whether the Content-Type is `application/json` or ends in `+json`."""
        media = _media_type(self)
        return media == "application/json" or ("/" in media and media.endswith("+json"))

    def is_form(self) -> bool:
        """Whether the Content-Type is `application/x-www-form-urlencoded`."""
        return _media_type(self) == "application/x-www-form-urlencoded"

    def is_multipart(self) -> bool:
        """Whether the Content-Type is `multipart/form-data`."""
        return _media_type(self) == "multipart/form-data"

    def is_secure(self) -> bool:
        """Whether the scheme is `https`."""
        return self.scheme == "https"

    def is_xhr(self) -> bool:
        """Whether `X-Requested-With: XMLHttpRequest` was sent, as some JavaScript libraries do."""
        return (self.headers.get("x-requested-with") or "").lower() == "xmlhttprequest"

    # --- a body that may still arrive, and a client that may leave ---

    def is_disconnected(self) -> bool:
        """Whether the client has ended its side, or has gone."""
        driver = self._driver
        return driver is not None and driver.disconnected

    async def disconnected(self) -> None:
        """Returns when the client has ended its side, has gone, or has its answer.

        Raises:
            RuntimeError: The handler is no `async def`, or has returned.
        """
        driver = self._driver
        if driver is None:
            raise RuntimeError("disconnected() is for async def handlers, while they run")
        if not driver.disconnected:
            from asyncio import shield

            await shield(driver.wait_disconnected())  # all callers share one future

    async def stream(self) -> AsyncIterator[bytes]:
        """The body as it arrives, in pieces of at most 64 KiB; on ordinary routes what was buffered.

        Raises:
            BodyTooLarge: It is over the limit.
            ClientDisconnected: The client has left before its end.
            RuntimeError: It was read already, or the handler has returned.
        """
        if self.route is None or not self.route.options.get("stream_body"):
            file = self._body_file
            if file is not None:
                from os import pread

                for at in range(0, len(file), PIECE_BYTES_MAX):
                    yield pread(file.fileno(), PIECE_BYTES_MAX, at)
                return
            body = self.body()
            for at in range(0, len(body), PIECE_BYTES_MAX):
                yield body[at : at + PIECE_BYTES_MAX]
            return
        driver = self._driver
        if self.context.get(_STREAMED):
            raise RuntimeError("the body has been read already; it is there once")
        self.context[_STREAMED] = True
        if driver is None:
            raise RuntimeError("stream() is for handlers, while they run")
        while True:
            data = driver.read_body()
            if data is None:
                await driver.body_arrived()
            elif not data:
                return
            else:
                yield data

    async def body_async(self) -> bytes:
        """The whole body; in a `stream_body` route it is collected first."""
        if self.route is None or not self.route.options.get("stream_body"):
            return self.body()
        collected = self.context.get(_COLLECTED)
        if collected is None:
            collected = b"".join([piece async for piece in self.stream()])
            self.context[_COLLECTED] = collected
        return collected

    async def text_async(self) -> str:
        """`text()`, awaitable; on a `stream_body` route it collects the body first."""
        return decoded_text(self, await self.body_async())

    async def json_async(self) -> Any:
        """`json()`, awaitable; on a `stream_body` route it collects the body first."""
        if self.route is None or not self.route.options.get("stream_body"):
            return self.json()
        from pelton.messages.json_format import bad_json

        try:
            return service_of(self).json.loads(await self.body_async())
        except JSONDecodeError as error:
            raise bad_json(error) from error

    @property
    def last_event_id(self) -> str | None:
        """The `id` of the last server-sent event that a client had before it connected again; None without one."""
        value = self.headers.get("last-event-id")
        return value if value is None or len(value) <= EVENT_ID_BYTES_MAX else None

    # --- forms ---

    def form(self) -> FormData:
        """The urlencoded or multipart body, parsed once: the same object every time.

        Raises:
            UnsupportedMediaType: 415, the body has another content type.
            BadBody: 400, the form is malformed.
            BodyTooLarge: 413, a limit is exceeded.
            HTTPError: 507, there is no room for files.
            RuntimeError: On a `stream_body` route, before `form_async()` has read it.
        """
        found: FormData | None = self.context.get(_FORM)
        if found is None:
            if self.route is not None and self.route.options.get("stream_body"):
                raise RuntimeError("form() on a stream_body route: await request.form_async()")
            from pelton.forms.form_reading import whole_form

            found = self.context[_FORM] = whole_form(self, _settings(self))
        return found

    async def form_async(self) -> FormData:
        """As `form()`, for a body that may still arrive; files are written by a thread, so that the loop goes on."""
        found: FormData | None = self.context.get(_FORM)
        if found is None:
            from pelton.forms.form_reading import arriving_form

            found = self.context[_FORM] = await arriving_form(self, _settings(self))
        return found

    @property
    def files(self) -> dict[str, list[UploadedFile]]:
        """The files of `form()`, by the names of their fields. Raises what `form()` raises."""
        found = self.form()
        return {name: found.get_files(name) for name in found.file_names()}

    def parts(self) -> AsyncIterator[Part]:
        """The parts of a multipart body one by one, storing nothing; for `stream_body` routes above all.

        Raises:
            UnsupportedMediaType: 415, the body is no `multipart/form-data`.
            BadBody: 400, the form is malformed.
            BodyTooLarge: 413, a limit is exceeded.
            ClientDisconnected: The client has left before its end.
            RuntimeError: The body was read already.
        """
        from pelton.forms.parts import parts as parts_of

        return parts_of(self, _settings(self))


# --- what the methods share ---


def _authority(self: Request) -> str:
    """Host in normal form (H1-042); of an HTTP/1.0 request without one, the listener's address."""
    host = self.host()
    if not host:
        pair = self._server
        if pair is None:
            return "localhost"
        host = f"[{pair[0]}]:{pair[1]}" if ":" in pair[0] else f"{pair[0]}:{pair[1]}"
    host = host.lower()
    default = ":443" if self.scheme == "https" else ":80"
    return host[: -len(default)] if host.endswith(default) else host


def decoded_text(self: Request, body: bytes) -> str:
    from pelton.errors import BadBody, UnsupportedMediaType

    charset = _parameter(self.headers.get("content-type") or "", "charset") or "utf-8"
    try:
        import codecs

        codec = codecs.lookup(charset)
        if not codec._is_text_encoding:
            raise LookupError(charset)
    except LookupError:
        raise UnsupportedMediaType(f"unknown charset {charset[:40]!r}") from None
    try:
        return body.decode(codec.name)
    except UnicodeError:
        raise BadBody(f"the body is not {codec.name}") from None


def _parameter(content_type: str, wanted: str) -> str | None:
    for part in content_type.split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == wanted:
            return value.strip().strip('"')
    return None


def _read(converter: str, found: str | None, default: Any) -> Any:
    if found is None:
        return default
    from pelton import scalars

    try:
        return getattr(scalars, converter)(found)
    except scalars.Invalid:
        return default


def quality(accept: list[str], content_type: str) -> float:
    """The q-value of a type: the most specific range that matches it decides (RFC 9110, 12.5.1)."""
    if not accept:
        return 1.0
    kind, _, sub = content_type.lower().partition("/")
    best = (-1, 0.0)
    for part in ",".join(accept).split(","):
        media, *parameters = part.lower().split(";")
        media = media.strip()
        rank = {f"{kind}/{sub}": 2, f"{kind}/*": 1, "*/*": 0}.get(media, -1)
        if rank < 0:
            continue
        weight = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                try:
                    weight = float(value)
                except ValueError:
                    weight = 0.0
        best = max(best, (rank, weight))
    return best[1]


def _media_type(self: Request) -> str:
    return (self.headers.get("content-type") or "").partition(";")[0].strip().lower()


def sent_form(request: Request) -> FormData:
    """form(), and an empty one if no body was sent at all."""
    if _FORM not in request.context and request.headers.get("content-type") is None and not request.body():
        from pelton.forms.form_data import FormData

        request.context[_FORM] = FormData([])
    return request.form()


def _settings(self: Request) -> Values:
    """The settings of the server that has read the request."""
    settings = service_of(self).settings
    assert settings is not None
    return settings


def _complete() -> None:
    """Gives the native type the methods of the class above."""
    for name, member in vars(_InPython).items():
        if name.startswith("__"):
            continue
        function: Any = member.fget if isinstance(member, property) else member
        function.__qualname__ = f"Request.{name}"
        setattr(Request, name, member)


_complete()
