"""What the settings say of TLS, as listeners take it. Loaded where connections are served."""

from __future__ import annotations

from pelton.config.settings import TLS_MARK, TLS_VERSIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pelton.config.settings import Values


def tls_options(values: Values) -> dict[str, Any]:
    """What `pelton._tls.load()` takes."""
    certificates = values["ssl_certfile"]
    return {
        "pairs": list(zip(certificates, values["ssl_keyfile"] or certificates)),
        "key_password": values["ssl_keyfile_password"],
        "ca_path": values["ssl_ca_certs"] or "",
        "crl_path": values["ssl_crl"] or "",
        "client_certificates": values["ssl_cert_reqs"],
        "versions": (TLS_VERSIONS[values["ssl_protocol_min"]], TLS_VERSIONS[values["ssl_protocol_max"]]),
        "ciphers": values["ssl_ciphers"] or "",
        "protocols": ["h2", "http/1.1"] if values["http"] == "1,2" else ["http/1.1"],
    }


def secured(values: Values, count: int) -> list[bool]:
    """Which of so many listeners have TLS: those of addresses with `,tls`, or all of them where there is a certificate."""
    addresses = values["bind"]
    marked = [one.endswith(TLS_MARK) for one in addresses]
    if any(marked) and len(marked) == count:
        return marked
    return [bool(values["ssl_certfile"])] * count
