"""A certificate for the time of one `pelton dev --tls`."""

from __future__ import annotations

import os
from tempfile import TemporaryDirectory

from pelton.serving.terminal import tell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

HOSTS = ["localhost", "127.0.0.1", "::1"]
DAYS = 30


def with_own_certificate(serve: Callable[[list[str]], int]) -> int:
    """Calls `serve` with the flags that name a new certificate and its key, and returns what it returns.

    The files are gone afterwards. Nobody trusts the certificate until its user says so, so a line says where it is.
    """
    from pelton import _tls

    certificate, key = _tls.own_certificate(HOSTS, DAYS)
    with TemporaryDirectory(prefix="pelton-dev-") as folder:
        path = os.path.join(folder, "localhost.pem")
        with open(path, "w", opener=_private) as file:
            file.write(certificate + key)
        shown = os.path.join(folder, "certificate.pem")  # without the key, to be given away
        with open(shown, "w") as file:
            file.write(certificate)
        tell(f"a certificate for localhost, for this run alone: {shown}; curl has to be told --cacert {shown}, a browser to go on")
        return serve(["--ssl-certfile", path])


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
