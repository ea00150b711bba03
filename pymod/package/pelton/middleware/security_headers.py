"""What `App.enable_security_headers()` takes: its configuration, and a Content-Security-Policy made of parts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pelton.errors import ConfigError
from pelton.messages.headers import field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Self

__all__ = ["CSP", "SecurityHeadersConfig"]

YEAR_S = 365 * 24 * 3600
# What ends a source or a directive (Content Security Policy level 3, section 2.2).
_SOURCE = re.compile(r"[!-+\--:<-~]+")
_KEYWORDS = {
    "self", "none", "unsafe-inline", "unsafe-eval", "unsafe-hashes", "strict-dynamic", "report-sample", "wasm-unsafe-eval",
}  # fmt: skip


class CSP:
    """A Content-Security-Policy, made directive by directive; each call adds one and returns the same object.

    `CSP().default_src("'self'").img_src("'self'", "data:").build()` is `default-src 'self'; img-src 'self' data:`.
    """

    def __init__(self) -> None:
        self._directives: dict[str, list[str]] = {}

    def directive(self, name: str, *sources: str) -> Self:
        """Adds any directive.

        Args:
            name: Its name, such as `worker-src`.
            sources: Its values; keywords are quoted, as in `'self'`.

        Raises:
            ConfigError: The name is there already or is none, or a source cannot be.
        """
        if re.fullmatch(r"[a-z][a-z-]*", name) is None:
            raise ConfigError(f"{name!r} is no directive of a Content-Security-Policy; such as default-src")
        if name in self._directives:
            raise ConfigError(f"CSP has {name} already; browsers pass over a second one")
        for source in sources:
            if not isinstance(source, str) or _SOURCE.fullmatch(source) is None:
                raise ConfigError(f"CSP {name} has {source!r}; a source is one text without spaces, commas and semicolons")
            if source in _KEYWORDS:
                raise ConfigError(f"CSP {name} has {source!r}, which would be a host; the keyword is \"'{source}'\"")
        if "'none'" in sources and len(sources) > 1:
            raise ConfigError(f"CSP {name} has 'none' beside other sources; browsers pass over it then")
        self._directives[name] = list(sources)
        return self

    def default_src(self, *sources: str) -> Self:
        """What holds for each kind of resource without a directive of its own."""
        return self.directive("default-src", *sources)

    def script_src(self, *sources: str) -> Self:
        """Where scripts come from."""
        return self.directive("script-src", *sources)

    def style_src(self, *sources: str) -> Self:
        """Where style sheets come from."""
        return self.directive("style-src", *sources)

    def img_src(self, *sources: str) -> Self:
        """Where pictures come from."""
        return self.directive("img-src", *sources)

    def font_src(self, *sources: str) -> Self:
        """Where fonts come from."""
        return self.directive("font-src", *sources)

    def connect_src(self, *sources: str) -> Self:
        """Where scripts may connect to."""
        return self.directive("connect-src", *sources)

    def object_src(self, *sources: str) -> Self:
        """Where plug-ins come from."""
        return self.directive("object-src", *sources)

    def frame_src(self, *sources: str) -> Self:
        """What the page may show in frames."""
        return self.directive("frame-src", *sources)

    def frame_ancestors(self, *sources: str) -> Self:
        """Which pages may show this one in a frame."""
        return self.directive("frame-ancestors", *sources)

    def base_uri(self, *sources: str) -> Self:
        """What `<base>` may name."""
        return self.directive("base-uri", *sources)

    def form_action(self, *sources: str) -> Self:
        """Where forms may be sent."""
        return self.directive("form-action", *sources)

    def upgrade_insecure_requests(self) -> Self:
        """Browsers ask by https for what the page names by http."""
        return self.directive("upgrade-insecure-requests")

    def build(self) -> str:
        """The field's value; ConfigError without a directive."""
        if not self._directives:
            raise ConfigError("an empty CSP protects nothing; begin with default_src(\"'self'\")")
        return "; ".join(" ".join((name, *sources)) for name, sources in self._directives.items())


