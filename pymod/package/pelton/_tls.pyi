"""The TLS of pelton's listeners, in C++ on OpenSSL, which is loaded with it. Private: use `pelton` instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

def load(
    *,
    pairs: Sequence[tuple[str, str]],  # files of a certificate with its chain, and of its key; the first pair is the default
    key_password: str = "",
    ca_path: str = "",  # of clients: a PEM file or a folder
    crl_path: str = "",
    client_certificates: Literal["off", "optional", "required"] = "off",
    versions: tuple[int, int] = ...,  # the oldest and the newest, as on the wire
    ciphers: str = "",  # in OpenSSL's words
    protocols: Sequence[str] = (),  # of ALPN, the preferred first
) -> object:
    """What makes TLS of a listener's connections, for Server(filters=). ValueError says what cannot be used."""

def own_certificate(hosts: Sequence[str], days: int) -> tuple[str, str]:
    """A certificate that signs itself, for hosts and addresses, and its key, both in PEM; ValueError for a name that is none."""

def library_version() -> str: ...  # of OpenSSL
