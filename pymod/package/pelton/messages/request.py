"""The cold half of Request, attached to the native type once; URL, Address and State."""

from __future__ import annotations

from collections.abc import Mapping

from pelton._native import Headers, MultiDict, Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


_mapping: Any = Mapping  # type checkers do not know its register()
_mapping.register(Headers)
_mapping.register(MultiDict)

__all__ = ["URL", "Address", "Headers", "MultiDict", "Request", "State"]


class Address(tuple):  # type: ignore[type-arg]
    """Host and port of one end of a connection; a tuple of both."""

    __slots__ = ()

    def __new__(cls, host: str, port: int) -> Address:
        return tuple.__new__(cls, (host, port))

    @property
    def host(self) -> str:
        """The IP address as text."""
        host: str = self[0]
        return host

    @property
    def port(self) -> int:
        """The port number."""
        port: int = self[1]
        return port

    def __getnewargs__(self) -> tuple[str, int]:
        return (self[0], self[1])

    def __repr__(self) -> str:
        return f"Address(host={self[0]!r}, port={self[1]!r})"


class URL(str):
    """A whole URL. It is a `str`, with its parts as attributes."""

    __slots__ = ("_parts",)

    _parts: Any

    def _split(self) -> Any:
        try:
            return self._parts
        except AttributeError:
            from urllib.parse import urlsplit

            self._parts = urlsplit(str(self))
            return self._parts

    @property
    def scheme(self) -> str:
        """`http` or `https`."""
        scheme: str = self._split().scheme
        return scheme

    @property
    def host(self) -> str | None:
        """The host in lower case, without the port; None if the URL has none."""
        host: str | None = self._split().hostname
        return host

    @property
    def port(self) -> int | None:
        """The port; None if the URL does not name one."""
        port: int | None = self._split().port
        return port

    @property
    def path(self) -> str:
        """The path, percent-encoded as in the URL."""
        path: str = self._split().path
        return path

    @property
    def query(self) -> str:
        """The query without its `?`, percent-encoded as in the URL; empty if there is none."""
        query: str = self._split().query
        return query


