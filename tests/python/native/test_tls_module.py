"""pelton._tls: what makes TLS of connections, or says why it cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from authorities import Authority
from pelton import _tls


def test_what_cannot_be_used_is_a_ValueError(tmp_path: Path) -> None:
    pair = Authority(tmp_path).issue("server")
    right = (str(pair.certificate), str(pair.key))
    assert _tls.load(pairs=[right]) is not None
    with pytest.raises(ValueError, match="^/nowhere cannot be read: No such file or directory$"):
        _tls.load(pairs=[("/nowhere", "/nowhere")])
    with pytest.raises(ValueError, match="^there is no certificate$"):
        _tls.load(pairs=[])
    whether: Any = "perhaps"
    with pytest.raises(ValueError, match="client certificates are off, optional or required, not perhaps"):
        _tls.load(pairs=[right], client_certificates=whether)


def test_a_certificate_that_signs_itself() -> None:
    certificate, key = _tls.own_certificate(["localhost", "127.0.0.1"], 1)
    assert certificate.startswith("-----BEGIN CERTIFICATE-----\n") and key.startswith("-----BEGIN PRIVATE KEY-----\n")
    with pytest.raises(ValueError, match="no certificate can be made for these hosts"):
        _tls.own_certificate(["a,b"], 1)


def test_it_says_which_OpenSSL_it_has() -> None:
    assert _tls.library_version().startswith("OpenSSL 3")
