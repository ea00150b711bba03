"""What the settings say of TLS, as listeners take it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pelton import ConfigError, ServerConfig, TlsConfig
from pelton.config.settings import defaults, with_changes
from pelton.config.tls_options import secured, tls_options

if TYPE_CHECKING:
    from pelton.config.settings import Values


def settings(**changes: Any) -> Values:
    return with_changes(defaults(), changes, "test")


def test_options() -> None:
    values = settings(ssl_certfile=["a.pem", "b.pem"], ssl_keyfile="a.key,b.key", ssl_keyfile_password="x", ssl_protocol_min="TLSv1.3")
    options = tls_options(values)
    assert options["pairs"] == [("a.pem", "a.key"), ("b.pem", "b.key")]
    assert options["key_password"] == "x" and options["versions"] == (0x0304, 0x0304) and options["protocols"] == ["h2", "http/1.1"]
    assert tls_options(settings(ssl_certfile="a.pem", http="1"))["protocols"] == ["http/1.1"]
    assert tls_options(settings(ssl_certfile="a.pem"))["pairs"] == [("a.pem", "a.pem")]


@pytest.mark.parametrize(
    ("bind", "count", "expected"),
    [
        ((), 1, [True]),
        ("127.0.0.1:1,127.0.0.1:2", 2, [True, True]),
        ("127.0.0.1:1,tls,127.0.0.1:2", 2, [True, False]),
        (["127.0.0.1:1", "unix:a,tls", "fd://3"], 3, [False, True, False]),
        ("127.0.0.1:1,tls,127.0.0.1:2", 3, [True, True, True]),  # sockets that were passed in their place
    ],
)
def test_which_listeners_have_TLS(bind: Any, count: int, expected: list[bool]) -> None:
    assert secured(settings(ssl_certfile="a.pem", bind=bind), count) == expected


def test_without_a_certificate_none_has() -> None:
    assert secured(settings(bind="127.0.0.1:1,127.0.0.1:2"), 2) == [False, False]


@pytest.mark.parametrize("bind", ["tls", "127.0.0.1:1,tls,tls", ["127.0.0.1:1,tls", "127.0.0.1:1"]])
def test_addresses_that_are_none(bind: Any) -> None:
    with pytest.raises(ConfigError):
        settings(ssl_certfile="a.pem", bind=bind)


def test_a_TlsConfig_is_a_part_of_a_ServerConfig() -> None:
    with pytest.raises(ConfigError, match=r"TlsConfig\(cert_path=\) is the file of a certificate"):
        TlsConfig()
    wrong: Any = "cert.pem"
    with pytest.raises(ConfigError, match=r"ServerConfig\(tls=\) takes a TlsConfig or None"):
        ServerConfig(tls=wrong)
    config = ServerConfig(tls=TlsConfig("a.pem", "a.key", key_password="sesame"))
    assert config.tls is not None and config.tls.cert_path == ("a.pem",) and "sesame" not in repr(config)
    assert ServerConfig.from_env(env={"PELTON_SSL_CERTFILE": "a.pem"}).tls == TlsConfig("a.pem")
    assert ServerConfig.from_env(env={}).tls is None
