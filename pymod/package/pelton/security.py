"""Whose a request is: credentials read from it, as dependencies that the OpenAPI document knows.

Each of these takes the credentials out of a request and answers 401 where there are none. Whether
they are right is for the application to say: compare secrets with `hmac.compare_digest(given.encode(),
known.encode())`, never with ==, whose time tells how much of a guess was right.
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from typing import Annotated

from pelton.errors import HTTPError
from pelton.validation.markers import Form, Security

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Literal

__all__ = [
    "APIKeyCookie",
    "APIKeyHeader",
    "APIKeyQuery",
    "HTTPAuthorizationCredentials",
    "HTTPBasic",
    "HTTPBasicCredentials",
    "HTTPBearer",
    "OAuth2AuthorizationCodeBearer",
    "OAuth2PasswordBearer",
    "OAuth2PasswordRequestForm",
    "Security",
    "SecurityScopes",
]


class SecurityScopes:
    """A parameter of this type gets the scopes that every `Security()` above the provider asks for, outermost first.

    Args:
        scopes: The scopes; `scope_str` has them with spaces between.
    """

    # With a docstring each, which help() shows.
    __slots__ = {
        "scope_str": "The scopes with spaces between.",
        "scopes": "The scopes, outermost first.",
    }

    def __init__(self, scopes: Sequence[str] | None = None) -> None:
        self.scopes = list(scopes or ())
        self.scope_str = " ".join(self.scopes)


class HTTPAuthorizationCredentials:
    """The two halves of an Authorization field.

    Args:
        scheme: As it was sent, such as `Bearer`.
        credentials: What follows it.
    """

    # With a docstring each, which help() shows.
    __slots__ = {
        "credentials": "What follows the scheme.",
        "scheme": "As it was sent, such as `Bearer`.",
    }

    def __init__(self, scheme: str, credentials: str) -> None:
        self.scheme = scheme
        self.credentials = credentials


class HTTPBasicCredentials:
    """What Basic authentication sends. Compare both with `hmac.compare_digest()` on their bytes.

    Args:
        username: Before the colon.
        password: After it.
    """

    # With a docstring each, which help() shows.
    __slots__ = {
        "password": "What follows the colon.",
        "username": "What stands before the colon.",
    }

    def __init__(self, username: str, password: str) -> None:
        self.username = username
        self.password = password


class _Scheme:
    """One scheme: `model` is its Security Scheme Object, `scheme_name` its key among the components."""

    _is_security_scheme = True
    _challenge = "Bearer"

    def __init__(
        self, model: dict[str, Any], scheme_name: str | None, description: str | None, auto_error: bool
    ) -> None:
        self.model = model if description is None else {**model, "description": description}
        self.scheme_name = scheme_name or type(self).__name__
        self.auto_error = auto_error

    def _refusal(self) -> HTTPError:
        return HTTPError(401, "Not authenticated", {"WWW-Authenticate": self._challenge})

    def _missing(self) -> Any:
        """What the provider gives where there are no credentials of this scheme: None, or the refusal."""
        if self.auto_error:
            raise self._refusal()
        return None


def _authorization(request: Any, scheme: str) -> tuple[str, str] | None:
    """(scheme as sent, what follows it) of the Authorization field, of which there is one at most, if it is of this scheme."""
    sent, _, rest = (request.headers.get("authorization") or "").strip().partition(" ")
    rest = rest.strip()
    return (sent, rest) if sent.lower() == scheme and rest else None


class HTTPBearer(_Scheme):
    """A provider of the credentials of `Authorization: Bearer ...`.

    Args:
        bearerFormat: What the token is, for the OpenAPI document.
        scheme_name: Its name in the OpenAPI document; the class' unless given.
        description: In the OpenAPI document.
        auto_error: Whether a request without credentials gets 401; else the provider gives None.
    """

    def __init__(
        self,
        *,
        bearerFormat: str | None = None,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        model = {"type": "http", "scheme": "bearer"}
        if bearerFormat is not None:
            model["bearerFormat"] = bearerFormat
        super().__init__(model, scheme_name, description, auto_error)

    def __call__(self, request) -> HTTPAuthorizationCredentials | None:  # type: ignore[no-untyped-def]
        found = _authorization(request, "bearer")
        if found is None:
            return self._missing()  # type: ignore[no-any-return]
        return HTTPAuthorizationCredentials(*found)


class HTTPBasic(_Scheme):
    """A provider of the name and password of `Authorization: Basic ...`, strict Base64 of UTF-8 (RFC 7617).

    Malformed credentials get 401 even with `auto_error=False`.

    Args:
        scheme_name: Its name in the OpenAPI document; the class' unless given.
        realm: Shown by browsers.
        description: In the OpenAPI document.
        auto_error: Whether a request without credentials gets 401; else the provider gives None.
    """

    def __init__(
        self,
        *,
        scheme_name: str | None = None,
        realm: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__({"type": "http", "scheme": "basic"}, scheme_name, description, auto_error)
        quoted = (realm or "").replace("\\", "\\\\").replace('"', '\\"')
        self.realm = realm
        self._challenge = f'Basic realm="{quoted}", charset="UTF-8"'

    def __call__(self, request) -> HTTPBasicCredentials | None:  # type: ignore[no-untyped-def]
        found = _authorization(request, "basic")
        if found is None:
            return self._missing()  # type: ignore[no-any-return]
        try:
            data = a2b_base64(found[1].encode("ascii"), strict_mode=True)
            text = data.decode()
        except ValueError:
            raise self._refusal() from None
        if b2a_base64(data, newline=False).decode() != found[1]:
            raise self._refusal()  # more padding than it takes, or bits after the last octet
        username, separator, password = text.partition(":")
        if not separator or any(ord(one) < 32 or ord(one) == 127 for one in text):
            raise self._refusal()
        return HTTPBasicCredentials(username, password)


class _APIKey(_Scheme):
    _challenge = "APIKey"
    _place: Literal["header", "query", "cookie"]

    def __init__(
        self, *, name: str, scheme_name: str | None = None, description: str | None = None, auto_error: bool = True
    ) -> None:
        self.name = name
        super().__init__({"type": "apiKey", "in": self._place, "name": name}, scheme_name, description, auto_error)

    def _of(self, key: str | None) -> str | None:
        return key or self._missing()


class APIKeyHeader(_APIKey):
    """A provider of a key in a header field.

    Args:
        name: The field's name.
        scheme_name: Its name in the OpenAPI document; the class' unless given.
        description: In the OpenAPI document.
        auto_error: Whether a request without a key gets 401; else the provider gives None.
    """

    _place = "header"

    def __call__(self, request) -> str | None:  # type: ignore[no-untyped-def]
        return self._of(request.headers.get(self.name))


class APIKeyQuery(_APIKey):
    """A provider of a key in the query, where logs and histories see it. Arguments as for `APIKeyHeader`."""

    _place = "query"

    def __call__(self, request) -> str | None:  # type: ignore[no-untyped-def]
        return self._of(request.query.get(self.name))


class APIKeyCookie(_APIKey):
    """A provider of a key in a cookie. Arguments as for `APIKeyHeader`."""

    _place = "cookie"

    def __call__(self, request) -> str | None:  # type: ignore[no-untyped-def]
        return self._of(request.cookies.get(self.name))


class _OAuth2Bearer(_Scheme):
    def __call__(self, request) -> str | None:  # type: ignore[no-untyped-def]
        found = _authorization(request, "bearer")
        return self._missing() if found is None else found[1]


def _flow(scopes: Mapping[str, str] | None, **urls: str | None) -> dict[str, Any]:
    return {"scopes": dict(scopes or {}), **{name: url for name, url in urls.items() if url is not None}}


class OAuth2PasswordBearer(_OAuth2Bearer):
    """A provider of the bearer token that a client gets for a name and a password.

    Args:
        tokenUrl: Where it gets the token.
        scheme_name: Its name in the OpenAPI document; the class' unless given.
        scopes: What can be asked for, with descriptions.
        description: In the OpenAPI document.
        auto_error: Whether a request without a token gets 401; else the provider gives None.
        refreshUrl: Where a token is renewed.
    """

    def __init__(
        self,
        tokenUrl: str,
        scheme_name: str | None = None,
        scopes: Mapping[str, str] | None = None,
        description: str | None = None,
        auto_error: bool = True,
        refreshUrl: str | None = None,
    ) -> None:
        flow = _flow(scopes, tokenUrl=tokenUrl, refreshUrl=refreshUrl)
        super().__init__({"type": "oauth2", "flows": {"password": flow}}, scheme_name, description, auto_error)


class OAuth2AuthorizationCodeBearer(_OAuth2Bearer):
    """A provider of the bearer token that a client gets for an authorization code.

    Args:
        authorizationUrl: Where the client gets the code.
        tokenUrl: Where it gets the token.
        refreshUrl: Where a token is renewed.
        scheme_name: Its name in the OpenAPI document; the class' unless given.
        scopes: What can be asked for, with descriptions.
        description: In the OpenAPI document.
        auto_error: Whether a request without a token gets 401; else the provider gives None.
    """

    def __init__(
        self,
        authorizationUrl: str,
        tokenUrl: str,
        refreshUrl: str | None = None,
        scheme_name: str | None = None,
        scopes: Mapping[str, str] | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        flow = _flow(scopes, authorizationUrl=authorizationUrl, tokenUrl=tokenUrl, refreshUrl=refreshUrl)
        super().__init__({"type": "oauth2", "flows": {"authorizationCode": flow}}, scheme_name, description, auto_error)


class OAuth2PasswordRequestForm:
    """The form that a client of the password flow sends: `form: Annotated[OAuth2PasswordRequestForm, Depends()]`.

    Its attributes are `grant_type`, `username`, `password`, `scopes` (a list), `client_id` and `client_secret`.
    """

    def __init__(
        self,
        *,
        grant_type: Annotated[str | None, Form(pattern="^password$")] = None,
        username: Annotated[str, Form()],
        password: Annotated[str, Form()],
        scope: Annotated[str, Form()] = "",
        client_id: Annotated[str | None, Form()] = None,
        client_secret: Annotated[str | None, Form()] = None,
    ) -> None:
        self.grant_type = grant_type
        self.username = username
        self.password = password
        self.scopes = scope.split()
        self.client_id = client_id
        self.client_secret = client_secret
