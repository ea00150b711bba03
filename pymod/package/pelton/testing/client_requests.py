"""What the test clients ask: a request from its parts, and what it becomes when redirects are followed."""

from __future__ import annotations

from os import urandom
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict
from urllib.parse import quote, urlencode, urljoin, urlsplit

from pelton.messages.headers import pairs_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import IO
    from urllib.parse import SplitResult

    from pelton.messages.headers import HeadersInit
    from pelton.testing.received import TestResponse

    Params = Mapping[str, Any] | Iterable[tuple[str, Any]]
    # Content alone, or (file name, content[, content type[, headers]]).
    Content = bytes | str | IO[bytes]
    File = Content | tuple[str | None, Content] | tuple[Any, ...]
    Data = Mapping[str, Any] | Iterable[tuple[str, Any]]
    Files = Mapping[str, Any] | Iterable[tuple[str, Any]]

REDIRECTS_MAX = 20


class StreamOptions(TypedDict, total=False):
    """Options of a request whose answer is read while it comes.

    `data` is a form of fields; `files` make it a multipart one: content, or (file name, content,
    content type) under each name, or a list of them.
    """

    params: Params | None
    headers: HeadersInit | None
    cookies: Mapping[str, str] | None
    json: Any
    content: bytes | str | None
    data: Data | None
    files: Files | None


class RequestOptions(StreamOptions, total=False):
    """Options of any other request; `timeout` is in seconds, 10 unless given."""

    follow_redirects: bool | None
    timeout: float


class Asked:
    """One request on its way."""

    def __init__(
        self,
        method: str,
        url: str,
        *,
        params: Params | None = None,
        headers: HeadersInit | None = None,
        cookies: Mapping[str, str] | None = None,
        json: Any = None,
        content: bytes | str | None = None,
        data: Data | None = None,
        files: Files | None = None,
    ) -> None:
        self.method = method.upper()
        self.url = with_params(url, params)
        self.fields = pairs(headers)
        self.cookies = dict(cookies or {})
        self.body = _body(json, content, data, files, self.fields)
        self.history: list[TestResponse] = []
        self.is_of_server = False  # OPTIONS *, which no URL can say

    @property
    def parts(self) -> SplitResult:
        return urlsplit(self.url)

    def redirect(self, response: TestResponse) -> bool:
        """Becomes the request that a redirect asks for; false if the response is none."""
        location = response.headers.get("location")
        status = response.status_code
        if status not in (301, 302, 303, 307, 308) or location is None:
            return False
        self.history.append(response)
        if len(self.history) > REDIRECTS_MAX:
            raise RuntimeError(f"more than {REDIRECTS_MAX} redirects, the last to {location}")
        if status == 303 or (status in (301, 302) and self.method == "POST"):
            self.method = "HEAD" if self.method == "HEAD" else "GET"
            self.body = None
            self.fields = [f for f in self.fields if not f[0].lower().startswith("content-")]
        url = urljoin(self.url, location)
        if urlsplit(url).netloc != self.parts.netloc:
            self.fields = [f for f in self.fields if f[0].lower() not in ("authorization", "host")]
        self.url, self.is_of_server = url, False
        return True


def pairs(headers: HeadersInit | None) -> list[tuple[str, str]]:
    if headers is None:
        return []
    return list(pairs_of(headers))


def _body(
    json: Any, content: bytes | str | None, data: Data | None, files: Files | None, given: list[tuple[str, str]]
) -> bytes | None:
    """The body of a request; JSON and forms add their type to the fields."""
    is_form = data is not None or files is not None
    if (json is not None) + (content is not None) + is_form > 1:
        raise TypeError("request() takes one of json, content, and data with files")
    if is_form:
        body, kind = encoded_form(data, files)
    elif json is not None:
        from pelton.json import dumps

        body, kind = dumps(json), "application/json"
    else:
        return content.encode() if isinstance(content, str) else content
    if not any(name.lower() == "content-type" for name, _ in given):
        given.append(("Content-Type", kind))
    return body


class Address(NamedTuple):
    """Where a connection of the client goes to."""

    host: str
    port: int
    is_secure: bool  # the client asks by https


def address_of(parts: SplitResult) -> Address:
    is_secure = parts.scheme == "https"
    return Address(parts.hostname or "testserver", parts.port or (443 if is_secure else 80), is_secure)


def resolved(base_url: str, url: str) -> str:
    before, separator, _ = url.partition("://")
    # A path may hold another URL, in its query above all.
    if separator and not any(mark in before for mark in "/?#"):
        whole = url
    else:
        whole = base_url.rstrip("/") + (url if url.startswith(("/", "?")) else "/" + url)
    # A fragment is the client's own; octets outside ASCII and spaces must not go on the wire raw.
    return quote(whole.partition("#")[0], safe="%/:?#[]@!$&'()*+,;=~|^`{}\\\"<>")


def with_params(url: str, params: Params | None) -> str:
    if not params:
        return url
    found: list[tuple[str, str]] = []
    for key, value in pairs_of(params):
        for one in value if isinstance(value, list | tuple) else (value,):
            text = str(one).lower() if isinstance(one, bool) else "" if one is None else str(one)
            found.append((key, text))
    return url + ("&" if "?" in url else "?") + urlencode(found)


# --- forms ---


def encoded_form(data: Data | None, files: Files | None) -> tuple[bytes, str]:
    """(body, content type): multipart if there are files, else urlencoded.

    A list as a value is a field or file for each of its items.
    """
    fields = [(name, _text(value)) for name, value in _pairs(data)]
    if files is None:
        return urlencode(fields).encode(), "application/x-www-form-urlencoded"
    boundary = urandom(16).hex()
    out = bytearray()
    for name, text in fields:
        head = f'Content-Disposition: form-data; name="{_quoted(name)}"'
        out += _part(boundary, head, text.encode())
    for name, given in _pairs(files):
        out += _file_part(boundary, name, given)
    out += f"--{boundary}--\r\n".encode()
    return bytes(out), f"multipart/form-data; boundary={boundary}"


def _pairs(given: Any) -> list[tuple[str, Any]]:
    if given is None:
        return []
    pairs = given.items() if hasattr(given, "items") else given
    return [(name, one) for name, value in pairs for one in (value if isinstance(value, list) else [value])]


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _quoted(text: str) -> str:
    """As browsers write a name (HTML, multipart/form-data encoding algorithm)."""
    return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")


def _part(boundary: str, head: str, content: bytes) -> bytes:
    return f"--{boundary}\r\n{head}\r\n\r\n".encode() + content + b"\r\n"


def _file_part(boundary: str, name: str, given: Any) -> bytes:
    content: Any = given
    filename, kind, headers = name, None, None
    if isinstance(given, tuple):
        filename, content, kind, headers = (*given, None, None)[:4]
    elif hasattr(given, "name") and isinstance(given.name, str):
        filename = given.name.rpartition("/")[2]
    if hasattr(content, "read"):
        content = content.read()
    octets = content.encode() if isinstance(content, str) else bytes(content)
    head = f'Content-Disposition: form-data; name="{_quoted(name)}"'
    if filename is not None:
        head += f'; filename="{_quoted(filename)}"'
        kind = kind or "application/octet-stream"
    if kind is not None:
        head += f"\r\nContent-Type: {kind}"
    for field, value in dict(headers or {}).items():
        head += f"\r\n{field}: {value}"
    return _part(boundary, head, octets)