@dataclass(frozen=True, kw_only=True)
class SecurityHeadersConfig:
    """Which fields `App.enable_security_headers()` adds; a handler's own field of the same name wins."""

    content_type_options: bool = True
    """Whether `X-Content-Type-Options: nosniff` is sent: browsers take the declared type for the real one."""
    frame_options: str | None = "DENY"
    """`X-Frame-Options`: `DENY`, or `SAMEORIGIN` for pages of this origin; None: it is not sent."""
    referrer_policy: str | None = "strict-origin-when-cross-origin"
    """`Referrer-Policy`: how much of its address a page tells where its links lead; None: it is not sent."""
    content_security_policy: str | CSP | None = None
    """`Content-Security-Policy`: a text, or a `CSP`."""
    permissions_policy: str | None = None
    """`Permissions-Policy`, such as `camera=(), geolocation=()`."""
    cross_origin_opener_policy: str | None = None
    """`Cross-Origin-Opener-Policy`, such as `same-origin`."""
    cross_origin_resource_policy: str | None = None
    """`Cross-Origin-Resource-Policy`, such as `same-origin`."""
    hsts_max_age: int = YEAR_S
    """Seconds for which browsers use https alone (`Strict-Transport-Security`, sent by https alone); 0: it is not sent."""
    hsts_include_subdomains: bool = False
    """Whether that holds for all hosts below this one too."""
    hsts_preload: bool = False
    """Whether browsers may have this host in the list that they come with; for years, and with its subdomains."""

    @classmethod
    def secure(cls) -> SecurityHeadersConfig:
        """All of them, as strict as they are: a page of one's own origin alone, in no frame, without devices."""
        policy = CSP().default_src("'self'").object_src("'none'").base_uri("'self'").form_action("'self'").frame_ancestors("'none'")
        return cls(
            referrer_policy="no-referrer",
            content_security_policy=policy,
            permissions_policy="camera=(), geolocation=(), microphone=(), payment=(), usb=()",
            cross_origin_opener_policy="same-origin",
            cross_origin_resource_policy="same-origin",
            hsts_include_subdomains=True,
        )


def security_settings(config: SecurityHeadersConfig) -> dict[str, Any]:
    """The arguments of the native half; ConfigError for what cannot be."""
    policy = config.content_security_policy
    if isinstance(policy, CSP):
        policy = policy.build()
    if config.frame_options not in (None, "DENY", "SAMEORIGIN"):
        raise ConfigError(f"frame_options is DENY, SAMEORIGIN or None, not {config.frame_options!r}; for more, frame_ancestors() of CSP")
    if type(config.hsts_max_age) is not int or config.hsts_max_age < 0:
        raise ConfigError(f"hsts_max_age is a number of seconds from 0, not {config.hsts_max_age!r}")
    if config.hsts_preload and not (config.hsts_include_subdomains and config.hsts_max_age >= YEAR_S):
        raise ConfigError("hsts_preload wants hsts_include_subdomains, and hsts_max_age of a year or more")
    named = (
        ("X-Content-Type-Options", "nosniff" if config.content_type_options else None),
        ("X-Frame-Options", config.frame_options),
        ("Referrer-Policy", config.referrer_policy),
        ("Content-Security-Policy", policy),
        ("Permissions-Policy", config.permissions_policy),
        ("Cross-Origin-Opener-Policy", config.cross_origin_opener_policy),
        ("Cross-Origin-Resource-Policy", config.cross_origin_resource_policy),
    )
    return {"fields": list(_checked(named)), "transport_security": _transport_security(config)}


def _checked(named: Iterable[tuple[str, str | None]]) -> Iterable[tuple[str, str]]:
    for name, value in named:
        if value is None:
            continue
        try:
            field(name, value)
        except (TypeError, ValueError) as error:
            raise ConfigError(f"SecurityHeadersConfig: {error}") from None
        yield name, value


def _transport_security(config: SecurityHeadersConfig) -> str:
    if config.hsts_max_age == 0:
        return ""
    parts = [f"max-age={config.hsts_max_age}"]
    parts += ["includeSubDomains"] * config.hsts_include_subdomains
    return "; ".join([*parts, *["preload"] * config.hsts_preload])
