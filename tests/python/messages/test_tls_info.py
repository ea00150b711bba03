"""TlsInfo: a tuple with names."""

from __future__ import annotations

from pelton import TlsInfo


def test_it_is_a_tuple_with_names() -> None:
    info = TlsInfo("TLSv1.3", "TLS_AES_128_GCM_SHA256", None, "CN=robot", ("-----BEGIN CERTIFICATE-----",))
    assert info.version == "TLSv1.3" and info.cipher == "TLS_AES_128_GCM_SHA256" and info.sni is None
    assert info.client_name == "CN=robot" and info.client_chain == ("-----BEGIN CERTIFICATE-----",)
    assert tuple(info) == ("TLSv1.3", "TLS_AES_128_GCM_SHA256", None, "CN=robot", ("-----BEGIN CERTIFICATE-----",))
