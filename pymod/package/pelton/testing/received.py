"""What the test client got back, read from the octets of the connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pelton import _native
from pelton.errors import HTTPError
from pelton.messages.request import Headers
from pelton.hosting.response_parser import ResponseParser

if TYPE_CHECKING:
    from typing import Self


class TestResponse:
    """An answer as a test client read it: `status_code`, `headers`, `content`, `text`, `json()`."""

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
    def charset(self) -> str:
        """The charset of the Content-Type, `utf-8` without one."""
        content_type = self.headers.get("content-type") or ""
        for part in content_type.split(";")[1:]:
            name, _, value = part.partition("=")
            if name.strip().lower() == "charset":
                return value.strip().strip('"')
        return "utf-8"

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode(self.charset, "replace")

    def json(self) -> Any:
        """The value of the body as JSON; JSONDecodeError if it is none."""
        return _native.json_loads(self.content)

    @property
    def cookies(self) -> dict[str, str]:
        """Names and values of this answer's Set-Cookie lines."""
        pairs = (line.partition(";")[0].partition("=") for line in self.headers.getlist("set-cookie"))
        return {name.strip(): value.strip() for name, _, value in pairs}

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status_code < 300

    def raise_for_status(self) -> Self:
        """Itself if it is a success; else an HTTPError with its status and text."""
        if not self.is_success:
            raise HTTPError(self.status_code, self.text)
        return self

    def __repr__(self) -> str:
        return f"<TestResponse [{self.status_code}]>"


def parse_response(
    data: bytes, method: str, closed: bool
) -> tuple[str, int, list[tuple[str, str]], bytes] | None:
    """(version, status, fields, body) of the final response in `data`, None if it is not whole."""
    reader = ResponseParser(method)
    body = b"".join(reader.feed(data))
    if closed:
        try:
            reader.end()
        except ConnectionError:
            return None
    return (reader.version, reader.status, reader.fields, body) if reader.is_whole else None
