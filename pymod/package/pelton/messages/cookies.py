"""Set-Cookie lines by RFC 6265bis."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

PAIR_BYTES_MAX = 4096

_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_VALUE = frozenset(map(chr, range(0x21, 0x7F))) - frozenset('",;\\')
_ATTRIBUTE = frozenset(map(chr, range(0x20, 0x7F))) - frozenset(";")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def set_cookie_value(
    name: str,
    value: str,
    *,
    max_age: int | None,
    expires: datetime | int | None,
    path: str,
    domain: str | None,
    secure: bool | None,
    http_only: bool,
    same_site: str | None,
    partitioned: bool,
) -> str:
    """The value of one Set-Cookie field; ValueError for what a client would refuse or misread."""
    if not name or not _TOKEN.issuperset(name):
        raise ValueError(f"cookie name {name!r} is not a token (letters, digits, !#$%&'*+-.^_`|~)")
    if not _VALUE.issuperset(value):
        bad = next(char for char in value if char not in _VALUE)
        raise ValueError(f"cookie {name!r}: {bad!r} is not allowed in a cookie value, percent-encode it")
    if len(name) + len(value) > PAIR_BYTES_MAX:
        raise ValueError(f"cookie {name!r}: name and value are over {PAIR_BYTES_MAX} bytes")
    for label, text in (("path", path), ("domain", domain or "")):
        if not _ATTRIBUTE.issuperset(text):
            raise ValueError(f"cookie {name!r}: {label} {text!r} has a character no attribute may have")
    if same_site not in ("Lax", "Strict", "None", None):
        raise ValueError(f"cookie {name!r}: same_site is 'Lax', 'Strict', 'None' or None, not {same_site!r}")
    _check_secure(name, path, domain, secure, same_site, partitioned)
    parts = [f"{name}={value}"]
    if max_age is not None:
        parts.append(f"Max-Age={int(max_age)}")
    if expires is not None:
        parts.append(f"Expires={http_date(expires)}")
    if domain:
        parts.append(f"Domain={domain}")
    if path:
        parts.append(f"Path={path}")
    if secure:
        parts.append("Secure")
    if http_only:
        parts.append("HttpOnly")
    if same_site:
        parts.append(f"SameSite={same_site}")
    if partitioned:
        parts.append("Partitioned")
    return "; ".join(parts)


def _check_secure(
    name: str, path: str, domain: str | None, secure: bool | None, same_site: str | None, partitioned: bool
) -> None:
    # Connections are plain until TLS arrives, so `secure=None` means off.
    if not secure:
        if name.startswith(("__Host-", "__Secure-")):
            raise ValueError(f"cookie {name!r}: its prefix demands secure=True")
        if same_site == "None":
            raise ValueError(f"cookie {name!r}: same_site='None' demands secure=True")
        if partitioned:
            raise ValueError(f"cookie {name!r}: partitioned demands secure=True")
    if name.startswith("__Host-") and (path != "/" or domain):
        raise ValueError(f"cookie {name!r}: the prefix __Host- demands path '/' and no domain")


def http_date(when: datetime | int) -> str:
    """IMF-fixdate; an int is seconds from now, a naive datetime is UTC."""
    import time

    if isinstance(when, int):
        stamp = time.gmtime(time.time() + when)
    elif when.tzinfo is None:
        stamp = when.timetuple()
    else:
        stamp = when.utctimetuple()
    return (
        f"{_DAYS[stamp.tm_wday]}, {stamp.tm_mday:02} {_MONTHS[stamp.tm_mon - 1]} {stamp.tm_year:04} "
        f"{stamp.tm_hour:02}:{stamp.tm_min:02}:{stamp.tm_sec:02} GMT"
    )
