"""What the test client got back, read from the octets of the connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from noria import _native
from noria.errors import HTTPError
from noria.requests import Headers

if TYPE_CHECKING:
    from typing import Self


class TestResponse:
    """An answer as the client read it."""

    __test__ = False  # not for pytest to collect

    def __init__(
        self, url: str, version: str, status: int, fields: list[tuple[str, str]], content: bytes
    ) -> None:
        self.url = url
        self.http_version = version
        self.status_code = status
        self.headers = Headers(fields)
        self.content = content
        self.history: list[TestResponse] = []

    @property
    def text(self) -> str:
        content_type = self.headers.get("content-type") or ""
        charset = "utf-8"
        for part in content_type.split(";")[1:]:
            name, _, value = part.partition("=")
            if name.strip().lower() == "charset":
                charset = value.strip().strip('"')
        return self.content.decode(charset, "replace")

    def json(self) -> Any:
        return _native.json_loads(self.content)

    @property
    def cookies(self) -> dict[str, str]:
        """Names and values of this answer's Set-Cookie lines."""
        pairs = (line.partition(";")[0].partition("=") for line in self.headers.getlist("set-cookie"))
        return {name.strip(): value.strip() for name, _, value in pairs}

    @property
    def is_success(self) -> bool:
        return 200 <= self.status_code < 300

    def raise_for_status(self) -> Self:
        if not self.is_success:
            raise HTTPError(self.status_code, self.text)
        return self

    def __repr__(self) -> str:
        return f"<TestResponse [{self.status_code}]>"


def parse_response(
    data: bytes, method: str, closed: bool
) -> tuple[str, int, list[tuple[str, str]], bytes] | None:
    """(version, status, fields, body) of the final response in `data`, None if it is not whole."""
    while True:
        head, separator, rest = data.partition(b"\r\n\r\n")
        if not separator:
            return None
        status_line, *lines = head.decode("latin-1").split("\r\n")
        version, status_text, *_ = status_line.split(" ", 2)
        status = int(status_text)
        if status >= 200:
            break
        data = rest
    fields = []
    for line in lines:
        name, _, value = line.partition(":")
        fields.append((name, value.strip(" \t")))
    lowered = {name.lower(): value for name, value in fields}
    if method == "HEAD" or status in (204, 304):
        return version, status, fields, b""
    if "content-length" in lowered:
        length = int(lowered["content-length"])
        return (version, status, fields, rest[:length]) if len(rest) >= length else None
    if lowered.get("transfer-encoding", "").lower() == "chunked":
        body = _unchunked(rest)
        return None if body is None else (version, status, fields, body)
    return (version, status, fields, rest) if closed else None


def _unchunked(data: bytes) -> bytes | None:
    body = b""
    while True:
        line, separator, data = data.partition(b"\r\n")
        if not separator:
            return None
        size = int(line.partition(b";")[0], 16)
        if size == 0:
            return body
        if len(data) < size + 2:
            return None
        body += data[:size]
        data = data[size + 2 :]
