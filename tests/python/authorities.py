"""Certificates for tests, in files, and clients that trust them."""

from __future__ import annotations

import datetime
import socket
import ssl
from pathlib import Path
from typing import Any, NamedTuple

import trustme

SILENCE_S = 60


class Pair(NamedTuple):
    certificate: Path
    key: Path


class Authority:
    """An authority, and what it signs, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._authority = trustme.CA()
        self.path = folder / "authority.pem"
        self._authority.cert_pem.write_to_path(self.path)

    def issue(self, name: str, *hosts: str, ends_in_s: float = 3600, common_name: str | None = None) -> Pair:
        """Certificate and key in files of this name, which are replaced if there are any; for localhost if no host is named."""
        now = datetime.datetime.now(datetime.UTC)
        made = self._authority.issue_cert(
            *(hosts or ("localhost", "127.0.0.1")),
            common_name=common_name or name,
            not_before=now - datetime.timedelta(hours=2),
            not_after=now + datetime.timedelta(seconds=ends_in_s),
        )
        pair = Pair(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        made.private_key_pem.write_to_path(pair.key)
        pair.certificate.write_bytes(b"".join(one.bytes() for one in made.cert_chain_pems))
        return pair

    def client(self, certificate: Pair | None = None, alpn: list[str] | None = None) -> ssl.SSLContext:
        """A client's side that trusts this authority, with a certificate of its own if one is given."""
        context = ssl.create_default_context(cafile=self.path)
        if certificate is not None:
            context.load_cert_chain(certificate.certificate, certificate.key)
        if alpn is not None:
            context.set_alpn_protocols(alpn)
        return context


def connect(port: int, context: ssl.SSLContext, host: str = "localhost", **options: Any) -> ssl.SSLSocket:
    """A connection whose handshake is done."""
    plain = socket.create_connection(("127.0.0.1", port), timeout=SILENCE_S)
    try:
        return context.wrap_socket(plain, server_hostname=host, **options)
    except BaseException:
        plain.close()
        raise


def ask(connection: socket.socket, path: str = "/", *fields: str) -> tuple[bytes, bytes]:
    """Head and body of the answer, which has a Content-Length."""
    connection.sendall("\r\n".join((f"GET {path} HTTP/1.1", "Host: localhost", *fields, "", "")).encode())
    received = b""
    while b"\r\n\r\n" not in received:
        received += piece_of(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    while len(body) < length:
        body += piece_of(connection)
    return head, body


def piece_of(connection: socket.socket) -> bytes:
    piece = connection.recv(65536)
    assert piece, "the server has closed"
    return piece


def common_name(connection: ssl.SSLSocket) -> str:
    """Of the server's certificate."""
    found: Any = connection.getpeercert()
    return next(str(value) for part in found["subject"] for key, value in part if key == "commonName")
