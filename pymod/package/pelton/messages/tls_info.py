"""TlsInfo: what the TLS of a connection has agreed on."""

from __future__ import annotations

from typing import NamedTuple


class TlsInfo(NamedTuple):
    """TLS of the connection that a request came by, of `request.tls`."""

    version: str
    """`TLSv1.2` or `TLSv1.3`."""
    cipher: str
    """The cipher by its registered name, such as `TLS_AES_256_GCM_SHA384`."""
    sni: str | None
    """The host that the client asked for in the handshake; None if it named none."""
    client_name: str | None
    """The subject of the client's certificate, such as `CN=robot,O=Example` (RFC 4514); None without a certificate."""
    client_chain: tuple[str, ...]
    """The client's certificate and those between it and an authority, in PEM; empty without a certificate."""