class State:
    """An attribute namespace: `state.pool = pool`, then `state.pool`.

    Reads of absent names fall back to another State, `request.state` to `app.state`; what neither has is an
    AttributeError. As a marker with a name, `Annotated[Pool, State("pool")]`, it gives a handler that value.

    Args:
        values: What it begins with; or a name, for the marker.
        fallback: Where absent names are looked up.
    """

    __slots__ = ("_fallback", "_values")

    _values: Any
    _fallback: State | None

    def __init__(self, values: dict[str, Any] | str | None = None, fallback: State | None = None) -> None:
        # With a name it is a marker: Annotated[Pool, State("pool")].
        object.__setattr__(self, "_values", {} if values is None else values)
        object.__setattr__(self, "_fallback", fallback)

    def __getattr__(self, name: str) -> Any:
        # copy and pickle look for methods on an object whose slots are still empty.
        if name in State.__slots__ or isinstance(self._values, str):
            raise AttributeError(f"state has no attribute {name!r}")
        try:
            return self._values[name]
        except KeyError:
            if self._fallback is not None:
                return getattr(self._fallback, name)
            raise AttributeError(f"state has no attribute {name!r}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self._values[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self._values[name]
        except KeyError:
            raise AttributeError(f"state has no attribute {name!r}") from None

    def __dir__(self) -> list[str]:
        return sorted({*self._values, *(dir(self._fallback) if self._fallback is not None else ())})

    def __copy__(self) -> State:
        """Attributes set on the copy are its own; the fallback is the same one."""
        values = self._values
        return State(values if isinstance(values, str) else dict(values), self._fallback)

    def __reduce__(self) -> tuple[Any, ...]:
        return (State, (), (self._values, self._fallback))

    def __setstate__(self, state: tuple[Any, State | None]) -> None:
        object.__setattr__(self, "_values", state[0])
        object.__setattr__(self, "_fallback", state[1])

    def __repr__(self) -> str:
        return f"State({self._values!r})"


# --- attached to Request ----------------------------------------------------------------------


def _client(self: Request) -> Address | None:
    """Address and port that the request came from; None on a Unix socket."""
    pair = self._client
    return None if pair is None else Address(*pair)


def _server(self: Request) -> Address | None:
    """Address and port that were connected to; None on a Unix socket."""
    pair = self._server
    return None if pair is None else Address(*pair)


def client_ip(self: Request) -> str | None:
    """The IP address that the request came from; None on a Unix socket. Behind a proxy it is the proxy's."""
    pair = self._client
    return None if pair is None else pair[0]


def _authority(self: Request) -> str:
    """Host in normal form (H1-042); of an HTTP/1.0 request without one, the listener's address."""
    host = self.headers.get("host")
    if not host:
        pair = self._server
        if pair is None:
            return "localhost"
        host = f"[{pair[0]}]:{pair[1]}" if ":" in pair[0] else f"{pair[0]}:{pair[1]}"
    host = host.lower()
    default = ":443" if self.scheme == "https" else ":80"
    return host[: -len(default)] if host.endswith(default) else host


def _url(self: Request) -> URL:
    """The absolute URL: scheme, validated host, path and query as sent."""
    query = self.query_string
    path = self.raw_path.decode("latin-1")
    return URL(f"{self.scheme}://{_authority(self)}{path}{'?' + query if query else ''}")


def url_for(self: Request, name: str, /, **params: Any) -> str:
    """The absolute URL of a route of the app that has the request.

    Args:
        name: The route's name, as for `App.url_for()`.
        params: Values for the parameters of its path; `_query` is a mapping for its query.

    Raises:
        URLBuildError: The name is unknown, or the values do not fit the path.
    """
    from pelton.routing.routes import quoted

    return f"{self.scheme}://{_authority(self)}{quoted(root_path(self))}{self.app.url_for(name, **params)}"


def root_path(self: Request) -> str:
    """Where the app that has the request is mounted in the one that is served; empty for that one itself."""
    return self.app._root_path


def _state(self: Request) -> State:
    """An attribute view of `context`; absent names are looked up in `app.state`."""
    return State(self.context, self.app.state)


def text(self: Request) -> str:
    """The body as text, in its declared charset or UTF-8.

    Raises:
        UnsupportedMediaType: The declared charset is unknown.
        BadBody: The body is not of that charset.
    """
    return decoded_text(self, self.body())


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


def get_context(self: Request, key: str, default: Any = None) -> Any:
    """The value of `context` under `key`, else `default`."""
    return self.context.get(key, default)


def set_context(self: Request, key: str, value: Any) -> None:
    """Stores a value in `context`, where later hooks, guards and the handler find it."""
    self.context[key] = value


def get_param(self: Request, key: str, default: Any = None) -> Any:
    """The value of a path parameter, as its converter made it, else `default`."""
    return self.params.get(key, default)


def get_param_int(self: Request, key: str, default: Any = None) -> Any:
    """A path parameter as an int; `default` where it is absent or no int."""
    value = self.params.get(key)
    if isinstance(value, int):
        return value
    return default if value is None else _read("as_int", str(value), default)


def get_header(self: Request, key: str, default: Any = None) -> Any:
    """The first value of a header field, in any case of letters, else `default`."""
    return self.headers.get(key, default)


def get_query_param(self: Request, key: str, default: Any = None) -> Any:
    """The last value of a query parameter, else `default`."""
    return self.query.get(key, default)


def get_query_int(self: Request, key: str, default: Any = None) -> Any:
    """A query parameter as an int; `default` where it is absent or no int."""
    return _read("as_int", self.query.get(key), default)


def get_query_float(self: Request, key: str, default: Any = None) -> Any:
    """A query parameter as a float; `default` where it is absent or no number."""
    return _read("as_float", self.query.get(key), default)


def get_query_bool(self: Request, key: str, default: Any = None) -> Any:
    """A query parameter as a bool (`true`, `1`, `yes`, `on` and their opposites); `default` where it is neither."""
    return _read("as_bool", self.query.get(key), default)


def _read(converter: str, found: str | None, default: Any) -> Any:
    if found is None:
        return default
    from pelton.validation import scalars as validation

    try:
        return getattr(validation, converter)(found)
    except validation.Invalid:
        return default


def content_type(self: Request) -> str | None:
    """The Content-Type as sent, parameters included; None without one."""
    return self.headers.get("content-type")


def host(self: Request) -> str | None:
    """The Host as sent, with its port if it has one; None if an HTTP/1.0 request has none."""
    return self.headers.get("host")


def user_agent(self: Request) -> str | None:
    """The User-Agent as sent; None without one."""
    return self.headers.get("user-agent")


def accepts(self: Request, content_type: str) -> bool:
    """Whether Accept allows a media type such as `text/html`. Without that field every type is allowed."""
    return quality(self.headers.getlist("accept"), content_type) > 0


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


def is_json(self: Request) -> bool:
    """Whether the Content-Type is `application/json` or ends in `+json`."""
    media = _media_type(self)
    return media == "application/json" or ("/" in media and media.endswith("+json"))


def is_form(self: Request) -> bool:
    """Whether the Content-Type is `application/x-www-form-urlencoded`."""
    return _media_type(self) == "application/x-www-form-urlencoded"


def is_multipart(self: Request) -> bool:
    """Whether the Content-Type is `multipart/form-data`."""
    return _media_type(self) == "multipart/form-data"


def is_secure(self: Request) -> bool:
    """Whether the scheme is `https`."""
    return self.scheme == "https"


def is_xhr(self: Request) -> bool:
    """Whether `X-Requested-With: XMLHttpRequest` was sent, as some JavaScript libraries do."""
    return (self.headers.get("x-requested-with") or "").lower() == "xmlhttprequest"


def _attach() -> None:
    attached: dict[str, Any] = {
        "client": property(_client),
        "server": property(_server),
        "remote_addr": property(client_ip),
        "url": property(_url),
        "state": property(_state),
        "root_path": property(root_path),
    }
    for method in (
        client_ip,
        url_for,
        text,
        get_context,
        set_context,
        get_param,
        get_param_int,
        get_header,
        get_query_param,
        get_query_int,
        get_query_float,
        get_query_bool,
        content_type,
        host,
        user_agent,
        accepts,
        is_json,
        is_form,
        is_multipart,
        is_secure,
        is_xhr,
    ):
        method.__qualname__ = f"Request.{method.__name__}"
        attached[method.__name__] = method
    for name, value in attached.items():
        setattr(Request, name, value)


_attach()
