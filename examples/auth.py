"""Users, roles and signed tokens in the Authorization header: as dependencies, and as guards of a Blueprint."""

import base64
import hashlib
import hmac
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from pelton import App, Blueprint, Body, Depends, Header, HTTPError, Request, RoleGuard, json

SECRET = os.environ.get("SECRET", "").encode() or os.urandom(32)
VALID_S = 3600
REFUSED = {"www-authenticate": "Bearer"}


@dataclass
class Credentials:
    name: str
    password: str


@dataclass
class User:
    name: str
    role: str


@dataclass
class Account:
    salt: bytes
    password: bytes
    role: str


def hashed(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)


def account(password: str, role: str) -> Account:
    salt = os.urandom(16)
    return Account(salt, hashed(password, salt), role)


ACCOUNTS = {"ada": account("lovelace", "admin"), "grace": account("hopper", "reader")}
NOBODY = account("", "")


def signature(claims: bytes) -> bytes:
    return hmac.digest(SECRET, claims, "sha256")


def token_for(user: str, valid_s: float = VALID_S) -> str:
    claims = json.dumps({"user": user, "until": time.time() + valid_s})
    return ".".join(base64.urlsafe_b64encode(one).decode() for one in (claims, signature(claims)))


def user_of(token: str) -> str | None:
    """The name in a token that we have signed and that is still valid."""
    try:
        claims, signed = (base64.urlsafe_b64decode(part) for part in token.split("."))
    except ValueError:
        return None
    if not hmac.compare_digest(signed, signature(claims)):
        return None
    told = json.loads(claims)
    return str(told["user"]) if told["until"] > time.time() else None


# --- what handlers ask for --------------------------------------------------------------------


def current_user(authorization: Annotated[str, Header()] = "") -> User:
    scheme, _, token = authorization.partition(" ")
    name = user_of(token) if scheme.lower() == "bearer" else None
    if name is None or name not in ACCOUNTS:
        raise HTTPError(401, "log in first", REFUSED)
    return User(name, ACCOUNTS[name].role)


CurrentUser = Annotated[User, Depends(current_user)]


def role(wanted: str) -> Callable[[User], None]:
    """A dependency that lets only this role pass."""

    def check(user: CurrentUser) -> None:
        if user.role != wanted:
            raise HTTPError(403, f"only for the role {wanted}")

    return check


app = App()


# Slow on purpose: in a thread of the pool the other requests do not wait for it.
@app.post("/login", blocking=True)
def login(given: Credentials) -> dict[str, str | int]:
    known = ACCOUNTS.get(given.name, NOBODY)  # the same work for a name that does not exist
    if not hmac.compare_digest(hashed(given.password, known.salt), known.password) or known is NOBODY:
        raise HTTPError(401, "wrong name or password", REFUSED)
    return {"access_token": token_for(given.name), "token_type": "bearer", "expires_in": VALID_S}


@app.get("/me")
def me(user: CurrentUser) -> User:
    return user


@app.delete("/users/{name}", status=204, dependencies=[Depends(role("admin"))])
def remove(name: str) -> None:
    if ACCOUNTS.pop(name, None) is None:
        raise HTTPError(404, "no such user")


# --- guards: for a whole Blueprint, before any dependency is asked ------------------------------

admin = Blueprint("/admin", guards=[RoleGuard("admin")])


# Guards look at the request alone; this is where they find who asks.
@admin.before
def identify(request: Request) -> None:
    user = current_user(request.headers.get("authorization", ""))
    request.context["user"] = {"name": user.name, "roles": [user.role]}


def not_oneself(request: Request) -> str | None:
    is_own = request.params["name"] == request.context["user"]["name"]
    return "somebody else has to do that" if is_own else None


@admin.get("/users")
def users() -> list[User]:
    return [User(name, known.role) for name, known in ACCOUNTS.items()]


@admin.put("/users/{name}/role", guards=[not_oneself])
def change_role(name: str, role: Annotated[str, Body(embed=True)]) -> User:
    if name not in ACCOUNTS:
        raise HTTPError(404, "no such user")
    ACCOUNTS[name].role = role
    return User(name, role)


app.register_blueprint(admin)

if __name__ == "__main__":
    app.run(port=8000)
