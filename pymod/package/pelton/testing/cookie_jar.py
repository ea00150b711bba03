"""The cookies of the test client, kept and sent by RFC 6265."""

from __future__ import annotations

import time
from collections.abc import MutableMapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class _Cookie:
    __slots__ = ("domain", "expires", "host_only", "path", "secure", "value")

    def __init__(self, value: str, domain: str | None, path: str) -> None:
        self.value = value
        self.domain = domain  # None: any host
        self.host_only = True
        self.path = path
        self.secure = False
        self.expires: float | None = None

    def goes_to(self, scheme: str, host: str, path: str) -> bool:
        if self.expires is not None and self.expires <= time.time():
            return False
        if self.secure and scheme != "https":
            return False
        if self.domain is not None and host != self.domain:
            if self.host_only or not host.endswith("." + self.domain):
                return False
        if path == self.path:
            return True
        return path.startswith(self.path if self.path.endswith("/") else self.path + "/")


class Cookies(MutableMapping[str, str]):
    """The cookies of a client by RFC 6265; as a mapping, name to value.

    Args:
        cookies: What it begins with, for every host.
    """

    def __init__(self, cookies: Mapping[str, str] | None = None) -> None:
        self._stored: dict[tuple[str, str | None, str], _Cookie] = {}
        for name, value in (cookies or {}).items():
            self.set(name, value)

    def set(self, name: str, value: str, *, domain: str | None = None, path: str = "/") -> None:
        """Stores a cookie.

        Args:
            name: Its name.
            value: Its value.
            domain: For which host; None: for every one.
            path: Below which it is sent.
        """
        self._stored[name, domain, path] = _Cookie(value, domain, path)

    def __setitem__(self, name: str, value: str) -> None:
        self.set(name, value)

    def __getitem__(self, name: str) -> str:
        for (stored, _, _), cookie in self._stored.items():
            if stored == name:
                return cookie.value
        raise KeyError(name)

    def __delitem__(self, name: str) -> None:
        keys = [key for key in self._stored if key[0] == name]
        if not keys:
            raise KeyError(name)
        for key in keys:
            del self._stored[key]

    def clear(self) -> None:
        """Forgets every cookie."""
        self._stored.clear()

    def __contains__(self, name: object) -> bool:
        return any(key[0] == name for key in self._stored)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(key[0] for key in self._stored))

    def __len__(self) -> int:
        return len({key[0] for key in self._stored})

    def __repr__(self) -> str:
        return f"Cookies({dict(self.items())!r})"

    def header(self, scheme: str, host: str, path: str, extra: Mapping[str, str]) -> str | None:
        """The value of the Cookie field of a request; None if no cookie fits.

        Args:
            scheme: `http` or `https`, of its URL.
            host: The host of its URL.
            path: The path of its URL.
            extra: Cookies of this request alone.
        """
        fitting = [
            (len(cookie.path), key[0], cookie.value)
            for key, cookie in self._stored.items()
            if key[0] not in extra and cookie.goes_to(scheme, host, path)
        ]
        fitting.sort(key=lambda one: -one[0])  # the longer path first, else in the order they came
        pairs = [f"{name}={value}" for _, name, value in fitting]
        pairs += [f"{name}={value}" for name, value in extra.items()]
        return "; ".join(pairs) or None

    def take(self, line: str, host: str, request_path: str) -> None:
        """Stores the cookie of a Set-Cookie line, as RFC 6265 (5.2, 5.3) has it.

        Args:
            line: The value of the field.
            host: The host of the URL that was answered.
            request_path: The path of that URL.
        """
        pair, *attributes = line.split(";")
        name, separator, value = pair.partition("=")
        name, value = name.strip(), value.strip()
        if not separator or not name:
            return
        default_path = request_path.rpartition("/")[0] or "/"
        cookie = _Cookie(value, host, default_path)
        max_age: float | None = None
        expires: float | None = None
        domain = ""
        for attribute in attributes:
            key, _, text = attribute.partition("=")
            key, text = key.strip().lower(), text.strip()
            if key == "path":
                cookie.path = text if text.startswith("/") else default_path
            elif key == "domain" and text:
                domain = text.removeprefix(".").lower()
            elif key == "secure":
                cookie.secure = True
            elif key == "max-age" and text.lstrip("-").isdigit():
                max_age = float(text)
            elif key == "expires":
                expires = _timestamp(text)
        # Of attributes given twice the last one counts.
        if domain:
            if host != domain and not host.endswith("." + domain):
                return
            cookie.domain, cookie.host_only = domain, False
        if max_age is not None:
            cookie.expires = time.time() + max_age if max_age > 0 else 0.0
        else:
            cookie.expires = expires
        stored = (name, cookie.domain, cookie.path)
        # One given to the client by hand has no domain; an answer that sets it anew replaces it.
        self._stored.pop((name, None, cookie.path), None)
        if cookie.expires is not None and cookie.expires <= time.time():
            self._stored.pop(stored, None)
        else:
            self._stored[stored] = cookie


def _timestamp(text: str) -> float | None:
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError):
        return None
