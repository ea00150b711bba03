"""From the scope of an ASGI connection to the octets of an HTTP/1.1 request, and from response fields to those of ASGI."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote, unquote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    Fields = list[tuple[bytes, bytes]]

# Of one connection each (RFC 9110, section 7.6.1), or the business of the server that the scope comes from.
_OF_A_CONNECTION = frozenset(
    (b"connection", b"expect", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade")
)
_OF_A_HANDSHAKE = frozenset(
    (b"sec-websocket-accept", b"sec-websocket-extensions", b"sec-websocket-key", b"sec-websocket-protocol", b"sec-websocket-version")
)
_NO_TARGET = re.compile(rb"[\x00-\x20\x7f]")
_NO_METHOD = re.compile(r"[^!-~]")
_NO_FIELD = re.compile(rb"[\r\n\x00]")
_UPGRADE = (
    b"connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
    b"sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)


class BadScope(ValueError):
    """What a scope says cannot be a request: it would end its line, or the head."""


class Framing(NamedTuple):
    """How the body of a request is sent."""

    length: int | None = 0  # None: in chunks, for nobody has said how long it is

    @property
    def has_body(self) -> bool:
        return self.length != 0


def request_head(scope: Mapping[str, Any], has_body: bool) -> tuple[bytes, Framing]:
    """The head of an HTTP request, and the framing of its body; BadScope if it would be none.

    Args:
        scope: Of type `http`.
        has_body: Whether a body comes although no field says so, as in HTTP/2.
    """
    method = scope["method"]
    if not method or _NO_METHOD.search(method):
        raise BadScope(f"{method!r} is no method")
    fields, framing = [], Framing()
    for name, value in scope["headers"]:
        if name == b"transfer-encoding":
            framing = Framing(None)
        elif name == b"content-length" and framing.length is not None:
            framing = Framing(_length(value))
        if name not in _OF_A_CONNECTION:
            fields.append((name, value))
    if has_body and not framing.has_body:
        framing = Framing(None)
    if framing.length is None:
        fields = [one for one in fields if one[0] != b"content-length"]
        fields.append((b"transfer-encoding", b"chunked"))
    return b"%s %s HTTP/1.1\r\n%s\r\n" % (method.encode(), _target(scope), _lines(scope, fields)), framing


def upgrade_head(scope: Mapping[str, Any]) -> bytes:
    """The head of a request for the WebSocket of a scope; BadScope if it would be none."""
    fields = [one for one in scope["headers"] if one[0] not in _OF_A_CONNECTION and one[0] not in _OF_A_HANDSHAKE]
    if offered := scope.get("subprotocols"):
        fields.append((b"sec-websocket-protocol", ", ".join(offered).encode("latin-1")))
    return b"GET %s HTTP/1.1\r\n%s%s\r\n" % (_target(scope), _lines(scope, fields), _UPGRADE)


def response_fields(fields: Sequence[tuple[str, str]]) -> Fields:
    """The fields of a response without those of its connection."""
    made = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fields]
    return [one for one in made if one[0] not in _OF_A_CONNECTION and one[0] not in _OF_A_HANDSHAKE]


def _length(value: bytes) -> int:
    if not value.isdigit():
        raise BadScope(f"{value!r} is no Content-Length")
    return int(value)


def _lines(scope: Mapping[str, Any], fields: Iterable[tuple[bytes, bytes]]) -> bytes:
    lines, has_host = [], False
    for name, value in fields:
        if _NO_FIELD.search(name) or _NO_FIELD.search(value):
            raise BadScope(f"field {name!r} ends its line")
        has_host = has_host or name == b"host"
        lines.append(b"%s: %s\r\n" % (name, value))
    if not has_host:
        host, port = scope.get("server") or ("localhost", None)
        lines.append(f"host: {host if port is None else f'{host}:{port}'}\r\n".encode())
    return b"".join(lines)


def _target(scope: Mapping[str, Any]) -> bytes:
    """Path and query without the path that the server in front has taken over, `root_path`."""
    path, root_path = scope["path"], scope.get("root_path", "")
    raw = (scope.get("raw_path") or quote(path, safe="/:@!$&'()*+,;=~").encode()).partition(b"?")[0]
    if root_path and (path == root_path or path.startswith(f"{root_path}/")):
        raw = _without(raw, root_path)
    query = scope.get("query_string", b"")
    target: bytes = raw + b"?" + query if query else raw
    if not target or _NO_TARGET.search(target):
        raise BadScope(f"{target!r} is no target")
    return target


def _without(raw: bytes, root_path: str) -> bytes:
    """The path behind a prefix; servers differ in whether `raw_path` has it."""
    at = -1
    for _ in range(root_path.count("/") + 1):
        at = raw.find(b"/", at + 1)
        if at < 0:
            return b"/" if unquote(raw.decode("latin-1"), "utf-8", "replace") == root_path else raw
    return raw[at:] if unquote(raw[:at].decode("latin-1"), "utf-8", "replace") == root_path else raw
