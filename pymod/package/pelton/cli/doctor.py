"""`pelton doctor`: what this machine offers and which engine pelton would choose."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def doctor() -> int:
    """Prints one line per fact; 1 if this machine cannot serve."""
    from pelton import _native
    from pelton.serving.terminal import put_out

    facts = _native.doctor() | {"openssl": openssl_version(), "nghttp2": nghttp2_version()}
    return put_out("\n".join(report(facts)) + "\n") or (0 if facts.get("engine") is not None else 1)


def openssl_version() -> str:
    """Name and version of the library that serves TLS; why there is none, if it is not installed."""
    try:
        from pelton import _tls
    except ImportError as error:
        return f"none, so TLS cannot be served: {error}"
    return _tls.library_version()


def nghttp2_version() -> str:
    """Version of the library that serves HTTP/2; why there is none, if it is not installed."""
    try:
        from pelton import _http2
    except ImportError as error:
        return f"none, so HTTP/2 cannot be served: {error}"
    return _http2.library_version()


def report(facts: dict[str, Any]) -> list[str]:
    from pelton import __version__

    lines = [f"pelton {__version__}"]
    width = max((len(name) for name in facts), default=0)
    for name, value in facts.items():
        label = f"{name.replace('_', ' ')}:".ljust(width + 1)
        if isinstance(value, dict):
            lines.append(label.rstrip())
            inner = max((len(key) for key in value), default=0)
            lines += [f"  {key.ljust(inner)}  {_shown(one)}" for key, one in value.items()]
        else:
            lines.append(f"{label} {_shown(value)}")
    return lines


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return "unknown" if value is None else str(value)
