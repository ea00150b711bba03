"""What `App.enable_cors()` takes: checked, and in the form of its native half."""

from __future__ import annotations

import re

from pelton.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

ALL = "*"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
MAX_AGE_S = 2**31 - 1

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# As browsers write an origin (Fetch standard, "serializing an origin"): in lower case, without a path.
_ORIGIN = re.compile(r"(?:[a-z][a-z0-9+.-]*://(?:[a-z0-9._~-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?|null)")
_DEFAULT_PORT = re.compile(r"http://.*:80|https://.*:443")


def cors_settings(
    origins: Sequence[str] | None,
    allow_methods: Sequence[str],
    allow_headers: Sequence[str],
    expose_headers: Sequence[str],
    allow_credentials: bool,
    max_age: int,
) -> dict[str, Any]:
    """The arguments of the native half; ConfigError for what cannot be. No origins, and no headers, stand for all of them."""
    listed = [] if origins is None else _texts("origins", origins)
    if origins is not None and not listed:
        raise ConfigError("enable_cors(origins=[]) allows no origin; leave enable_cors() out, or list origins")
    if ALL in listed:
        listed = []
    for origin in listed:
        _check_origin(origin)
    if allow_credentials and not listed:
        raise ConfigError(
            "enable_cors(allow_credentials=True) for all origins would let every page act in its visitors' names; list the origins"
        )
    methods = _tokens("allow_methods", allow_methods)
    headers = _tokens("allow_headers", allow_headers)
    exposed = _tokens("expose_headers", expose_headers)
    if allow_credentials and ALL in exposed:
        raise ConfigError("enable_cors(expose_headers=['*']) means nothing to browsers where credentials are allowed; list the headers")
    if type(max_age) is not int or not 0 <= max_age <= MAX_AGE_S:
        raise ConfigError(f"enable_cors(max_age=) is a number of seconds from 0 to {MAX_AGE_S}, not {max_age!r}")
    return {
        "origins": listed,
        "methods": list(METHODS) if ALL in methods else methods,
        "headers": [] if ALL in headers else headers,
        "exposed": exposed,
        "credentials": bool(allow_credentials),
        "max_age_s": max_age,
    }


def _texts(name: str, given: Sequence[str]) -> list[str]:
    if isinstance(given, str | bytes) or not all(isinstance(one, str) for one in given):
        raise ConfigError(f"enable_cors({name}=) takes a list of str, not {given!r}")
    return list(dict.fromkeys(given))


def _tokens(name: str, given: Sequence[str]) -> list[str]:
    texts = _texts(name, given)
    for one in texts:
        if _TOKEN.fullmatch(one) is None:
            raise ConfigError(f"enable_cors({name}=) has {one!r}, which is no name of HTTP")
    return texts


def _check_origin(origin: str) -> None:
    said = f"enable_cors(origins=) has {origin!r}"
    if _ORIGIN.fullmatch(origin) is None:
        raise ConfigError(f"{said}; an origin is what browsers send: https://app.example, in lower case and without a path")
    if _DEFAULT_PORT.fullmatch(origin) is not None:
        raise ConfigError(f"{said}; browsers leave the scheme's own port out: {origin.rpartition(':')[0]}")
