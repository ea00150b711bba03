"""URLs and addresses as requests and WebSockets have them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["URL", "Address"]


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


def quoted(literal: str) -> str:
    """A literal part of a path as it stands in a URL."""
    from urllib.parse import quote

    return quote(literal, safe="/!$&'()*+,;=:@~")
